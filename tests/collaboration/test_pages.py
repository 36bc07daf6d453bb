from datetime import timedelta
from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.campaigns.models import Campaign
from apps.collaboration import selectors
from apps.collaboration.models import Comment, Notification
from apps.collaboration.subjects import Subject, subjects
from apps.core import clock
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory
from tests.factories.collaboration import AuditEventFactory, CommentFactory, NotificationFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def campaigns_are_subjects(monkeypatch):
    """Campaigns as things to talk about, whatever their own app says of them."""
    kind = Subject(
        model=Campaign,
        view_permission="campaigns.view_campaign",
        comment_permission="campaigns.view_campaign",
        url=lambda campaign: f"/campaigns/{campaign.pk}/",
    )
    monkeypatch.setitem(subjects._entries, "campaigns.campaign", kind)


def thread_of(campaign):
    return reverse("collaboration:comments", args=["campaigns.campaign", campaign.pk])


class TestThread:
    def test_shows_what_was_said_in_its_order_to_page_and_fragment(self, login, lead):
        campaign = CampaignFactory()
        CommentFactory(subject=campaign, text="Second")
        CommentFactory(subject=campaign, text="First", at=clock.now().replace(year=2020))
        client = login(lead)

        page, fragment = client.get(thread_of(campaign)), client.get(thread_of(campaign), headers=HTMX)

        assert b"<html" in page.content
        assert b"<html" not in fragment.content
        for response in (page, fragment):
            assert response.content.index(b"First") < response.content.index(b"Second")

    def test_takes_a_comment_once_however_often_it_is_sent(self, login, lead):
        campaign = CampaignFactory()
        client = login(lead)

        for _ in range(2):
            client.post(thread_of(campaign), {"text": "Yes!", "once": "11111111"})

        assert Comment.objects.get().by == lead

    def test_says_what_is_wrong_with_nothing(self, login, lead):
        response = login(lead).post(thread_of(CampaignFactory()), {"text": "  "})

        assert b"This field is required." in response.content
        assert not Comment.objects.exists()

    def test_what_is_said_is_shown_as_text(self, login, lead):
        comment = CommentFactory(text="<script>alert(1)</script>")

        response = login(lead).get(thread_of(comment.subject))

        assert b"<script>alert" not in response.content
        assert b"&lt;script&gt;alert" in response.content

    def test_is_not_there_for_those_who_may_not_see_the_thing(self, login):
        campaign = CampaignFactory()
        client = login(UserFactory(role=User.Role.CONTRIBUTOR))

        assert client.get(thread_of(campaign)).status_code == HTTPStatus.NOT_FOUND
        assert client.post(thread_of(campaign), {"text": "Hi"}).status_code == HTTPStatus.NOT_FOUND
        assert not Comment.objects.exists()

    @pytest.mark.parametrize(
        ("label", "pk"), [("campaigns.cake", 1), ("accounts.user", 1), ("campaigns.campaign", 0)]
    )
    def test_of_nothing_is_not_found(self, login, lead, label, pk):
        url = reverse("collaboration:comments", args=[label, pk])

        assert login(lead).get(url).status_code == HTTPStatus.NOT_FOUND

    def test_costs_the_same_for_one_comment_and_for_many(self, login, lead, django_assert_num_queries):
        campaign = CampaignFactory()
        CommentFactory.create_batch(20, subject=campaign)
        client = login(lead)
        client.get(thread_of(campaign))  # Django remembers content types from now on

        with django_assert_num_queries(6):  # session, user, campaign, comments, who is named, clock
            client.get(thread_of(campaign))


class TestCommentChange:
    def test_its_author_may_change_it_and_take_it_back(self, login):
        comment = CommentFactory(at=clock.now())
        client = login(comment.by)

        client.post(reverse("collaboration:comment-edit", args=[comment.pk]), {"text": "Better."})
        assert Comment.objects.get().text == "Better."

        client.post(reverse("collaboration:comment-delete", args=[comment.pk]))
        assert not Comment.objects.exists()

    def test_nobody_else_may(self, login, lead):
        comment = CommentFactory(at=clock.now())
        client = login(lead)

        for act in ("edit", "delete"):
            response = client.post(
                reverse(f"collaboration:comment-{act}", args=[comment.pk]), {"text": "Mine."}
            )
            assert response.status_code == HTTPStatus.FORBIDDEN

        assert Comment.objects.get().text == comment.text

    @pytest.mark.parametrize("act", ["edit", "delete"])
    def test_too_late_is_said_and_what_was_typed_is_kept(self, login, act):
        comment = CommentFactory(at=clock.now() - timedelta(hours=2), text="Old.")

        response = login(comment.by).post(
            reverse(f"collaboration:comment-{act}", args=[comment.pk]), {"text": "Old."}
        )

        assert b"older than an hour" in response.content
        assert b"Old." in response.content


class TestAuditLog:
    @pytest.fixture
    def log(self, login):
        client = login(UserFactory(role=User.Role.ADMINISTRATOR))
        return lambda **query: client.get(reverse("collaboration:audit"), query).content.decode()

    def test_shows_labels_and_not_codes(self, log):
        AuditEventFactory(
            action="user.role_changed",
            by__name="Ada",
            label="Nell",
            details={"to": "marketer", "from": "sales"},
        )

        page = log()

        assert "changed someone’s role" in page
        assert "user.role_changed" not in page.split("<tbody>")[1]
        assert "sales → marketer" in page

    @pytest.mark.parametrize(
        "query", [{"by": "me"}, {"action": "campaign.created"}, {"subject": "x.y:1"}, {"period": "day"}]
    )
    def test_can_be_narrowed(self, log, query):
        wanted = AuditEventFactory(label="WANTED", subject="x.y:1", at=clock.now())
        AuditEventFactory(label="OTHER", action="campaign.closed", at=clock.now() - timedelta(days=2))
        if query == {"by": "me"}:
            query = {"by": wanted.by_id}

        page = log(**query)

        assert "WANTED" in page
        assert "OTHER" not in page

    def test_tells_of_the_schedule(self, log):
        AuditEventFactory(by=None, label="NIGHTLY")
        AuditEventFactory(label="OTHER")

        page = log(by="schedule")

        assert "NIGHTLY" in page
        assert "OTHER" not in page

    def test_a_thing_is_found_with_its_parts(self, log):
        AuditEventFactory(label="PART", subject="x.part:5", within="x.y:1")

        assert "PART" in log(subject="x.y:1")

    def test_knows_its_acts_without_reading_them_all(self):
        for action in ("b.done", "a.done", "b.done", "c.done"):
            AuditEventFactory(action=action)

        assert selectors.audit_actions() == ["a.done", "b.done", "c.done"]

    def test_costs_the_same_for_one_event_and_for_many(self, login, django_assert_num_queries):
        AuditEventFactory.create_batch(20)
        client = login(UserFactory(role=User.Role.ADMINISTRATOR))

        with django_assert_num_queries(5):  # session, user, people, acts, events
            client.get(reverse("collaboration:audit"))


class TestAuditApi:
    def test_gives_what_happened_between_two_moments(self, api, noon):
        AuditEventFactory(at=noon - timedelta(hours=1), label="before")
        wanted = AuditEventFactory(at=noon, label="wanted", within="x.y:1")
        AuditEventFactory(at=noon + timedelta(hours=1), label="after")
        client = api(UserFactory(role=User.Role.ADMINISTRATOR), "audit-events:read")

        query = {"at_from": noon.isoformat(), "at_before": (noon + timedelta(hours=1)).isoformat()}
        body = client.get("/api/v1/audit-events/", query).json()

        assert body["results"] == [
            {
                "id": wanted.pk,
                "at": "2030-03-01T12:00:00Z",
                "by": wanted.by_id,
                "action": "campaign.created",
                "subject": wanted.subject,
                "within": "x.y:1",
                "label": "wanted",
                "details": {},
            }
        ]

    @pytest.mark.parametrize("moment", ["0040-02-01T23:06:18-16:31", "yesterday"])
    def test_a_moment_that_no_clock_shows_is_refused(self, api, moment):
        client = api(UserFactory(role=User.Role.ADMINISTRATOR))

        response = client.get("/api/v1/audit-events/", {"at_from": moment})

        assert response.status_code == HTTPStatus.BAD_REQUEST


def test_the_history_of_a_thing_tells_of_its_parts(login, lead, noon):
    campaign = CampaignFactory()
    AuditEventFactory(subject=f"campaigns.campaign:{campaign.pk}", action="campaign.created", label="Spring")
    AuditEventFactory(within=f"campaigns.campaign:{campaign.pk}", action="task.done", label="Write it")
    AuditEventFactory(label="Elsewhere")
    url = reverse("collaboration:activity", args=["campaigns.campaign", campaign.pk])

    page = login(lead).get(url, headers=HTMX).content.decode()

    assert "Write it" in page
    assert "Elsewhere" not in page


class TestNotifications:
    def test_only_mine_are_listed_and_counted(self, login, lead):
        NotificationFactory(user=lead, text="Mine")
        NotificationFactory(text="Theirs")
        client = login(lead)

        page = client.get(reverse("collaboration:notifications")).content
        bell = client.get(reverse("collaboration:bell")).content

        assert b"Mine" in page
        assert b"Theirs" not in page
        assert b"1 notification not read" in bell

    def test_opening_one_marks_it_and_goes_there(self, login, lead):
        notification = NotificationFactory(user=lead, url="/search/")

        response = login(lead).post(reverse("collaboration:notification-open", args=[notification.pk]))

        assert response.headers["Location"] == "/search/"
        assert not Notification.objects.unread().exists()

    def test_someone_elses_is_not_there(self, login, lead):
        notification = NotificationFactory()

        response = login(lead).post(reverse("collaboration:notification-open", args=[notification.pk]))

        assert response.status_code == HTTPStatus.NOT_FOUND
        assert Notification.objects.unread().exists()

    def test_all_can_be_read_at_once(self, login, lead):
        NotificationFactory.create_batch(3, user=lead)

        page = login(lead).post(reverse("collaboration:notifications-read"), follow=True).content

        assert b"Mark all as read" not in page
