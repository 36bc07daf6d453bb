from datetime import UTC, datetime, timedelta
from smtplib import SMTPException

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.urls import reverse

from apps.collaboration import notifying, services
from apps.collaboration.digest import next_digest
from apps.collaboration.models import Notification, NotificationSettings
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import BareCampaignFactory
from tests.factories.collaboration import NotificationFactory

NEXT = datetime(2030, 3, 2, 8, 0, tzinfo=UTC)


class TestNextDigest:
    @pytest.mark.parametrize(
        ("digest", "hour", "zone", "due"),
        [
            ("daily", 8, "UTC", "2030-03-02T08:00+00:00"),
            ("daily", 13, "UTC", "2030-03-01T13:00+00:00"),
            ("daily", 12, "UTC", "2030-03-02T12:00+00:00"),  # that moment is over
            ("daily", 8, "America/New_York", "2030-03-01T13:00+00:00"),
            ("weekly", 8, "UTC", "2030-03-04T08:00+00:00"),  # a Monday
            ("weekly", 8, "Asia/Tokyo", "2030-03-03T23:00+00:00"),
        ],
    )
    def test_is_the_next_such_hour_where_the_person_lives(self, noon, digest, hour, zone, due):
        assert next_digest(digest=digest, hour=hour, zone=zone, after=noon) == datetime.fromisoformat(due)

    def test_is_never_for_who_wants_none(self, noon):
        assert next_digest(digest="never", hour=8, zone="UTC", after=noon) is None


@pytest.mark.django_db
class TestNotify:
    def test_leaves_out_what_a_person_wants_nowhere(self, lead, noon):
        want(lead, noon, hidden=["comment"], unmailed=["comment"])

        services.notify(users=[lead], text="Said.", url="/", now=noon, kind="comment")
        services.notify(users=[lead], text="Done.", url="/", now=noon)

        assert Notification.objects.get().text == "Done."

    def test_keeps_out_of_the_app_what_is_wanted_by_mail_only(self, lead, noon):
        want(lead, noon, hidden=["comment"])

        services.notify(users=[lead], text="Said.", url="/", now=noon, kind="comment")

        assert not Notification.objects.of(lead).exists()
        assert not Notification.objects.get().is_shown


def want(user, now, **wishes):
    default = {"digest": "daily", "hour": 8, "hidden": [], "unmailed": []}
    return services.notification_settings_change(user=user, now=now, **default | wishes)


@pytest.mark.django_db
class TestDigestsSend:
    def test_send_once_what_is_unread_grouped_by_campaign(self, lead, noon, settings):
        settings.BASE_URL = "https://b.example"
        spring, autumn = BareCampaignFactory(name="Spring"), BareCampaignFactory(name="Autumn")
        for campaign, text in [(spring, "One."), (autumn, "Two."), (None, "Three."), (spring, "Four.")]:
            services.notify(users=[lead], text=text, url="/tasks/", now=noon, within=campaign)
        NotificationFactory(user=lead, text="Read before.", read_at=noon, at=noon)

        assert services.digests_send(now=NEXT - timedelta(minutes=1)) == 0
        assert [services.digests_send(now=NEXT) for _time in range(2)] == [1, 0]

        (sent,) = mail.outbox
        assert (sent.to, sent.subject) == ([lead.email], "Bookend: 4 things that you have not read")
        words = ["Autumn", "Two.", "Spring", "Four.", "One.", "Elsewhere", "Three."]
        places = [sent.body.index(word) for word in words]
        assert places == sorted(places)
        assert "https://b.example/tasks/" in sent.body
        assert "Read before." not in sent.body
        assert services.digests_send(now=NEXT + timedelta(days=1)) == 0

    def test_leave_out_the_inactive_and_kinds_that_are_not_wanted(self, lead, noon):
        gone = UserFactory()
        want(lead, noon, unmailed=["comment"])
        services.notify(users=[lead, gone], text="Said.", url="/", now=noon, kind="comment")
        gone.is_active = False
        gone.save()

        assert services.digests_send(now=NEXT) == 0
        assert not mail.outbox

    def test_that_the_mail_server_refuses_are_tried_again(self, lead, noon, settings, monkeypatch):
        services.notify(users=[lead], text="Done.", url="/", now=noon)

        def refuse(self, messages):
            raise SMTPException

        with monkeypatch.context() as patch:
            patch.setattr(EmailBackend, "send_messages", refuse)
            assert services.digests_send(now=NEXT) == 0

        later = NEXT + notifying.TRY_AGAIN_AFTER
        assert NotificationSettings.objects.get().next_digest_at == later
        assert services.digests_send(now=later) == 1
        assert len(mail.outbox) == 1


@pytest.mark.django_db
class TestStopping:
    def test_takes_one_click_and_no_sign_in(self, client, lead, noon):
        want(lead, noon)
        services.notify(users=[lead], text="Done.", url="/", now=noon)
        services.digests_send(now=NEXT)
        headers = mail.outbox[0].extra_headers
        url = reverse("collaboration:digest-stop", args=[notifying.digest_token(lead)])

        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert url in headers["List-Unsubscribe"]
        client.get(url)
        assert NotificationSettings.objects.get().digest == "daily"
        client.post(url, {"List-Unsubscribe": "One-Click"})

        assert NotificationSettings.objects.get().digest == "never"
        assert NotificationSettings.objects.get().next_digest_at is None

    def test_is_not_for_whoever_makes_a_token_up(self, client):
        assert client.post(reverse("collaboration:digest-stop", args=["made:up:token"])).status_code == 404


@pytest.mark.django_db
def test_the_page_saves_what_is_ticked(login, lead):
    url = reverse("collaboration:notification-settings")
    client = login(lead)
    assert "Reviews and signatures" in client.get(url).content.decode()

    says = {"digest": "weekly", "hour": "17", "shown": ["comment", "general"], "mailed": ["signoff"]}
    client.post(url, says)

    wish = NotificationSettings.objects.get(user=lead)
    assert (wish.digest, wish.hour) == ("weekly", 17)
    assert "signoff" in wish.hidden
    assert "comment" in wish.unmailed
    assert "signoff" not in wish.unmailed
    refused = client.post(url, {**says, "hour": "25"}).content.decode()
    assert "Select a valid choice" in refused
