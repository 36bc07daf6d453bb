"""The composer in a real browser: editor, live preview, findings, keys, drafts, and without script."""

import pytest
from playwright.sync_api import expect

from apps.accounts.models import User
from tests.browser.axe import faults
from tests.content.mails import mjml
from tests.factories.accounts import UserFactory
from tests.factories.contacts import AttributeFactory, ContactFactory
from tests.factories.content import TemplateFactory, TemplateVersionFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser, the long ones"),
]
PHONE = {"width": 390, "height": 844}
HELLO = mjml('Hello {{ contact.city | default: "you" }}')


@pytest.fixture
def writer():
    return UserFactory(name="Wanda Vogt", role=User.Role.MARKETER)


@pytest.fixture
def template():
    AttributeFactory(key="city", label="City")
    return TemplateFactory(name="Spring", version__mjml=HELLO)


@pytest.fixture
def open_composer(visit, writer, template):
    def open_page(**options):
        return visit(f"/templates/{template.pk}/", as_user=writer, **options)

    return open_page


def mail(page):
    """Return the body of the e-mail in the preview that is shown."""
    return page.frame_locator("[data-frames] iframe:not([data-loading])").locator("body")


def write(page, text):
    """Replace what stands in the code editor."""
    page.locator(".code-editor:visible .ace_content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


@pytest.mark.parametrize(
    ("scheme", "viewport"),
    [("light", PHONE), ("dark", {"width": 1440, "height": 900})],
    ids=["light-phone", "dark-desk"],
)
def test_axe_finds_no_fault_and_nothing_is_wider_than_the_screen(visit, writer, template, scheme, viewport):
    version = TemplateVersionFactory(template=template, number=2, subject="Other words")
    page = visit("/templates/", as_user=writer, color_scheme=scheme, viewport=viewport)

    for path in (
        "/templates/",
        "/templates/new/",
        f"/templates/{template.pk}/",
        f"/templates/{template.pk}/versions/",
        f"/templates/versions/{version.pk}/",
    ):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert faults(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path


class TestPreview:
    def test_follows_what_is_typed(self, open_composer):
        page = open_composer()
        expect(mail(page)).to_contain_text("Hello Springfield")

        write(page, mjml("Good morning"))
        page.get_by_label("Subject").fill("Wake up")

        expect(mail(page)).to_contain_text("Good morning")
        expect(page.locator("#inbox strong")).to_have_text("Wake up")

    def test_leaves_the_history_of_the_browser_alone(self, open_composer):
        page = open_composer()
        before = page.evaluate("history.length")

        for words in ("One", "Two", "Three"):
            write(page, mjml(words))
            expect(mail(page)).to_contain_text(words)

        assert page.evaluate("history.length") == before

    def test_runs_no_script_of_the_email(self, open_composer):
        first = open_composer()
        page = first.context.new_page()  # on the first one a refused script is a fault of ours
        page.goto(first.url)
        dialogs = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))

        write(page, mjml('<p onclick="alert(1)">Press</p>'))
        mail(page).get_by_text("Press").click()

        assert dialogs == []

    def test_shows_it_as_a_chosen_contact(self, open_composer):
        ContactFactory(email="ann@example.com", attributes={"city": "Lyon"})
        page = open_composer()

        page.get_by_role("button", name="A typical contact").click()
        page.get_by_label("Address of a contact").fill("ann@")
        page.get_by_role("button", name="ann@example.com").click()

        expect(mail(page)).to_contain_text("Hello Lyon")
        expect(page.locator("[data-preview-as]")).to_have_text("ann@example.com")

    def test_shows_a_phone_and_the_plain_text(self, open_composer):
        page = open_composer()

        page.get_by_role("button", name="Phone").click()
        assert page.locator("[data-frames] iframe").last.bounding_box()["width"] == 375
        page.get_by_label("Preview", exact=True).get_by_role("button", name="Plain text").click()

        expect(page.locator("#plain-text")).to_contain_text("Hello")
        expect(page.locator("[data-frames] iframe").last).to_be_hidden()


class TestFindings:
    def test_lead_to_their_line(self, open_composer):
        page = open_composer()
        write(page, mjml("\n\n{{ contact.cty }}"))

        page.get_by_role("button", name="The data dictionary has no “cty”").click()

        place = page.evaluate("document.querySelector('[name=mjml]').codeEditor.getCursorPosition()")
        assert place == {"row": 3, "column": 3}

    def test_say_what_keeps_it_from_being_shown(self, open_composer):
        page = open_composer()

        write(page, mjml("{{ contact.city"))

        expect(page.locator("#lint")).to_contain_text("“{{” is never closed with “}}”. line 2")
        expect(mail(page)).to_contain_text("This cannot be shown yet")


class TestSave:
    def test_by_key_keeps_the_page_and_makes_a_version(self, open_composer, template):
        page = open_composer()
        write(page, mjml("Saved by key"))
        page.keyboard.press("Control+s")

        expect(page.locator("#composer-state")).to_contain_text("Version 2")
        assert template.versions.get(number=2).mjml == mjml("Saved by key")
        write(page, mjml("And once more"))  # the page knows what it stands on now
        page.keyboard.press("Control+s")
        expect(page.locator("#composer-state")).to_contain_text("Version 3")

    def test_a_fault_is_told_and_what_was_typed_stays(self, open_composer, template):
        page = open_composer()
        write(page, mjml("{{ oops"))

        page.get_by_role("button", name="Save").click()

        expect(page.locator("#composer-state")).to_contain_text("Line 2: “{{” is never closed")
        assert "oops" in page.locator("[name=mjml]").input_value()
        assert template.versions.count() == 1

    def test_a_draft_outlives_the_page_and_knows_what_it_was_written_over(self, open_composer, template):
        page = open_composer()
        write(page, mjml("Not saved yet"))
        page.wait_for_timeout(500)
        TemplateVersionFactory(template=template, number=2, by=UserFactory(name="Theo"), mjml=mjml("Theirs"))

        page.reload()
        expect(page.locator(".draft-note")).to_be_visible()
        assert page.evaluate("document.querySelector('[name=mjml]').codeEditor.getValue()") == mjml(
            "Not saved yet"
        )
        page.get_by_role("button", name="Save").click()

        expect(page.locator("#composer-state")).to_contain_text("Theo saved version 2 while you were writing")
        assert template.versions.count() == 2


class TestInsert:
    def test_puts_an_attribute_where_the_cursor_stands(self, open_composer):
        page = open_composer()
        write(page, "")

        page.get_by_role("button", name="Insert").click()
        page.get_by_label("Find an attribute").fill("city")
        page.get_by_role("button", name="City").click()

        assert page.locator("[name=mjml]").input_value() == '{{ contact.city | default: "" }}'

    def test_also_into_the_subject(self, open_composer):
        page = open_composer()
        page.get_by_label("Subject").fill("For ")

        page.get_by_role("button", name="Insert").click()
        page.get_by_role("button", name="City").click()

        expect(page.get_by_label("Subject")).to_have_value('For {{ contact.city | default: "" }}')


def test_all_of_it_works_without_script(open_composer, template):
    page = open_composer(java_script_enabled=False)

    page.get_by_label("MJML").fill(mjml("Without script"))
    page.get_by_role("button", name="Preview").click()
    expect(page.frame_locator("iframe[name=preview-frame]").locator("body")).to_contain_text("Without script")
    page.get_by_role("button", name="Save").click()

    expect(page.locator("#composer-state")).to_contain_text("Version 2")
    assert template.versions.get(number=2).mjml == mjml("Without script")
