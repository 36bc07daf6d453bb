"""What happens to a row when a worker is paused, killed, slow, or not alone."""

import threading
import time
from collections import Counter
from contextlib import closing, nullcontext
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, connections
from django.db.models import Q

from apps.contacts.models import Consent, ConsentStatus, Contact
from apps.messaging import ledger
from apps.messaging.delivery.outcome import Outcome
from apps.messaging.ledger import Addressed, leases
from apps.messaging.models import Message, Recipient
from tests.factories.contacts import ContactFactory, SuppressionFactory
from tests.factories.messaging import (
    FrequencyCapFactory,
    MessageFactory,
    QuietHoursFactory,
    RateLimitFactory,
    RecipientFactory,
)
from tests.locks import hasty

pytestmark = pytest.mark.django_db
State = Recipient.State
MANY_SENT = """
    WITH people AS (
        INSERT INTO contacts_contact (email, email_hash, attributes, created_at, updated_at)
        SELECT n || '@example.com', sha256(n::text::bytea), '{}', now(), now()
        FROM generate_series(1, 5000) AS n RETURNING id, email
    )
    INSERT INTO messaging_recipient (message_id, contact_id, address, state, reason, due_at, finished_at)
    SELECT %s, id, email, 'sent', '', now(), now() FROM people
"""
MINUTE = timedelta(minutes=1)


@pytest.fixture
def later(noon):
    """A moment when leases taken at noon are over."""
    return noon + ledger.LEASE_TIME + timedelta(seconds=1)


def addressed(lease, **changes):
    """Return the lease's rows as a worker addresses them; `changes` by contact id."""
    addresses = dict(Contact.objects.values_list("pk", "email"))
    return [Addressed(row, addresses[row.contact_id], f"m{row.id}@shop.example") for row in lease.rows]


def begin(lease, now):
    return ledger.advance(lease, outcomes={}, batch=addressed(lease), now=now)


def settle(lease, now, outcome):
    ledger.settle(lease, {row.id: outcome for row in lease.rows}, now=now)


def claimed(now, limit=10):
    lease = ledger.claim(limit=limit, now=now)
    assert lease is not None
    return lease


def only_row():
    return Recipient.objects.get()


class TestPlans:
    """
    How statements find their rows by statistics of an hour ago: of many people all were sent, and nobody was
    in anybody's hands. By state, as the planner would have it, each batch goes through all that were since.
    """

    @pytest.fixture
    def message(self):
        message = MessageFactory(launched=True)
        with connection.cursor() as cursor:
            cursor.execute(MANY_SENT, [message.pk])
            cursor.execute("ANALYZE messaging_recipient, messaging_message, contacts_contact")
        RecipientFactory.create_batch(30, message=message)
        return message

    @pytest.fixture
    def plans(self, message, monkeypatch):
        """The plans of what is asked of recipients from here on."""
        found = []

        def explained(execute, statement, params, many, context):
            if "messaging_recipient " in statement or '"messaging_recipient"' in statement:
                with connection.connection.cursor() as asked:
                    asked.execute(f"EXPLAIN {statement}", params)
                    found.append("\n".join(line for (line,) in asked.fetchall()))
            return execute(statement, params, many, context)

        monkeypatch.setattr(leases.prepared, "cursor", connection.cursor)
        monkeypatch.setattr(leases, "pipeline", nullcontext)
        with connection.execute_wrapper(explained):
            yield found

    @pytest.mark.parametrize("has_rules", [False, True], ids=["plain", "caps-hours-and-limits"])
    def test_a_worker_finds_what_it_has_in_hand_by_id(self, noon, plans, has_rules):
        if has_rules:
            FrequencyCapFactory()
            QuietHoursFactory()
            RateLimitFactory(sender=None, domain="example.com", most=1000)
        lease = claimed(noon, limit=25)
        [of_claim] = plans[:]
        del plans[:]

        begin(lease, noon)
        ends = [Outcome.sent("250"), Outcome.not_now("451"), Outcome.untried(""), Outcome.refused("550")]
        settle_all = {row.id: ends[place % 4] for place, row in enumerate(lease.rows)}
        ledger.settle(lease, settle_all, now=noon)
        ledger.release(lease)

        assert "Index Scan using messaging_recipient_pkey on messaging_recipient taken" in of_claim
        assert "messaging_recipient_state" in of_claim  # who is next in line
        for plan in [of_claim, *plans]:
            assert "Seq Scan on messaging_recipient" not in plan
        for plan in plans:
            assert "messaging_recipient_state" not in plan, plan

    def test_what_time_brings_is_looked_for_among_what_waits(self, noon, plans):
        lease = claimed(noon, limit=25)
        begin(lease, noon)
        del plans[:]

        later = noon + ledger.LEASE_TIME + MINUTE
        for act in (ledger.reap, ledger.expire, ledger.cancel, ledger.queue_due, ledger.finish):
            act(now=later)

        assert plans
        for plan in plans:
            assert "Seq Scan on messaging_recipient" not in plan, plan


class TestClaim:
    def test_gives_out_no_more_than_asked_for_and_each_row_once(self, noon):
        rows = RecipientFactory.create_batch(5, message=MessageFactory(launched=True))

        first, second, third = (ledger.claim(limit=3, now=noon) for _ in range(3))

        assert [row.id for row in first.rows] == [row.pk for row in rows[:3]]
        assert [row.id for row in second.rows] == [row.pk for row in rows[3:]]
        assert third is None

    def test_sets_the_token_and_the_end_of_the_lease(self, noon):
        RecipientFactory()

        lease = claimed(noon)

        row = only_row()
        assert (row.state, row.lease_token, row.leased_until) == (
            State.LEASED,
            lease.token,
            noon + ledger.LEASE_TIME,
        )

    def test_gives_every_message_its_share(self, noon):
        large = RecipientFactory.create_batch(8, message=MessageFactory(launched=True))
        small = RecipientFactory.create_batch(2, message=MessageFactory(launched=True))

        lease = claimed(noon, limit=4)

        assert [row.id for row in lease.rows] == [row.pk for row in [*large[:2], *small]]

    def test_gives_most_to_what_is_urgent_and_something_to_everybody(self, noon):
        for priority in ("low", "normal", "urgent"):
            message = MessageFactory(launched=True, priority=priority)
            RecipientFactory.create_batch(40, message=message)

        lease = claimed(noon, limit=40)

        taken = Counter(Recipient.objects.get(pk=row.id).message.priority for row in lease.rows)
        assert taken == {"urgent": 28, "normal": 10, "low": 2}
        assert Recipient.objects.get(pk=lease.rows[0].id).message.priority == "urgent"

    def test_leaves_what_is_urgent_everything_where_nothing_else_waits(self, noon):
        RecipientFactory.create_batch(5, message=MessageFactory(launched=True, priority="urgent"))

        assert len(claimed(noon, limit=4).rows) == 4

    def test_shares_the_portion_of_a_priority_among_its_messages(self, noon):
        urgent = [MessageFactory(launched=True, priority="urgent") for _ in range(2)]
        for message in [*urgent, MessageFactory(launched=True)]:
            RecipientFactory.create_batch(20, message=message)

        lease = claimed(noon, limit=19)

        taken = Counter(row.message_id for row in lease.rows)
        assert [taken[message.pk] for message in urgent] == [7, 7]

    @pytest.mark.parametrize("state", ["paused", "cancelled"])
    def test_takes_nothing_of_a_message_that_does_not_run(self, noon, state):
        RecipientFactory(message__state=state)

        assert ledger.claim(limit=1, now=noon) is None

    @pytest.mark.django_db(transaction=True)
    def test_passes_by_the_rows_that_another_worker_is_just_taking(self, noon):
        taken, free = RecipientFactory.create_batch(2, message=MessageFactory(launched=True))

        with (
            closing(connections.create_connection("default")) as other_worker,
            other_worker.cursor() as cursor,
        ):
            other_worker.set_autocommit(False)
            cursor.execute("SELECT FROM messaging_recipient WHERE id = %s FOR UPDATE", [taken.pk])
            lease = ledger.claim(limit=2, now=noon)

        assert [row.id for row in lease.rows] == [free.pk]

    @pytest.mark.django_db(transaction=True)
    def test_is_on_disk_when_it_returns(self, noon):
        RecipientFactory()
        claimed(noon)

        with closing(connections.create_connection("default")) as other, other.cursor() as cursor:
            cursor.execute("SELECT state FROM messaging_recipient")
            assert cursor.fetchall() == [("leased",)]


class TestBegin:
    def test_passes_the_point_of_no_return_under_our_message_id(self, noon):
        recipient = RecipientFactory()
        lease = claimed(noon)

        assert begin(lease, noon + MINUTE) == {recipient.pk}

        row = only_row()
        assert (row.state, row.mail_id, row.attempts) == (State.SENDING, f"m{row.pk}@shop.example", 1)
        assert row.leased_until == noon + MINUTE + ledger.LEASE_TIME

    @pytest.mark.django_db(transaction=True)
    def test_is_on_disk_when_it_returns(self, noon):
        RecipientFactory()
        begin(claimed(noon), noon)

        with closing(connections.create_connection("default")) as other, other.cursor() as cursor:
            cursor.execute("SELECT state FROM messaging_recipient")
            assert cursor.fetchall() == [("sending",)]

    def test_a_pause_puts_claimed_rows_back_in_line(self, noon):
        RecipientFactory()
        lease = claimed(noon)
        Message.objects.update(state=Message.State.PAUSED)

        assert begin(lease, noon) == set()
        row = only_row()
        assert (row.state, row.lease_token, row.attempts) == (State.QUEUED, None, 0)

    def test_switching_sending_off_puts_claimed_rows_back_in_line(self, noon, settings):
        RecipientFactory()
        lease = claimed(noon)
        settings.SENDING_ENABLED = False

        assert begin(lease, noon) == set()
        assert only_row().state == State.QUEUED

    def test_a_cancelled_message_closes_claimed_rows(self, noon):
        RecipientFactory()
        lease = claimed(noon)
        Message.objects.update(state=Message.State.CANCELLED)

        assert begin(lease, noon) == set()
        row = only_row()
        assert (row.state, row.finished_at) == (State.CANCELLED, noon)

    def test_what_would_come_too_late_expires(self, noon):
        RecipientFactory(message__not_after=noon + MINUTE)
        lease = claimed(noon)

        assert begin(lease, noon + MINUTE) == set()
        assert only_row().state == State.EXPIRED

    @pytest.mark.parametrize(
        ("happens", "reason"),
        [
            pytest.param(
                lambda contact: SuppressionFactory(address=contact.email), "suppressed", id="suppressed"
            ),
            pytest.param(
                lambda contact: Consent.objects.update(status=ConsentStatus.UNSUBSCRIBED),
                "no_consent",
                id="left",
            ),
            pytest.param(
                lambda contact: Contact.objects.update(erased_at="2030-01-01T00:00Z", email=""),
                "erased",
                id="erased",
            ),
            pytest.param(lambda contact: Contact.objects.update(email=""), "no_address", id="no-address"),
        ],
    )
    def test_a_contact_who_may_not_be_written_to_any_more_is_skipped_with_the_reason(
        self, noon, happens, reason
    ):
        recipient = RecipientFactory()
        lease = claimed(noon)
        batch = addressed(lease)
        happens(recipient.contact)

        assert ledger.advance(lease, outcomes={}, batch=batch, now=noon) == set()
        row = only_row()
        assert (row.state, row.reason, row.finished_at) == (State.SKIPPED, reason, noon)
        assert row.lease_token is None

    @pytest.mark.parametrize(("topic", "state"), [("", "sending"), ("news", "skipped"), ("sport", "sending")])
    def test_the_topic_of_the_message_is_the_one_that_is_asked(self, noon, topic, state):
        recipient = RecipientFactory(message__topic=topic)
        Consent.objects.create(
            contact=recipient.contact,
            channel="email",
            topic="news",
            status=ConsentStatus.UNSUBSCRIBED,
            changed_at=noon,
        )

        begin(claimed(noon), noon)

        assert only_row().state == state

    def test_an_address_that_changed_since_the_mail_was_built_gets_a_new_mail(self, noon):
        recipient = RecipientFactory()
        lease = claimed(noon)
        batch = addressed(lease)
        Contact.objects.update(email="new@example.com")

        assert ledger.advance(lease, outcomes={}, batch=batch, now=noon) == set()
        assert only_row().state == State.QUEUED
        assert begin(claimed(noon), noon) == {recipient.pk}
        assert only_row().address == "new@example.com"

    @pytest.mark.django_db(transaction=True)
    def test_whoever_pauses_is_waited_for(self, noon):
        """A pause that commits first is honoured; it never slips in between the question and the commit."""
        recipient = RecipientFactory()
        lease = claimed(noon)

        with closing(connections.create_connection("default")) as pausing, pausing.cursor() as cursor:
            pausing.set_autocommit(False)
            cursor.execute("UPDATE messaging_message SET state = 'paused'")
            with hasty(), pytest.raises(OperationalError, match="lock timeout"):
                begin(lease, noon)
            pausing.commit()

        assert begin(lease, noon) == set()
        recipient.refresh_from_db()
        assert recipient.state == State.QUEUED

    @pytest.mark.django_db(transaction=True)
    def test_who_leaves_while_the_message_is_held_is_not_begun(self, noon):
        """What the gate reads of the contacts is as new as its lock, however long it waited for it."""
        RecipientFactory()
        lease = claimed(noon)

        with closing(connections.create_connection("default")) as holding, holding.cursor() as cursor:
            holding.inc_thread_sharing()
            holding.set_autocommit(False)
            cursor.execute("UPDATE messaging_message SET updated_at = updated_at")

            def leave():
                time.sleep(0.5)  # the gate waits by now
                cursor.execute("UPDATE contacts_consent SET status = 'unsubscribed'")
                holding.commit()

            leaving = threading.Thread(target=leave)
            leaving.start()
            begun = begin(lease, noon)
            leaving.join()

        assert begun == set()
        assert only_row().state == State.SKIPPED

    def test_settles_the_last_rows_in_the_same_commit(self, noon):
        RecipientFactory.create_batch(2, message=MessageFactory(launched=True))
        lease = claimed(noon)
        first, second = addressed(lease)
        ledger.advance(lease, outcomes={}, batch=[first], now=noon)

        begun = ledger.advance(lease, outcomes={first.row.id: Outcome.sent("250")}, batch=[second], now=noon)

        assert begun == {second.row.id}
        assert dict(Recipient.objects.values_list("pk", "state")) == {
            first.row.id: State.SENT,
            second.row.id: State.SENDING,
        }


class TestSettle:
    @pytest.mark.parametrize(
        ("outcome", "state", "is_retryable"),
        [
            (Outcome.sent("250 taken"), State.SENT, False),
            (Outcome.refused("550 no such person"), State.FAILED, False),
            (Outcome.our_fault("550 not you"), State.FAILED, True),
            (Outcome.silence("silent"), State.UNKNOWN, False),
        ],
    )
    def test_writes_down_how_it_ended(self, noon, outcome, state, is_retryable):
        RecipientFactory()
        lease = claimed(noon)
        begin(lease, noon)

        settle(lease, noon + MINUTE, outcome)

        row = only_row()
        assert (row.state, row.answer, row.is_retryable) == (state, outcome.answer, is_retryable)
        assert (row.finished_at, row.lease_token, row.leased_until) == (noon + MINUTE, None, None)

    def test_what_was_never_tried_goes_back_in_line_and_costs_no_try(self, noon):
        RecipientFactory()
        lease = claimed(noon)
        begin(lease, noon)

        settle(lease, noon, Outcome.untried("server away"))

        row = only_row()
        assert (row.state, row.attempts, row.mail_id, row.finished_at) == (State.QUEUED, 0, "", None)

    def test_not_now_waits_longer_each_time_and_fails_in_the_end(self, noon):
        RecipientFactory()
        waits = []

        for _try in range(10):
            lease = ledger.claim(limit=1, now=noon)
            if lease is None:
                break
            begin(lease, noon)
            settle(lease, noon, Outcome.not_now("451 later"))
            if only_row().state == State.PLANNED:
                waits.append(only_row().due_at - noon)
                ledger.queue_due(now=only_row().due_at)

        assert waits == [timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15)]
        row = only_row()
        assert (row.state, row.is_retryable, row.attempts) == (State.FAILED, True, 4)

    def test_a_broken_conversation_is_tried_again_at_once_but_not_for_ever(self, noon):
        RecipientFactory()
        states = []

        for _try in range(10):
            ledger.queue_due(now=noon + timedelta(hours=1))
            lease = ledger.claim(limit=1, now=noon)
            if lease is None:
                break
            begin(lease, noon)
            settle(lease, noon, Outcome.lapsed("hung up"))
            states.append(only_row().state)

        assert states == [State.QUEUED, State.PLANNED, State.PLANNED, State.FAILED]
        assert only_row().is_retryable

    def test_a_mail_that_cannot_be_built_fails_without_having_been_begun(self, noon):
        RecipientFactory()
        lease = claimed(noon)

        settle(lease, noon, Outcome.our_fault("The template fails."))

        row = only_row()
        assert (row.state, row.attempts, row.is_retryable) == (State.FAILED, 0, True)

    def test_settling_twice_changes_nothing(self, noon):
        RecipientFactory()
        lease = claimed(noon)
        begin(lease, noon)
        settle(lease, noon, Outcome.sent("250"))

        settle(lease, noon + MINUTE, Outcome.refused("550"))

        assert only_row().state == State.SENT

    def test_one_persons_refusal_touches_nobody_else(self, noon):
        refused, *others = RecipientFactory.create_batch(3, message=MessageFactory(launched=True))
        lease = claimed(noon)
        begin(lease, noon)

        ledger.settle(lease, {refused.pk: Outcome.refused("550")}, now=noon)

        states = dict(Recipient.objects.values_list("pk", "state"))
        assert states == {refused.pk: "failed"} | {row.pk: "sending" for row in others}


class TestReap:
    def test_a_worker_killed_before_sending_gives_its_rows_back(self, noon, later):
        recipient = RecipientFactory()
        claimed(noon)

        ledger.reap(now=later)

        assert Recipient.objects.waiting(at=later).get() == recipient

    def test_a_worker_killed_while_sending_leaves_unknown_that_nobody_sends_again(self, noon, later):
        RecipientFactory()
        begin(claimed(noon), noon)

        ledger.reap(now=later)

        row = only_row()
        assert (row.state, row.mail_id) == (State.UNKNOWN, f"m{row.pk}@shop.example")
        assert ledger.claim(limit=1, now=later) is None

    def test_leaves_alone_whoever_is_still_in_time(self, noon):
        RecipientFactory()
        claimed(noon)

        ledger.reap(now=noon + ledger.LEASE_TIME)

        assert only_row().state == State.LEASED

    def test_a_worker_that_outlived_its_lease_has_nothing_to_send(self, noon, later):
        recipient = RecipientFactory()
        slow = claimed(noon)
        ledger.reap(now=later)
        quick = claimed(later)

        assert begin(slow, later) == set()
        assert begin(quick, later) == {recipient.pk}

    def test_a_late_answer_still_counts(self, noon, later):
        RecipientFactory()
        lease = claimed(noon)
        begin(lease, noon)
        ledger.reap(now=later)

        settle(lease, later, Outcome.sent("250"))

        assert only_row().state == State.SENT

    def test_a_late_never_tried_goes_back_in_line_while_the_message_runs(self, noon, later):
        RecipientFactory()
        lease = claimed(noon)
        begin(lease, noon)
        ledger.reap(now=later)

        settle(lease, later, Outcome.untried("server away"))

        assert only_row().state == State.QUEUED

    def test_a_late_never_tried_cannot_reopen_a_finished_message(self, noon, later):
        RecipientFactory()
        lease = claimed(noon)
        begin(lease, noon)
        ledger.reap(now=later)
        ledger.finish(now=later)

        settle(lease, later, Outcome.untried("server away"))

        row = only_row()
        assert (row.state, row.is_retryable) == (State.FAILED, True)

    def test_an_answer_of_the_outlived_worker_does_not_touch_the_next_ones_row(self, noon, later):
        RecipientFactory()
        slow = claimed(noon)
        ledger.reap(now=later)
        begin(claimed(later), later)

        settle(slow, later, Outcome.refused("550"))

        assert only_row().state == State.SENDING

    @pytest.mark.django_db(transaction=True)
    def test_passes_by_rows_that_someone_is_just_settling(self, noon, later):
        RecipientFactory()
        claimed(noon)

        with closing(connections.create_connection("default")) as worker, worker.cursor() as cursor:
            worker.set_autocommit(False)
            cursor.execute("UPDATE messaging_recipient SET answer = 'busy'")
            ledger.reap(now=later)

        assert only_row().state == State.LEASED


class TestSweeps:
    def test_a_planned_row_is_queued_in_its_hour_and_not_before(self, noon):
        RecipientFactory(state=State.PLANNED, due_at=noon)

        ledger.queue_due(now=noon - MINUTE)
        assert only_row().state == State.PLANNED
        ledger.queue_due(now=noon)
        assert only_row().state == State.QUEUED

    def test_a_paused_message_queues_nothing(self, noon):
        RecipientFactory(state=State.PLANNED, due_at=noon, message__state="paused")

        ledger.queue_due(now=noon)

        assert only_row().state == State.PLANNED

    @pytest.mark.parametrize("message_state", ["running", "paused"])
    @pytest.mark.parametrize("state", ["planned", "queued"])
    def test_what_is_still_waiting_after_its_last_moment_expires(self, noon, message_state, state):
        RecipientFactory(state=state, message__state=message_state, message__not_after=noon)

        ledger.expire(now=noon)

        assert (only_row().state, only_row().finished_at) == (State.EXPIRED, noon)

    def test_cancelling_closes_what_waits_and_leaves_what_left(self, noon):
        message = MessageFactory(launched=True, state="cancelled")
        for state in ("planned", "queued", "sent", "failed", "unknown"):
            RecipientFactory(message=message, state=state)

        ledger.cancel(now=noon)

        states = sorted(message.recipients.values_list("state", flat=True))
        assert states == ["cancelled", "cancelled", "failed", "sent", "unknown"]

    def test_nobody_is_retried_whose_end_is_unknown(self, noon):
        message = MessageFactory(launched=True)
        RecipientFactory(message=message, state="unknown", is_retryable=True)
        RecipientFactory(message=message, state="failed", is_retryable=True, attempts=4)

        assert ledger.retry(message, chosen=Q(), now=noon) == 1
        assert sorted(message.recipients.values_list("state", "attempts")) == [("queued", 0), ("unknown", 0)]


class TestFinish:
    @pytest.mark.parametrize("state", ["planned", "queued", "leased", "sending"])
    def test_waits_for_every_row(self, noon, state):
        RecipientFactory(state=state, lease_token="0" * 32, leased_until=noon)

        assert ledger.finish(now=noon) == []

    @pytest.mark.parametrize("state", ["sent", "failed", "unknown", "excluded", "skipped", "expired"])
    def test_comes_when_no_row_is_unfinished(self, noon, state):
        reason = "suppressed" if state in {"excluded", "skipped"} else ""
        recipient = RecipientFactory(state=state, reason=reason)

        assert ledger.finish(now=noon) == [recipient.message]
        message = Message.objects.get()
        assert (message.state, message.finished_at) == (Message.State.FINISHED, noon)

    def test_a_cancelled_message_stays_cancelled(self, noon):
        RecipientFactory(state="cancelled", message__state="cancelled")

        ledger.finish(now=noon)

        assert Message.objects.get().state == Message.State.CANCELLED
        assert Message.objects.get().finished_at == noon

    @pytest.mark.django_db(transaction=True)
    def test_looks_again_when_it_has_the_message(self, noon):
        """Someone puts a failed row back in line while we wait: the message must not end over it."""
        recipient = RecipientFactory(state="failed")

        with closing(connections.create_connection("default")) as other, other.cursor() as cursor:
            other.set_autocommit(False)
            cursor.execute("SELECT FROM messaging_message FOR NO KEY UPDATE")
            cursor.execute("UPDATE messaging_recipient SET state = 'queued'")
            assert ledger.finish(now=noon) == []
            other.commit()

        recipient.message.refresh_from_db()
        assert recipient.message.is_running


@pytest.mark.parametrize(
    ("row", "constraint"),
    [
        pytest.param({"state": "skipped"}, "left_out_for_a_reason", id="skipped-without-a-reason"),
        pytest.param({"reason": "suppressed"}, "left_out_for_a_reason", id="a-reason-and-yet-in-line"),
        pytest.param({"state": "sending"}, "held_under_a_lease", id="sending-without-a-lease"),
    ],
)
def test_the_database_refuses_a_row_that_makes_no_sense(row, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        RecipientFactory(**row)


def test_the_database_refuses_a_second_row_for_the_same_occurrence():
    recipient = RecipientFactory()

    with pytest.raises(IntegrityError, match="messaging_recipient_once"):
        RecipientFactory(message=recipient.message, contact=recipient.contact)


def test_another_occurrence_is_another_row():
    recipient = RecipientFactory()

    RecipientFactory(message=recipient.message, contact=recipient.contact, occurrence=1)

    assert ContactFactory._meta.model.objects.get().recipients.count() == 2
