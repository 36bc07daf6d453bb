"""An attribute that is only for targeting is not printed, unless a reviewer says why it is."""

from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.collaboration.models import AuditEvent
from apps.content import services
from apps.content.lint import errors
from apps.content.models import UseOverride
from apps.content.rendering import EmailSource, Part, TemplateFault
from apps.content.selectors import dictionary_for, version_findings
from tests.content.mails import mjml
from tests.factories.accounts import UserFactory
from tests.factories.contacts import AttributeFactory
from tests.factories.content import TemplateFactory, TemplateVersionFactory, UseOverrideFactory

pytestmark = pytest.mark.django_db
WAY_OUT = '<a href="{{ unsubscribe_url }}">Unsubscribe</a>'
PRINTS = EmailSource("Hi", "", mjml(f"{{{{ contact.margin | default: '0' }}}}\n{WAY_OUT}"), "")
ALLOWED = EmailSource("Hi", "", mjml(WAY_OUT), "")
REFUSAL = "“Margin” may not be printed: the data dictionary does not allow it for content."


@pytest.fixture(autouse=True)
def margin():
    return AttributeFactory(key="margin", label="Margin", uses=["targeting"])


def told(version):
    found = version_findings(version, dictionary_for([version.template_id]))
    return [finding.message for finding in errors(found)]


@pytest.fixture
def data_lead():
    return UserFactory(role=User.Role.DATA_LEAD)


@pytest.fixture
def marketer():
    return UserFactory(role=User.Role.MARKETER)


def save(template, source, by, noon):
    return services.template_save(template=template, source=source, base=1, by=by, now=noon)


class TestWithoutOverride:
    def test_a_template_that_prints_it_is_not_made(self, noon, lead):
        with pytest.raises(TemplateFault) as refused:
            services.template_create(name="Spring", source=PRINTS, by=lead, now=noon)

        fault = refused.value
        assert (fault.part, fault.reason) == (Part.MJML, REFUSAL)
        assert fault.line > 0

    @pytest.mark.parametrize(
        ("part", "source"),
        [
            (Part.SUBJECT, EmailSource("{{ contact.margin }}", "", mjml(WAY_OUT), "")),
            (Part.PREHEADER, EmailSource("Hi", "{{ contact.margin }}", mjml(WAY_OUT), "")),
            (Part.TEXT, EmailSource("Hi", "", mjml(WAY_OUT), "{% if contact.margin %}x{% endif %}")),
        ],
    )
    def test_no_part_of_it_is_saved(self, noon, lead, part, source):
        template = TemplateFactory()

        with pytest.raises(TemplateFault) as refused:
            save(template, source, lead, noon)

        assert refused.value.part == part
        assert template.versions.count() == 1

    def test_an_old_version_that_prints_it_does_not_come_back(self, noon, lead):
        template = TemplateFactory(version=None)
        old = TemplateVersionFactory(template=template, number=1, mjml=PRINTS.mjml)
        TemplateVersionFactory(template=template, number=2)

        with pytest.raises(TemplateFault, match="Margin"):
            services.template_revert(version=old, by=lead, now=noon)

        assert template.versions.count() == 2

    def test_a_version_from_before_the_dictionary_changed_cannot_be_launched(self):
        version = TemplateVersionFactory(mjml=PRINTS.mjml)

        assert told(version) == [REFUSAL]

    def test_the_composer_keeps_what_was_typed_and_says_where(self, login, lead):
        template = TemplateFactory()
        typed = {"name": template.name, "subject": "Hi", "mjml": PRINTS.mjml, "base": 1}

        page = login(lead).post(reverse("content:save", args=[template.pk]), typed).content.decode()

        assert REFUSAL in page
        assert "contact.margin" in page

    def test_a_program_is_told_the_part(self, api, lead):
        response = api(lead, "templates:write").post(
            reverse("api:template-list"),
            {"name": "Spring", "subject": "Hi", "mjml": PRINTS.mjml},
            format="json",
        )

        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert [error["field"] for error in response.json()["errors"]] == ["mjml"]


class TestOverride:
    def test_lets_this_template_print_it_and_no_other(self, noon, data_lead, margin):
        template = TemplateFactory()
        services.override_give(
            template=template, attribute=margin, reason="  Part of\nthe offer. ", by=data_lead, now=noon
        )

        version = save(template, PRINTS, data_lead, noon)

        assert told(version) == []
        event = AuditEvent.objects.get(action="template.override_given")
        assert event.details == {"attribute": "margin", "reason": "Part of the offer."}
        with pytest.raises(TemplateFault):
            save(TemplateFactory(), PRINTS, data_lead, noon)

    def test_given_again_has_the_last_reason(self, noon, lead, data_lead, margin):
        template = TemplateFactory()
        for by, reason in ((lead, "First"), (data_lead, "Second")):
            services.override_give(template=template, attribute=margin, reason=reason, by=by, now=noon)

        override = UseOverride.objects.get()
        assert (override.reason, override.by) == ("Second", data_lead)

    @pytest.mark.parametrize(
        ("uses", "reason", "told"),
        [(["targeting"], "  ", "Say why"), (["content"], "Why not", "is for content: any template")],
    )
    def test_is_refused_without_a_reason_and_without_need(self, noon, lead, uses, reason, told):
        attribute = AttributeFactory(uses=uses)

        with pytest.raises(services.OverrideRefused, match=told):
            services.override_give(
                template=TemplateFactory(), attribute=attribute, reason=reason, by=lead, now=noon
            )

        assert not UseOverride.objects.exists()

    def test_taken_back_keeps_the_next_launch(self, noon, lead, margin):
        override = UseOverrideFactory(attribute=margin)
        version = save(override.template, PRINTS, lead, noon)

        services.override_withdraw(override=override, by=lead, now=noon)

        assert told(version) == [REFUSAL]
        event = AuditEvent.objects.get(action="template.override_withdrawn")
        assert event.details == {"attribute": "margin", "reason": "The reader asked for it."}


class TestPages:
    def test_the_findings_lead_a_writer_to_the_page_that_says_who_gives_one(self, login, marketer):
        template = TemplateFactory()
        url = reverse("content:overrides", args=[template.pk])

        checked = login(marketer).post(
            f"{reverse('content:preview')}?template={template.pk}", {"subject": "Hi", "mjml": PRINTS.mjml}
        )
        page = login(marketer).get(url).content.decode()

        assert f'href="{url}?attribute=margin"' in checked.content.decode()
        assert "Administrators, marketing leads and data leads" in page
        assert "Allow it in this template" not in page

    def test_a_reviewer_gives_one_with_a_reason_and_takes_it_back(self, login, data_lead, margin):
        client, template = login(data_lead), TemplateFactory()
        url = reverse("content:overrides", args=[template.pk])
        asked = client.get(f"{url}?attribute=margin").content.decode()
        assert '<option value="margin" selected>' in asked

        given = client.post(
            reverse("content:override-give", args=[template.pk]),
            {"attribute": "margin", "reason": "Part of the offer."},
            follow=True,
        )
        assert "Part of the offer." in given.content.decode()

        override = UseOverride.objects.get()
        gone = client.post(reverse("content:override-withdraw", args=[override.pk]), follow=True)
        assert "No overrides" in gone.content.decode()
        assert not UseOverride.objects.exists()

    def test_what_is_missing_is_said_beside_its_field(self, login, data_lead):
        template = TemplateFactory()

        page = login(data_lead).post(
            reverse("content:override-give", args=[template.pk]), {"attribute": "nothing", "reason": ""}
        )

        assert set(page.context["form"].errors) == {"attribute", "reason"}
        assert not UseOverride.objects.exists()


class TestApi:
    def test_overrides_are_read_given_and_taken_back(self, api, data_lead, margin):
        template = TemplateFactory()
        program = api(data_lead, "templates:read", "templates:write")
        url = reverse("api:template-overrides", args=[template.pk])

        given = program.post(url, {"attribute": "margin", "reason": "Part of the offer."}, format="json")
        listed = program.get(url).json()
        gone = program.delete(reverse("api:template-override-withdraw", args=[template.pk, "margin"]))

        assert given.status_code == HTTPStatus.CREATED
        assert [(one["attribute"], one["reason"]) for one in listed] == [("margin", "Part of the offer.")]
        assert gone.status_code == HTTPStatus.NO_CONTENT
        assert program.get(url).json() == []

    def test_who_answers_for_no_dictionary_is_refused(self, api, marketer, margin):
        url = reverse("api:template-overrides", args=[TemplateFactory().pk])

        response = api(marketer, "templates:write").post(
            url, {"attribute": "margin", "reason": "I want to."}, format="json"
        )

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert not UseOverride.objects.exists()
