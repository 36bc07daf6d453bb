"""The frame of every page: rail, search, home, notes, and the pages that say what went wrong."""

import re
from dataclasses import replace
from http import HTTPStatus

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.core import context, navigation
from apps.core import home as home_page
from apps.core import search as search_box
from apps.core.context import rail
from apps.core.home import Panel, Step
from apps.core.navigation import Action, Found, Room
from apps.core.registry import Registry
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import BareCampaignFactory, KpiFactory, TaskFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def registry(monkeypatch):
    """Return a function that puts an empty registry in place of one of the product's."""

    def empty(module, name):
        mine = Registry()
        for place in (module, *places.get(name, ())):
            monkeypatch.setattr(place, name, mine)
        return mine

    places = {"rooms": (context,), "searches": (search_box,), "actions": (search_box,)}
    return empty


class TestRail:
    ROOMS = [
        Room("Home", "home", "home", "home", "accounts.view_home"),
        Room("Search", "search", "search", "data", "accounts.view_home"),
        Room("Design", "design", "palette", "data", "accounts.view_design"),
    ]

    def test_marks_the_room_one_is_in_and_no_other(self):
        groups = rail(self.ROOMS, reverse("design") + "more/")

        marked = [room.label for group in groups for room in group.rooms if room.is_current]
        assert marked == ["Design"]

    def test_home_is_current_on_home_only(self):
        current = [room.is_current for room in rail(self.ROOMS, "/elsewhere/")[0].rooms]

        assert current == [False]

    def test_each_room_has_a_letter_of_its_own_to_go_there(self):
        rooms = [replace(self.ROOMS[0], label=label) for label in ("Campaigns", "Contacts", "Co")]

        assert [room.key for room in rail(rooms, "/")[0].rooms] == ["c", "o", ""]

    def test_shows_only_rooms_that_the_person_may_enter(self, login, registry):
        mine = registry(navigation, "rooms")
        for room in self.ROOMS:
            mine.register(room.label, room)

        seen = login(UserFactory(role=User.Role.SALES)).get(reverse("home")).context["rail"]

        assert [(group.key, [room.label for room in group.rooms]) for group in seen] == [
            ("home", ["Home"]),
            ("data", ["Search"]),
        ]

    def test_strangers_get_no_rail(self, client):
        response = client.get("/no-such-page/")

        assert response.status_code == HTTPStatus.NOT_FOUND
        assert b'id="rail"' not in response.content


class TestEnvironment:
    @pytest.mark.parametrize(
        ("is_sending", "mailbox", "debug", "expected"),
        [
            (True, None, False, ""),
            (True, None, True, "Development"),
            (True, "var/mailbox", True, "Mail is caught here"),
            (False, "var/mailbox", True, "Nothing is sent"),
        ],
    )
    def test_says_what_keeps_mail_from_customers(self, settings, is_sending, mailbox, debug, expected):
        settings.SENDING_ENABLED, settings.MAILBOX_DIR, settings.DEBUG = is_sending, mailbox, debug

        assert context.environment() == expected


class TestSearch:
    def url(self, text):
        return f"{reverse('search')}?q={text}"

    def test_finds_rooms_by_a_part_of_their_name(self, login, registry):
        registry(navigation, "rooms").register("home", TestRail.ROOMS[0])

        response = login(UserFactory()).get(self.url("HOM"))

        assert [hit.label for hit in response.context["results"].rooms] == ["Home"]

    def test_offers_what_the_person_may_begin(self, login, registry):
        offered = registry(navigation, "actions")
        offered.register("new", Action("New campaign", "home", "plus", "accounts.view_home"))
        offered.register("closed", Action("New person", "home", "plus", "accounts.view_design"))

        response = login(UserFactory()).get(self.url("new"))

        assert [hit.label for hit in response.context["results"].actions] == ["New campaign"]

    def test_asks_every_source_from_two_letters_on_and_takes_five_of_each(self, login, registry):
        asked = []
        registry(navigation, "searches").register(
            "all",
            lambda user, text: asked.append((user, text)) or Found("Contact", people, "campaigns:detail"),
        )
        UserFactory.create_batch(9, name="Ada <x>")
        people = User.objects.filter(name="Ada <x>").order_by("-pk")
        user = UserFactory()
        client = login(user)

        client.get(self.url("a"))
        response = client.get(self.url("+ad+"))

        assert asked == [(user, "ad")]
        first = [reverse("campaigns:detail", args=[one.pk]) for one in people[:5]]
        assert [hit.url for hit in response.context["results"].hits] == first
        assert b"Ada &lt;x&gt;" in response.content

    def test_shows_a_page_to_a_browser_and_a_fragment_to_htmx(self, login):
        client = login(UserFactory())

        page, fragment = client.get(self.url("home")), client.get(self.url("home"), headers=HTMX)

        assert b"<html" in page.content
        assert b"<html" not in fragment.content
        assert b'id="palette-hits"' in fragment.content

    def test_says_so_when_nothing_is_found(self, login):
        response = login(UserFactory()).get(self.url("zzzz"))

        assert "Nothing is called “zzzz”." in response.text


class TestHome:
    PANEL = Panel(
        template="components/notice.html",
        content=lambda look: {"text": "due"},
        permission="accounts.view_home",
        roles=frozenset({User.Role.SALES}),
    )
    STEP = Step("Import", "Bring people in.", "search", "accounts.view_home", makes=User.objects.none)

    def shown(self, client):
        response = client.get(reverse("home"))
        return response, [panel.context for panel in response.context["panels"]]

    def test_panels_are_for_their_roles_and_for_those_who_have_the_permission(self, login, registry):
        panels = registry(home_page, "panels")
        panels.register("sales", self.PANEL)
        panels.register("closed", replace(self.PANEL, permission="accounts.view_design"))

        assert self.shown(login(UserFactory(role=User.Role.SALES)))[1] == [{"text": "due"}]
        assert self.shown(login(UserFactory(role=User.Role.MARKETER)))[1] == []

    def test_a_panel_with_nothing_to_say_is_left_out(self, login, registry):
        registry(home_page, "steps")
        panels = registry(home_page, "panels")
        panels.register("silent", replace(self.PANEL, content=lambda look: None))

        response, panels = self.shown(login(UserFactory(role=User.Role.SALES)))

        assert panels == []
        assert "Nothing waits for you." in response.text

    def test_a_new_installation_says_what_comes_next(self, login, registry):
        steps = registry(home_page, "steps")
        steps.register("import", replace(self.STEP, order=2))
        steps.register("people", replace(self.STEP, order=1, makes=User.objects.all))
        steps.register("campaign", replace(self.STEP, order=3))

        response, _ = self.shown(login(UserFactory()))

        assert re.findall(r'class="(is-[a-z]+)"', response.text) == ["is-met", "is-waiting", "is-waiting"]
        assert [shown.is_next for shown in response.context["steps"]] == [False, True, False]
        assert f'href="{reverse("search")}"' in response.text

    def test_steps_go_once_all_are_done(self, login, registry):
        registry(home_page, "steps").register("import", replace(self.STEP, makes=User.objects.all))

        response, _ = self.shown(login(UserFactory()))

        assert response.context["steps"] == []


class TestNotes:
    def test_messages_come_along_with_a_fragment(self, client):
        user = UserFactory(name="Ada")
        user.set_password("a-long-password")
        user.save()
        client.force_login(user)
        new = {"oldpassword": "a-long-password", "password1": "long-and-new-1", "password2": "long-and-new-1"}
        client.post(reverse("account_change_password"), new)

        first, second = (client.get(reverse("search"), headers=HTMX).text for _ in range(2))

        assert first.count('class="toast-note tone-good"') == 1
        assert "Password successfully changed." in first
        assert 'hx-swap-oob="beforeend"' in first
        assert "toast-note" not in second


class TestDesign:
    def test_shows_every_component(self, login):
        admin = login(UserFactory(role=User.Role.ADMINISTRATOR))

        response = admin.get(reverse("design"))

        used = {template.name for template in response.templates if template.name}
        for name in (
            "empty",
            "notice",
            "confirm",
            "tile",
            "progress",
            "tabs",
            "facts",
            "timeline",
            "bookends",
        ):
            assert f"components/{name}.html" in used

    def test_is_not_for_everybody(self, login):
        assert login(UserFactory()).get(reverse("design")).status_code == HTTPStatus.NOT_FOUND


class TestWrongTurns:
    """Each page says what to do; none is a bare line of the server."""

    def test_not_found(self, login):
        response = login(UserFactory()).get("/no-such-page/")

        assert response.status_code == HTTPStatus.NOT_FOUND
        assert "Search for it" in response.text
        assert 'id="rail"' in response.text

    def test_not_allowed(self, login, monkeypatch):
        def refuse(*args, **asked):
            raise PermissionDenied

        monkeypatch.setattr("apps.accounts.views.shell.find", refuse)

        response = login(UserFactory()).get(reverse("search"))

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert "Ask one of them" in response.text

    def test_broken(self, login, monkeypatch):
        def broken(*args):
            raise ZeroDivisionError

        monkeypatch.setattr("apps.accounts.views.shell.find", broken)
        client = login(UserFactory())
        client.raise_request_exception = False

        response = client.get(reverse("search"))

        assert response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
        assert "Try again in a minute" in response.text

    def test_a_form_without_its_token(self):
        response = Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "a"})

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert "reload the page and send it again" in response.text

    def test_not_understood(self, settings):
        settings.ALLOWED_HOSTS = ["testserver"]

        response = Client().get("/", headers={"Host": "evil.example"})

        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert "This request was not understood" in response.text


@pytest.mark.parametrize("path", ["/", "/search/", "/no-such-page/", "/accounts/login/"])
def test_every_page_carries_the_content_security_policy(login, path):
    response = login(UserFactory()).get(path, follow=True)

    policy = dict(
        part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";")
    )
    for directive in ("script-src", "style-src", "default-src"):
        assert "'self'" in policy[directive]
        assert "unsafe" not in policy[directive]
    assert policy["object-src"] == "'none'"


def test_a_page_asks_for_nothing_from_elsewhere(login):
    response = login(UserFactory(role=User.Role.ADMINISTRATOR)).get(reverse("design"))

    sources = re.findall(r'(?:src|href)="([^"]+)"', response.text)
    assert [source for source in sources if not source.startswith(("/", "#", "?"))] == []


class TestPaletteKnowsWhereOneIs:
    """On the page of a thing it offers what can be done with it, and everywhere what was open lately."""

    def ask(self, client, here, text="", recent=""):
        headers = {**HTMX, "HX-Current-URL": f"http://testserver{here}"}
        return client.get(reverse("search"), {"q": text, "recent": recent}, headers=headers).content.decode()

    def test_offers_what_may_be_done_with_the_campaign_that_is_open(self, login, lead):
        campaign = BareCampaignFactory()
        here = reverse("campaigns:plan", args=[campaign.pk])

        mine = self.ask(login(lead), here)
        narrowed = self.ask(login(lead), here, text="task here")
        others = self.ask(login(UserFactory()), here)

        assert reverse("campaigns:advance", args=[campaign.pk]) in mine
        assert "Add a task here" in narrowed
        assert "Move this campaign" not in narrowed
        assert reverse("campaigns:advance", args=[campaign.pk]) not in others

    def test_names_what_was_open_lately_if_it_is_still_theirs_to_see(self, login):
        contributor = UserFactory(role=User.Role.CONTRIBUTOR)
        mine, other = BareCampaignFactory(name="Mine"), BareCampaignFactory(name="Of others")
        TaskFactory(campaign=mine, assignee=contributor)
        recent = f"/campaigns/{mine.pk}/ /campaigns/{other.pk}/ /campaigns/999999/ /nowhere/1/ x"

        shown = self.ask(login(contributor), "/", recent=recent)

        assert "Mine" in shown
        assert "Of others" not in shown

    def test_finds_tasks_and_kpis_the_best_first(self, login, lead):
        TaskFactory(title="Approve the banner")
        TaskFactory(title="Banner")
        KpiFactory(metric__name="Banner clicks")

        shown = self.ask(login(lead), "/", text="banner")

        assert shown.index(">Banner<") < shown.index("Banner clicks") < shown.index("Approve the banner")
