from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.content.frames import POLICY
from apps.content.models import Template, TemplateVersion
from tests.content.mails import mjml
from tests.factories.accounts import UserFactory
from tests.factories.contacts import AttributeFactory, ContactFactory
from tests.factories.content import LONG_AGO, TemplateFactory, TemplateVersionFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
Role = User.Role


@pytest.fixture
def writer(login):
    return login(UserFactory(name="Wanda", role=Role.CONTRIBUTOR))


def typed(**changes):
    """Return what the composer sends."""
    return {
        "name": "Spring",
        "description": "",
        "subject": "Hello",
        "preheader": "",
        "text": "",
        "note": "",
        "mjml": mjml("Hello {{ contact.city }}"),
        "base": "1",
        **changes,
    }


def url(name, *args):
    return reverse(f"content:{name}", args=args)


class TestTemplateList:
    def test_shows_a_page_to_a_browser_and_a_fragment_to_htmx(self, writer):
        TemplateFactory(name="Spring")

        page, fragment = writer.get(url("list")), writer.get(url("list"), headers=HTMX)

        assert b"<html" in page.content
        assert b"<html" not in fragment.content
        for response in (page, fragment):
            assert b"Spring is here" in response.content
            assert "HX-Request" in response.headers["Vary"]

    def test_keeps_what_is_archived_on_a_shelf_of_its_own(self, writer):
        TemplateFactory(name="In use")
        TemplateFactory(name="Put away", archived_at=LONG_AGO)

        library, shelf = writer.get(url("list")), writer.get(url("list"), {"shows": "archived"})

        assert (b"In use" in library.content, b"Put away" in library.content) == (True, False)
        assert (b"In use" in shelf.content, b"Put away" in shelf.content) == (False, True)

    @pytest.mark.parametrize(("text", "found"), [("bird", True), ("spring", True), ("whale", False)])
    def test_searches_names_and_subjects(self, writer, text, found):
        TemplateFactory(name="Early bird")

        response = writer.get(url("list"), {"q": text})

        assert (b"Early bird" in response.content) is found

    def test_costs_the_same_for_one_template_and_for_many(self, writer, django_assert_num_queries):
        TemplateFactory.create_batch(20, edited_by=UserFactory())

        with django_assert_num_queries(4):  # session, user, templates with all that is shown, their uses
            writer.get(url("list"), headers=HTMX)

    def test_says_what_templates_are_for_when_there_are_none(self, writer):
        assert b"No templates yet" in writer.get(url("list")).content


class TestTemplateCreate:
    def test_begins_with_a_starter(self, writer):
        response = writer.post(url("create"), {"name": "Sale", "starter": "offer"}, follow=True)

        template = Template.objects.get()
        assert response.redirect_chain[-1][0] == url("detail", template.pk)
        assert (template.name, "SPRING20" in template.current.mjml) == ("Sale", True)

    def test_sent_twice_makes_one(self, writer):
        form = {"name": "Sale", "starter": "offer", "once": "a-key-of-the-form"}

        first, second = writer.post(url("create"), form), writer.post(url("create"), form)

        assert first.headers["Location"] == second.headers["Location"]
        assert Template.objects.count() == 1

    def test_keeps_what_was_typed_when_it_refuses(self, writer):
        response = writer.post(url("create"), {"name": "", "starter": "offer"})

        assert b'value="offer" checked' in response.content
        assert b"This field is required." in response.content
        assert not Template.objects.exists()


class TestTemplateSave:
    def test_adds_a_version_and_leads_back(self, writer):
        template = TemplateFactory()

        response = writer.post(url("save", template.pk), typed(note="First words"), follow=True)

        template.refresh_from_db()
        assert (template.name, template.current.number, template.current.note) == ("Spring", 2, "First words")
        assert b"Version 2" in response.content

    def test_answers_htmx_with_what_changed_and_the_new_base(self, writer):
        template = TemplateFactory()

        response = writer.post(url("save", template.pk), typed(), headers=HTMX, follow=True)

        assert b"<html" not in response.content
        assert b'id="composer-state"' in response.content
        assert b'name="base" value="2"' in response.content
        assert b"Saved." in response.content

    def test_reads_the_line_ends_of_browsers_as_its_own(self, writer):
        template = TemplateFactory()

        writer.post(url("save", template.pk), typed(mjml=mjml("Hello").replace("\n", "\r\n")))

        template.refresh_from_db()
        assert template.current.mjml == mjml("Hello")

    def test_refuses_a_fault_with_its_line_and_keeps_what_was_typed_and_what_was_saved(self, writer):
        template = TemplateFactory()

        response = writer.post(url("save", template.pk), typed(mjml=mjml("\n{{ contact.city"), note="Kept"))

        assert response.status_code == HTTPStatus.OK
        assert "Line 3: “{{” is never closed with “}}”." in response.content.decode()
        assert b"{{ contact.city" in response.content
        assert b'value="Kept"' in response.content
        assert TemplateVersion.objects.get().number == 1

    def test_tells_who_was_faster_and_lets_one_save_on_top(self, login):
        template = TemplateFactory()
        TemplateVersionFactory(template=template, number=2, by=UserFactory(name="Theo"), mjml=mjml("Theirs"))
        client = login(UserFactory(role=Role.MARKETER))

        refused = client.post(url("save", template.pk), typed(mjml=mjml("Mine"))).content.decode()

        assert "Theo saved version 2 while you were writing." in refused
        assert "<del>&lt;mj-text&gt;Theirs&lt;/mj-text&gt;</del>" in refused
        assert "<ins>&lt;mj-text&gt;Mine&lt;/mj-text&gt;</ins>" in refused
        assert 'name="base" value="2"' in refused
        assert template.versions.count() == 2

        client.post(url("save", template.pk), typed(mjml=mjml("Mine"), base="2"))
        template.refresh_from_db()
        assert (template.current.number, template.current.mjml) == (3, mjml("Mine"))

    @pytest.mark.parametrize("role", [Role.EXECUTIVE, Role.SALES, Role.DATA_LEAD])
    def test_is_not_for_those_who_only_read(self, login, role):
        template = TemplateFactory()
        client = login(UserFactory(role=role))

        assert client.post(url("save", template.pk), typed()).status_code == HTTPStatus.FORBIDDEN
        assert template.versions.count() == 1
        page = client.get(url("detail", template.pk)).content
        assert (b"Spring is here" in page, b"<textarea" in page) == (True, False)


class TestTemplateArchive:
    def test_takes_it_out_of_the_library(self, writer):
        template = TemplateFactory(name="Old news")

        response = writer.post(url("archive", template.pk), follow=True)

        assert "“Old news” is archived." in response.content.decode()
        assert Template.objects.archived().get() == template

    def test_an_archived_template_is_read_and_brought_back(self, writer):
        template = TemplateFactory(archived_at=LONG_AGO)

        assert b"<textarea" not in writer.get(url("detail", template.pk)).content
        assert b"<textarea" in writer.post(url("restore", template.pk), follow=True).content


class TestVersions:
    @pytest.fixture
    def template(self):
        template = TemplateFactory(version__mjml=mjml("One"))
        TemplateVersionFactory(template=template, number=2, mjml=mjml("Two"), note="Second thoughts")
        return template

    def test_are_listed_newest_first(self, writer, template):
        page = writer.get(url("versions", template.pk)).content.decode()

        assert page.index("Second thoughts") < page.index("Spring is here")

    def test_show_what_changed_with_them_and_since(self, writer, template):
        first, second = template.versions.order_by("number")

        with_it = writer.get(url("version", second.pk)).content.decode()
        since = writer.get(url("version", first.pk), {"against": "current"}).content.decode()

        for page in (with_it, since):
            assert "<del>&lt;mj-text&gt;One&lt;/mj-text&gt;</del>" in page
            assert "<ins>&lt;mj-text&gt;Two&lt;/mj-text&gt;</ins>" in page

    def test_can_be_gone_back_to(self, writer, template):
        first = template.versions.get(number=1)

        response = writer.post(url("revert", first.pk), follow=True)

        template.refresh_from_db()
        assert (template.current.number, template.current.mjml) == (3, first.mjml)
        assert b"Version 3 says again what version 1 said." in response.content


class TestPreview:
    def test_says_what_the_inbox_shows_and_what_is_wrong(self, writer):
        form = typed(
            subject="For {{ contact.city | default: 'you' }}", preheader="Pre", mjml=mjml("\n{{ contact.x }}")
        )

        answer = writer.post(url("preview"), form, headers=HTMX).content.decode()

        assert "<strong>For you</strong>" in answer
        assert "Pre</span>" in answer
        assert "The data dictionary has no “x”." in answer
        assert 'data-jump="mjml" data-line="3"' in answer

    def test_a_fault_is_the_one_finding(self, writer):
        answer = writer.post(url("preview"), typed(mjml="<mjml>"), headers=HTMX).content.decode()

        assert "&lt;mjml&gt; is never closed." in answer

    def test_nothing_typed_is_saved(self, writer):
        writer.post(url("preview"), typed())
        writer.post(url("preview-frame"), typed())

        assert not TemplateVersion.objects.exists()

    @pytest.mark.parametrize("name", ["preview-frame", "version-frame", "starter-frame"])
    def test_a_frame_can_do_nothing(self, writer, name):
        version = TemplateVersionFactory(mjml=mjml("<script>alert(1)</script>Hello"))
        response = {
            "preview-frame": lambda: writer.post(url(name), typed()),
            "version-frame": lambda: writer.get(url(name, version.pk)),
            "starter-frame": lambda: writer.get(url(name, "offer")),
        }[name]()

        assert response.status_code == HTTPStatus.OK
        assert response.headers["Content-Security-Policy"] == POLICY
        assert "default-src 'none'" in POLICY
        assert "script" not in POLICY
        assert "sandbox allow-popups " in POLICY
        assert response.headers["X-Frame-Options"] == "SAMEORIGIN"

    def test_a_frame_says_what_keeps_it_from_being_shown(self, writer):
        response = writer.post(url("preview-frame"), typed(mjml=mjml("{{ oops")))

        assert "Line 2: “{{” is never closed" in response.content.decode()

    def test_an_absent_starter_is_not_found(self, writer):
        assert writer.get(url("starter-frame", "none")).status_code == HTTPStatus.NOT_FOUND


class TestPreviewAsSomeone:
    @pytest.fixture
    def contact(self):
        AttributeFactory(key="city")
        return ContactFactory(email="ann@example.com", attributes={"city": "<b>Lyon</b>"})

    def test_fills_in_what_is_known_of_them(self, login, contact):
        client = login(UserFactory(role=Role.MARKETER))

        response = client.post(url("preview-frame"), typed(contact=str(contact.pk)))

        assert b"Hello &lt;b&gt;Lyon&lt;/b&gt;" in response.content

    def test_is_not_for_those_who_may_not_see_people(self, writer, contact):
        version = TemplateVersionFactory()

        for response in (
            writer.post(url("preview-frame"), typed(contact=str(contact.pk))),
            writer.post(url("preview"), typed(contact=str(contact.pk))),
            writer.get(url("version-frame", version.pk), {"contact": contact.pk}),
            writer.get(url("preview-contacts"), {"as": "ann"}),
        ):
            assert response.status_code == HTTPStatus.NOT_FOUND
            assert b"Lyon" not in response.content

    def test_fills_in_somebody_typical_for_nobody(self, writer, contact):
        assert b"Hello Springfield" in writer.post(url("preview-frame"), typed()).content

    @pytest.mark.parametrize("pk", ["999999", "0x1", "9" * 30, "-1"])
    def test_an_absent_contact_is_not_found(self, login, pk):
        client = login(UserFactory(role=Role.MARKETER))

        assert client.post(url("preview-frame"), typed(contact=pk)).status_code == HTTPStatus.NOT_FOUND

    @pytest.mark.parametrize(("text", "found"), [("AN", True), ("ann@example.com", True), ("example", False)])
    def test_finds_people_by_the_beginning_of_their_address(self, login, contact, text, found):
        client = login(UserFactory(role=Role.MARKETER))

        assert (b"ann@example.com" in client.get(url("preview-contacts"), {"as": text}).content) is found
