from datetime import date, timedelta
from itertools import pairwise

import pytest

from apps.campaigns import selectors, services
from apps.campaigns.errors import (
    DatesDoNotFit,
    DependencyRefused,
    MoveUnseen,
    PlanRefused,
    PutAway,
    TaskRefused,
)
from apps.campaigns.models import PlanMove, Task, TaskDependency
from apps.collaboration.models import AuditEvent
from tests.factories.campaigns import (
    BareCampaignFactory,
    CampaignFactory,
    ChannelFactory,
    HolidayFactory,
    PlanTemplateFactory,
    PlanTemplateItemFactory,
    TaskDependencyFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db
# The tests' noon is Friday, 1 March 2030.
LAUNCH, GOAL = date(2030, 4, 1), date(2030, 5, 6)
LATER = date(2030, 4, 8)


def actions(subject):
    return list(AuditEvent.objects.about(subject).order_by("id").values_list("action", flat=True))


def stands(task):
    task.refresh_from_db()
    return task.start_date, task.due_date


@pytest.fixture
def campaign():
    return CampaignFactory(launch_date=LAUNCH, goal_date=GOAL)


def anchored(campaign, due, **fields):
    given = {"anchor": "launch", "offset_days": -1, "start_date": due, "due_date": due}
    return TaskFactory(campaign=campaign, **{**given, **fields})


class TestCampaignReschedule:
    def test_moves_what_is_neither_pinned_nor_done_and_tells_it(self, noon, lead, campaign):
        day = date(2030, 3, 29)
        follows, pinned, done = (
            anchored(campaign, day),
            anchored(campaign, day, is_pinned=True),
            anchored(campaign, day, done=True),
        )
        by_hand = TaskFactory(campaign=campaign, due_date=date(2030, 5, 3))

        services.campaign_reschedule(
            campaign=campaign, launch_date=LATER, goal_date=date(2030, 5, 13), by=lead, now=noon
        )

        assert stands(follows) == (date(2030, 4, 5), date(2030, 4, 5))
        assert stands(by_hand)[1] == date(2030, 5, 10)
        assert stands(pinned) == stands(done) == (day, day)
        assert (follows.version, pinned.version) == (2, 1)
        assert actions(follows) == ["task.rescheduled"]
        assert actions(campaign) == ["campaign.changed", "campaign.rescheduled"]

    def test_follows_in_whatever_way_the_date_is_changed(self, noon, lead, campaign):
        task = anchored(campaign, date(2030, 3, 29))

        services.campaign_update(campaign=campaign, launch_date=LATER, by=lead, now=noon)

        assert stands(task)[1] == date(2030, 4, 5)

    def test_counts_in_working_days(self, noon, lead, campaign):
        HolidayFactory(date=date(2030, 4, 5))
        task = anchored(campaign, date(2030, 3, 29))

        services.campaign_reschedule(campaign=campaign, launch_date=LATER, goal_date=GOAL, by=lead, now=noon)

        assert stands(task)[1] == date(2030, 4, 4)

    def test_with_the_same_dates_brings_the_plan_in_order(self, noon, lead, campaign):
        first = anchored(campaign, LAUNCH, offset_days=0)
        second = anchored(campaign, LAUNCH, offset_days=0)
        TaskDependencyFactory(predecessor=first, successor=second)

        services.campaign_reschedule(campaign=campaign, launch_date=LAUNCH, goal_date=GOAL, by=lead, now=noon)

        assert (stands(first)[1], stands(second)[1]) == (date(2030, 3, 29), LAUNCH)
        assert PlanMove.objects.get().tasks == [
            [first.pk, "2030-04-01", "2030-04-01", "2030-03-29", "2030-03-29"]
        ]

    def test_moves_nothing_when_something_else_would_move_than_was_shown(self, noon, lead, campaign):
        shown = selectors.plan_preview(
            campaign, launch_date=LATER, goal_date=GOAL, today=noon.date() - timedelta(days=1)
        ).fingerprint
        task = anchored(campaign, date(2030, 3, 29))

        with pytest.raises(MoveUnseen):
            services.campaign_reschedule(
                campaign=campaign, launch_date=LATER, goal_date=GOAL, shown=shown, by=lead, now=noon
            )

        assert stands(task)[1] == date(2030, 3, 29)
        assert not PlanMove.objects.exists()

    @pytest.mark.parametrize(
        ("launch", "goal", "field", "refusal"),
        [
            (date(2030, 2, 27), GOAL, "launch_date", "before the start"),
            (LAUNCH, date(2030, 2, 27), "goal_date", "before the start"),
            (date(2030, 5, 7), GOAL, "launch_date", "after the outcome's date"),
        ],
    )
    def test_refuses_dates_that_cannot_be_and_moves_nothing(
        self, noon, lead, campaign, launch, goal, field, refusal
    ):
        task = anchored(campaign, date(2030, 3, 29))

        with pytest.raises(DatesDoNotFit, match=refusal) as refused:
            services.campaign_reschedule(
                campaign=campaign, launch_date=launch, goal_date=goal, by=lead, now=noon
            )

        assert refused.value.field == field
        campaign.refresh_from_db()
        assert (campaign.launch_date, stands(task)[1]) == (LAUNCH, date(2030, 3, 29))


class TestPlanPreview:
    def test_says_who_moves_who_stays_and_what_will_not_fit(self, noon, campaign):
        task, pinned = anchored(campaign, date(2030, 3, 29)), anchored(campaign, LAUNCH, is_pinned=True)
        early = anchored(campaign, date(2030, 3, 4), offset_days=-20)

        preview = selectors.plan_preview(
            campaign, launch_date=date(2030, 3, 11), goal_date=GOAL, today=noon.date()
        )

        assert [(way.task, way.due) for way in preview.moves] == [
            (early, date(2030, 2, 11)),
            (task, date(2030, 3, 8)),
        ]
        assert preview.pinned == [pinned]
        assert [way.task for way in preview.wont_fit] == [early]

    def test_costs_the_same_for_many_tasks(self, campaign, django_assert_max_num_queries):
        tasks = [anchored(campaign, date(2030, 5, 1)) for _each in range(20)]
        for first, second in pairwise(tasks):
            TaskDependencyFactory(predecessor=first, successor=second)

        with django_assert_max_num_queries(3):
            preview = selectors.plan_preview(
                campaign, launch_date=LATER, goal_date=GOAL, today=date(2030, 1, 1)
            )

        assert len(preview.moves) == 20


class TestPlanMoveUndo:
    def moved(self, campaign, lead, noon):
        services.campaign_reschedule(campaign=campaign, launch_date=LATER, goal_date=GOAL, by=lead, now=noon)
        return campaign.plan_moves.order_by("-pk").first()

    def test_brings_dates_and_tasks_back_but_not_what_was_changed_since(self, noon, lead, campaign):
        saturday = date(2030, 3, 30)
        back, since = anchored(campaign, saturday), anchored(campaign, saturday)
        move = self.moved(campaign, lead, noon)
        services.task_update(task=since, due_date=date(2030, 4, 3), by=lead, now=noon)

        services.plan_move_undo(move=move, by=lead, now=noon)

        campaign.refresh_from_db()
        assert campaign.launch_date == LAUNCH
        assert stands(back)[1] == saturday
        assert stands(since)[1] == date(2030, 4, 3)
        assert AuditEvent.objects.filter(action="campaign.rescheduled").count() == 2

    def test_refuses_a_second_time_and_an_older_move_and_dates_changed_since(self, noon, lead, campaign):
        first = self.moved(campaign, lead, noon)
        services.campaign_reschedule(
            campaign=campaign, launch_date=date(2030, 4, 10), goal_date=GOAL, by=lead, now=noon
        )
        with pytest.raises(PlanRefused, match="Only the latest"):
            services.plan_move_undo(move=first, by=lead, now=noon)

        latest = campaign.plan_moves.order_by("-pk").first()
        services.plan_move_undo(move=latest, by=lead, now=noon)
        with pytest.raises(PlanRefused, match="Only the latest"):
            services.plan_move_undo(move=latest, by=lead, now=noon)

        campaign.refresh_from_db()
        assert campaign.launch_date == LATER


class TestDependencies:
    def test_are_added_once_and_removed(self, noon, lead):
        task = TaskFactory()
        on = TaskFactory(campaign=task.campaign, title="Write")

        for _again in range(2):
            services.dependency_add(task=task, on=on, by=lead, now=noon)
        assert list(Task.objects.blocked()) == [task]
        assert TaskDependency.objects.get().predecessor == on

        for _again in range(2):
            services.dependency_remove(task=task, on=on, by=lead, now=noon)
        assert not TaskDependency.objects.exists()
        assert actions(task) == ["task.waits", "task.waits_no_more"]

    def test_hold_nobody_up_once_done(self):
        TaskDependencyFactory(predecessor__done=True)

        assert not Task.objects.blocked().exists()

    def test_name_the_circle_that_they_would_make(self, noon, lead):
        first = TaskFactory(title="Write")
        second, third = (TaskFactory(campaign=first.campaign, title=title) for title in ("Review", "Send"))
        TaskDependencyFactory(predecessor=first, successor=second)
        TaskDependencyFactory(predecessor=second, successor=third)

        with pytest.raises(DependencyRefused, match="wait for each other in a circle") as refused:
            services.dependency_add(task=first, on=third, by=lead, now=noon)

        told = str(refused.value)
        assert all(f"“{title}”" in told for title in ("Write", "Review", "Send"))
        assert TaskDependency.objects.count() == 2

    @pytest.mark.parametrize("case", ["itself", "another campaign"])
    def test_refuse_what_cannot_be(self, noon, lead, case):
        task = TaskFactory()

        with pytest.raises(DependencyRefused, match=case):
            services.dependency_add(
                task=task, on=task if case == "itself" else TaskFactory(), by=lead, now=noon
            )

        assert not TaskDependency.objects.exists()


class TestTaskDays:
    def test_by_hand_pin_what_the_plan_has_placed(self, noon, lead, campaign):
        placed, free = anchored(campaign, LAUNCH), TaskFactory(campaign=campaign, due_date=LAUNCH)

        for task in (placed, free):
            services.task_update(task=task, due_date=date(2030, 4, 3), by=lead, now=noon)
            task.refresh_from_db()

        assert (placed.is_pinned, placed.start_date) == (True, date(2030, 4, 3))
        assert (free.is_pinned, free.start_date) == (False, None)

    def test_say_how_long_it_takes(self, noon, lead, campaign):
        task = TaskFactory(campaign=campaign)

        services.task_update(
            task=task, start_date=date(2030, 4, 3), due_date=date(2030, 4, 9), by=lead, now=noon
        )
        task.refresh_from_db()
        assert task.duration_days == 5

        services.task_update(task=task, due_date=date(2030, 4, 10), by=lead, now=noon)
        assert stands(task) == (date(2030, 4, 4), date(2030, 4, 10))

    def test_are_one_for_a_milestone(self, noon, lead, campaign):
        task = services.task_add(
            campaign=campaign,
            title="Go",
            start_date=date(2030, 4, 3),
            due_date=date(2030, 4, 9),
            is_milestone=True,
            by=lead,
            now=noon,
        )

        assert (task.start_date, task.duration_days) == (date(2030, 4, 9), 1)

    def test_refuse_an_end_before_the_start(self, noon, lead, campaign):
        task = anchored(campaign, LAUNCH)

        with pytest.raises(TaskRefused, match="ends before it begins") as refused:
            services.task_update(task=task, start_date=LAUNCH, due_date=date(2030, 3, 29), by=lead, now=noon)

        assert refused.value.field == "due_date"
        assert stands(task) == (LAUNCH, LAUNCH)

    def test_stay_when_pinned_and_follow_when_unpinned(self, noon, lead, campaign):
        task = anchored(campaign, date(2030, 3, 29))

        services.task_pin(task=task, by=lead, now=noon)
        services.task_pin(task=task, by=lead, now=noon)
        task.refresh_from_db()
        assert (task.is_pinned, task.version) == (True, 2)

        services.task_unpin(task=task, by=lead, now=noon)
        task.refresh_from_db()
        assert (task.is_pinned, task.version) == (False, 3)

    def test_must_be_there_to_be_pinned_to(self, noon, lead):
        with pytest.raises(TaskRefused, match="Give the task a day first"):
            services.task_pin(task=TaskFactory(), by=lead, now=noon)


class TestTemplateApply:
    @pytest.fixture
    def template(self):
        """Write (e-mail, captain), then an ad, then the launch milestone; the ad's channel is not there."""
        template = PlanTemplateFactory(name="Launch")
        write = PlanTemplateItemFactory(
            template=template, title="Write", channel="email", assign_to="owner", duration_days=2
        )
        ad = PlanTemplateItemFactory(template=template, title="Ad", channel="ads")
        ad.waits_for.add(write)
        go = PlanTemplateItemFactory(template=template, title="Go", is_milestone=True, assign_to="captain")
        go.waits_for.add(ad)
        return template

    def test_makes_the_tasks_with_their_days_people_and_waits(self, noon, lead, campaign, template):
        made = services.template_apply(campaign=campaign, template=template, by=lead, now=noon)

        write, go = campaign.tasks.order_by("due_date")
        assert {task.pk for task in made} == {write.pk, go.pk}
        assert (write.start_date, write.due_date) == (date(2030, 3, 28), date(2030, 3, 29))
        assert (go.start_date, go.due_date, go.is_milestone) == (LAUNCH, LAUNCH, True)
        assert (write.assignee, go.assignee) == (campaign.channels.get().owner, campaign.captain)
        # The ad is left out, and what waited for it waits for what it waited for.
        assert [(one.predecessor, one.successor) for one in TaskDependency.objects.all()] == [(write, go)]
        assert actions(campaign) == ["campaign.template_applied"]

    def test_adds_only_what_is_missing_and_refuses_when_nothing_is(self, noon, lead, campaign, template):
        services.template_apply(campaign=campaign, template=template, by=lead, now=noon)
        with pytest.raises(PlanRefused, match="Everything of this template"):
            services.template_apply(campaign=campaign, template=template, by=lead, now=noon)
        ChannelFactory(campaign=campaign, kind="ads")

        (ad,) = services.template_apply(campaign=campaign, template=template, by=lead, now=noon)

        assert (ad.title, campaign.tasks.count()) == ("Ad", 3)
        assert ad.waits_for.get().predecessor.title == "Write"

    @pytest.mark.parametrize("missing", ["launch_date", "goal_date"])
    def test_needs_both_dates(self, noon, lead, template, missing):
        dates = {"launch_date": LAUNCH, "goal_date": GOAL, missing: None}
        campaign = BareCampaignFactory(**dates)

        with pytest.raises(PlanRefused) as refused:
            services.template_apply(campaign=campaign, template=template, by=lead, now=noon)

        assert refused.value.field == missing
        assert not Task.objects.exists()

    def test_refuses_a_campaign_that_was_put_away(self, noon, lead, template):
        with pytest.raises(PutAway):
            services.template_apply(
                campaign=CampaignFactory(archived_at=noon), template=template, by=lead, now=noon
            )

    def test_says_what_will_not_fit(self, noon, lead, template):
        campaign = CampaignFactory(launch_date=date(2030, 3, 4), goal_date=GOAL)

        services.template_apply(campaign=campaign, template=template, by=lead, now=noon)

        plan = selectors.plan(campaign, today=noon.date())
        assert [task.title for task in plan.wont_fit] == ["Write"]
