"""Tasks as board, list and calendar, and how a card is moved."""

import re
from datetime import date
from html import unescape
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.campaigns import places, selectors, services
from apps.campaigns.errors import ChangedMeanwhile
from apps.campaigns.models import Task
from apps.collaboration.models import AuditEvent
from apps.core import clock
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import (
    CampaignFactory,
    ChallengeFactory,
    ChannelFactory,
    ContributorFactory,
    TaskDependencyFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
TODAY = date(2030, 3, 6)  # a Wednesday


def url(name, *args):
    return reverse(f"campaigns:{name}", args=args)


def text(response):
    return response.content.decode()


def queries(client, page, data):
    with CaptureQueriesContext(connection) as asked:
        client.get(page, data)
    return len(asked)


def column(state="todo"):
    """The titles of a column as the board shows them, from the top."""
    (found,) = selectors.task_columns(Task.objects.with_card(), states=[Task.State(state)])
    return [task.title for task in found.cards]


@pytest.fixture
def campaign():
    return CampaignFactory(goal_seen=False)


@pytest.fixture
def cards(campaign):
    return {title: TaskFactory(campaign=campaign, title=title) for title in "ABC"}


class TestBetween:
    @pytest.mark.parametrize(
        ("low", "high", "place"),
        [("", "8", "4"), ("8", "9", "88"), ("0018", "0028", "002"), ("", "01", "008")],
    )
    def test_is_a_short_place(self, low, high, place):
        assert places.between(low, high) == place

    def test_there_is_always_another_one(self):
        found = ["0000000000018", "0000000000028"]
        for number in range(200):
            at = number % (len(found) - 1) + 1
            found.insert(at, places.between(found[at - 1], found[at]))

        assert all(low < high and not low.endswith("0") for low, high in pairwise(found))
        assert max(map(len, found)) == 62


class TestTaskMove:
    def test_what_is_added_stands_last(self, cards):
        assert column() == ["A", "B", "C"]

    @pytest.mark.parametrize(
        ("card", "beside", "order"),
        [
            ("C", {"above": "A"}, "CAB"),
            ("C", {"above": "B"}, "ACB"),
            ("A", {"below": "C"}, "BCA"),
            ("A", {"below": "B"}, "BAC"),
            ("A", {"above": "C", "below": "B"}, "BAC"),
        ],
    )
    def test_puts_a_card_beside_another_one(self, noon, lead, cards, card, beside, order):
        keys = {word: cards[title].pk for word, title in beside.items()}

        services.task_move(task=cards[card], state="todo", by=lead, now=noon, **keys)

        assert column() == list(order)
        assert AuditEvent.objects.get().action == "task.reordered"

    @pytest.mark.parametrize(
        ("beside", "order"), [({"above": "B"}, "CAB"), ({"below": "A"}, "CAB"), ({}, "ACB")]
    )
    def test_what_is_done_reads_backwards(self, noon, lead, cards, beside, order):
        for title in "BCA"[: 2 if beside else 3]:
            services.task_move(task=cards[title], state="done", by=lead, now=noon)
        if beside:
            services.task_move(task=cards["A"], state="done", by=lead, now=noon, above=cards["B"].pk)

        assert column("done") == list(order)

    def test_beside_a_card_that_has_left_the_column_stands_last(self, noon, lead, cards):
        services.task_move(task=cards["C"], state="doing", by=lead, now=noon)

        services.task_move(task=cards["A"], state="todo", by=lead, now=noon, above=cards["C"].pk)

        assert column() == ["B", "A"]

    def test_the_second_of_two_movers_is_told_who_was_first_and_moves_nothing(self, noon, lead, cards):
        task = cards["A"]
        services.task_move(task=task, state="doing", by=UserFactory(name="Ann"), now=noon, seen=1)

        with pytest.raises(ChangedMeanwhile) as told:
            services.task_move(task=task, state="done", by=lead, now=noon, seen=1)

        assert told.value.theirs == {"state": "Ann has moved this to “In progress” meanwhile."}
        task.refresh_from_db()
        assert (task.state, task.version, task.done_at) == ("doing", 2, None)

    def test_a_colleague_who_changed_other_words_is_in_nobodys_way(self, noon, lead, cards):
        services.task_update(task=cards["A"], title="A2", by=UserFactory(), now=noon)

        services.task_move(task=cards["A"], state="done", by=lead, now=noon, seen=1)

        assert column("done") == ["A2"]


class TestTaskPlace:
    def post(self, client, task, **data):
        return client.post(url("task_place", task.pk), {"version": 1, **data}, headers=HTMX)

    def test_answers_with_the_card_as_it_is_then(self, login, cards):
        task = cards["A"]

        card = text(self.post(login(task.assignee), task, state="doing"))

        assert f'id="card-{task.pk}"' in card
        assert 'data-state="doing"' in card
        assert 'data-version="2"' in card
        assert "data-refused" not in card

    @pytest.mark.parametrize(
        ("data", "refusal"),
        [
            ({"state": "done"}, "Ann has moved this"),
            ({"state": "cake", "version": 2}, "not one of the available"),
        ],
    )
    def test_a_refused_move_says_why_on_the_card_and_moves_nothing(self, login, noon, cards, data, refusal):
        task = cards["A"]
        services.task_move(task=task, state="doing", by=UserFactory(name="Ann"), now=noon)

        card = text(self.post(login(task.assignee), task, **data))

        assert refusal in card.partition("data-refused=")[2].partition(">")[0]
        task.refresh_from_db()
        assert (task.state, task.version) == ("doing", 2)

    def test_a_campaign_that_was_put_away_keeps_its_cards(self, login, cards, campaign):
        campaign.archived_at = clock.now()
        campaign.save()

        assert "has been put away" in text(self.post(login(cards["A"].assignee), cards["A"], state="done"))

    def test_who_may_not_move_it_is_refused(self, login, cards):
        other = UserFactory(role=User.Role.SALES)

        assert self.post(login(other), cards["A"], state="done").status_code == 403
        assert column() == ["A", "B", "C"]


class TestTasksFound:
    def found(self, user, *, is_mine=False, **asked):
        asked = selectors.TaskFilter(**asked)
        tasks = selectors.tasks_found(user, asked, today=TODAY, is_mine=is_mine)
        return {task.title for task in tasks}

    @pytest.mark.parametrize(
        ("asked", "titles"),
        [
            ({}, {"late", "soon", "next", "done", "free"}),
            ({"state": "open"}, {"late", "soon", "next", "free"}),
            ({"state": "done"}, {"done"}),
            ({"due": "overdue"}, {"late"}),
            ({"due": "none"}, {"free"}),
            ({"due": "2030-03-04"}, {"soon", "done"}),
            ({"due": "2030-03-11"}, {"next"}),
            ({"assignee": "none"}, {"free"}),
            ({"channel": "ads"}, {"next"}),
            ({"search": "OO"}, {"soon"}),
        ],
    )
    def test_are_narrowed(self, lead, campaign, asked, titles):
        TaskFactory(campaign=campaign, title="late", due_date=date(2030, 3, 3))
        TaskFactory(campaign=campaign, title="soon", due_date=TODAY)
        channel = ChannelFactory(campaign=campaign, kind="ads")
        TaskFactory(campaign=campaign, title="next", due_date=date(2030, 3, 17), channel=channel)
        TaskFactory(campaign=campaign, title="done", due_date=date(2030, 3, 10), done=True)
        TaskFactory(campaign=campaign, title="free", assignee=None)

        assert self.found(lead, **asked) == titles

    @pytest.mark.parametrize(("going", "titles"), [("blocked", {"B", "C"}), ("free", {"A"})])
    def test_are_those_that_wait_or_are_held_or_those_that_can_go_on(
        self, lead, campaign, cards, going, titles
    ):
        TaskDependencyFactory(predecessor=cards["A"], successor=cards["B"])
        ChallengeFactory(campaign=campaign, thing=cards["C"])
        done = TaskFactory(campaign=campaign, title="done", done=True)
        TaskDependencyFactory(predecessor=done, successor=cards["A"])

        assert self.found(lead, going=going) == titles

    def test_a_contributor_finds_those_of_the_own_teams_only(self, campaign):
        helper = UserFactory(role=User.Role.CONTRIBUTOR)
        TaskFactory(campaign=campaign, title="ours")
        TaskFactory(title="of others")
        ContributorFactory(campaign=campaign, user=helper)

        assert self.found(helper) == {"ours"}

    def test_those_of_a_campaign_that_was_put_away_are_in_no_list_of_all(self, lead, noon):
        TaskFactory(title="away", campaign__archived_at=noon)

        assert self.found(lead) == set()


class TestTaskMonth:
    def test_has_whole_weeks_with_each_task_on_its_day(self, lead):
        for day in (date(2030, 2, 25), date(2030, 3, 31), date(2030, 4, 1)):
            TaskFactory(title=str(day), due_date=day)

        month = selectors.task_month(Task.objects.with_card(), date(2030, 3, 1))

        assert month.weeks[0][0].date == date(2030, 2, 25)
        assert [task.title for task in month.tasks] == ["2030-02-25", "2030-03-31"]
        assert (month.previous, month.next) == (date(2030, 2, 1), date(2030, 4, 1))

    def test_shows_the_first_of_a_day_open_ones_on_top_and_counts_the_others(
        self, lead, django_assert_num_queries
    ):
        TaskFactory(title="done", due_date=TODAY, done=True)
        for title in "ABCDEF":
            TaskFactory(title=title, due_date=TODAY)
        TaskFactory(title="alone", due_date=date(2030, 3, 7))
        with django_assert_num_queries(2):
            month = selectors.task_month(Task.objects.with_card(), date(2030, 3, 1))

        full, other = [day for week in month.weeks for day in week if day.tasks]

        assert [task.title for task in full.tasks] == list("ABCD")
        assert (full.left, other.left, other.after) == (3, 0, "")
        rest = selectors.task_day_next(Task.objects.with_card(), TODAY, cursor=full.after)
        assert [task.title for task in rest.tasks] == ["E", "F", "done"]
        assert (rest.left, rest.after) == (0, "")


PAGES = ["list", "board", "calendar"]


class TestPages:
    @pytest.mark.parametrize("view", PAGES)
    def test_show_the_own_tasks_and_those_of_everyone(self, login, lead, cards, view):
        TaskFactory.create(title="Mine", assignee=lead, due_date=clock.now().date())
        Task.objects.filter(title="A").update(due_date=clock.now().date())
        client = login(lead)

        mine = text(client.get(url("tasks"), {"view": view}))
        everyones = text(client.get(url("tasks"), {"view": view, "whose": "all"}))
        fragment = text(client.get(url("tasks"), {"view": view}, headers=HTMX))

        assert f"/tasks/{cards['A'].pk}/" not in mine
        assert "Mine" in everyones
        assert f"/tasks/{cards['A'].pk}/" in everyones
        assert "<html" not in fragment

    @pytest.mark.parametrize("view", PAGES)
    def test_of_a_campaign_stand_within_its_bookends(self, login, lead, cards, campaign, view):
        page = text(login(lead).get(url("campaign_tasks", campaign.pk), {"view": view}))

        assert 'id="bookend-outcome"' in page
        assert (">A</a>" in page) == (view != "calendar")

    @pytest.mark.parametrize("month", ["", "cake", "2030-13", "0001-01", "9999-12"])
    def test_a_month_that_is_none_is_this_one(self, login, lead, month):
        page = text(login(lead).get(url("tasks"), {"view": "calendar", "month": month}))

        assert f'datetime="{clock.now().date()}"' in page

    @pytest.mark.parametrize("view", PAGES)
    def test_cost_the_same_for_one_task_and_for_many(self, login, lead, campaign, view):
        client, today = login(lead), clock.now().date()
        pages = [
            (url("tasks"), {"whose": "all", "view": view}),
            (url("campaign_tasks", campaign.pk), {"view": view}),
        ]
        for state in Task.State:
            done_at = clock.now() if state == "done" else None
            TaskFactory(campaign=campaign, state=state, done_at=done_at, due_date=today)
        few = [queries(client, *page) for page in pages]

        TaskFactory.create_batch(12, campaign=campaign, due_date=today)
        many = [queries(client, *page) for page in pages]

        assert few == many
        assert max(many) <= 12

    @pytest.mark.parametrize("within", [True, False])
    @pytest.mark.parametrize("state", ["todo", "done"])
    def test_the_board_shows_the_next_cards_of_a_column_on_demand(
        self, login, lead, campaign, monkeypatch, within, state
    ):
        monkeypatch.setattr("apps.campaigns.selectors.task_board.PER_COLUMN", 2)
        made = TaskFactory.create_batch(5, campaign=campaign, done=state == "done")
        TaskFactory(campaign=campaign, state="doing")
        client, page = login(lead), url("campaign_tasks", campaign.pk) if within else url("tasks")
        seen, page = [], text(client.get(page, {"view": "board", "whose": "all"}))

        while more := re.search(r'hx-get="([^"]*/tasks/more/[^"]*)"', page):
            seen += re.findall(r'data-task="(\d+)"', page)
            page = text(client.get(unescape(more[1]), headers=HTMX))
        seen += re.findall(r'data-task="(\d+)"', page)

        first = [str(one.pk) for one in made]
        assert [pk for pk in seen if pk in first] == (first[::-1] if state == "done" else first)
        assert len(seen) == 6  # each once, and the one of the other column
        assert "<html" not in page
        assert page.count("autofocus") == 1  # where the button was that brought them

    @pytest.mark.parametrize("within", [True, False])
    def test_the_calendar_shows_the_other_tasks_of_a_day_on_demand(
        self, login, lead, campaign, monkeypatch, within
    ):
        monkeypatch.setattr("apps.campaigns.selectors.task_board.DAY_MORE", 3)
        today = clock.now().date()
        made = TaskFactory.create_batch(9, campaign=campaign, due_date=today, title="Draw it")
        TaskFactory.create_batch(2, campaign=campaign, due_date=today, title="Other")
        client, page = login(lead), url("campaign_tasks", campaign.pk) if within else url("tasks")
        page = text(client.get(page, {"view": "calendar", "whose": "all", "q": "draw"}))
        seen, told = [], []

        while more := re.search(r'hx-get="([^"]*/tasks/day/[^"]*)"[^>]*>(\d+) more', page):
            seen += re.findall(r'class="calendar-task[^>]*/tasks/(\d+)/"', page)
            told.append(int(more[2]))
            page = text(client.get(unescape(more[1]), headers=HTMX))
        seen += re.findall(r'class="calendar-task[^>]*/tasks/(\d+)/"', page)

        assert seen == [str(one.pk) for one in made]
        assert told == [5, 2]
        assert "<html" not in page
        assert page.count("autofocus") == 1  # where the way was that brought them

    def test_without_script_the_other_tasks_of_a_day_are_a_list(self, login, lead, campaign):
        today = clock.now().date()
        TaskFactory.create_batch(5, campaign=campaign, due_date=today, done=True)
        TaskFactory(campaign=campaign, title="Other day", due_date=date(2030, 3, 6))
        client, page = login(lead), url("tasks")
        calendar = text(client.get(page, {"view": "calendar", "whose": "all", "month": ""}))

        (whole,) = re.findall(r'class="calendar-more" href="([^"]*)"', calendar)
        found = text(client.get(page + unescape(whole)))

        assert len(re.findall(r"<tr[ >]", found)) == 6  # a head, and each of them, though they are done
        assert "Other day" not in found

    @pytest.mark.parametrize("day", ["", "cake", "0001-01-01", "9999-12-31"])
    def test_a_day_that_is_none_has_nothing_to_break(self, login, lead, day):
        response = login(lead).get(url("tasks_day"), {"day": day, "cursor": "cake"}, headers=HTMX)

        assert response.status_code == 200

    def test_a_card_that_a_challenge_holds_says_so(self, login, lead, campaign, cards):
        ChallengeFactory(campaign=campaign, thing=cards["A"])

        page = text(login(lead).get(url("campaign_tasks", campaign.pk)))

        assert page.count("Held</span>") == 1

    def test_cards_that_one_may_not_move_have_no_grip(self, login, cards):
        page = text(login(cards["A"].assignee).get(url("tasks"), {"view": "board", "whose": "all"}))

        assert page.count("data-grab") == 1
        assert page.count("data-task=") == 3
