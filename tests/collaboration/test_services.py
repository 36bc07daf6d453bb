from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.accounts import audit
from apps.campaigns.models import Campaign
from apps.collaboration import services
from apps.collaboration.models import AuditEvent, Comment, Notification
from apps.collaboration.subjects import Subject, subjects
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory, TaskFactory
from tests.factories.collaboration import CommentFactory, NotificationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaigns_are_subjects(monkeypatch):
    """Campaigns as things to talk about, whatever their own app says of them."""
    kind = Subject(
        model=Campaign,
        view_permission="campaigns.view_campaign",
        comment_permission="campaigns.view_campaign",
        viewers=lambda campaign, people: people.exclude(name="Off the team"),
        url=lambda campaign: f"/campaigns/{campaign.pk}/",
        watchers=lambda campaign: [campaign.captain],
    )
    monkeypatch.setitem(subjects._entries, "campaigns.campaign", kind)


class TestAuditRecord:
    def test_writes_down_who_did_what_to_which_thing(self, noon, lead):
        campaign = CampaignFactory(name="Spring")

        services.audit_record(
            action="campaign.created", subject=campaign, by=lead, now=noon, details={"from": "wizard"}
        )

        event = AuditEvent.objects.get()
        assert (event.at, event.by, event.action) == (noon, lead, "campaign.created")
        assert (event.subject, event.label) == (f"campaigns.campaign:{campaign.pk}", "Spring")
        assert event.details == {"from": "wizard"}

    def test_the_larger_thing_tells_of_its_parts(self, noon, lead):
        task = TaskFactory()

        services.audit_record(action="task.done", subject=task, by=lead, now=noon, within=task.campaign)
        services.audit_record(action="task.done", subject=TaskFactory(), by=lead, now=noon)

        assert AuditEvent.objects.about(task.campaign).get().subject == f"campaigns.task:{task.pk}"

    def test_a_set_costs_one_statement(self, noon, lead, django_assert_num_queries):
        tasks = TaskFactory.create_batch(20)

        with django_assert_num_queries(1):
            services.audit_record_many(action="task.done", subjects=tasks, by=lead, now=noon)

        assert AuditEvent.objects.count() == 20

    def test_the_room_below_is_heard_too(self, noon, lead):
        audit.record(action="user.deactivated", subject=lead, by=None, now=noon)

        assert AuditEvent.objects.get().by is None


class TestCommentAdd:
    def test_tells_the_watchers_and_those_who_spoke_before_but_not_the_speaker(
        self, noon, campaigns_are_subjects
    ):
        campaign = CampaignFactory(name="Spring")
        earlier = CommentFactory(subject=campaign).by
        gone = [
            CommentFactory(subject=campaign, by=UserFactory(is_active=False)).by,
            CommentFactory(subject=campaign, by=UserFactory(name="Off the team")).by,
        ]
        speaker = CommentFactory(subject=campaign, by=UserFactory(name="Ann")).by

        services.comment_add(subject=campaign, text=" Yes. ", by=speaker, now=noon)

        assert Comment.objects.about(campaign).last().text == "Yes."
        told = Notification.objects.all()
        assert {one.user for one in told} == {campaign.captain, earlier}
        assert not {one.user for one in told} & {*gone}
        assert {one.text for one in told} == {"Ann commented on “Spring”"}
        assert {one.url for one in told} == {f"/campaigns/{campaign.pk}/#comments"}

    def test_is_in_the_history_of_the_thing(self, noon, lead):
        campaign = CampaignFactory()

        comment = services.comment_add(subject=campaign, text="Yes.", by=lead, now=noon)

        event = AuditEvent.objects.about(campaign).get()
        assert (event.action, event.by, event.subject) == (
            "comment.added",
            lead,
            f"collaboration.comment:{comment.pk}",
        )
        assert "Yes" not in f"{event.label}{event.details}"

    def test_nothing_said_is_refused(self, noon, lead):
        with pytest.raises(services.CommentNotAllowed, match="Write something first"):
            services.comment_add(subject=CampaignFactory(), text=" \n", by=lead, now=noon)

        assert not Comment.objects.exists()
        assert not AuditEvent.objects.exists()


class TestCommentChange:
    def test_within_an_hour_it_can_be_put_better(self, noon):
        comment = CommentFactory(at=noon - timedelta(minutes=59))

        services.comment_edit(comment=comment, text="Later, rather.", by=comment.by, now=noon)

        comment.refresh_from_db()
        assert (comment.text, comment.edited_at) == ("Later, rather.", noon)

    def test_the_log_keeps_what_it_said_before(self, noon):
        comment = CommentFactory(text="Now.", at=noon)

        services.comment_edit(comment=comment, text="Later, rather.", by=comment.by, now=noon)
        services.comment_edit(comment=comment, text=" Later, rather. ", by=comment.by, now=noon)

        event = AuditEvent.objects.about(comment.subject).get()
        assert (event.action, event.details) == ("comment.changed", {"from": "Now."})

    def test_taken_back_what_it_said_before_goes_too(self, noon):
        comment = CommentFactory(text="My secret.", at=noon)
        campaign = comment.subject

        services.comment_edit(comment=comment, text="Nothing.", by=comment.by, now=noon)
        services.comment_delete(comment=comment, by=comment.by, now=noon)

        assert [
            (event.action, event.details) for event in AuditEvent.objects.about(campaign).order_by("pk")
        ] == [
            ("comment.changed", {}),
            ("comment.deleted", {}),
        ]

    def test_taken_back_it_leaves_only_that_there_was_one(self, noon):
        comment = CommentFactory(text="My secret.")
        campaign = comment.subject

        services.comment_delete(comment=comment, by=comment.by, now=noon)

        assert not Comment.objects.exists()
        event = AuditEvent.objects.about(campaign).get()
        assert event.action == "comment.deleted"
        assert "secret" not in f"{event.label}{event.details}"

    @pytest.mark.parametrize("act", ["edit", "delete"])
    def test_after_an_hour_it_stands(self, noon, act):
        comment = CommentFactory(at=noon - timedelta(hours=1))
        words = {"text": "Never mind."} if act == "edit" else {}

        with pytest.raises(services.CommentNotAllowed, match="older than an hour"):
            getattr(services, f"comment_{act}")(comment=comment, by=comment.by, now=noon, **words)

        assert Comment.objects.get().text == comment.text


class TestNotifications:
    def test_one_person_is_told_once(self, noon, lead):
        services.notify(users=[lead, lead], text="Done.", url="/", now=noon)

        assert Notification.objects.get().user == lead

    def test_none_can_lead_to_another_host(self, noon, lead):
        for url in ("//evil.example/", "https://evil.example/"):
            with pytest.raises(IntegrityError), transaction.atomic():
                services.notify(users=[lead], text="Look!", url=url, now=noon)

    def test_reading_one_leaves_the_others(self, noon, lead):
        read, other = NotificationFactory.create_batch(2, user=lead)

        assert services.notifications_read(user=lead, now=noon, notification=read) == 1

        assert Notification.objects.unread().get() == other

    def test_reading_all_touches_nobody_elses(self, noon, lead):
        NotificationFactory.create_batch(2, user=lead)
        strange = NotificationFactory()

        assert services.notifications_read(user=lead, now=noon) == 2
        assert Notification.objects.unread().get() == strange
