import re
from datetime import date, timedelta
from html import unescape
from http import HTTPStatus
from zoneinfo import ZoneInfo

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from apps.accounts.models import User
from apps.campaigns import panels, services
from apps.campaigns.models import Campaign, Contributor, Kpi, Override, Task, WorkWeek
from apps.core import clock
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import (
    BareCampaignFactory,
    BudgetLineFactory,
    CampaignFactory,
    ChallengeFactory,
    ChannelFactory,
    ChecklistItemFactory,
    ContributorFactory,
    KpiFactory,
    LessonFactory,
    MetricFactory,
    OverrideFactory,
    TaskDependencyFactory,
    TaskFactory,
    YearGoalFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
FAR = date(2099, 1, 1)


def url(name, *args):
    return reverse(f"campaigns:{name}", args=args)


def text(response):
    return response.content.decode()


@pytest.fixture
def campaign():
    """Ready by the clock of the views, which is the real one."""
    return CampaignFactory(
        goal_date=FAR, launch_date=FAR, start_date=date(2026, 1, 1), goal_seen__occurred_at=clock.now()
    )


TABS = ["detail", "plan", "channels", "team", "audience", "readiness", "history", "kpis"]


class TestTabs:
    @pytest.mark.parametrize("tab", TABS)
    def test_are_pages_within_the_bookends_and_fragments_for_htmx(self, login, lead, campaign, tab):
        client = login(lead)

        page, fragment = client.get(url(tab, campaign.pk)), client.get(url(tab, campaign.pk), headers=HTMX)

        assert 'id="bookend-idea"' in text(page)
        assert 'id="bookend-outcome"' in text(page)
        assert "<html" not in text(fragment)
        assert 'id="bookend-idea"' not in text(fragment)
        assert "HX-Request" in fragment.headers["Vary"]

    @pytest.mark.parametrize("tab", [*TABS, "lineage"])
    def test_say_which_of_them_one_is_in(self, login, lead, campaign, tab):
        frame = login(lead).get(url(tab, campaign.pk)).context["frame"]

        assert [link.is_current for link in frame.tabs].count(True) == 1

    @pytest.mark.parametrize("tab", TABS)
    def test_show_a_campaign_of_which_nothing_is_known(self, login, lead, tab):
        assert login(lead).get(url(tab, BareCampaignFactory().pk)).status_code == HTTPStatus.OK

    @pytest.mark.parametrize("tab", TABS)
    def test_cost_the_same_for_little_and_for_much(self, login, campaign, tab):
        for kind in ("social", "ads", "web", "sms", "events"):
            ChannelFactory(campaign=campaign, kind=kind)
        TaskFactory.create_batch(20, campaign=campaign)
        KpiFactory.create_batch(7, campaign=campaign)
        ContributorFactory.create_batch(20, campaign=campaign)
        WorkWeek.objects.get_or_create(pk=1)  # as in an installation, whatever other tests have deleted
        client = login(campaign.captain)
        client.get(url(tab, campaign.pk))  # what is asked once in each process

        with CaptureQueriesContext(connection) as asked:
            client.get(url(tab, campaign.pk))

        # Readiness asks each check behind a savepoint of its own inside a transaction, as a test is one.
        statements = [one["sql"] for one in asked if "SAVEPOINT" not in one["sql"]]
        assert len(statements) <= 12, statements

    @pytest.mark.parametrize("tab", TABS)
    def test_escape_what_people_wrote(self, login, lead, tab):
        evil = "<img src=x onerror=alert(1)>"
        campaign = CampaignFactory(
            name=evil, idea=evil, outcome=evil, audience_note=evil, kpi__metric__name=evil, channel__why=evil
        )
        TaskFactory(campaign=campaign, title=evil)
        OverrideFactory(campaign=campaign, reason=evil, check_name="campaigns.goal_arriving")

        page = text(login(lead).get(url(tab, campaign.pk)))

        assert evil not in page
        assert escape(evil) in page

    def test_of_apps_above_are_loaded_from_there(self, login, lead, campaign, monkeypatch):
        tab = panels.Tab("letters", "Letters", "campaigns:progress", "mail", "campaigns.view_campaign", 50)
        monkeypatch.setattr(panels.tabs, "_entries", {"letters": tab})
        client = login(lead)

        page = text(client.get(url("tab", campaign.pk, "letters")))

        assert f'hx-get="{url("progress", campaign.pk)}"' in page
        assert client.get(url("tab", campaign.pk, "nothing")).status_code == HTTPStatus.NOT_FOUND

    def test_a_tab_that_may_not_be_seen_is_not_there(self, login, campaign, monkeypatch):
        tab = panels.Tab("letters", "Letters", "campaigns:progress", "mail", "accounts.change_user", 50)
        monkeypatch.setattr(panels.tabs, "_entries", {"letters": tab})
        client = login(campaign.captain)

        assert "Letters" not in text(client.get(url("detail", campaign.pk)))
        assert client.get(url("tab", campaign.pk, "letters")).status_code == HTTPStatus.NOT_FOUND

    def test_a_campaign_that_was_put_away_offers_only_to_bring_it_back(self, login, campaign):
        Campaign.objects.filter(pk=campaign.pk).update(archived_at=clock.now())

        page = text(login(campaign.captain).get(url("detail", campaign.pk)))

        assert url("restore", campaign.pk) in page
        assert url("advance", campaign.pk) not in page
        assert url("wizard", campaign.pk, "idea") not in page


class TestPutAway:
    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("kpi_move", {"position": 1}),
            ("kpi_remove", {}),
            ("override_remove", {"check": "campaigns.audience"}),
            ("task_remove", {}),
            ("contributor_remove", {}),
            ("channel_remove", {}),
        ],
    )
    def test_refuses_every_button_with_its_sentence(self, login, campaign, name, data):
        KpiFactory(campaign=campaign)
        override = OverrideFactory(campaign=campaign)
        parts = {
            "kpi": campaign.kpis.first(),
            "task": TaskFactory(campaign=campaign),
            "contributor": ContributorFactory(campaign=campaign),
            "channel": campaign.channels.get(),
            "override": campaign,
        }
        Campaign.objects.filter(pk=campaign.pk).update(archived_at=clock.now())

        page = login(campaign.captain).post(url(name, parts[name.split("_")[0]].pk), data, follow=True)

        assert page.status_code == HTTPStatus.OK
        assert "This campaign has been put away." in text(page)
        for part in [*parts.values(), override]:
            part.refresh_from_db()


class TestToday:
    @pytest.mark.parametrize(("zone", "is_late"), [("Pacific/Kiritimati", True), ("Etc/GMT+12", False)])
    def test_is_that_of_who_looks(self, login, zone, is_late):
        """The two are 26 hours apart, so what is today in the one is never today in the other."""
        here = clock.now().astimezone(ZoneInfo("Etc/GMT+12")).date()
        me = UserFactory(timezone=zone)
        task = TaskFactory(assignee=me, due_date=here)
        client = login(me)

        for page in (client.get(url("tasks")), client.get(url("plan", task.campaign_id)), client.get("/")):
            assert ("</span>Overdue" in text(page)) == is_late  # the badge: a filter has the word too


class TestProgress:
    def test_of_a_date_at_the_end_of_the_calendar_does_not_break_its_pages(self, login, lead, campaign):
        Campaign.objects.filter(pk=campaign.pk).update(goal_date=date.max)

        assert login(lead).get(url("detail", campaign.pk)).status_code == HTTPStatus.OK

    def test_says_when_a_goal_that_is_over_was_counted(self, login, lead, campaign):
        Campaign.objects.filter(pk=campaign.pk).update(
            start_date=date(2020, 1, 1), goal_date=date(2020, 2, 1)
        )
        client = login(lead)
        assert "counted" not in text(client.get(url("progress", campaign.pk)))

        services.campaigns_watch(now=clock.now())

        assert "counted" in text(client.get(url("progress", campaign.pk)))

    def test_asks_again_only_while_something_can_come(self, login, lead, campaign):
        client = login(lead)
        assert "every 10s" in text(client.get(url("progress", campaign.pk)))

        Campaign.objects.filter(pk=campaign.pk).update(
            start_date=date(2020, 1, 1), launch_date=None, goal_date=date(2020, 2, 1)
        )
        assert "every 10s" not in text(client.get(url("progress", campaign.pk)))


class TestCampaignList:
    def test_shows_a_page_and_a_fragment(self, login, lead, campaign):
        client = login(lead)

        page, fragment = client.get(url("list")), client.get(url("list"), headers=HTMX)

        assert campaign.name in text(page)
        assert 'id="campaign-list"' in text(fragment)
        assert "<html" not in text(fragment)

    @pytest.mark.parametrize("view", ["", "board"])
    def test_narrows_by_every_filter(self, login, view):
        me = UserFactory()
        mine = CampaignFactory(name="Spring", stage="review", captain=me)
        other = CampaignFactory(name="Autumn", stage="live", outcome="Visits")
        away = CampaignFactory(name="Gone", archived_at=clock.now())
        client = login(me)

        def shown(**query):
            page = text(client.get(url("list"), {**query, "view": view}))
            return {one.name for one in (mine, other, away) if url("detail", one.pk) in page}

        assert shown() == {"Spring", "Autumn"}
        assert shown(stage="review") == {"Spring"}
        assert shown(captain=me.pk) == {"Spring"}
        assert shown(whose="mine") == {"Spring"}
        assert shown(whose="away") == {"Gone"}
        assert shown(q="autu") == {"Autumn"}
        assert shown(q="visits") == {"Autumn"}
        assert shown(q="%") == set()

    @pytest.mark.parametrize("view", ["", "board"])
    def test_shows_contributors_their_own(self, login, view):
        person = UserFactory(role=User.Role.CONTRIBUTOR)
        mine, other = ContributorFactory(user=person).campaign, CampaignFactory()

        page = text(login(person).get(url("list"), {"view": view}))

        assert mine.name in page
        assert other.name not in page
        assert url("create") not in page

    @pytest.mark.parametrize(("view", "queries"), [("", 6), ("board", 7)])
    def test_costs_the_same_for_one_and_for_many(self, login, lead, view, queries, django_assert_num_queries):
        for _ in range(20):
            TaskFactory(campaign=CampaignFactory(goal_seen=False))
        client = login(lead)

        # Session, user, captains, campaigns, their channels, clock; on the board how many there are by stage.
        with django_assert_num_queries(queries):
            client.get(url("list"), {"view": view})

    def test_pages_by_key(self, login, lead):
        BareCampaignFactory.create_batch(51)
        client = login(lead)

        first = text(client.get(url("list"), {"sort": "name"}))

        assert first.count('class="row-link') == 50
        assert "cursor=" in first

    def test_the_board_has_a_column_for_each_stage_and_a_limit(self, login, lead, monkeypatch):
        monkeypatch.setattr("apps.campaigns.selectors.lists.PER_STAGE", 2)
        BareCampaignFactory.create_batch(3)

        page = text(login(lead).get(url("list"), {"view": "board"}))

        assert page.count('class="board-column"') == len(Campaign.Stage)
        assert page.count('class="board-card"') == 2
        assert '<span class="count">3</span>' in page
        assert page.count("Show more") == 1

    def test_the_board_shows_the_next_cards_of_a_column_on_demand(self, login, lead, monkeypatch):
        monkeypatch.setattr("apps.campaigns.selectors.lists.PER_STAGE", 2)
        made = BareCampaignFactory.create_batch(5)
        BareCampaignFactory(name="Elsewhere", stage="planning", idea="i", outcome="o")
        client = login(lead)
        seen, page = [], text(client.get(url("list"), {"view": "board"}))

        while more := re.search(r'hx-get="([^"]*/board/more/[^"]*)"', page):
            seen += re.findall(r'id="grip-(\d+)"', page)
            page = text(client.get(unescape(more[1]), headers=HTMX))
        seen += re.findall(r'id="grip-(\d+)"', page)

        first = {str(one.pk) for one in made}
        assert [pk for pk in seen if pk in first] == [str(one.pk) for one in reversed(made)]
        assert len(seen) == 6  # each once, and the one of the other column
        assert "<html" not in page

    def test_the_next_cards_are_those_that_a_contributor_may_see(self, login):
        person = UserFactory(role=User.Role.CONTRIBUTOR)
        mine, other = ContributorFactory(user=person).campaign, CampaignFactory()

        page = text(login(person).get(url("board_more"), {"stage": mine.stage}))

        assert mine.name in page
        assert other.name not in page

    @pytest.mark.parametrize("view", ["", "board"])
    def test_is_useful_when_empty(self, login, lead, view):
        client = login(lead)

        assert "No campaigns yet" in text(client.get(url("list"), {"view": view}))
        CampaignFactory()
        assert "No campaigns yet" not in text(client.get(url("list"), {"view": view}))
        assert "board-card" not in text(client.get(url("list"), {"view": view, "q": "nothing"}))


class TestTasks:
    def add(self, client, campaign, **data):
        return client.post(url("task_add", campaign.pk), {"title": "Write", **data}, follow=True)

    def test_are_added_and_listed(self, login, campaign):
        person = UserFactory(name="Ben")

        page = self.add(login(campaign.captain), campaign, assignee=person.pk, due_date="2099-01-01")

        assert Task.objects.get().assignee == person
        assert "Write" in text(page)

    @pytest.mark.parametrize(
        ("data", "refusal"),
        [
            ({"title": ""}, "This field is required."),
            ({"title": "x" * 10_000}, "at most 200 characters"),
            ({"due_date": "2020-01-01"}, "This day has passed."),
            ({"due_date": "tomorrow"}, "Enter a valid date."),
            ({"assignee": "999999"}, "Select a valid choice."),
            ({"channel": "999999"}, "Select a valid choice."),
            ({"title": "a\x00b"}, "Null characters are not allowed."),
        ],
    )
    def test_a_refusal_stands_at_its_field_and_the_rest_stays(self, login, campaign, data, refusal):
        page = self.add(login(campaign.captain), campaign, **{"description": "Two versions", **data})

        assert refusal in text(page)
        assert "Two versions" in text(page)
        assert not Task.objects.exists()

    def test_an_owner_plans_the_own_channel_only(self, login, campaign):
        email = campaign.channels.get()
        ads = ChannelFactory(campaign=campaign, kind="ads")
        client = login(email.owner)

        for channel in (ads.pk, ""):
            assert "tasks of your own channel" in text(self.add(client, campaign, channel=channel))
        assert not Task.objects.exists()

        self.add(client, campaign, channel=email.pk)
        assert Task.objects.get().channel == email

    def test_are_moved_by_who_has_to_do_them(self, login):
        task = TaskFactory()
        client = login(task.assignee)

        back = client.post(url("task_move", task.pk), {"state": "done", "next": url("tasks")})

        task.refresh_from_db()
        assert (task.state, back.headers["Location"]) == ("done", url("tasks"))

    @pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
    def test_moving_leads_to_no_other_host(self, login, elsewhere):
        task = TaskFactory()

        back = login(task.assignee).post(url("task_move", task.pk), {"state": "done", "next": elsewhere})

        assert back.headers["Location"] == url("task", task.pk)

    def test_a_state_that_is_none_is_refused(self, login):
        task = TaskFactory()

        login(task.assignee).post(url("task_move", task.pk), {"state": "cake"})

        task.refresh_from_db()
        assert task.state == "todo"

    def test_the_second_of_two_editors_is_told_and_loses_nothing(self, login, lead):
        task = TaskFactory(title="Write")
        services.task_update(task=task, title="Ann's", by=UserFactory(name="Ann"), now=clock.now())
        client = login(lead)
        typed = {"title": "Mine", "description": "Long text", "version": "1"}

        told = text(client.post(url("task_update", task.pk), typed))

        assert escape("Ann has changed this to “Ann's”") in told
        assert 'value="Mine"' in told
        assert "Long text" in told
        assert 'name="version" value="2"' in told
        task.refresh_from_db()
        assert task.title == "Ann's"

        client.post(url("task_update", task.pk), {**typed, "version": "2"})
        task.refresh_from_db()
        assert task.title == "Mine"

    def test_someone_who_has_left_stays_named_until_another_is(self, login, lead):
        task = TaskFactory(assignee__is_active=False)

        login(lead).post(url("task_update", task.pk), {"title": "New", "assignee": task.assignee_id})

        task.refresh_from_db()
        assert (task.title, task.assignee.is_active) == ("New", False)

    def test_of_one_person_are_listed_with_what_is_overdue(self, login):
        me = UserFactory()
        TaskFactory(assignee=me, title="Late", due_date=date(2020, 1, 1))
        TaskFactory(assignee=me, title="Finished", done=True)
        TaskFactory(title="Of another")
        TaskFactory(assignee=me, title="Put away", campaign__archived_at=clock.now())
        client = login(me)

        page = text(client.get(url("tasks")))
        assert "Late" in page
        assert "Overdue" in page
        for other in ("Finished", "Of another", "Put away"):
            assert other not in page

        assert "Finished" in text(client.get(url("tasks"), {"state": "all"}))

    def test_of_one_person_cost_the_same_for_one_and_for_many(self, login, django_assert_num_queries):
        me = UserFactory()
        TaskFactory.create_batch(20, assignee=me, campaign__goal_seen=False)
        client = login(me)
        ContentType.objects.get_for_model(Task)  # asked once per process

        # session, user, clock, campaigns to choose from, tasks, which are stuck, whether there is a workload
        with django_assert_num_queries(7):
            client.get(url("tasks"))


class TestTeam:
    def test_the_captain_hands_over(self, login, campaign):
        other = UserFactory(name="Ben")

        page = login(campaign.captain).post(
            url("captain_change", campaign.pk), {"captain": other.pk}, follow=True
        )

        campaign.refresh_from_db()
        assert campaign.captain == other
        assert "Ben is captain now." in text(page)

    def test_nobody_becomes_captain_who_cannot(self, login, campaign):
        other = UserFactory(role=User.Role.EXECUTIVE)

        page = login(campaign.captain).post(url("captain_change", campaign.pk), {"captain": other.pk})

        assert "Select a valid choice" in text(page)

    def test_contributors_come_and_go(self, login, campaign):
        client, person = login(campaign.captain), UserFactory(name="Hugo")

        client.post(url("contributor_add", campaign.pk), {"user": person.pk})
        page = client.get(url("team", campaign.pk))
        assert "Hugo" in text(page)

        client.post(url("contributor_remove", Contributor.objects.get().pk))
        assert not Contributor.objects.exists()


class TestChannel:
    def test_its_owner_changes_the_own_part_but_not_who_owns_it(self, login, campaign):
        channel = campaign.channels.get()

        login(channel.owner).post(
            url("channel_update", channel.pk), {"why": "New", "owner": UserFactory().pk, "version": "1"}
        )

        before = channel.owner
        channel.refresh_from_db()
        assert (channel.why, channel.owner) == ("New", before)

    def test_is_not_for_the_owner_of_another(self, login, campaign):
        social = ChannelFactory(campaign=campaign, kind="social")
        email = campaign.channels.get(kind="email")
        client = login(social.owner)

        assert (
            client.post(url("channel_update", email.pk), {"why": "Mine"}).status_code == HTTPStatus.FORBIDDEN
        )
        assert 'name="why"' not in text(client.get(url("channel", email.pk)))
        email.refresh_from_db()
        assert email.why == "They read it."

    def test_the_captain_names_its_owner(self, login, campaign):
        channel, person = campaign.channels.get(), UserFactory()

        login(campaign.captain).post(url("channel_update", channel.pk), {"owner": person.pk, "why": "x"})

        channel.refresh_from_db()
        assert channel.owner == person

    def test_shows_what_goes_out_on_it(self, login, lead, campaign, monkeypatch):
        line = panels.ChannelLine("Hello again", "/there/", "Draft", "neutral")
        monkeypatch.setattr(
            panels.channel_lines, "_entries", {"x": lambda channels: {channels[0].pk: [line]}}
        )

        for page in (url("channels", campaign.pk), url("channel", campaign.channels.get().pk)):
            assert "Hello again" in text(login(lead).get(page))

    def test_is_removed_with_a_word(self, login, campaign):
        channel = campaign.channels.get()

        page = login(campaign.captain).post(url("channel_remove", channel.pk), follow=True)

        assert "E-mail has been removed." in text(page)


class TestReadiness:
    def test_is_green_and_says_so(self, login, lead, campaign):
        assert 'data-ready="yes"' in text(login(lead).get(url("readiness", campaign.pk)))

    def test_names_what_fails_and_where_it_is_mended(self, login, lead, campaign):
        Campaign.objects.filter(pk=campaign.pk).update(segment=None)

        page = text(login(lead).get(url("readiness", campaign.pk)))

        assert 'data-ready="no"' in page
        assert "No segment is chosen as the audience." in page
        assert url("wizard", campaign.pk, "audience") in page

    def test_shows_who_only_looks_no_way_that_is_shut(self, login, campaign):
        Campaign.objects.filter(pk=campaign.pk).update(segment=None)
        executive = UserFactory(role=User.Role.EXECUTIVE)

        page = text(login(executive).get(url("readiness", campaign.pk)))

        assert "No segment is chosen as the audience." in page
        assert url("wizard", campaign.pk, "audience") not in page

    def test_shows_who_helps_only_the_ways_that_are_open(self, login, campaign):
        """A contributor on the team may mend a task, and may not choose the audience."""
        Campaign.objects.filter(pk=campaign.pk).update(segment=None, stage=Campaign.Stage.REVIEW)
        contributor = UserFactory(role=User.Role.CONTRIBUTOR)
        ContributorFactory(campaign=campaign, user=contributor)

        page = text(login(contributor).get(url("readiness", campaign.pk)))

        assert "No segment is chosen as the audience." in page
        assert url("wizard", campaign.pk, "audience") not in page
        assert url("advance", campaign.pk) not in page

    def test_is_overridden_with_a_reason_and_taken_back(self, login, campaign):
        Campaign.objects.filter(pk=campaign.pk).update(segment=None)
        client = login(campaign.captain)

        refused = client.post(
            url("check_override", campaign.pk), {"check": "campaigns.audience", "reason": ""}
        )
        assert "This field is required." in text(refused)
        assert not Override.objects.exists()

        page = client.post(
            url("check_override", campaign.pk),
            {"check": "campaigns.audience", "reason": "It comes."},
            follow=True,
        )
        assert 'data-ready="yes"' in text(page)
        assert "“It comes.”" in text(page)

        page = client.post(url("override_remove", campaign.pk), {"check": "campaigns.audience"}, follow=True)
        assert 'data-ready="no"' in text(page)

    def test_a_check_that_is_none_is_refused(self, login, campaign):
        page = login(campaign.captain).post(
            url("check_override", campaign.pk), {"check": "nonsense", "reason": "x"}
        )

        assert page.status_code == HTTPStatus.OK
        assert not Override.objects.exists()


class TestAdvance:
    def test_moves_on(self, login, campaign):
        page = login(campaign.captain).post(url("advance", campaign.pk), {"stage": "live"}, follow=True)

        assert "The campaign is at “Live”." in text(page)

    def test_says_what_is_missing_and_takes_a_reason(self, login, campaign):
        Campaign.objects.filter(pk=campaign.pk).update(stage="planning", segment=None)
        client = login(campaign.captain)

        refused = client.post(url("advance", campaign.pk), {"stage": "building"})
        assert "No segment is chosen" in text(refused)
        campaign.refresh_from_db()
        assert campaign.stage == "planning"

        client.post(url("advance", campaign.pk), {"stage": "building", "reason": "On Monday."})
        campaign.refresh_from_db()
        assert campaign.stage == "building"

    @pytest.mark.parametrize("stage", ["cake", ""])
    def test_a_stage_that_is_none_is_refused(self, login, campaign, stage):
        page = login(campaign.captain).post(url("advance", campaign.pk), {"stage": stage})

        assert page.status_code == HTTPStatus.OK
        campaign.refresh_from_db()
        assert campaign.stage == "ready"

    def test_shows_the_checklist_of_any_stage(self, login, campaign):
        client = login(campaign.captain)

        for stage in Campaign.Stage:
            page = client.get(url("advance", campaign.pk), {"stage": stage})
            assert 'id="stage-entry"' in text(page)


class TestKpis:
    def test_are_added_changed_moved_and_removed(self, login, campaign):
        client = login(campaign.captain)
        metric = MetricFactory(name="Visits")
        says = {"metric": metric.pk, "reason": "They come first."}

        client.post(url("kpi_add", campaign.pk), says)
        kpi = Kpi.objects.get(metric=metric)
        page = text(client.get(url("kpis", campaign.pk)))
        up = re.search(r'value="(\d+)" aria-label="Move Visits up"', page)[1]
        for _time in range(2):
            client.post(url("kpi_move", kpi.pk), {"position": up})
        client.post(url("kpi_update", kpi.pk), {**says, "target": "300", "version": "1"})
        kpi.refresh_from_db()
        assert (kpi.position, kpi.target) == (0, 300)

        client.post(url("kpi_remove", kpi.pk))
        assert not Kpi.objects.filter(metric=metric).exists()

    def test_sent_twice_stands_once(self, login, campaign):
        client = login(campaign.captain)
        says = {"metric": MetricFactory().pk, "reason": "Why"}

        client.post(url("kpi_add", campaign.pk), says)
        page = client.post(url("kpi_add", campaign.pk), says)

        assert "has that KPI already" in text(page)
        assert Kpi.objects.filter(metric=says["metric"]).count() == 1

    def test_more_than_seven_warn(self, login, campaign):
        client = login(campaign.captain)
        KpiFactory.create_batch(6, campaign=campaign)
        assert "More than seven" not in text(client.get(url("kpis", campaign.pk)))

        KpiFactory(campaign=campaign)

        assert "More than seven" in text(client.get(url("kpis", campaign.pk)))


class TestArchive:
    def test_puts_away_and_brings_back(self, login, campaign):
        client = login(campaign.captain)

        client.post(url("archive", campaign.pk))
        campaign.refresh_from_db()
        assert campaign.archived_at is not None

        client.post(url("restore", campaign.pk))
        campaign.refresh_from_db()
        assert campaign.archived_at is None

    def test_a_live_one_is_refused_with_the_sentence(self, login, campaign):
        Campaign.objects.filter(pk=campaign.pk).update(stage="live")

        page = login(campaign.captain).post(url("archive", campaign.pk), follow=True)

        assert "A live campaign cannot be put away." in text(page)


class TestHistory:
    def test_tells_who_did_what_to_every_part(self, login, lead, campaign):
        now = clock.now()
        services.campaign_update(campaign=campaign, idea="A better one", by=lead, now=now)
        task = services.task_add(campaign=campaign, title="Write", by=lead, now=now)
        services.task_move(task=task, state="done", by=lead, now=now + timedelta(seconds=1))

        page = text(login(lead).get(url("history", campaign.pk)))

        assert "added the task “Write”" in page
        assert "State: To do → Done" in page
        assert "A better one" in page


class TestHome:
    def test_shows_captains_their_campaigns_and_everyone_their_tasks(self, login):
        me = UserFactory()
        CampaignFactory(captain=me, name="Spring", blockers=2)
        TaskFactory(assignee=me, title="Write")

        page = text(login(me).get(reverse("home")))

        assert "Spring" in page
        assert "2 checks fail" in page
        assert "Write" in page

    def test_leaves_out_what_is_nobodys_business(self, login):
        CampaignFactory(name="Spring")

        page = text(login(UserFactory()).get(reverse("home")))

        assert "Spring" not in page

    @pytest.mark.parametrize("role", ["administrator", "marketing_lead", "executive", "sales"])
    def test_shows_where_all_campaigns_stand_to_those_who_watch_them(self, login, role):
        CampaignFactory(name="Summer", stage="live", goal_date=date(2030, 7, 1))
        CampaignFactory(name="Spring", stage="live", goal_date=date(2030, 6, 1))
        CampaignFactory(name="Last winter", stage="closed")

        page = text(login(UserFactory(role=role)).get(reverse("home")))

        assert re.search(r"2</strong>\s+Live", page)
        assert re.search(r"1</strong>\s+Closed", page)
        assert page.index("Spring") < page.index("Summer")
        assert "Last winter" not in page

    def test_costs_the_same_for_one_campaign_and_for_many(self, login, lead):
        CampaignFactory()
        client = login(lead)
        with CaptureQueriesContext(connection) as one:
            client.get(reverse("home"))
        CampaignFactory.create_batch(4)

        with CaptureQueriesContext(connection) as many:
            client.get(reverse("home"))

        assert len(many) == len(one)


class TestSearch:
    def test_finds_campaigns_that_exist_for_this_person(self, login):
        person = UserFactory(role=User.Role.CONTRIBUTOR)
        ContributorFactory(user=person, campaign__name="Spring one")
        CampaignFactory(name="Spring two")

        page = text(login(person).get(reverse("search"), {"q": "spring"}))

        assert "Spring one" in page
        assert "Spring two" not in page

    def test_finds_things_of_every_kind_in_one_statement(self, login, lead, django_assert_num_queries):
        campaign = CampaignFactory(name="Spring", kpi__metric__name="Spring visits")
        TaskFactory.create_batch(7, campaign=campaign, title="Spring letter")
        LessonFactory(campaign=campaign, text="In spring " + "they read " * 40)
        client = login(lead)

        with django_assert_num_queries(3):  # session, user, everything
            hits = client.get(reverse("search"), {"q": "spring"}).context["results"].hits

        assert [hit.kind for hit in hits].count("Task") == 5
        assert {(hit.label, hit.url) for hit in hits if hit.kind != "Task"} == {
            ("Spring", url("detail", campaign.pk)),
            ("Spring visits · Spring", url("kpis", campaign.pk)),
            (f"{('In spring ' + 'they read ' * 40)[:99]}…", url("lesson", campaign.lessons.get().pk)),
        }


class TestPartsOfACampaign:
    @pytest.mark.parametrize("part", ["task", "channel", "challenge", "budget_line", "kpi_update"])
    def test_have_pages_that_ask_no_more_than_twelve_times(self, login, campaign, part):
        campaign = CampaignFactory(year_goal=YearGoalFactory(), kpi=False, channel=False)
        channel = ChannelFactory(campaign=campaign)
        task, *others = TaskFactory.create_batch(9, campaign=campaign, channel=channel)
        for other in others[:4]:
            TaskDependencyFactory(predecessor=other, successor=task)
            TaskDependencyFactory(predecessor=task, successor=TaskFactory(campaign=campaign))
        ChecklistItemFactory.create_batch(3, task=task)
        line, kpi = BudgetLineFactory(campaign=campaign, channel=channel), KpiFactory(campaign=campaign)
        things = {"task": task, "channel": channel, "budget_line": line, "kpi_update": kpi}
        things["challenge"], *_others = [
            ChallengeFactory(campaign=campaign, thing=thing) for thing in things.values()
        ]
        client = login(campaign.captain)
        client.get(url(part, things[part].pk))

        with CaptureQueriesContext(connection) as asked:
            page = text(client.get(url(part, things[part].pk)))

        assert "Held" in page
        assert len(asked) <= 12, [one["sql"] for one in asked]
