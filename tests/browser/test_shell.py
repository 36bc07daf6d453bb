"""What only a browser can tell of the frame: keys, themes, drafts, small screens, no script, axe."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from apps.accounts.models import User
from apps.campaigns import services as campaigns
from apps.contacts.models import Contact
from apps.core import clock
from tests.browser.axe import faults
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import BareCampaignFactory, TaskFactory
from tests.factories.collaboration import CommentFactory
from tests.factories.contacts import ContactFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}
PAGES = ["/", "/design/", "/search/?q=home", "/accounts/2fa/"]


@pytest.fixture
def admin():
    return UserFactory(name="Ada Marsh", role=User.Role.ADMINISTRATOR)


@pytest.mark.parametrize(
    ("scheme", "viewport"),
    [("light", PHONE), ("dark", {"width": 1440, "height": 900})],
    ids=["light-phone", "dark-desk"],
)
def test_axe_finds_no_fault_and_nothing_is_wider_than_the_screen(visit, admin, scheme, viewport):
    page = visit("/", as_user=admin, color_scheme=scheme, viewport=viewport)

    for path in PAGES:
        page.goto(path)
        assert faults(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path


class TestPalette:
    def test_goes_anywhere_with_the_keyboard_alone(self, visit, admin):
        page = visit("/design/", as_user=admin)

        page.keyboard.press("Control+k")
        expect(page.locator(".hit[aria-selected=true]")).to_have_count(1)
        page.keyboard.type("home")
        expect(page.locator(".hit")).to_have_text(["Home"])
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")

        expect(page).to_have_title("Home · Bookend")

    def test_escape_closes_it_and_gives_the_focus_back(self, visit, admin):
        page = visit("/", as_user=admin)

        page.get_by_role("link", name="Search or go to…").click()
        expect(page.locator("#palette input")).to_be_focused()
        page.keyboard.press("Escape")

        expect(page.locator("#palette")).to_be_hidden()
        expect(page.get_by_role("link", name="Search or go to…")).to_be_focused()

    def test_is_a_page_without_script(self, visit, admin):
        page = visit("/", as_user=admin, java_script_enabled=False)

        page.get_by_role("link", name="Search or go to…").click()

        expect(page).to_have_title("Search · Bookend")


class TestTheme:
    def background(self, page):
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    def test_follows_the_system_until_the_person_chooses_and_keeps_the_choice(self, visit, admin):
        page = visit("/", as_user=admin, color_scheme="light")
        light = self.background(page)

        page.get_by_role("button", name="Your account").click()
        page.get_by_role("button", name="Dark").click()
        dark = self.background(page)
        page.goto("/search/")

        assert light != dark
        assert self.background(page) == dark

    def test_is_dark_on_a_dark_system_without_script(self, visit, admin):
        light, dark = (
            self.background(visit("/", as_user=admin, color_scheme=scheme)) for scheme in ("light", "dark")
        )
        without = visit("/", as_user=admin, color_scheme="dark", java_script_enabled=False)

        assert self.background(without) == dark != light


class TestSmallScreen:
    @pytest.mark.parametrize("script", [True, False])
    def test_the_rail_opens_from_the_bar_with_and_without_script(self, visit, admin, script):
        page = visit("/", as_user=admin, viewport=PHONE, java_script_enabled=script)
        expect(page.locator("#rail")).to_be_hidden()

        page.get_by_role("button", name="Rooms").click()

        expect(page.locator("#rail")).to_be_visible()
        page.locator("#rail").get_by_role("link", name="Home").click()
        expect(page).to_have_title("Home · Bookend")


class TestDialog:
    @pytest.mark.parametrize("script", [True, False])
    def test_a_destructive_act_is_asked_about_first(self, visit, admin, script):
        page = visit("/design/", as_user=admin, java_script_enabled=script)

        page.get_by_role("button", name="Delete", exact=True).first.click()
        dialog = page.get_by_role("dialog", name="Delete this segment?")
        expect(dialog).to_contain_text("3 campaigns use it.")
        dialog.get_by_role("button", name="Keep it as it is").click()

        expect(dialog).to_be_hidden()

    def test_a_menu_stands_at_its_button_and_inside_the_screen(self, visit, admin):
        page = visit("/design/", as_user=admin, viewport=PHONE)

        page.get_by_role("button", name="More").click()

        menu, button = (
            page.locator("#sample-menu").bounding_box(),
            page.get_by_role("button", name="More").bounding_box(),
        )
        assert abs(menu["y"] - button["y"] - button["height"]) <= 8
        assert menu["x"] >= 0
        assert menu["x"] + menu["width"] <= PHONE["width"]


class TestDraft:
    def test_what_was_typed_is_there_after_a_reload_and_can_be_dropped(self, visit, admin):
        page = visit("/design/", as_user=admin)
        why = page.get_by_label("Why this channel")
        why.fill("Because they read it.")
        page.get_by_label("Offers").check()

        page.reload()

        expect(why).to_have_value("Because they read it.")
        expect(page.get_by_label("Offers")).to_be_checked()
        page.get_by_role("button", name="Start over").click()
        expect(why).to_have_value("")
        page.reload()
        expect(why).to_have_value("")

    def test_brings_back_what_was_typed_and_nothing_else_of_the_form(self, visit, admin):
        contact = ContactFactory(phone="+4930111")
        page = visit(reverse("contacts:edit", args=[contact.pk]), as_user=admin)
        page.get_by_label("E-mail").fill("new@example.com")
        page.wait_for_timeout(500)
        Contact.objects.filter(pk=contact.pk).update(phone="+4930222")

        page.reload()

        expect(page.get_by_label("E-mail")).to_have_value("new@example.com")
        expect(page.get_by_label("Phone")).to_have_value("+4930222")

    def test_goes_once_the_server_has_taken_the_form(self, visit, admin):
        page = visit("/profile/", as_user=admin)
        page.evaluate("document.querySelector('#profile').dataset.draft = 'profile'")
        page.evaluate("document.dispatchEvent(new Event('htmx:load', {bubbles: true}))")
        page.get_by_label("Name").fill("Ada Lovelace")
        page.wait_for_timeout(500)  # it is kept after 300 ms
        assert drafts(page) == [f"draft:{admin.pk}:profile"]

        page.get_by_role("button", name="Save").click()

        expect(page.locator("#toasts")).to_contain_text("saved")
        assert drafts(page) == []

    def test_is_offered_to_nobody_else_in_the_same_browser(self, visit, admin):
        page = visit("/settings/people/invite/", as_user=admin)
        page.get_by_label("E-mail address").fill("nell@bookend.example")
        page.wait_for_timeout(500)
        other = Client()
        other.force_login(UserFactory(role=User.Role.ADMINISTRATOR))

        # The session ran out, and somebody else signed in: nobody signed out.
        cookie = other.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": cookie,
                    "url": page.url.partition("/settings")[0],
                }
            ]
        )
        page.reload()

        expect(page.get_by_label("E-mail address")).to_have_value("")
        expect(page.locator(".draft-note")).to_have_count(0)

    def test_outlives_a_session_that_ends_before_the_form_is_sent(self, visit, admin):
        admin.set_password("a-good-long-password")
        admin.save()
        page = visit("/settings/people/invite/", as_user=admin)
        page.get_by_label("E-mail address").fill("nell@bookend.example")
        page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
        page.get_by_label("E-mail address").press("Enter")
        page.locator("[name=login]").fill(admin.email)
        page.locator("[name=password]").fill("a-good-long-password")
        page.locator("[name=password]").press("Enter")

        expect(page.get_by_label("E-mail address")).to_have_value("nell@bookend.example")

    @pytest.mark.parametrize("path", ["/settings/people/invite/", "/accounts/logout/"])
    def test_goes_when_the_person_signs_out(self, visit, admin, path):
        page = visit("/settings/people/invite/", as_user=admin)
        page.get_by_label("E-mail address").fill("nell@bookend.example")
        page.wait_for_timeout(500)
        assert drafts(page) == [f"draft:{admin.pk}:invite"]
        page.goto(path)

        if path == "/accounts/logout/":
            page.locator("main").get_by_role("button", name="Sign out").click()
        else:
            page.get_by_role("button", name="Your account").click()
            page.get_by_role("button", name="Sign out").click()

        expect(page).to_have_title(re.compile("Sign in"))
        assert drafts(page) == []

    def test_what_is_stale_or_of_nobody_is_swept_away(self, visit, admin):
        page = visit("/", as_user=admin)
        page.evaluate(
            """() => {
                const draft = (days) => JSON.stringify({ at: Date.now() - days * 86400e3, values: {} });
                const keep = (name, days) => localStorage.setItem(name, draft(days));
                keep("draft:invite", 0);
                keep("draft:7:old", 15);
                keep("draft:7:new", 13);
            }"""
        )

        page.reload()

        assert drafts(page) == ["draft:7:new"]

    @pytest.mark.parametrize(
        ("tab", "field"),
        [
            ("kpis", "reason"),
            ("plan", "title"),
            ("readiness", "reason"),
        ],
    )
    def test_is_kept_by_the_forms_of_a_campaign(self, visit, admin, tab, field):
        campaign = BareCampaignFactory(captain=admin)
        page = visit(reverse(f"campaigns:{tab}", args=[campaign.pk]), as_user=admin)
        first = page.locator(f"form[data-draft] [name={field}]").first
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        first.fill("Because they read it.")
        page.wait_for_timeout(500)

        page.reload()

        expect(first).to_be_visible()
        expect(first).to_have_value("Because they read it.")

    def test_knows_over_what_it_was_written(self, visit, admin):
        task = TaskFactory(title="Print it", campaign=BareCampaignFactory(captain=admin))
        page = visit(reverse("campaigns:task", args=[task.pk]), as_user=admin)
        page.locator("#id_title").fill("Print it twice")
        page.wait_for_timeout(500)
        other = UserFactory(name="Olga Other")
        campaigns.task_update(task=task, by=other, now=clock.now(), title="Print it at home")

        page.reload()
        expect(page.locator("#id_title")).to_have_value("Print it twice")
        page.locator("form[data-draft^=task-] button[type=submit]").first.click()

        expect(page.locator(".form-summary")).to_contain_text(
            "Olga Other has changed this to “Print it at home”"
        )
        expect(page.locator("#id_title")).to_have_value("Print it twice")

    def test_of_a_rule_has_its_rows_drawn_again_and_each_change_can_be_undone(self, visit, admin):
        page = visit(reverse("segments:create"), as_user=admin)
        page.locator("#r-0-kind").select_option("event")
        page.locator("#r-0-name").fill("Order")
        page.locator("#r-add-row").click()
        expect(page.locator("#r-1-kind")).to_be_focused()
        page.wait_for_timeout(500)

        page.reload()

        expect(page.locator("#r-1-kind")).to_be_visible()
        expect(page.locator("#r-0-name")).to_have_value("Order")
        page.locator("#r-0-remove").click()
        expect(page.locator("#r-1-kind")).to_have_count(0)
        page.locator("#rule-undo").click()
        expect(page.locator("#r-0-name")).to_have_value("Order")
        page.get_by_role("button", name="Start over").click()
        expect(page.locator("#r-0-kind")).to_have_value("attribute")
        page.wait_for_timeout(500)
        assert drafts(page) == []

    def test_is_kept_while_a_comment_is_changed(self, visit, admin):
        comment = CommentFactory(by=admin, at=clock.now())
        page = visit(reverse("collaboration:comment-edit", args=[comment.pk]), as_user=admin)
        page.get_by_label("Comment").fill("Later, rather.")
        page.wait_for_timeout(500)

        page.reload()

        expect(page.get_by_label("Comment")).to_have_value("Later, rather.")


def drafts(page):
    """Return the names of all drafts that this browser keeps."""
    return page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('draft:')).sort()")


class TestList:
    def test_answers_while_one_types_and_keeps_the_search_in_the_address(self, visit, admin):
        for name in ("Grace Hopper", "Alan Turing"):
            UserFactory(name=name)
        page = visit("/settings/people/", as_user=admin)

        page.get_by_label("Search this list").fill("grace")

        expect(page.locator("#people-list tbody tr")).to_have_count(1)
        expect(page).to_have_url(re.compile(r"q=grace"))
        expect(page.locator(".chip")).to_contain_text("grace")


class TestKeys:
    def test_a_question_mark_lists_them_and_g_goes(self, visit, admin):
        page = visit("/design/", as_user=admin)

        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keyboard")).to_contain_text("Home")
        page.keyboard.press("Escape")
        page.keyboard.press("g")
        page.keyboard.press("h")

        expect(page).to_have_title("Home · Bookend")

    def test_they_are_letters_while_one_types(self, visit, admin):
        page = visit("/design/", as_user=admin)

        page.keyboard.press("/")
        page.keyboard.type("gh?")

        expect(page.get_by_label("Search this list")).to_have_value("gh?")
        expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()


class TestBulk:
    def test_the_bar_counts_the_ticked_rows(self, visit, admin):
        page = visit("/design/", as_user=admin)
        bar = page.locator("[data-bulk-bar]")
        expect(bar).to_be_hidden()

        page.get_by_label("Spring offer").check()
        page.get_by_label("Referral month").click(modifiers=["Shift"])

        expect(bar).to_contain_text("4 ticked")
        bar.get_by_role("button", name="None").click()
        expect(bar).to_be_hidden()
