"""Tasks that come again."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from apps.campaigns import services
from apps.campaigns.errors import ChangedMeanwhile, Refused
from apps.campaigns.models import Campaign, Recurrence, Task
from apps.collaboration.models import AuditEvent
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import ChecklistItemFactory, RecurrenceFactory, TaskFactory

pytestmark = pytest.mark.django_db
FIRST = date(2030, 3, 1)


@pytest.fixture
def task():
    return TaskFactory(campaign__goal_seen=False, title="Newsletter", due_date=FIRST)


@pytest.fixture
def weekly(task, lead, noon):
    services.recurrence_set(task=task, unit="week", every=1, by=lead, now=noon)
    task.refresh_from_db()
    return task


def dues():
    return list(Task.objects.order_by("occurrence").values_list("due_date", flat=True))


@pytest.mark.parametrize(
    ("unit", "every", "first", "after", "due"),
    [
        ("day", 3, FIRST, FIRST, date(2030, 3, 4)),
        ("day", 3, FIRST, date(2030, 3, 5), date(2030, 3, 7)),
        ("week", 2, FIRST, FIRST, date(2030, 3, 15)),
        ("week", 1, FIRST, date(2030, 1, 1), FIRST),
        ("month", 1, date(2030, 1, 31), date(2030, 1, 31), date(2030, 2, 28)),
        ("month", 1, date(2030, 1, 31), date(2030, 2, 28), date(2030, 3, 31)),
        ("month", 3, date(2030, 11, 30), date(2030, 12, 1), date(2031, 2, 28)),
        ("month", 12, date(2028, 2, 29), date(2028, 2, 29), date(2029, 2, 28)),
        ("month", 1, FIRST, date(2029, 1, 1), FIRST),
    ],
)
def test_the_days_of_a_rhythm_are_counted_from_the_first(unit, every, first, after, due):
    rhythm = Recurrence(unit=unit, every=every, first_date=first)

    assert rhythm.next_after(after) == due


class TestRecurrenceSet:
    def test_makes_the_task_the_first_of_a_series(self, weekly):
        recurrence = Recurrence.objects.get()

        assert (weekly.recurrence, weekly.occurrence) == (recurrence, 1)
        assert (recurrence.rhythm, recurrence.first_date, recurrence.made) == ("Every week", FIRST, 1)

    @pytest.mark.parametrize(
        ("due", "fields", "field", "refusal"),
        [
            (None, {}, "every", "needs a day"),
            (FIRST, {"ends_date": date(2030, 2, 1)}, "ends_date", "before this task is due"),
            (FIRST, {"ends_date": date(2199, 1, 1)}, "ends_date", "Choose a day between"),
            (FIRST, {"times": 0}, "times", "made 1 times already"),
        ],
    )
    def test_refuses_and_makes_nothing(self, noon, lead, task, due, fields, field, refusal):
        Task.objects.update(due_date=due)

        with pytest.raises(Refused, match=refusal) as refused:
            services.recurrence_set(task=task, unit="week", every=1, by=lead, now=noon, **fields)

        assert refused.value.field == field
        assert not Recurrence.objects.exists()

    def test_changes_the_rhythm_from_the_last_task_on(self, noon, lead, weekly):
        services.task_move(task=weekly, state="done", by=lead, now=noon)
        last = Task.objects.get(occurrence=2)

        services.recurrence_set(task=last, unit="month", every=1, by=lead, now=noon)

        recurrence = Recurrence.objects.get()
        assert (recurrence.unit, recurrence.first_date) == ("month", date(2030, 3, 8))

    def test_the_second_of_two_editors_is_told(self, noon, lead, weekly):
        services.recurrence_set(task=weekly, unit="day", every=1, by=UserFactory(name="Ann"), now=noon)

        with pytest.raises(ChangedMeanwhile) as told:
            services.recurrence_set(task=weekly, unit="month", every=1, by=lead, now=noon, seen=1)

        assert "Ann has changed this to “Days”" in told.value.theirs["unit"]


class TestTheNext:
    def test_is_made_like_the_last_once_that_is_done(self, noon, lead, weekly):
        ChecklistItemFactory(task=weekly, text="Proofread", done_at=noon, done_by=lead)

        for state in ("done", "doing", "done"):
            services.task_move(task=weekly, state=state, by=lead, now=noon)

        following = Task.objects.get(occurrence=2)
        assert (following.title, following.assignee, following.state) == (
            "Newsletter",
            weekly.assignee,
            "todo",
        )
        assert following.due_date == date(2030, 3, 8)
        assert [(item.text, item.is_done) for item in following.checklist.all()] == [("Proofread", False)]
        assert Recurrence.objects.get().made == 2

    def test_is_made_on_its_day_by_the_schedule_once_done_or_not(self, noon, weekly):
        early, ring = noon - timedelta(days=1), [services.recurrences_run(now=noon) for _ in range(2)]

        assert ring == [1, 0]
        assert services.recurrences_run(now=early) == 0
        assert dues() == [FIRST, date(2030, 3, 8)]
        assert AuditEvent.objects.get(action="task.repeated").by is None

    def test_does_not_come_on_days_that_have_passed(self, noon, weekly):
        assert services.recurrences_run(now=noon + timedelta(days=24)) == 1

        assert dues() == [FIRST, date(2030, 3, 29)]

    @pytest.mark.parametrize("end", [{"times": 2}, {"ends_date": date(2030, 3, 14)}])
    def test_is_not_made_after_the_end(self, noon, lead, task, end):
        services.recurrence_set(task=task, unit="week", every=1, by=lead, now=noon, **end)

        rings = [services.recurrences_run(now=noon + timedelta(weeks=week)) for week in range(4)]

        assert rings == [1, 0, 0, 0]
        assert Recurrence.objects.get().stopped_at == noon + timedelta(weeks=1)

    def test_is_not_made_once_it_was_stopped(self, noon, lead, weekly):
        for _twice in range(2):
            services.recurrence_stop(recurrence=weekly.recurrence, by=lead, now=noon)
        services.task_move(task=weekly, state="done", by=lead, now=noon)

        assert services.recurrences_run(now=noon) == 0
        assert dues() == [FIRST]
        assert AuditEvent.objects.filter(action="recurrence.stopped").count() == 1

    def test_is_not_made_of_a_task_that_was_removed(self, noon, lead, weekly):
        services.task_remove(task=weekly, by=lead, now=noon)

        assert services.recurrences_run(now=noon) == 0
        assert Recurrence.objects.get().stopped_at == noon

    @pytest.mark.parametrize("over", [{"archived_at": "noon"}, {"stage": Campaign.Stage.CLOSED}])
    def test_is_not_made_in_a_campaign_that_is_over(self, noon, weekly, over):
        Campaign.objects.update(**{name: noon if value == "noon" else value for name, value in over.items()})

        assert services.recurrences_run(now=noon) == 0

    def test_gives_nobody_work_who_has_left(self, noon, weekly):
        weekly.assignee.is_active = False
        weekly.assignee.save()

        services.recurrences_run(now=noon)

        assert Task.objects.get(occurrence=2).assignee is None


class TestPages:
    def url(self, name, task):
        return reverse(f"campaigns:{name}", args=[task.pk])

    def test_a_task_is_let_come_again_and_stopped(self, login, lead, task):
        client = login(lead)

        client.post(self.url("recurrence_set", task), {"every": 2, "unit": "week"})
        page = client.get(self.url("task", task)).content.decode()
        client.post(self.url("recurrence_stop", task))

        assert "Every 2 weeks" in page
        assert not Recurrence.objects.get().is_running

    def test_what_was_refused_keeps_what_was_typed(self, login, lead, task):
        page = login(lead).post(
            self.url("recurrence_set", task), {"every": 9999, "unit": "month", "times": "x"}
        )

        assert 'value="9999"' in page.content.decode()
        assert not Recurrence.objects.exists()

    def test_the_assignee_alone_does_not_decide_it(self, login):
        recurrence = RecurrenceFactory()
        task = TaskFactory(campaign=recurrence.campaign, recurrence=recurrence, occurrence=1)

        answer = login(task.assignee).post(self.url("recurrence_stop", task))

        assert answer.status_code == 403
