"""Messages by SMS: written, launched to those who may get them, sent, and what comes back."""

import base64
import hashlib
import hmac
from datetime import time, timedelta
from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.contacts.addresses import address_hash
from apps.contacts.models import Consent, ConsentEvent, Suppression
from apps.core import clock
from apps.messaging import audience, ledger, selectors, services
from apps.messaging.channels import base
from apps.messaging.delivery.texts import composer_of
from apps.messaging.models import DeliveryReport, Message, Recipient
from apps.messaging.smstext import text_size
from apps.messaging.tokens import Purpose, token_make
from tests.factories.campaigns import AudienceFactory, ChannelFactory
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import (
    FrequencyCapFactory,
    MessageFactory,
    ProviderFactory,
    QuietHoursFactory,
    RecipientFactory,
    SenderFactory,
)
from tests.gateway import Gateway
from tests.messaging.test_channels import SAMPLES

pytestmark = pytest.mark.django_db
NUMBER = "+441632960123"


def url(name, *args):
    return reverse(f"messaging:{name}", args=args)


def reader(phone=NUMBER, *, status="subscribed", **more):
    contact = ContactFactory(phone=phone, email="", consent=False, **more)
    if status:
        Consent.objects.create(contact=contact, channel="sms", status=status, changed_at=clock.now())
    return contact


@pytest.fixture
def gateway(settings):
    settings.OUTGOING_PRIVATE_HOSTS = ["127.0.0.1"]
    with Gateway(SAMPLES["twilio"].usual) as server:
        yield server
    base.engines_close()


@pytest.fixture
def sender(gateway):
    told = {"kind": "twilio", "told": {"auth_token": "token"}, "secret": "s3cret"}
    provider = ProviderFactory(settings={"account_sid": "AC1", "api_url": gateway.url}, **told)
    return SenderFactory(phone="+441632960000", sms_provider=provider)


@pytest.fixture
def draft(sender):
    now = clock.now()
    days = {
        f"campaign__{name}": (now + timedelta(days=in_days)).date()
        for name, in_days in [("start_date", 0), ("launch_date", 9), ("goal_date", 90)]
    }
    seen = {"campaign__goal_seen__occurred_at": now - timedelta(days=1)}
    message = MessageFactory(
        sender=sender,
        template=None,
        text="Hello {{ contact.first_name | default: 'you' }}. Reply STOP to stop.",
        segments=[AudienceFactory()],
        **days,
        **seen,
    )
    message.channel = ChannelFactory(campaign=message.campaign, kind="sms")
    message.save()
    return message


@pytest.fixture
def message(draft, noon):
    """One on its way, with nobody yet."""
    Message.objects.update(state="running", launched_at=noon)
    draft.refresh_from_db()
    return draft


def line(message, contact, **more):
    return RecipientFactory(message=message, contact=contact, address=contact.phone, **more)


class TestSize:
    @pytest.mark.parametrize(
        ("text", "alphabet", "units", "parts"),
        [
            ("", "GSM-7", 0, 0),
            ("a" * 160, "GSM-7", 160, 1),
            ("a" * 161, "GSM-7", 161, 2),
            ("a" * 306, "GSM-7", 306, 2),
            ("a" * 307, "GSM-7", 307, 3),
            ("€" * 80, "GSM-7", 160, 1),
            ("a" * 152 + "€" * 77, "GSM-7", 306, 3),  # a letter of two units is not taken apart
            ("ä ö ü ß à", "GSM-7", 9, 1),
            ("ç", "UCS-2", 1, 1),
            ("ж" * 70, "UCS-2", 70, 1),
            ("ж" * 71, "UCS-2", 71, 2),
            ("😀" * 35, "UCS-2", 70, 1),
            ("😀" * 67, "UCS-2", 134, 3),
        ],
    )
    def test_is_as_networks_count(self, text, alphabet, units, parts):
        size = text_size(text)

        assert (size.alphabet, size.units, size.parts) == (alphabet, units, parts)


class TestLaunch:
    def test_reaches_those_whom_it_promised_by_consent_to_sms(self, draft, lead):
        may = [reader(), reader("+441632960124")]
        left_out = {
            reader("", status="").pk: "no_address",
            reader("+441632960125", status="").pk: "no_consent",
            reader("+441632960126", status="unsubscribed").pk: "no_consent",
            ContactFactory().pk: "no_address",
        }
        gone = reader("+441632960127")
        Suppression.objects.create(
            channel="sms", address_hash=address_hash(gone.phone), reason="by_hand", at=clock.now()
        )
        promise = audience.promise(audience.choice_of(draft), now=clock.now())

        message = services.message_launch(message=draft, by=lead, now=clock.now(), promised=2)

        rows = dict(message.recipients.values_list("contact_id", "reason"))
        told = {one.pk: "" for one in may} | left_out | {gone.pk: "suppressed"}
        assert {pk: rows[pk] for pk in told} == told
        assert promise.recipients == 2
        assert set(message.recipients.filter(reason="").values_list("address", flat=True)) == {
            one.phone for one in may
        }
        assert (message.state, message.template_version) == ("running", None)

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            ({"text": "  "}, "No text is written."),
            ({"text": "Hello {{ contact.first_name"}, "The text cannot be read"),
            ({"text": "Hello {{ secret }}"}, "secret"),
        ],
    )
    def test_says_what_the_text_lacks_and_nothing_happens(self, draft, lead, change, problem):
        reader()
        Message.objects.update(**change)

        with pytest.raises(services.MessageNotLaunchable, match=problem):
            services.message_launch(message=draft, by=lead, now=clock.now())

        assert not Recipient.objects.exists()

    def test_needs_a_sender_that_sends_texts(self, draft, lead):
        reader()
        draft.sender = SenderFactory()
        draft.save()

        with pytest.raises(services.MessageNotLaunchable, match="has no provider for SMS"):
            services.message_launch(message=draft, by=lead, now=clock.now())


class TestUndo:
    def test_one_that_was_undone_and_written_anew_goes_out_as_it_is_now(self, draft, lead):
        """A worker that had made ready for the first launch, and begun nothing, must not go by that."""
        reader()
        now = clock.now()
        first = services.message_launch(message=draft, by=lead, now=now, undo_seconds=60)
        composer_of(first)
        undone = services.message_undo(message=first, by=lead, now=now)
        fields = services.MessageFields(text="Second. STOP to end.")
        services.message_update(message=undone, fields=fields, by=lead, now=now)

        again = services.message_launch(message=undone, by=lead, now=now + timedelta(minutes=1))

        assert composer_of(again).preview({}) == "Second. STOP to end."


class TestSending:
    def test_everyone_gets_their_own_text_once(self, message, noon, gateway):
        rows = [
            line(message, reader(attributes={"first_name": "Ann"})),
            line(message, reader("+441632960124")),
        ]

        for _ring in range(2):
            services.messages_send(now=noon)

        told = {call.fields["To"]: call.fields for call in gateway.taken}
        assert len(gateway.taken) == 2
        assert told[NUMBER]["Body"] == "Hello Ann. Reply STOP to stop."
        assert told["+441632960124"]["Body"] == "Hello you. Reply STOP to stop."
        assert told[NUMBER]["From"] == "+441632960000"
        assert gateway.taken[0].path == "/2010-04-01/Accounts/AC1/Messages.json"
        message.refresh_from_db()
        assert (message.state, rows[0].message.recipients.filter(state="sent").count()) == ("finished", 2)
        assert selectors.ledger_problems(message, now=noon) == []

    def test_who_said_stop_meanwhile_gets_nothing(self, message, noon, gateway):
        row = line(message, reader())
        services.text_stop(number=NUMBER, now=noon)

        services.messages_send(now=noon)

        row.refresh_from_db()
        assert (row.state, row.reason, gateway.calls) == ("skipped", "suppressed", [])

    def test_caps_and_quiet_hours_of_its_own_channel_hold(self, message, noon, gateway):
        QuietHoursFactory(channel="email", starts=time(0), ends=time(23, 59))
        FrequencyCapFactory(channel="sms", most=1)
        contact = reader()
        line(message, contact)
        services.messages_send(now=noon)
        again = line(message, contact, occurrence=1)
        Message.objects.update(state="running", finished_at=None)

        services.messages_send(now=noon)

        again.refresh_from_db()
        assert (again.state, again.reason, len(gateway.taken)) == ("skipped", "capped", 1)

    def test_quiet_hours_of_sms_hold_texts(self, message, noon, gateway):
        QuietHoursFactory(channel="sms", starts=time(11), ends=time(13))
        row = line(message, reader())

        services.messages_send(now=noon)

        row.refresh_from_db()
        assert (row.state, row.due_at, gateway.calls) == ("planned", noon + timedelta(hours=1), [])

    def test_one_that_fails_on_somebodys_data_fails_alone(self, message, noon, gateway):
        Message.objects.update(text="{{ contact.long }}")
        bad = line(message, reader(attributes={"long": "x" * 1601}))
        good = line(message, reader("+441632960124", attributes={"long": "short"}))

        services.messages_send(now=noon)

        bad.refresh_from_db()
        good.refresh_from_db()
        assert (bad.state, good.state, len(gateway.taken)) == ("failed", "sent", 1)
        assert "longer than 1600" in bad.answer

    def test_a_number_that_changed_gets_it_at_the_new_one(self, message, noon, gateway):
        contact = reader()
        lease_of = line(message, contact)
        contact.phone, contact.phone_hash = "+441632960999", address_hash("+441632960999")
        contact.save()

        services.messages_send(now=noon)

        lease_of.refresh_from_db()
        assert (gateway.taken[0].fields["To"], lease_of.address) == ("+441632960999", "+441632960999")

    def test_without_a_provider_any_more_the_message_pauses(self, message, noon):
        line(message, reader())
        message.sender.sms_provider = None
        message.sender.save()

        services.messages_send(now=noon)

        message.refresh_from_db()
        assert (message.state, message.recipients.get().state) == ("paused", "queued")
        assert "has no provider for SMS" in message.pause_reason


def twilio(client, fields, *, query="", token="token", secret="s3cret"):  # noqa: S107
    path = url("hook", "twilio", secret) + query
    content = f"http://testserver{path}" + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    signed = base64.b64encode(hmac.digest(token.encode(), content.encode(), hashlib.sha1)).decode()
    return client.post(path, fields, headers={"X-Twilio-Signature": signed})


@pytest.mark.usefixtures("sender")
class TestCalls:
    @pytest.fixture(autouse=True)
    def base_url(self, settings):
        settings.BASE_URL = "http://testserver"

    def tell(self, client, row, status, code="", **more):
        fields = {"MessageStatus": status, "MessageSid": "SM-1"} | ({"ErrorCode": code} if code else {})
        return twilio(client, fields, query=f"?key={token_make(Purpose.MAIL, row.pk)}", **more)

    @pytest.mark.parametrize(
        ("status", "code", "verdict", "is_over"),
        [
            ("undelivered", "30005", "hard", True),
            ("failed", "30003", "soft", False),
            ("undelivered", "30007", "ours", False),
            ("delivered", "", "delivered", False),
        ],
    )
    def test_what_becomes_of_a_text_is_known_once(
        self, client, message, noon, status, code, verdict, is_over
    ):
        row = line(message, reader(), state="unknown", mail_id="x")

        for _time in range(3):
            assert self.tell(client, row, status, code).status_code == HTTPStatus.OK

        row.refresh_from_db()
        assert (DeliveryReport.objects.get().verdict, row.state) == (verdict, "sent")
        assert list(Suppression.objects.values_list("channel", "address_hash")) == (
            [("sms", address_hash(NUMBER))] if is_over else []
        )

    def test_forged_it_is_refused(self, client, message):
        row = line(message, reader(), state="sent")

        assert (
            self.tell(client, row, "undelivered", "30005", token="guess").status_code == HTTPStatus.FORBIDDEN
        )
        assert not DeliveryReport.objects.exists()

    @pytest.mark.parametrize("words", ["STOP", "stop.", " Unsubscribe "])
    def test_stop_ends_it_for_everyone_with_this_number(self, client, words):
        people = [reader(), reader()]
        answer = {"From": NUMBER, "Body": words, "MessageSid": "SM-2"}

        for _time in range(2):
            assert twilio(client, answer).status_code == HTTPStatus.OK

        assert Suppression.objects.get().channel == "sms"
        lines = ConsentEvent.objects.filter(contact__in=people)
        assert set(lines.values_list("channel", "status", "basis")) == {
            ("sms", "unsubscribed", "STOP by text message")
        }
        assert lines.count() == 2

    @pytest.mark.parametrize(
        ("number", "words"), [(NUMBER, "please stop by"), ("SHOP", "STOP"), (NUMBER, "")]
    )
    def test_other_answers_change_nothing(self, client, number, words):
        reader()

        response = twilio(client, {"From": number, "Body": words, "MessageSid": "SM-3"})

        assert response.status_code == HTTPStatus.OK
        assert not Suppression.objects.exists()


class TestPages:
    def test_one_is_written_seen_and_launched(self, login, lead, draft):
        reader(attributes={"first_name": "Ann"})
        client = login(lead)

        text = "Hi {{ contact.first_name | default: 'you' }} 😀"

        made = client.post(url("create", draft.channel.pk), {"name": "Sale"})
        written = client.post(url("content-edit", draft.pk), {"text": text, "stay": "1"})
        content = client.get(url("content-edit", draft.pk)).content.decode()
        review = client.get(url("detail", draft.pk)).content.decode()
        settings = client.get(url("settings-edit", draft.pk))

        other = Message.objects.exclude(pk=draft.pk).get()
        assert (made.headers["Location"], other.is_text) == (url("recipients-edit", other.pk), True)
        assert written.headers["Location"] == url("content-edit", draft.pk)
        for page in (content, review):
            assert "Hi Ann 😀" in page
            assert "8 characters in UCS-2: 1 message for this person." in page
        assert "Send a test" not in review
        assert list(settings.context["form"].fields["sender"].queryset) == [draft.sender]

        launched = client.post(url("launch", draft.pk), {"promised": "1"}, follow=True)
        assert "form" not in (launched.context or {}) or not launched.context["form"].errors

        draft.refresh_from_db()
        assert draft.state == "running"
        assert "Hi {{ contact.first_name | default" in launched.content.decode()

    def test_a_sender_names_what_its_texts_come_from(self, login, lead, sender):
        fields = {"name": "Shop", "email": "x@shop.example", "sms_provider": sender.sms_provider.pk}

        response = login(lead).post(url("sender", sender.pk), fields | {"phone": ""})

        assert response.context["form"].errors == {"phone": ["Say what texts come from."]}

    def test_a_provider_of_mail_sends_no_texts(self, lead, noon):
        sender = SenderFactory.build(sms_provider=ProviderFactory(name="Mail"), phone="SHOP")

        with pytest.raises(services.SenderRefused, match="“Mail” does not carry SMS"):
            services.sender_save(sender=sender, by=lead, now=noon)

    def test_a_text_is_not_tested_by_mail(self, draft, lead, noon):
        with pytest.raises(services.TestNotSent, match="cannot be tested"):
            services.message_test(message=draft, contact=None, people=[lead], by=lead, now=noon)


def test_over_the_api_a_text_is_written_as_in_the_browser(api, lead, draft):
    fields = {"campaign": draft.campaign.pk, "channel": draft.channel.pk, "name": "Sale", "text": "Hi"}

    made = api(lead).post("/api/v1/messages/", fields, format="json")

    assert (made.status_code, made.json()["text"]) == (HTTPStatus.CREATED, "Hi")
    assert Message.objects.get(pk=made.json()["id"]).is_text


def test_its_rows_are_claimed_beside_those_of_mails(message, noon):
    line(message, reader())
    RecipientFactory()

    lease = ledger.claim(limit=10, now=noon)

    assert len(lease.rows) == 2
