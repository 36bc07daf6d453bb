"""How often a person is written to: caps are claimed with the point of no return, and given back."""

import threading
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.collaboration.models import AuditEvent
from apps.contacts.models import ConsentStatus
from apps.contacts.services.merge import contact_merge, contact_unmerge
from apps.messaging import ledger
from apps.messaging.delivery.outcome import Outcome
from apps.messaging.ledger import Addressed
from apps.messaging.models import CapTally, FrequencyCap, Recipient, RuleNote
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ConsentFactory, ContactFactory
from tests.factories.messaging import (
    FrequencyCapFactory,
    MessageFactory,
    RecipientFactory,
    SendingPolicyFactory,
)

pytestmark = pytest.mark.django_db
State = Recipient.State
DAY = timedelta(days=1)


def launched(*, topic="", number=1):
    return MessageFactory.create_batch(number, launched=True, topic=topic)


def addressed(lease, message):
    rows = [row for row in lease.rows if row.message_id == message]
    addresses = dict(Recipient.objects.values_list("pk", "address"))
    return [Addressed(row, addresses[row.id], f"m{row.id}@shop.example") for row in rows]


def advance(lease, now):
    """Let all that was claimed begin, a message at a time; return the ids that are to be handed over."""
    return {
        pk
        for message in sorted({row.message_id for row in lease.rows})
        for pk in ledger.advance(lease, outcomes={}, batch=addressed(lease, message), now=now)
    }


def send(now):
    """Claim whatever is free, let it begin, and have the server take it."""
    lease = ledger.claim(limit=100, now=now)
    going = advance(lease, now)
    ledger.settle(lease, {pk: Outcome.sent("250 ok") for pk in going}, now=now)
    ledger.release(lease)
    return going


def write(contact, now, *, topic=""):
    """Send one message to a contact; tell how its row ended."""
    row = RecipientFactory(contact=contact, message=launched(topic=topic)[0])
    send(now)
    row.refresh_from_db()
    return (row.state, row.reason)


SENT, CAPPED = (State.SENT, ""), (State.SKIPPED, "capped")


class TestClaim:
    def test_lets_as_many_through_as_the_cap_says(self, noon):
        FrequencyCapFactory(most=2)
        contact = ContactFactory()

        assert [write(contact, noon) for _ in range(3)] == [SENT, SENT, CAPPED]

    def test_counts_each_person_alone(self, noon):
        FrequencyCapFactory(most=1)

        assert [write(ContactFactory(), noon) for _ in range(2)] == [SENT, SENT]

    def test_counts_calendar_days_back_from_today(self, noon):
        FrequencyCapFactory(most=1, days=7)
        contact = ContactFactory()

        ends = [write(contact, noon + days * DAY) for days in (0, 6, 7, 13, 14)]

        assert ends == [SENT, CAPPED, SENT, CAPPED, SENT]

    def test_asks_every_cap(self, noon):
        FrequencyCapFactory(most=2, days=1)
        FrequencyCapFactory(most=3, days=7)
        contact = ContactFactory()

        ends = [write(contact, noon + days * DAY) for days in (0, 0, 0, 1, 1, 7)]

        assert ends == [SENT, SENT, CAPPED, SENT, CAPPED, SENT]

    def test_counts_on_a_topic_what_was_about_it(self, noon):
        FrequencyCapFactory(most=1, topic="offers")
        FrequencyCapFactory(most=2)
        contact = ContactFactory()
        for topic in ("offers", "news"):
            ConsentFactory(contact=contact, topic=topic, status=ConsentStatus.SUBSCRIBED)

        ends = [write(contact, noon, topic=topic) for topic in ("offers", "offers", "news", "news")]

        assert ends == [SENT, CAPPED, SENT, CAPPED]

    @pytest.mark.parametrize(
        "other",
        [{"is_active": False}, {"topic": "offers"}, {"channel": "sms"}],
        ids=["not in force", "another topic", "another channel"],
    )
    def test_asks_and_writes_nothing_where_no_cap_applies(self, noon, other):
        FrequencyCapFactory(most=1, **other)
        contact = ContactFactory()

        assert [write(contact, noon) for _ in range(2)] == [SENT, SENT]
        assert not CapTally.objects.exists()

    def test_costs_one_look_at_the_rules_for_a_lease_where_there_is_none(self, noon):
        rows = RecipientFactory.create_batch(3)

        with CaptureQueriesContext(connection) as asked:
            lease = ledger.claim(limit=3, now=noon)
            for row in rows:
                ledger.advance(lease, outcomes={}, batch=addressed(lease, row.message_id), now=noon)

        told = " ".join(query["sql"] for query in asked.captured_queries)
        assert told.count("FROM messaging_frequencycap") == 1
        assert "messaging_captally" not in told

    @pytest.mark.parametrize(
        ("zone", "ends"),
        [
            ("Pacific/Kiritimati", [SENT, SENT]),  # UTC+14: midnight is at 10:00 UTC
            ("America/New_York", [SENT, CAPPED]),
            ("", [SENT, SENT]),  # the installation's, which is Auckland: midnight is at 11:00 UTC
            ("Nowhere/Land", [SENT, SENT]),  # likewise
        ],
    )
    def test_days_are_those_of_the_persons_zone(self, zone, ends):
        SendingPolicyFactory(timezone="Pacific/Auckland")
        FrequencyCapFactory(most=1)
        contact = ContactFactory(timezone=zone)
        hours = [datetime(2026, 11, 27, hour, 30, tzinfo=UTC) for hour in (9, 11)]

        assert [write(contact, hour) for hour in hours] == ends

    def test_says_what_held(self, noon):
        FrequencyCapFactory(most=1)
        contact = ContactFactory()
        write(contact, noon)

        write(contact, noon)

        note = RuleNote.objects.get()
        assert (note.contact, note.rule, note.at, note.until) == (contact, "cap", noon, None)
        assert note.facts == [{"most": 1, "days": 1, "channel": "", "topic": ""}]

    def test_a_row_that_is_nobodys_any_more_counts_for_nothing(self, noon):
        FrequencyCapFactory(most=1)
        RecipientFactory()
        lease = ledger.claim(limit=1, now=noon)
        ledger.reap(now=noon + ledger.LEASE_TIME + timedelta(seconds=1))

        assert advance(lease, noon) == set()
        assert not CapTally.objects.exists()

    def test_who_may_not_be_written_to_is_not_counted(self, noon):
        FrequencyCapFactory(most=1)
        contact = ContactFactory(consent=ConsentStatus.UNSUBSCRIBED)

        assert write(contact, noon) == (State.SKIPPED, "no_consent")
        assert not CapTally.objects.exists()

    def test_a_contact_twice_in_a_batch_is_sent_to_once_and_then_capped(self, noon):
        FrequencyCapFactory(most=1)
        [message] = launched()
        contact = ContactFactory()
        first, second = (
            RecipientFactory(message=message, contact=contact, occurrence=number) for number in range(2)
        )

        assert send(noon) == {first.pk}
        second.refresh_from_db()
        assert second.state == State.QUEUED
        send(noon)

        second.refresh_from_db()
        assert (second.state, second.reason) == CAPPED

    def test_forgets_days_that_no_cap_looks_back_to(self, noon):
        FrequencyCapFactory(most=1, days=2)
        contact = ContactFactory()

        for days in (0, 2, 4):
            write(contact, noon + days * DAY)

        [entry] = CapTally.objects.get().entries
        assert entry["day"] == f"{(noon + 4 * DAY).date()}"


class TestGiveBack:
    @pytest.mark.parametrize(
        ("outcome", "left"),
        [
            (Outcome.untried("away"), 0),
            (Outcome.not_now("451 later"), 0),
            (Outcome.refused("550 no"), 0),
            (Outcome.silence("nothing"), 1),  # it may be there
            (Outcome.sent("250 ok"), 1),
        ],
        ids=lambda told: getattr(told, "answer", ""),
    )
    def test_what_has_not_been_sent_counts_no_more(self, noon, outcome, left):
        FrequencyCapFactory(most=1)
        row = RecipientFactory()
        lease = ledger.claim(limit=1, now=noon)
        assert advance(lease, noon) == {row.pk}

        ledger.settle(lease, {row.pk: outcome}, now=noon)

        assert len(CapTally.objects.get().entries) == left

    def test_a_retry_counts_once(self, noon):
        FrequencyCapFactory(most=1)
        row = RecipientFactory()
        for outcome in (Outcome.not_now("451 later"), Outcome.sent("250 ok")):
            Recipient.objects.filter(state=State.PLANNED).update(state=State.QUEUED)
            lease = ledger.claim(limit=1, now=noon)
            assert advance(lease, noon) == {row.pk}
            ledger.settle(lease, {row.pk: outcome}, now=noon)

        assert [entry["id"] for entry in CapTally.objects.get().entries] == [row.pk]

    def test_a_late_word_of_a_worker_frees_nothing_that_another_one_sends(self, noon):
        FrequencyCapFactory(most=1)
        row = RecipientFactory()
        slow = ledger.claim(limit=1, now=noon)
        later = noon + ledger.LEASE_TIME + timedelta(seconds=1)
        ledger.reap(now=later)
        assert advance(ledger.claim(limit=1, now=later), later) == {row.pk}

        ledger.settle(slow, {row.pk: Outcome.untried("away")}, now=later)

        assert len(CapTally.objects.get().entries) == 1


class TestTogether:
    WORKERS = 8

    @pytest.mark.django_db(transaction=True)
    def test_a_person_in_three_messages_at_one_second_gets_exactly_one(self, noon):
        """Many workers, none waiting for another to be done: what is counted is counted by the claim."""
        FrequencyCapFactory(most=1)
        people = ContactFactory.create_batch(8)
        for turn, message in enumerate(launched(number=3)):
            for contact in people[turn:] + people[:turn]:  # so that each worker has three persons
                RecipientFactory(message=message, contact=contact)
        barrier = threading.Barrier(self.WORKERS)
        faults = []

        def work():
            try:
                lease = ledger.claim(limit=3, now=noon)
                barrier.wait(timeout=30)
                going = advance(lease, noon)
                ledger.settle(lease, {pk: Outcome.sent("250 ok") for pk in going}, now=noon)
            except Exception as fault:  # told below, in the test's own thread
                faults.append(fault)
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _ in range(self.WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)

        assert faults == []
        for contact in people:
            ends = sorted(contact.recipients.values_list("state", "reason"))
            assert ends == [SENT, CAPPED, CAPPED]
            assert len(CapTally.objects.get(contact=contact).entries) == 1
        assert RuleNote.objects.count() == 2 * len(people)


class TestPages:
    def fields(self, **changes):
        return {"most": 2, "days": 7, "channel": "email", "topic": "", "is_active": "on"} | changes

    def test_a_lead_adds_changes_and_deletes_one(self, login, lead):
        client = login(lead)

        made = client.post(reverse("messaging:cap-create"), self.fields())
        cap = FrequencyCap.objects.get()
        client.post(reverse("messaging:cap", args=[cap.pk]), self.fields(most=3))
        page = client.get(reverse("messaging:policy")).content.decode()
        client.post(reverse("messaging:cap-delete", args=[cap.pk]))

        assert made.headers["Location"] == reverse("messaging:policy")
        assert "At most 3 messages by e-mail in 7 calendar days" in page
        assert not FrequencyCap.objects.exists()
        acts = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
        assert list(acts) == [f"frequencycap.{act}" for act in ("created", "changed", "deleted")]

    @pytest.mark.parametrize(
        ("field", "value"), [("most", 0), ("most", 101), ("days", 0), ("days", 93), ("topic", "unheard_of")]
    )
    def test_what_cannot_be_is_told_beside_its_field(self, login, lead, field, value):
        response = login(lead).post(reverse("messaging:cap-create"), self.fields(**{field: value}))

        assert list(response.context["form"].errors) == [field]
        assert not FrequencyCap.objects.exists()

    def test_there_is_one_for_the_same(self, login, lead):
        FrequencyCapFactory(most=1, days=7, channel="email")

        response = login(lead).post(reverse("messaging:cap-create"), self.fields())

        assert "There is a cap for this channel, topic and number of days." in response.content.decode()
        assert FrequencyCap.objects.get().most == 1

    def test_a_marketer_changes_nothing(self, login):
        cap = FrequencyCapFactory(most=1)
        client = login(UserFactory(role="marketer"))

        answers = [
            client.post(reverse("messaging:cap", args=[cap.pk]), self.fields()),
            client.post(reverse("messaging:cap-delete", args=[cap.pk])),
        ]

        assert [answer.status_code for answer in answers] == [HTTPStatus.FORBIDDEN] * 2
        assert FrequencyCap.objects.get().days == 1

    def test_the_review_says_which_will_be_asked(self, login, lead):
        FrequencyCapFactory(most=2)
        FrequencyCapFactory(most=9, topic="offers")
        ContactFactory()
        message = MessageFactory()

        page = login(lead).get(reverse("messaging:detail", args=[message.pk])).content.decode()

        assert "At most 2 messages a calendar day" in page
        assert "At most 9" not in page


class TestApi:
    def test_adds_changes_and_deletes_one(self, api, lead):
        client = api(lead, "sending-rules:read", "sending-rules:write")

        made = client.post(reverse("api:frequency-cap-list"), {"most": 2, "days": 7}, format="json").json()
        one = reverse("api:frequency-cap-detail", args=[made["id"]])
        changed = client.patch(one, {"is_active": False}, format="json").json()
        deleted = client.delete(one)

        told = {"channel": "", "topic": "", "most": 2, "days": 7}
        assert made | told | {"is_active": True} == made
        assert changed["is_active"] is False
        assert deleted.status_code == HTTPStatus.NO_CONTENT

    def test_refuses_a_second_one_for_the_same(self, api, lead):
        FrequencyCapFactory(days=7)

        response = api(lead, "sending-rules:write").post(
            reverse("api:frequency-cap-list"), {"most": 2, "days": 7}, format="json"
        )

        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert FrequencyCap.objects.count() == 1


class TestMerge:
    def test_counts_for_the_kept_contact_what_either_had(self, noon, lead):
        FrequencyCapFactory(most=1)
        keep, gone = ContactFactory.create_batch(2)
        write(gone, noon)
        merge = contact_merge(keep=keep, gone=gone, by=lead, now=noon, is_confirmed=True)

        assert write(keep, noon) == CAPPED

        contact_unmerge(merge=merge, by=lead, now=noon)
        assert write(keep, noon) == SENT
        assert write(gone, noon) == CAPPED
