"""The next campaign from this one: what comes along, what changes, and the line that both stand in."""

from datetime import date
from decimal import Decimal
from http import HTTPStatus
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.accounts.models import User
from apps.campaigns import replay, selectors, services
from apps.campaigns.errors import DatesDoNotFit, NotEligible, Refused
from apps.campaigns.models import Campaign, ChecklistItem, Task
from apps.collaboration.models import AuditEvent
from apps.core import charts, clock
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import (
    BudgetLineFactory,
    CampaignFactory,
    ChannelFactory,
    ChecklistItemFactory,
    ContributorFactory,
    ElementOwnerFactory,
    LessonFactory,
    NotDoingFactory,
    TaskDependencyFactory,
    TaskFactory,
    YearGoalFactory,
)

pytestmark = pytest.mark.django_db
NEXT = date(2031, 3, 10)  # 365 days after the parent's launch
OWN = ["channels", "team", "kpis", "tasks", "budget", "lessons"]


def text(response):
    return response.content.decode()


def everything_of(campaign):
    """Return all that a campaign says, to be compared later."""
    sets = ("channels", "kpis", "tasks", "contributors", "element_owners", "lessons")
    told = {name: list(getattr(campaign, name).order_by("pk").values()) for name in sets}
    return {**told, "campaign": Campaign.objects.filter(pk=campaign.pk).values().get()}


@pytest.fixture
def parent():
    campaign = CampaignFactory(name="Autumn", audience_note="Bought twice.")
    channel = campaign.channels.get()
    TaskFactory(campaign=campaign, channel=channel, title="Write", due_date=date(2030, 3, 1), done=True)
    TaskFactory(campaign=campaign, title="Early", due_date=date(2029, 1, 1), description="x")
    ContributorFactory(campaign=campaign)
    ElementOwnerFactory(campaign=campaign)
    LessonFactory(campaign=campaign)
    return campaign


def start(parent, **says):
    by = says.pop("by", None) or UserFactory()
    return services.campaign_replay(
        parent=parent, **{"name": "Next", "launch_date": NEXT, "parts": OWN, "by": by, **says}
    )


class TestReplay:
    def test_brings_everything_with_its_days_moved_and_leaves_the_parent_alone(self, noon, parent):
        before, by = everything_of(parent), UserFactory()

        done = start(parent, by=by, now=noon)

        child = Campaign.objects.get(name="Next")
        assert everything_of(parent) == before
        assert (child.parent, child.generation, child.stage, child.captain) == (parent, 2, "idea", by)
        assert (child.start_date, child.goal_date) == (date(2031, 3, 1), date(2031, 6, 1))
        assert (child.idea, child.goal_target, child.segment) == (parent.idea, 200, parent.segment)
        assert child.channels.get().owner == parent.channels.get().owner
        tasks = dict(child.tasks.values_list("title", "due_date"))
        assert tasks == {"Write": date(2031, 3, 1), "Early": None}
        assert set(child.tasks.values_list("state", flat=True)) == {Task.State.TODO}
        assert child.tasks.get(title="Write").channel == child.channels.get()
        assert child.contributors.get().user == parent.contributors.get().user
        assert child.element_owners.get().marketing_owner == parent.element_owners.get().marketing_owner
        assert child.kpis.get().label == parent.kpis.get().label
        assert child.lessons_applied.get() == parent.lessons.get()
        assert done.notes == ["1 task would have been due before today: it has no day yet."]
        assert AuditEvent.objects.about(parent).get().details == {"campaign": "Next"}

    def test_brings_what_hangs_on_tasks_and_what_was_planned_to_cost(self, noon, parent):
        first, then = parent.tasks.get(title="Early"), parent.tasks.get(title="Write")
        TaskDependencyFactory(predecessor=first, successor=then)
        ChecklistItemFactory(task=then, text="Spelling", done_at=noon, done_by=parent.captain)
        BudgetLineFactory(campaign=parent, month=parent.launch_date.replace(day=1), planned=50, actual=70)

        child = start(parent, now=noon).campaign

        assert child.tasks.get(title="Write").waits_for.get().predecessor == child.tasks.get(title="Early")
        item = ChecklistItem.objects.get(task__campaign=child)
        assert (item.text, item.done_at) == ("Spelling", None)
        line = child.budget_lines.get()
        assert (line.month, line.planned, line.actual) == (child.launch_date.replace(day=1), 50, 0)

    def test_changes_what_it_is_told_to_and_brings_only_what_is_wanted(self, noon, parent):
        child = start(parent, now=noon, parts=["kpis"], idea="Another", goal_target=Decimal(300)).campaign

        assert (child.idea, child.goal_target, child.kpis.count()) == ("Another", 300, 1)
        assert not child.channels.exists()
        assert not child.tasks.exists()
        assert not child.contributors.exists()

    @pytest.mark.parametrize(
        ("says", "error", "field"),
        [
            ({"launch_date": date(2030, 1, 1)}, DatesDoNotFit, "launch_date"),
            ({"launch_date": date(2999, 1, 1)}, DatesDoNotFit, "launch_date"),
            ({"parts": ["cake"]}, Refused, "parts"),
            ({"outcome": " ", "goal_where": [{"property": "x", "op": "near"}]}, Refused, "goal_where"),
        ],
    )
    def test_refuses_and_begins_nothing(self, noon, parent, says, error, field):
        with pytest.raises(error) as refused:
            start(parent, now=noon, **says)

        assert refused.value.field == field
        assert Campaign.objects.get() == parent
        assert not AuditEvent.objects.exists()

    def test_is_led_by_people_who_can(self, noon, parent):
        with pytest.raises(NotEligible):
            start(parent, now=noon, captain=UserFactory(role=User.Role.SALES))

        assert Campaign.objects.get() == parent

    def test_sent_twice_begins_one(self, noon, parent):
        by, key = UserFactory(), uuid4()

        first, second = (start(parent, by=by, now=noon, key=key) for _time in range(2))

        assert first.campaign == second.campaign
        assert first.campaign.tasks.count() == 2

    def test_leaves_out_who_has_left_and_what_the_year_leaves_alone(self, noon, parent):
        NotDoingFactory(year=2031)
        ChannelFactory(campaign=parent, kind="ads")
        ChannelFactory(campaign=parent, kind="web", owner=UserFactory(name="Gone", is_active=False))
        User.objects.filter(contributions__campaign=parent).update(is_active=False)

        done = start(parent, now=noon)

        assert sorted(done.campaign.channels.values_list("kind", flat=True)) == ["email", "web"]
        assert done.campaign.channels.get(kind="web").owner is None
        assert not done.campaign.contributors.exists()
        assert [note.partition(" ")[0] for note in done.notes] == ["Ads", "Gone", "1"]

    def test_serves_the_goal_only_in_the_year_that_has_it(self, noon, parent):
        Campaign.objects.update(year_goal=YearGoalFactory(year=2031))
        parent.refresh_from_db()

        assert start(parent, now=noon, name="a").campaign.year_goal == parent.year_goal
        assert start(parent, now=noon, name="b", launch_date=date(2032, 1, 1)).campaign.year_goal is None

    def test_without_a_launch_to_go_by_has_no_other_days(self, noon, parent):
        Campaign.objects.update(launch_date=None)
        parent.refresh_from_db()

        child = start(parent, now=noon).campaign

        assert (child.launch_date, child.goal_date, child.start_date) == (NEXT, None, None)


class TestLine:
    def test_cannot_close_into_a_ring(self, noon, parent):
        child = start(parent, now=noon).campaign
        for changes in ({"parent": child}, {"generation": 2}, {"parent": parent, "generation": 2}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Campaign.objects.filter(pk=parent.pk).update(**changes)

    def test_tells_each_field_that_differs_from_the_parent(self, noon, lead, parent):
        ChannelFactory(campaign=parent, kind="web")
        child = start(parent, now=noon, by=lead, captain=parent.captain, idea="Another").campaign
        services.channel_remove(channel=child.channels.get(kind="web"), by=lead, now=noon)
        services.kpi_update(kpi=child.kpis.get(), target=Decimal(5), by=lead, now=noon)

        told = selectors.campaign_lineage(child, lead).differences

        label = child.kpis.get().label
        assert [(one.part, one.field, one.before, one.after) for one in told] == [
            ("", "By", "1 Jun 2030", "1 Jun 2031"),
            ("", "Big idea", parent.idea, "Another"),
            ("", "Starts", "1 Mar 2030", "1 Mar 2031"),
            ("", "Launch", "10 Mar 2030", "10 Mar 2031"),
            ("Web", "Channel", "there", "not there"),
            (label, "Target", "", "5"),
        ]

    def test_goes_from_the_first_generation_to_the_newest(self, noon, lead, parent):
        Campaign.objects.filter(pk=parent.pk).update(goal_reached=150, stage="closed")
        second = start(parent, now=noon).campaign
        other = start(parent, now=noon, name="Other", goal_event="visit").campaign
        third = start(second, now=noon, name="Third", goal_target=Decimal(400)).campaign

        found = selectors.campaign_lineage(second, lead)

        assert [(one.campaign, one.is_in_line, one.is_comparable) for one in found.generations] == [
            (parent, True, True),
            (second, True, True),
            (other, False, False),
            (third, True, True),
        ]
        assert (found.reached, found.targets) == ([150, None, None], [200, 200, 400])

    def test_shows_only_campaigns_that_one_may_see(self, noon, parent):
        helper = UserFactory(role=User.Role.CONTRIBUTOR, name="Hidden")
        child = start(parent, now=noon, parts=[]).campaign
        ContributorFactory(campaign=child, user=helper)

        found = selectors.campaign_lineage(child, helper)

        assert [one.is_visible for one in found.generations] == [False, True]
        assert found.differences is None

    def test_costs_the_same_however_long_it_is(self, lead, noon, parent, django_assert_num_queries):
        child = start(parent, now=noon).campaign
        for number in range(5):
            child = start(child, now=noon, name=str(number), parts=[]).campaign
        with django_assert_num_queries(4):
            assert len(selectors.campaign_lineage(child, lead).generations) == 7


class TestPages:
    def test_start_it_and_show_what_changed(self, login, lead):
        parent = CampaignFactory(name="Autumn", launch_date=date(2026, 3, 1), goal_date=date(2026, 6, 1),
                                 start_date=date(2026, 2, 1))  # fmt: skip
        client = login(lead)
        url = reverse("campaigns:replay", args=[parent.pk])
        initial = client.get(url).context["form"].initial

        says = {
            **initial,
            "launch_date": "2099-03-01",
            "idea": "Say <it> again",
            "segment": parent.segment_id,
        }
        done = client.post(url, says, follow=True)

        child = Campaign.objects.get(parent=parent)
        assert initial["name"] == "Autumn, generation 2"
        assert done.redirect_chain[-1][0] == reverse("campaigns:lineage", args=[child.pk])
        assert "Say &lt;it&gt; again" in text(done)
        assert 'id="lineage-diff"' in text(done)
        for page in ("lineage", "history", "detail"):
            assert reverse("campaigns:lineage", args=[child.pk]) in text(
                client.get(reverse(f"campaigns:{page}", args=[child.pk]))
            )

    def test_refuse_beside_the_field_and_keep_what_was_typed(self, login, lead):
        parent = CampaignFactory()
        client = login(lead)

        page = client.post(
            reverse("campaigns:replay", args=[parent.pk]),
            {"name": "x" * 10_000, "launch_date": "2020-01-01", "idea": "‏שלום typed", "captain": lead.pk},
        )
        past = client.post(
            reverse("campaigns:replay", args=[parent.pk]),
            {"name": "x", "launch_date": "2020-01-01", "captain": lead.pk},
        )

        assert list(page.context["form"].errors) == ["name"]
        assert "‏שלום typed" in text(page)
        assert list(past.context["form"].errors) == ["launch_date"]
        assert Campaign.objects.get() == parent

    def test_offer_it_to_marketers_only(self, login):
        parent = CampaignFactory(stage="reporting")
        answers = {}
        for role in ("marketer", "sales", "contributor"):
            client = login(UserFactory(role=role))
            answers[role] = client.get(reverse("campaigns:replay", args=[parent.pk])).status_code

        assert answers == {
            "marketer": HTTPStatus.OK,
            "sales": HTTPStatus.FORBIDDEN,
            "contributor": HTTPStatus.NOT_FOUND,
        }

    def test_cost_the_same_for_little_and_for_much(self, login, lead, parent, django_assert_max_num_queries):
        child = start(parent, now=clock.now(), launch_date=date(2099, 1, 1)).campaign
        client = login(lead)

        with django_assert_max_num_queries(12):
            client.get(reverse("campaigns:lineage", args=[child.pk]))
        with django_assert_max_num_queries(12):
            client.get(reverse("campaigns:replay", args=[child.pk]))


class TestApi:
    def test_replays_and_tells_the_lineage(self, api, lead):
        parent = CampaignFactory()
        client = api(lead)

        made = client.post(
            f"/api/v1/campaigns/{parent.pk}/replay/",
            {"name": "Next", "launch_date": "2099-03-10", "goal_target": "300", "parts": ["channels"]},
            format="json",
        )
        told = client.get(f"/api/v1/campaigns/{made.data['campaign']['id']}/lineage/").data

        assert made.status_code == HTTPStatus.CREATED
        assert (made.data["campaign"]["parent"], made.data["campaign"]["generation"]) == (parent.pk, 2)
        assert [one["name"] for one in told["generations"]] == [parent.name, "Next"]
        assert {"part": "", "field": "Target", "before": "200", "after": "300"} in told["differences"]


def test_parts_come_in_their_order():
    assert [name for name, _part in replay.parts_in_order()] == [
        "channels", "team", "kpis", "tasks", "budget", "messages", "lessons",
    ]  # fmt: skip


def test_a_chart_of_what_was_reached_leaves_out_what_is_not_known():
    drawn = charts.against([5, None, 10], [10, 10, None])

    assert '<polyline class="chart-target" points="0,2 50,2"/>' in drawn
    assert '<polyline class="chart-line" points="0,50.5 100,2"/>' in drawn
    assert charts.against([], []).count("chart-dot") == 0
