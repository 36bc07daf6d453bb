from datetime import date
from uuid import uuid4

import pytest

from apps.accounts.models import User
from apps.campaigns import services
from apps.campaigns.errors import ChangedMeanwhile, PutAway, Refused
from apps.campaigns.models import Task
from apps.collaboration import services as collaboration
from apps.collaboration.models import AuditEvent, Comment
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory, ChannelFactory, TaskFactory

pytestmark = pytest.mark.django_db


def actions():
    return [event.action for event in AuditEvent.objects.order_by("id")]


@pytest.fixture
def refusals():
    """What cannot be said of a task, each a function: another campaign's things exist only when it runs."""
    return {
        "channel": lambda: {"channel": ChannelFactory()},
        "left": lambda: {"assignee": UserFactory(is_active=False)},
        "program": lambda: {"assignee": UserFactory(role=User.Role.INTEGRATION)},
        "stranger": lambda: {"assignee": UserFactory(role=User.Role.CONTRIBUTOR)},
        "past": lambda: {"due_date": date(2030, 2, 28)},
    }


REFUSALS = [
    ("channel", "channel", "of another campaign"),
    ("left", "assignee", "has left"),
    ("program", "assignee", "is a program"),
    ("stranger", "assignee", "cannot see this campaign"),
    ("past", "due_date", "This day has passed"),
]


class TestTaskAdd:
    def test_adds_it_with_all_that_is_said(self, noon, lead):
        channel, person = ChannelFactory(), UserFactory()

        task = services.task_add(
            campaign=channel.campaign,
            title="Write",
            channel=channel,
            assignee=person,
            due_date=date(2030, 3, 1),
            description="Two versions",
            by=lead,
            now=noon,
        )

        assert (task.state, task.assignee, task.channel) == ("todo", person, channel)
        assert AuditEvent.objects.about(channel.campaign).get().action == "task.added"

    def test_of_the_same_form_adds_one(self, noon, lead):
        campaign, key = CampaignFactory(), uuid4()

        made = [
            services.task_add(campaign=campaign, title="Write", by=lead, now=noon, key=key) for _ in range(2)
        ]

        assert made == [Task.objects.get()] * 2
        assert actions() == ["task.added"]

    def test_of_the_same_form_with_other_words_adds_another(self, noon, lead):
        campaign, key = CampaignFactory(), uuid4()
        channels = [campaign.channels.get(), None]

        for channel in channels:
            services.task_add(campaign=campaign, title="Write", by=lead, now=noon, key=key, channel=channel)

        assert list(Task.objects.order_by("pk").values_list("channel", flat=True)) == [channels[0].pk, None]

    @pytest.mark.parametrize(("case", "field", "refusal"), REFUSALS)
    def test_refuses_and_adds_nothing(self, noon, lead, refusals, case, field, refusal):
        campaign, fields = CampaignFactory(), refusals[case]()

        with pytest.raises(Refused, match=refusal) as refused:
            services.task_add(campaign=campaign, title="Write", by=lead, now=noon, **fields)

        assert refused.value.field == field
        assert not Task.objects.exists()
        assert actions() == []

    @pytest.mark.parametrize("title", ["\u200b\u200b", "\u202eelprup", "a\nb"])
    def test_refuses_a_name_in_which_there_is_nothing_to_read(self, noon, lead, title):
        with pytest.raises(Refused) as refused:
            services.task_add(campaign=CampaignFactory(), title=title, by=lead, now=noon)

        assert refused.value.field == "title"
        assert not Task.objects.exists()

    def test_refuses_a_campaign_that_was_put_away(self, noon, lead):
        with pytest.raises(PutAway):
            services.task_add(campaign=CampaignFactory(archived_at=noon), title="Write", by=lead, now=noon)


class TestTaskUpdate:
    def test_changes_it_and_tells_what(self, noon, lead):
        task, person = TaskFactory(title="Write"), UserFactory(name="Ben")

        services.task_update(task=task, by=lead, now=noon, title="Write it", assignee=person)
        services.task_update(task=task, by=lead, now=noon, title="Write it", assignee=person)

        task.refresh_from_db()
        assert (task.title, task.assignee, task.version) == ("Write it", person, 2)
        event = AuditEvent.objects.get()
        assert event.details["changes"]["title"] == ["Write", "Write it"]
        assert event.details["changes"]["assignee"][1] == "Ben"

    @pytest.mark.parametrize(("case", "field", "refusal"), REFUSALS)
    def test_refuses_and_changes_nothing(self, noon, lead, refusals, case, field, refusal):
        task, fields = TaskFactory(), refusals[case]()
        before = Task.objects.values().get(pk=task.pk)

        with pytest.raises(Refused, match=refusal) as refused:
            services.task_update(task=task, by=lead, now=noon, **fields)

        assert refused.value.field == field
        assert Task.objects.values().get(pk=task.pk) == before
        assert actions() == []

    @pytest.mark.parametrize(("hour", "passed"), [(11, False), (12, True)])
    def test_takes_a_day_until_it_has_passed_everywhere(self, noon, lead, hour, passed):
        task, day = TaskFactory(), date(2030, 2, 28)
        change = {"due_date": day, "by": lead, "now": noon.replace(hour=hour)}

        if passed:
            with pytest.raises(Refused, match=r"This day has passed\."):
                services.task_update(task=task, **change)
        else:
            services.task_update(task=task, **change)

        task.refresh_from_db()
        assert task.due_date == (None if passed else day)

    def test_leaves_a_day_that_has_passed_as_it_is(self, noon, lead):
        task = TaskFactory(due_date=date(2030, 2, 1))

        services.task_update(task=task, by=lead, now=noon, title="New", due_date=date(2030, 2, 1))

        task.refresh_from_db()
        assert task.title == "New"

    def test_tells_the_second_of_two_editors(self, noon, lead):
        task = TaskFactory()
        services.task_update(task=task, by=UserFactory(name="Ann"), now=noon, title="Ann's", seen=1)

        with pytest.raises(ChangedMeanwhile) as told:
            services.task_update(task=task, by=lead, now=noon, title="Mine", seen=1)

        assert "Ann has changed this" in told.value.theirs["title"]


class TestTaskMove:
    def test_keeps_when_it_was_done_and_forgets_it_again(self, noon):
        task = TaskFactory()

        services.task_move(task=task, state="done", by=task.assignee, now=noon)
        services.task_move(task=task, state="done", by=task.assignee, now=noon)
        task.refresh_from_db()
        assert (task.state, task.done_at) == ("done", noon)

        services.task_move(task=task, state="doing", by=task.assignee, now=noon)
        task.refresh_from_db()
        assert (task.state, task.done_at) == ("doing", None)
        assert actions() == ["task.moved", "task.moved"]

    def test_refuses_a_campaign_that_was_put_away(self, noon):
        task = TaskFactory(campaign__archived_at=noon)

        with pytest.raises(PutAway):
            services.task_move(task=task, state="done", by=task.assignee, now=noon)


class TestTaskRemove:
    def test_takes_it_away_once_and_remembers_it(self, noon, lead):
        task = TaskFactory(title="Write")

        services.task_remove(task=task, by=lead, now=noon)
        services.task_remove(task=task, by=lead, now=noon)

        assert not Task.objects.exists()
        event = AuditEvent.objects.about(task.campaign).get()
        assert (event.action, event.details) == ("task.removed", {"task": "Write"})

    def test_takes_what_was_said_about_it_and_nothing_else(self, noon, lead):
        task, other = TaskFactory(), TaskFactory()
        for subject in (task, other, task.campaign):
            collaboration.comment_add(subject=subject, text="Well?", by=lead, now=noon)

        services.task_remove(task=task, by=lead, now=noon)

        assert [comment.subject for comment in Comment.objects.order_by("pk")] == [other, task.campaign]
