"""Providers: written down, asked if they stand, sent through, and heard when they call."""

import hashlib
import hmac
import json
import time
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse

from apps.accounts.models import User
from apps.collaboration.models import AuditEvent
from apps.contacts.addresses import address_hash
from apps.contacts.models import ConsentEvent, Suppression
from apps.core import secrets
from apps.messaging import ledger, selectors, services
from apps.messaging.channels import base
from apps.messaging.channels.webhook import signing
from apps.messaging.models import DeliveryEvent, DeliveryReport, Message, Provider, Recipient
from apps.messaging.services import sending, waits
from apps.messaging.tokens import Purpose, token_make
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import MessageFactory, ProviderFactory, RecipientFactory, SenderFactory
from tests.gateway import Gateway, free_port
from tests.messaging.test_channels import SAMPLES

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
SECRET = "s3cret"
TOLD = {"server_token": "token-1", "message_stream": "broadcast", "api_url": ""}


def url(name, *args):
    return reverse(f"messaging:{name}", args=args)


def save(lead, noon, provider=None, **told):
    provider = provider or Provider(kind="postmark", name="Shop at Postmark")
    return services.provider_save(provider=provider, told=TOLD | told, by=lead, now=noon)


@pytest.fixture
def gateway(settings):
    settings.OUTGOING_PRIVATE_HOSTS = ["127.0.0.1"]
    with Gateway(SAMPLES["postmark"].usual) as server:
        yield server
    base.engines_close()


@pytest.fixture
def provider(gateway):
    return ProviderFactory(settings={"api_url": gateway.url}, secret="s3cret")


@pytest.fixture
def recipient(noon):
    return RecipientFactory(state="sent", finished_at=noon, mail_id="x@shop.example")


class TestProviderSave:
    def test_keeps_secrets_sealed_and_in_no_audit(self, lead, noon):
        provider = save(lead, noon)

        with connection.cursor() as cursor:
            cursor.execute("SELECT row_to_json(p)::text FROM messaging_provider AS p")
            [[stored]] = cursor.fetchall()
        assert "token-1" not in stored
        assert provider.secret("server_token") == "token-1"
        assert provider.settings == {"message_stream": "broadcast", "api_url": ""}
        event = AuditEvent.objects.get(action="provider.created")
        assert "token-1" not in str(event.details)

    def test_a_secret_told_as_empty_stays(self, lead, noon):
        provider = save(lead, noon)

        save(lead, noon, Provider.objects.get(), server_token="", message_stream="other")

        provider.refresh_from_db()
        assert (provider.secret("server_token"), provider.setting("message_stream")) == ("token-1", "other")

    def test_where_secrets_cannot_be_read_any_more_they_are_asked_for(self, lead, noon, settings):
        save(lead, noon)
        settings.SECRET_KEY = "another-key-of-at-least-some-length"

        with pytest.raises(ValidationError) as refusal:
            save(lead, noon, Provider.objects.get(), server_token="")

        assert refusal.value.message_dict == {"server_token": ["This is needed."]}

    @pytest.mark.parametrize(
        ("told", "field"),
        [
            ({"server_token": ""}, "server_token"),
            ({"server_token": "a\r\nX-Evil: 1"}, "server_token"),
            ({"api_url": "ftp://x.example"}, "api_url"),
            ({"api_url": "https://user:pass@x.example"}, "api_url"),
            ({"api_url": "https://x.example:port"}, "api_url"),
            ({"other": "1"}, "other"),
        ],
    )
    def test_what_cannot_be_is_refused_beside_its_field(self, lead, noon, told, field):
        with pytest.raises(ValidationError) as refusal:
            save(lead, noon, **told)

        assert list(refusal.value.message_dict) == [field]
        assert not Provider.objects.exists()

    def test_a_name_with_line_breaks_is_refused(self, lead, noon):
        provider = Provider(kind="postmark", name="Post\r\nX")

        with pytest.raises(ValidationError, match="A name is one line"):
            services.provider_save(provider=provider, told={"server_token": "token"}, by=lead, now=noon)

        assert not Provider.objects.exists()

    def test_two_of_one_name_are_refused(self, lead, noon):
        save(lead, noon)

        with pytest.raises(ValidationError, match="of this name already"):
            save(lead, noon)

    @pytest.mark.parametrize("kind", ["smtp", "nobody"])
    def test_a_kind_that_is_none_is_refused(self, lead, noon, kind):
        with pytest.raises(ValidationError, match="no such kind"):
            save(lead, noon, Provider(kind=kind, name="X"))


class TestWaiting:
    """A provider that asks one worker to wait is left alone by all of them."""

    def test_what_one_worker_is_told_is_written_down_for_the_others(self, noon, provider, gateway):
        gateway.on("", (429, {}), headers={"Retry-After": "120"})
        updated_at = provider.updated_at

        self.send(noon, provider, "ann@example.com")

        provider.refresh_from_db()
        assert timedelta(seconds=110) < provider.waits_until - noon <= timedelta(seconds=150)
        assert provider.updated_at == updated_at  # connections are kept
        assert Message.objects.get().connections_failed == 0  # who asks to wait was reached

    def test_another_worker_does_not_call_meanwhile_and_its_people_keep_their_place(
        self, noon, provider, gateway
    ):
        Provider.objects.update(waits_until=noon + timedelta(seconds=60))

        message = self.send(noon, provider, "ann@example.com")

        assert gateway.calls == []
        assert (message.state, message.recipients.get().state) == (Message.State.RUNNING, "queued")
        assert message.connections_failed == 0

    def test_when_the_time_is_over_it_goes_on(self, noon, provider, gateway):
        Provider.objects.update(waits_until=noon - timedelta(seconds=1))

        assert self.send(noon, provider, "ann@example.com").recipients.get().state == "sent"

    def test_a_worker_in_the_middle_of_its_lease_stops_when_another_is_told(
        self, noon, provider, gateway, monkeypatch
    ):
        monkeypatch.setattr(waits, "LOOK_EVERY", 0.0)
        monkeypatch.setattr(sending, "FLIGHT_SIZE", 1)

        def told_elsewhere(_call):
            # The gateway answers in a thread of its own, which has another connection.
            gateway.before_answer = None
            others.append(True)

        others = []
        gateway.before_answer = told_elsewhere
        look = waits.Waits.holds

        def holds(self, engine, *, now):
            if others:
                Provider.objects.update(waits_until=now + timedelta(seconds=60))
            return look(self, engine, now=now)

        monkeypatch.setattr(waits.Waits, "holds", holds)
        message = self.send(noon, provider, "ann@example.com", "bob@example.com", "eve@example.com")

        assert len(gateway.calls) == 1
        assert sorted(message.recipients.values_list("state", flat=True)) == ["queued", "queued", "sent"]

    def test_a_shorter_wait_does_not_cut_a_longer_one(self, noon, provider):
        message = MessageFactory(launched=True, sender=SenderFactory(provider=provider))
        until = noon + timedelta(hours=1)
        Provider.objects.update(waits_until=until)

        class Asked:
            def asked_to_wait(self):
                return 5.0

        waits.Waits({message.pk: message}, {message.pk: Asked()}).share(now=noon)

        provider.refresh_from_db()
        assert provider.waits_until == until

    def send(self, noon, provider, *people):
        return TestSending.send(self, noon, provider, *people)


class TestSending:
    def send(self, noon, provider, *people):
        message = MessageFactory(launched=True, sender=SenderFactory(provider=provider))
        for address in people:
            RecipientFactory(message=message, contact=ContactFactory(email=address))
        services.messages_send(now=noon)
        message.refresh_from_db()
        return message

    def test_a_mail_goes_with_what_a_mailbox_needs_and_our_name_on_it(self, noon, provider, gateway):
        message = self.send(noon, provider, "ann@example.com")

        [call] = gateway.taken
        told = call.json
        row = message.recipients.get()
        assert (row.state, row.answer) == ("sent", "Postmark took it as p-1")
        assert (call.path, call.headers["X-Postmark-Server-Token"]) == ("/email", "token")
        assert (told["To"], told["Subject"]) == ("ann@example.com", "Spring is here")
        assert told["From"] == f"Shop <{message.sender.email}>"
        assert "come and see" in told["TextBody"]
        assert "come and see" in told["HtmlBody"]
        headers = {header["Name"]: header["Value"] for header in told["Headers"]}
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert headers["List-Unsubscribe"].startswith("<http")
        assert headers["Message-ID"] == f"<{row.mail_id}>"
        assert told["Metadata"] == {"bookend": token_make(Purpose.MAIL, row.pk)}
        assert message.state == Message.State.FINISHED

    def test_each_senders_messages_go_their_own_way(self, noon, provider, gateway, mail_server):
        MessageFactory(launched=True, sender=SenderFactory())
        RecipientFactory(message=Message.objects.get(), contact=ContactFactory(email="bob@example.com"))

        self.send(noon, provider, "ann@example.com")

        assert [call.json["To"] for call in gateway.taken] == ["ann@example.com"]
        assert mail_server.recipients == ["bob@example.com"]

    def test_one_that_is_out_of_reach_holds_up_nobody_elses(self, noon, provider, gateway, mail_server):
        away = ProviderFactory(settings={"api_url": f"http://127.0.0.1:{free_port()}"})
        held = MessageFactory(launched=True, sender=SenderFactory(provider=away), priority="urgent")
        RecipientFactory(message=held)
        RecipientFactory(message=MessageFactory(launched=True), contact__email="bob@example.com")

        message = self.send(noon, provider, "ann@example.com")

        assert message.recipients.get().state == "sent"
        assert mail_server.recipients == ["bob@example.com"]
        held.refresh_from_db()
        assert held.recipients.values_list("state", "attempts").get() == ("queued", 0)
        assert (held.state, held.connections_failed) == ("running", 1)

    def test_credentials_that_are_refused_pause_its_messages_and_nothing_is_lost(
        self, noon, provider, gateway
    ):
        gateway.on("", (401, {"Message": "Bad token"}))

        message = self.send(noon, provider, "ann@example.com", "bob@example.com")
        services.messages_send(now=noon)

        message.refresh_from_db()
        assert (message.state, message.pause_reason[:35]) == ("paused", "The provider does not let us in: 40")
        assert set(message.recipients.values_list("state", "attempts")) == {("queued", 0)}

    def test_who_is_asked_to_wait_is_not_paused(self, noon, provider, gateway):
        gateway.on("", (429, {}), headers={"Retry-After": "60"})

        message = self.send(noon, provider, *(f"{n}@example.com" for n in range(30)))
        for _ring in range(3):
            services.messages_send(now=noon)

        message.refresh_from_db()
        assert message.state == "running"
        assert len(gateway.calls) <= 16
        assert set(message.recipients.values_list("state", flat=True)) <= {"planned", "queued"}

    def test_a_test_send_goes_the_same_way(self, noon, lead, provider, gateway):
        message = MessageFactory(sender=SenderFactory(provider=provider))
        person = UserFactory(email="me@shop.example")

        result = services.message_test(message=message, contact=None, people=[person], by=lead, now=noon)

        assert result.sent_to == ["me@shop.example"]
        assert gateway.taken[0].json["Subject"] == "[Test] Spring is here"


def event(kind, recipient, **more):
    """Return what Postmark says of somebody's mail."""
    metadata = {"bookend": token_make(Purpose.MAIL, recipient.pk)}
    return {"RecordType": kind, "MessageID": "p-1", "Metadata": metadata, "Email": "ann@example.com"} | more


def bounce(recipient, **more):
    said = {"ID": 1, "Type": "HardBounce", "Details": "smtp;550 5.1.1 gone"}
    return event("Bounce", recipient, **(said | more))


def call(client, told, kind="postmark", secret=SECRET, **more):
    body = told if isinstance(told, str) else json.dumps(told)
    return client.post(url("hook", kind, secret), body, content_type="application/json", **more)


def suppressed(address):
    found = Suppression.objects.filter(address_hash=address_hash(address))
    return found.values_list("reason", flat=True).first()


@pytest.mark.usefixtures("provider")
class TestCalls:
    def test_a_hard_bounce_ends_it_however_often_it_is_told(self, client, recipient):
        for _time in range(5):
            assert call(client, bounce(recipient)).status_code == HTTPStatus.OK

        report = DeliveryReport.objects.get()
        assert (report.source, report.verdict, report.status, report.recipient) == (
            "provider",
            "hard",
            "5.1.1",
            recipient,
        )
        assert DeliveryEvent.objects.get().kind == "bounced"
        assert suppressed(recipient.address) == "bounced"

    @pytest.mark.parametrize(
        ("told", "verdict"),
        [
            ({"Type": "SoftBounce", "Details": "smtp;452 4.2.2 full"}, "soft"),
            ({"Type": "Blocked", "Details": "smtp;550 5.7.1 policy"}, "ours"),
            ({"Type": "Transient", "Details": "later"}, "delayed"),
        ],
    )
    def test_what_may_pass_or_is_our_fault_suppresses_nobody(self, client, recipient, told, verdict):
        call(client, bounce(recipient, **told))

        assert DeliveryReport.objects.get().verdict == verdict
        assert not Suppression.objects.exists()

    def test_a_complaint_ends_consent(self, client, recipient):
        call(client, event("SpamComplaint", recipient, ID=2, Type="SpamComplaint"))

        assert suppressed(recipient.address) == "complained"
        assert ConsentEvent.objects.latest("pk").basis == "complaint to the mailbox provider"

    def test_leaving_at_the_provider_is_leaving(self, client, recipient):
        told = {"SuppressSending": True, "SuppressionReason": "ManualSuppression", "Recipient": "x"}

        for _time in range(2):
            call(client, event("SubscriptionChange", recipient, ChangedAt="2030-03-01T12:00:00Z", **told))

        assert suppressed(recipient.address) == "unsubscribed"
        assert ConsentEvent.objects.latest("pk").basis == "unsubscribed at the provider"
        assert DeliveryEvent.objects.get().kind == "unsubscribed"

    @pytest.mark.parametrize(("state", "held"), [("unknown", False), ("sending", True)])
    def test_told_before_the_outcome_is_written_down_it_settles_it(self, client, noon, state, held):
        lease = {"lease_token": "12345678-1234-5678-1234-567812345678", "leased_until": noon} if held else {}
        row = RecipientFactory(state=state, mail_id="x@shop.example", **lease)

        call(client, event("Delivery", row, DeliveredAt="2030-03-01T12:00:00Z", Details="250 ok"))

        row.refresh_from_db()
        assert (row.state, row.lease_token) == ("sent", None)
        assert selectors.ledger_problems(row.message, now=noon) == []

    def test_the_order_makes_no_difference(self, client, recipient):
        other = RecipientFactory(state="sent", message=recipient.message, finished_at=recipient.finished_at)
        told = [
            lambda row: event("Delivery", row, DeliveredAt="2030-03-01T12:00:00Z"),
            lambda row: bounce(row),
            lambda row: event("SpamComplaint", row, ID=2, Type="SpamComplaint"),
        ]

        for one in told:
            call(client, one(recipient))
        for one in reversed(told):
            call(client, one(other))

        assert {suppressed(recipient.address), suppressed(other.address)} == {"bounced", "complained"}
        for row in (recipient, other):
            row.refresh_from_db()
            assert row.state == "sent"
            assert set(row.delivery_events.values_list("kind", flat=True)) == {"bounced", "complained"}

    def test_what_is_not_signed_by_us_has_no_effect(self, client, recipient):
        forged = bounce(recipient) | {"Metadata": {"bookend": "A" * 22}}

        assert call(client, forged).status_code == HTTPStatus.OK

        report = DeliveryReport.objects.get()
        assert (report.recipient, report.answer) == (None, "")
        assert not Suppression.objects.exists()

    @pytest.mark.parametrize(
        ("kind", "secret"), [("postmark", "other"), ("brevo", "s3cret"), ("nobody", "s3cret")]
    )
    def test_another_secret_is_nobodys(self, client, recipient, kind, secret):
        assert call(client, bounce(recipient), kind, secret).status_code == HTTPStatus.NOT_FOUND
        assert not DeliveryReport.objects.exists()

    @pytest.mark.parametrize("told", ["", "{", "[" * 100_000, "\x00", '"\\ud800'])
    def test_what_nobody_can_read_is_refused(self, client, told):
        assert call(client, told).status_code == HTTPStatus.BAD_REQUEST
        assert not DeliveryReport.objects.exists()

    @pytest.mark.parametrize("told", [None, 1, "x", {}, {"RecordType": "Bounce", "Metadata": 3}, [[]]])
    def test_one_that_makes_no_sense_holds_up_no_other(self, client, recipient, told):
        response = call(client, [told, bounce(recipient)])

        assert response.status_code == HTTPStatus.OK
        assert suppressed(recipient.address) == "bounced"

    def test_opens_and_clicks_at_the_provider_are_not_counted_twice(self, client, recipient):
        call(client, event("Open", recipient, ReceivedAt="2030-03-01T12:00:00Z"))

        assert not DeliveryReport.objects.exists()

    def test_a_provider_looks_if_anybody_is_there(self, client):
        assert client.head(url("hook", "postmark", "s3cret")).status_code == HTTPStatus.OK
        assert client.get(url("hook", "postmark", "s3cret")).status_code == HTTPStatus.METHOD_NOT_ALLOWED


class TestOtherProvidersCalls:
    def of_mailgun(self, recipient, *, key=b"signing", **data):
        told = {"event": "failed", "severity": "permanent", "recipient": "a@x.example", "timestamp": 1.0}
        told |= {"user-variables": {"bookend": token_make(Purpose.MAIL, recipient.pk)}}
        signed = hmac.digest(key, b"1token", hashlib.sha256).hex()
        return {
            "signature": {"timestamp": "1", "token": "token", "signature": signed},
            "event-data": told | data,
        }

    def test_mailgun_signs(self, client, recipient):
        ProviderFactory(kind="mailgun", secret="s3cret", told=SAMPLES["mailgun"].told)
        status = {"delivery-status": {"message": "550 5.1.1 gone", "enhanced-code": "5.1.1"}}

        forged = call(client, self.of_mailgun(recipient, key=b"guess", **status), "mailgun")
        assert (forged.status_code, DeliveryReport.objects.count()) == (HTTPStatus.FORBIDDEN, 0)

        assert call(client, self.of_mailgun(recipient, **status), "mailgun").status_code == HTTPStatus.OK
        assert suppressed(recipient.address) == "bounced"

    def test_without_a_key_nothing_can_be_signed(self, client, recipient):
        ProviderFactory(kind="mailgun", secret="s3cret", told={"api_key": "key"})

        assert call(client, self.of_mailgun(recipient), "mailgun").status_code == HTTPStatus.FORBIDDEN

    @pytest.mark.parametrize(("told", "verdict"), [("hard_bounce", "hard"), ("soft_bounce", "soft")])
    def test_brevo(self, client, recipient, told, verdict):
        ProviderFactory(kind="brevo", secret="s3cret")
        name = json.dumps({"bookend": token_make(Purpose.MAIL, recipient.pk)})

        call(client, {"event": told, "X-Mailin-custom": name, "message-id": "<b>"}, "brevo")

        assert (DeliveryReport.objects.get().verdict, DeliveryReport.objects.get().recipient) == (
            verdict,
            recipient,
        )

    @pytest.mark.parametrize(("told", "verdict"), [("10", "hard"), ("22", "soft"), ("51", "ours")])
    def test_sparkpost_sends_many_at_once(self, client, recipient, told, verdict):
        ProviderFactory(kind="sparkpost", secret="s3cret")
        name = {"bookend": token_make(Purpose.MAIL, recipient.pk)}
        said = {"type": "bounce", "bounce_class": told, "event_id": "1", "timestamp": "1", "rcpt_meta": name}

        call(client, [{"msys": {}}, {"msys": {"message_event": said}}], "sparkpost")

        assert (DeliveryReport.objects.get().verdict, DeliveryReport.objects.get().recipient) == (
            verdict,
            recipient,
        )


class TestWebhook:
    TOLD = SAMPLES["webhook"].told

    def signed(self, told, *, secret=None, at=None):
        body = json.dumps(told).encode()
        secret = secret or self.TOLD["signing_secret"]
        headers = signing.signed(body, secret=secret, name="call-1", at=at or int(time.time()))
        return body.decode(), {"headers": headers}

    def test_every_try_of_a_mail_has_the_same_name_and_our_signature(self, noon, gateway):
        gateway.usual = SAMPLES["webhook"].usual
        gateway.on("", (500, {}), times=1)
        provider = ProviderFactory(kind="webhook", told=self.TOLD, settings={"url": gateway.url})
        row = RecipientFactory(message__sender__provider=provider)

        for ring in range(2):
            services.messages_send(now=noon + ring * (ledger.RETRY_AFTER[0] + timedelta(seconds=20)))

        first, second = gateway.calls
        row.refresh_from_db()
        assert (row.state, row.attempts) == ("sent", 2)
        name = token_make(Purpose.MAIL, row.pk)
        for one in (first, second):
            assert (one.headers["webhook-id"], one.headers["Idempotency-Key"]) == (name, name)
            at = int(one.headers["webhook-timestamp"])
            secret = self.TOLD["signing_secret"]
            assert signing.is_signed(one.body, one.headers, secret=secret, at=at)
        assert first.json["type"] == "message.send"
        assert first.json["data"]["key"] == name
        assert (first.json["data"]["to"], first.json["data"]["subject"]) == (row.address, "Spring is here")

    def test_who_is_gone_is_not_called_again(self, noon, gateway):
        gateway.on("", (410, {}))
        provider = ProviderFactory(kind="webhook", told=self.TOLD, settings={"url": gateway.url})
        row = RecipientFactory(message__sender__provider=provider)

        for _ring in range(3):
            services.messages_send(now=noon)

        row.refresh_from_db()
        assert (row.state, row.message.state, len(gateway.calls)) == ("queued", "paused", 1)

    def test_events_come_back_signed(self, client, recipient):
        ProviderFactory(kind="webhook", secret="s3cret", told=self.TOLD)
        name = token_make(Purpose.MAIL, recipient.pk)
        told = {"events": [{"event": "bounced", "key": name, "id": "1", "status": "5.1.1"}, 3, {}]}
        body, more = self.signed(told)

        for _time in range(2):
            assert call(client, body, "webhook", **more).status_code == HTTPStatus.OK

        assert DeliveryReport.objects.get().recipient == recipient
        assert suppressed(recipient.address) == "bounced"

    @pytest.mark.parametrize(
        "forged", [{"secret": "whsec_" + "b3RoZXIh" * 4}, {"at": int(time.time()) - 3600}]
    )
    def test_forged_or_old_it_is_refused(self, client, recipient, forged):
        ProviderFactory(kind="webhook", secret="s3cret", told=self.TOLD)
        body, more = self.signed({"events": []}, **forged)

        assert call(client, body, "webhook", **more).status_code == HTTPStatus.FORBIDDEN

    @pytest.mark.parametrize("secret", ["short", "whsec_!", "whsec_" + "YQ=="])
    def test_a_secret_that_is_none_is_refused(self, lead, noon, secret):
        with pytest.raises(ValidationError) as refusal:
            services.provider_save(
                provider=Provider(kind="webhook", name="X"),
                told={"url": "https://x.example/in", "signing_secret": secret},
                by=lead,
                now=noon,
            )

        assert list(refusal.value.message_dict) == ["signing_secret"]


class TestPages:
    def fields(self, **changes):
        return {"name": "Shop", "server_token": "token-1", "is_active": "on"} | changes

    def test_one_is_added_checked_and_changed(self, login, lead, gateway):
        client = login(lead)

        made = client.post(url("provider-create", "postmark"), self.fields(api_url=gateway.url))
        provider = Provider.objects.get()
        checked = client.post(url("provider-check", provider.pk), follow=True)
        kept = client.post(url("provider-edit", provider.pk), self.fields(name="New", server_token=""))

        assert made.headers["Location"] == kept.headers["Location"] == url("provider", provider.pk)
        assert "The connection stands." in checked.content.decode()
        assert gateway.calls[0].headers["X-Postmark-Server-Token"] == "token-1"
        provider.refresh_from_db()
        assert (provider.name, provider.secret("server_token"), provider.checked_at) == (
            "New",
            "token-1",
            None,
        )

    def test_a_secret_is_shown_to_nobody_again(self, login, lead, noon):
        provider = save(lead, noon)

        client = login(lead)

        for name in ("provider", "provider-edit"):
            assert b"token-1" not in client.get(url(name, provider.pk)).content
        assert url("hook", "postmark", secrets.unseal(provider.hook_secret)) in (
            client.get(url("provider", provider.pk)).content.decode()
        )

    def test_says_what_is_wrong_with_the_connection(self, login, lead, provider, gateway):
        gateway.on("", (401, {}))

        page = login(lead).post(url("provider-check", provider.pk), follow=True)

        assert "It does not take these credentials (401)." in page.content.decode()

    def test_what_cannot_be_is_said_beside_its_field(self, login, lead):
        response = login(lead).post(url("provider-create", "postmark"), self.fields(api_url="nowhere"))

        assert response.status_code == HTTPStatus.OK
        assert list(response.context["form"].errors) == ["api_url"]
        assert not Provider.objects.exists()

    def test_says_why_one_in_use_stays(self, login, lead, provider):
        SenderFactory(provider=provider)

        response = login(lead).post(url("provider-delete", provider.pk), follow=True)

        assert "1 sender sends through this provider" in response.content.decode()
        assert Provider.objects.get() == provider

    @pytest.mark.parametrize("name", ["provider-edit", "provider-check", "provider-delete"])
    def test_those_who_write_messages_touch_no_credentials(self, login, name, provider, gateway):
        response = login(UserFactory(role=User.Role.MARKETER)).post(
            url(name, provider.pk), self.fields(name="X")
        )

        assert response.status_code == HTTPStatus.NOT_FOUND
        assert Provider.objects.get().name == provider.name
        assert gateway.calls == []

    def test_cost_the_same_for_one_and_for_twenty(self, login, lead, django_assert_num_queries):
        ProviderFactory.create_batch(20)
        client = login(lead)

        with django_assert_num_queries(4):  # session, user, the clock, providers
            client.get(url("providers"), headers=HTMX)

    def test_a_message_is_not_launched_through_one_that_is_out_of_use(self, lead, noon):
        idle = ProviderFactory(is_active=False, name="Idle")
        message = MessageFactory(sender=SenderFactory(provider=idle))
        RecipientFactory()

        with pytest.raises(services.MessageNotLaunchable, match="“Idle” is not in use any more"):
            services.message_launch(message=message, by=lead, now=noon)

        assert not Recipient.objects.filter(message=message).exists()


class TestApi:
    def test_one_is_made_checked_and_never_shows_its_secrets(self, api, lead, gateway):
        made = api(lead).post(
            "/api/v1/providers/",
            {
                "name": "Shop",
                "kind": "postmark",
                "settings": {"api_url": gateway.url},
                "credentials": {"server_token": "token-1"},
            },
            format="json",
        )
        checked = api(lead).post(f"/api/v1/providers/{made.json()['id']}/check/")

        assert made.status_code == HTTPStatus.CREATED
        assert "token-1" not in made.content.decode() + checked.content.decode()
        assert (checked.json()["check_fault"], checked.json()["checked_at"] is None) == ("", False)

    def test_says_what_a_kind_needs(self, api, lead):
        response = api(lead).post("/api/v1/providers/", {"name": "Shop", "kind": "postmark"}, format="json")

        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert "server_token" in str(response.json())
        assert not Provider.objects.exists()
