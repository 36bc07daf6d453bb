"""What the links of a mail do, and what they never do."""

from datetime import timedelta
from http import HTTPStatus
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from apps.contacts.models import Consent, ConsentEvent, Suppression
from apps.core import clock
from apps.messaging import services
from apps.messaging.machines import machine_reason
from apps.messaging.models import DeliveryEvent, Link, Recipient
from apps.messaging.services import tracking
from apps.messaging.tokens import Purpose, token_make
from tests.factories.messaging import RecipientFactory

pytestmark = pytest.mark.django_db
PERSON = {"User-Agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/17.5"}
LONG_AGO = timedelta(hours=1)


@pytest.fixture
def recipient():
    recipient = RecipientFactory(
        state="sent", finished_at=clock.now() - LONG_AGO, contact__attributes={"first_name": "Ann"}
    )
    Link.objects.create(
        message=recipient.message, position=1, url="https://shop.example/spring", label="Look"
    )
    return recipient


def get(client, name, purpose, recipient, link=0, **headers):
    url = reverse(f"messaging:{name}", args=[token_make(purpose, recipient.pk, link)])
    return client.get(url, headers=PERSON | headers)


class TestOpened:
    def test_a_pixel_is_an_open(self, client, recipient):
        response = get(client, "open", Purpose.OPEN, recipient)

        assert response.headers["Content-Type"] == "image/gif"
        assert response.content.startswith(b"GIF89a")
        assert "no-store" in response.headers["Cache-Control"]
        event = DeliveryEvent.objects.get()
        assert (event.kind, event.recipient, event.message, event.contact, event.machine_reason) == (
            "opened",
            recipient,
            recipient.message,
            recipient.contact,
            "",
        )

    def test_sets_no_cookie_and_asks_for_none(self, client, recipient):
        assert get(client, "open", Purpose.OPEN, recipient).cookies == {}

    def test_a_recipient_who_is_gone_leaves_no_trace(self, client):
        response = client.get(reverse("messaging:open", args=[token_make(Purpose.OPEN, 10**9)]))

        assert response.status_code == HTTPStatus.OK
        assert not DeliveryEvent.objects.exists()

    def test_answers_with_the_pixel_even_when_the_database_is_away(self, client, recipient, monkeypatch):
        def away(*_args, **_kwargs):
            raise OperationalError("the server closed the connection")

        monkeypatch.setattr(tracking.prepared, "execute_first", away)

        assert get(client, "open", Purpose.OPEN, recipient).status_code == HTTPStatus.OK

    def test_an_open_in_a_month_without_a_partition_makes_it(self, recipient):
        much_later = clock.now() + timedelta(days=400)

        services.open_record(recipient_id=recipient.pk, machine_reason="", now=much_later)

        assert DeliveryEvent.objects.get().at == much_later


class TestClicked:
    def test_leads_where_the_database_says_and_is_counted(self, client, recipient):
        response = get(client, "click", Purpose.CLICK, recipient, link=1)

        assert (response.status_code, response.headers["Location"]) == (302, "https://shop.example/spring")
        event = DeliveryEvent.objects.get()
        assert (event.kind, event.link.position, event.machine_reason) == ("clicked", 1, "")

    def test_never_leads_where_the_address_says(self, client, recipient):
        url = reverse("messaging:click", args=[token_make(Purpose.CLICK, recipient.pk, 1)])

        response = client.get(f"{url}?url=https://evil.example/&next=https://evil.example/")

        assert response.headers["Location"] == "https://shop.example/spring"

    def test_fills_a_destination_in_with_the_contacts_data(self, client, recipient):
        Link.objects.update(url="https://shop.example/?for={{ contact.first_name }}&m={{ message.name }}")

        response = get(client, "click", Purpose.CLICK, recipient, link=1)

        name = recipient.message.name.replace(" ", "%20")
        assert response.headers["Location"] == f"https://shop.example/?for=Ann&m={name}"

    @pytest.mark.parametrize(
        "url", ["javascript:alert(1)", "{{ contact.first_name }}", "//evil.example", "ftp://x.y"]
    )
    def test_a_destination_that_is_not_the_web_is_not_found(self, client, recipient, url):
        Link.objects.update(url=url)

        assert get(client, "click", Purpose.CLICK, recipient, link=1).status_code == HTTPStatus.NOT_FOUND

    def test_a_link_that_the_message_has_not_is_not_found(self, client, recipient):
        assert get(client, "click", Purpose.CLICK, recipient, link=2).status_code == HTTPStatus.NOT_FOUND
        assert not DeliveryEvent.objects.exists()

    def test_asks_to_come_back_when_the_database_is_away(self, client, recipient, monkeypatch):
        def away(*_args, **_kwargs):
            raise OperationalError("the server closed the connection")

        monkeypatch.setattr(tracking.prepared, "execute_first", away)
        response = get(client, "click", Purpose.CLICK, recipient, link=1)

        assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        assert response.headers["Retry-After"] == "60"


@pytest.mark.parametrize("name", ["open", "click", "unsubscribe", "view"])
@pytest.mark.parametrize("token", ["x", "A" * 30, "../../etc", "0"])
def test_a_token_that_we_never_made_is_not_found(client, recipient, name, token):
    path = reverse(f"messaging:{name}", args=["TOKEN"]).replace("TOKEN", token)

    assert client.get(path).status_code == HTTPStatus.NOT_FOUND
    assert client.post(path).status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
    assert not DeliveryEvent.objects.exists()


class TestMachines:
    @pytest.mark.parametrize(
        ("headers", "reason"),
        [
            ({}, ""),
            ({"Purpose": "prefetch"}, "prefetch"),
            ({"Sec-Purpose": "prefetch;prerender"}, "prefetch"),
            ({"User-Agent": "Mozilla/5.0"}, "apple_privacy"),
            ({"User-Agent": ""}, "no_agent"),
            ({"User-Agent": "Mozilla/5.0 (compatible; Barracuda Sentinel)"}, "scanner"),
            ({"User-Agent": "python-requests/2.32"}, "scanner"),
            ({"User-Agent": "Mozilla/5.0 Firefox/11.0 (via ggpht.com GoogleImageProxy)"}, ""),
        ],
    )
    def test_what_a_request_says_of_itself(self, headers, reason):
        assert machine_reason("GET", PERSON | headers) == reason

    def test_a_head_request_is_a_machines_and_is_kept(self, client, recipient):
        client.head(
            reverse("messaging:click", args=[token_make(Purpose.CLICK, recipient.pk, 1)]), headers=PERSON
        )

        assert DeliveryEvent.objects.get().machine_reason == "head"

    @pytest.mark.parametrize(("name", "purpose"), [("open", Purpose.OPEN), ("click", Purpose.CLICK)])
    def test_nobody_reads_a_mail_within_two_seconds(self, client, recipient, name, purpose):
        recipient.finished_at = clock.now()
        recipient.save()

        get(client, name, purpose, recipient, link=1)

        assert DeliveryEvent.objects.get().machine_reason == "too_fast"

    @pytest.mark.parametrize(("name", "purpose"), [("open", Purpose.OPEN), ("click", Purpose.CLICK)])
    def test_nobody_reads_a_mail_that_the_server_has_not_taken_yet(self, client, recipient, name, purpose):
        """Its scanner fetches everything before it answers to the final dot."""
        Recipient.objects.update(
            state="sending", finished_at=None, lease_token=uuid4(), leased_until=clock.now() + LONG_AGO
        )

        get(client, name, purpose, recipient, link=1)

        assert DeliveryEvent.objects.get().machine_reason == "too_fast"

    def test_a_flood_of_clicks_is_judged_before_the_next_minute(self, recipient, noon):
        services.partitions_ensure(now=noon)
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO messaging_deliveryevent
                    (recipient_id, message_id, contact_id, kind, at, link_id, machine_reason)
                SELECT person, 1, person, 'clicked', %s::timestamptz - click * interval '1 s', click, ''
                FROM generate_series(1, 5000) AS person, generate_series(1, 3) AS click
                """,
                [noon],
            )

        assert services.bursts_mark(now=noon) == 15_000

    def test_a_burst_takes_in_what_came_within_its_seconds_and_nothing_else(self, recipient, noon):
        for position in (2, 3):
            Link.objects.create(message=recipient.message, position=position, url="https://shop.example/")
        for position, second in [(1, 0), (1, 10), (2, 12), (3, 15), (1, 15.5)]:
            services.click_record(
                recipient_id=recipient.pk,
                position=position,
                machine_reason="",
                now=noon + timedelta(seconds=second),
            )

        assert services.bursts_mark(now=noon + timedelta(seconds=30)) == 4
        assert DeliveryEvent.objects.get(machine_reason="").at == noon

    def test_many_links_within_seconds_are_a_machines_also_the_first(self, recipient, noon):
        for position in (2, 3):
            Link.objects.create(message=recipient.message, position=position, url="https://shop.example/")
        for position, second in [(1, 0), (2, 1), (3, 2)]:
            services.click_record(
                recipient_id=recipient.pk,
                position=position,
                machine_reason="",
                now=noon + timedelta(seconds=second),
            )

        assert services.bursts_mark(now=noon + timedelta(seconds=30)) == 3
        assert set(DeliveryEvent.objects.values_list("machine_reason", flat=True)) == {"all_links"}

    def test_a_person_who_comes_back_for_another_link_stays_a_person(self, recipient, noon):
        for position in (2, 3):
            Link.objects.create(message=recipient.message, position=position, url="https://shop.example/")
        for position, second in [(1, 0), (2, 20), (3, 40), (1, 41)]:
            services.click_record(
                recipient_id=recipient.pk,
                position=position,
                machine_reason="",
                now=noon + timedelta(seconds=second),
            )

        assert services.bursts_mark(now=noon + timedelta(seconds=60)) == 0


class TestUnsubscribe:
    def url(self, recipient):
        return reverse("messaging:unsubscribe", args=[token_make(Purpose.UNSUBSCRIBE, recipient.pk)])

    def test_one_click_acts_at_once_without_login_cookie_or_redirect(self, recipient, noon):
        client = Client(enforce_csrf_checks=True)

        response = client.post(self.url(recipient), {"List-Unsubscribe": "One-Click"})

        assert (response.status_code, response["Content-Type"]) == (HTTPStatus.OK, "text/plain")
        assert response.cookies == {}
        assert Consent.objects.get(contact=recipient.contact).status == "unsubscribed"
        proof = ConsentEvent.objects.get()
        assert (proof.status, proof.basis, proof.by) == ("unsubscribed", "one-click unsubscribe", None)
        assert Suppression.objects.get().reason == "unsubscribed"
        assert DeliveryEvent.objects.get().kind == "unsubscribed"

    def test_looking_at_the_page_changes_nothing(self, client, recipient):
        response = client.get(self.url(recipient))

        assert b"Leave this list?" in response.content
        assert not Suppression.objects.exists()
        assert Consent.objects.get().status == "subscribed"
        assert not DeliveryEvent.objects.exists()

    def test_doing_it_twice_is_doing_it_once(self, client, recipient):
        for _time in range(3):
            client.post(self.url(recipient))

        assert ConsentEvent.objects.get().basis == "unsubscribe page"
        assert Suppression.objects.count() == 1
        assert DeliveryEvent.objects.count() == 1
        assert b"You are unsubscribed" in client.get(self.url(recipient)).content

    def test_it_holds_for_a_message_that_is_on_its_way(self, client, noon, mail_server):
        first = RecipientFactory(state="sent")
        second = RecipientFactory(contact=first.contact)

        client.post(self.url(first))
        services.messages_send(now=noon)

        second.refresh_from_db()
        assert (second.state, second.reason) == ("skipped", "suppressed")
        assert mail_server.taken == []


class TestInBrowser:
    def test_shows_the_mail_under_a_policy_of_its_own(self, client, recipient):
        response = get(client, "view", Purpose.VIEW, recipient)

        assert b"Dear Ann, come and see." in response.content
        assert b"/c/" in response.content
        assert b"/o/" not in response.content
        policy = response.headers["Content-Security-Policy"]
        assert "sandbox" in policy
        assert "script-src" not in policy
        assert "default-src 'none'" in policy
        assert response.cookies == {}

    def test_somebody_who_was_erased_has_no_page_any_more(self, client, recipient):
        recipient.contact.erased_at = clock.now()
        recipient.contact.save()

        assert get(client, "view", Purpose.VIEW, recipient).status_code == HTTPStatus.NOT_FOUND
