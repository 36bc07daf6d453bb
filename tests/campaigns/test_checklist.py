"""The lines of a task's checklist."""

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.campaigns import services
from apps.campaigns.errors import PutAway, TaskRefused
from apps.campaigns.models import ChecklistItem, Task
from apps.collaboration.models import AuditEvent
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import ChecklistItemFactory, TaskFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def url(name, task):
    return reverse(f"campaigns:{name}", args=[task.pk])


def texts(task):
    return [item.text for item in task.checklist.all()]


@pytest.fixture
def task():
    return TaskFactory(campaign__goal_seen=False)


@pytest.fixture
def lines(task):
    return {text: ChecklistItemFactory(task=task, text=text, position=n) for n, text in enumerate("abc")}


class TestServices:
    def test_add_writes_a_line_below_the_others(self, noon, lead, task, lines):
        services.checklist_add(task=task, text=" d 🎉 ", by=lead, now=noon)

        assert texts(task) == ["a", "b", "c", "d 🎉"]
        event = AuditEvent.objects.about(task.campaign).get()
        assert (event.action, event.details) == ("checklist.added", {"item": "d 🎉"})

    @pytest.mark.parametrize("text", ["", "   "])
    def test_add_refuses_a_line_that_says_nothing(self, noon, lead, task, text):
        with pytest.raises(TaskRefused, match="Write something first"):
            services.checklist_add(task=task, text=text, by=lead, now=noon)

        assert texts(task) == []

    def test_add_refuses_the_hundred_and_first(self, noon, lead, task):
        ChecklistItem.objects.bulk_create(
            ChecklistItem(task=task, text=str(n), position=n) for n in range(100)
        )

        with pytest.raises(TaskRefused, match="at most 100 lines"):
            services.checklist_add(task=task, text="one more", by=lead, now=noon)

    def test_tick_says_who_did_it_and_when_once(self, noon, lead, lines):
        for _twice in range(2):
            services.checklist_tick(item=lines["a"], is_done=True, by=lead, now=noon)

        item = ChecklistItem.objects.get(text="a")
        assert (item.done_at, item.done_by) == (noon, lead)
        services.checklist_tick(item=item, is_done=False, by=lead, now=noon)
        item.refresh_from_db()
        assert (item.done_at, item.done_by) == (None, None)
        actions = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
        assert list(actions) == ["checklist.ticked", "checklist.unticked"]

    @pytest.mark.parametrize(("position", "order"), [(0, "cab"), (1, "acb"), (2, "abc"), (999, "abc")])
    def test_move_puts_a_line_at_a_place(self, noon, lead, task, lines, position, order):
        services.checklist_move(item=lines["c"], position=position, by=lead, now=noon)

        assert texts(task) == list(order)
        assert AuditEvent.objects.count() == (order != "abc")

    def test_remove_takes_a_line_away_once(self, noon, lead, task, lines):
        for _twice in range(2):
            services.checklist_remove(item=lines["b"], by=lead, now=noon)

        assert [(item.text, item.position) for item in task.checklist.all()] == [("a", 0), ("c", 1)]
        assert AuditEvent.objects.get().details == {"item": "b"}

    def test_a_campaign_that_was_put_away_keeps_its_lines(self, noon, lead):
        item = ChecklistItemFactory(task__campaign__archived_at=noon)

        with pytest.raises(PutAway):
            services.checklist_tick(item=item, is_done=True, by=lead, now=noon)

    def test_a_card_counts_them(self, noon, lead, task, lines):
        services.checklist_tick(item=lines["a"], is_done=True, by=lead, now=noon)

        card = Task.objects.with_card().get()
        assert (card.checklist_done, card.checklist_count) == (1, 3)


class TestPages:
    def test_the_assignee_writes_ticks_and_removes(self, login, task):
        client = login(task.assignee)

        added = client.post(url("checklist_add", task), {"text": "Ask Ben"}, headers=HTMX, follow=True)
        item = ChecklistItem.objects.get()
        client.post(url("checklist_tick", task), {"item": item.pk, "is_done": "on"}, headers=HTMX)
        ticked = client.get(url("checklist", task), headers=HTMX).content.decode()
        client.post(url("checklist_remove", task), {"item": item.pk}, headers=HTMX)

        assert "Ask Ben" in added.content.decode()
        assert "1 of 1 done" in ticked
        assert "<html" not in ticked
        assert not ChecklistItem.objects.exists()

    @pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
    def test_a_line_that_is_too_long_stays_in_its_box(self, login, task, headers):
        page = login(task.assignee).post(url("checklist_add", task), {"text": "x" * 301}, headers=headers)

        assert "x" * 301 in page.content.decode()
        assert "at most 300 characters" in page.content.decode()

    def test_a_line_of_another_task_is_not_touched(self, login, task):
        other = ChecklistItemFactory()

        login(task.assignee).post(url("checklist_remove", task), {"item": other.pk})

        assert ChecklistItem.objects.get() == other

    def test_who_has_no_part_in_the_task_only_reads(self, login, task, lines):
        client = login(UserFactory(role=User.Role.SALES))

        assert client.post(url("checklist_add", task), {"text": "x"}).status_code == 403
        page = client.get(url("checklist", task), headers=HTMX).content.decode()
        assert "checklist/tick" not in page
        assert texts(task) == ["a", "b", "c"]
