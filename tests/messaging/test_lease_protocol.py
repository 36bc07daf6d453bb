"""
The lease protocol against a model of the world: workers that die, are slow or come back late, a mail server
that takes, refuses and falls silent, people who pause, cancel, retry and leave, a last moment that passes.
Whatever the order, nobody gets it twice.
"""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Q
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from apps.contacts.models import Suppression
from apps.messaging import ledger
from apps.messaging.delivery.outcome import Outcome
from apps.messaging.ledger import Addressed
from apps.messaging.models import UNFINISHED, Message, Recipient
from tests.factories.contacts import SuppressionFactory
from tests.factories.messaging import MessageFactory, RecipientFactory

State = Recipient.State
PEOPLE = 6
WORKERS = st.integers(0, 1)
HAPPENINGS = ["dies", "dies", "leases_run_out", "leases_run_out", "an_hour_passes", "pauses", "resumes"]
HAPPENINGS += ["resumes", "leaves", "finishes", "retries", "cancels", "is_given_a_last_moment"]
SWEEPS = [ledger.reap, ledger.expire, ledger.cancel, ledger.queue_due]  # what each ring begins with
ANSWERS = st.lists(st.sampled_from("tttsnrlu"), min_size=6, max_size=6)


class Worker:
    """What one worker remembers; all of it is gone when the worker is killed."""

    def __init__(self):
        self.lease = None
        self.waiting = []  # claimed, not begun
        self.in_hand = []  # past the point of no return, not yet given to the server
        self.known = {}  # what the server said, not yet written down


class LeaseProtocol(RuleBasedStateMachine):
    @initialize()
    def begin_message(self):
        Recipient.objects.all().delete()
        Message.objects.all().delete()
        Suppression.objects.all().delete()
        self.now = datetime(2030, 3, 1, 12, tzinfo=UTC)
        self.message = MessageFactory(launched=True)
        self.rows = {row.pk: row for row in RecipientFactory.create_batch(PEOPLE, message=self.message)}
        self.workers = [Worker() for _ in range(2)]
        self.delivered = dict.fromkeys(self.rows, 0)  # the mail server's own record
        self.last_moment = None
        self.left = set()  # who must not be written to any more
        self.forgotten = set()  # rows that a worker held when it died

    def state_of_message(self):
        return Message.objects.values_list("state", flat=True).get()

    @rule(number=WORKERS, size=st.integers(1, 4), answers=ANSWERS, steps=st.integers(1, 4))
    def works(self, number, size, answers, steps):
        """Take the next steps: claim, begin, hand over, write down, from wherever the worker stands."""
        worker = self.workers[number]
        for _step in range(steps):
            if worker.in_hand:
                self.hands_over(number, answers)
            elif worker.waiting or worker.known:
                self.goes_on(number, size)
            else:
                self.claims(number, size)

    @rule(what=st.sampled_from(HAPPENINGS), number=WORKERS, place=st.integers(0, PEOPLE - 1))
    def happens(self, what, number, place):
        """One rule for all: hypothesis leaves whole rules out of a run, and a death shows after the lease."""
        match what:
            case "dies":
                self.dies(number)
            case "leaves":
                self.somebody_leaves(place)
            case _:
                getattr(self, what)()

    def claims(self, number, limit):
        worker = self.workers[number]
        worker.lease = ledger.claim(limit=limit, now=self.now)
        worker.waiting = list(worker.lease.rows) if worker.lease else []

    def goes_on(self, number, size):
        """Write the last answers down and pass the point of no return with the next rows."""
        worker = self.workers[number]
        if worker.lease is None:
            return
        batch, worker.waiting = worker.waiting[:size], worker.waiting[size:]
        addressed = [Addressed(row, self.rows[row.id].address, f"m{row.id}@x") for row in batch]
        is_late = self.last_moment is not None and self.last_moment <= self.now
        was_open = self.state_of_message() == "running" and not is_late
        begun = ledger.advance(worker.lease, outcomes=worker.known, batch=addressed, now=self.now)
        worker.known = {}
        assert not (begun & self.left), "somebody who left was begun"
        assert was_open or not begun, "a paused, cancelled or expired message was begun"
        worker.in_hand += sorted(begun)

    def hands_over(self, number, answers):
        worker = self.workers[number]
        for pk, answer in zip(worker.in_hand, answers, strict=False):
            if answer in "ts":  # taken; and for "s" the answer got lost
                self.delivered[pk] += 1
            worker.known[pk] = {
                "t": Outcome.sent("250 taken"),
                "s": Outcome.silence("silent"),
                "n": Outcome.not_now("451 later"),
                "r": Outcome.refused("550 no"),
                "l": Outcome.lapsed("hung up"),
                "u": Outcome.untried("out of reach"),
            }[answer]
        worker.in_hand = worker.in_hand[len(answers) :]

    def dies(self, number):
        worker = self.workers[number]
        self.forgotten |= {*worker.in_hand, *worker.known}
        self.workers[number] = Worker()

    def leases_run_out(self):
        self.now += ledger.LEASE_TIME + timedelta(seconds=1)
        self.sweeps()

    def an_hour_passes(self):
        self.now += timedelta(hours=1)
        self.sweeps()

    def sweeps(self):
        for sweep in SWEEPS:
            sweep(now=self.now)

    def pauses(self):
        Message.objects.filter(state="running").update(state="paused")

    def resumes(self):
        Message.objects.filter(state="paused").update(state="running")

    def cancels(self):
        Message.objects.filter(state__in=["running", "paused"]).update(state="cancelled")

    def retries(self):
        """As the service does: those whose failure may pass, and the message is open again."""
        message = Message.objects.get()
        if message.state == "cancelled" or (self.last_moment and self.last_moment <= self.now):
            return
        if ledger.retry(message, chosen=Q(is_retryable=True), now=self.now) and message.state == "finished":
            Message.objects.update(state="running", finished_at=None)

    def is_given_a_last_moment(self):
        if self.last_moment is None:
            self.last_moment = self.now + timedelta(minutes=90)
            Message.objects.update(not_after=self.last_moment)

    def somebody_leaves(self, place):
        row = list(self.rows.values())[place]
        if row.pk not in self.left and len(self.left) < 2:
            SuppressionFactory(address=row.address)
            self.left.add(row.pk)

    def finishes(self):
        ledger.finish(now=self.now)

    @invariant()
    def nobody_has_it_twice(self):
        assert max(self.delivered.values()) <= 1

    @invariant()
    def everyone_is_somewhere(self):
        assert Recipient.objects.count() == PEOPLE

    @invariant()
    def sent_means_delivered(self):
        sent = Recipient.objects.filter(state=State.SENT).values_list("pk", flat=True)
        assert all(self.delivered[pk] == 1 for pk in sent)

    @invariant()
    def finished_means_finished(self):
        if Message.objects.get().finished_at:
            assert not Recipient.objects.filter(state__in=UNFINISHED).exists()

    def teardown(self):
        """The fault is over: a healthy worker drains what is left, without help."""
        if not hasattr(self, "rows"):
            return
        self.workers, live = [Worker() for _ in range(2)], self.workers
        for worker in live:  # these were only slow: what they know still counts
            if worker.lease:
                ledger.settle(worker.lease, worker.known, now=self.now)
                self.forgotten |= set(worker.in_hand)
        self.resumes()
        while Recipient.objects.filter(state__in=UNFINISHED).exists():
            self.leases_run_out()
            self.an_hour_passes()
            self.claims(0, 10)
            self.goes_on(0, 10)
            self.hands_over(0, ["t"] * 6)
            self.goes_on(0, 10)
        self.finishes()
        self.nobody_has_it_twice()
        self.sent_means_delivered()
        states = dict(Recipient.objects.values_list("pk", "state"))
        assert not set(states.values()) & set(UNFINISHED), states
        assert self.state_of_message() in {"finished", "cancelled"}
        assert Message.objects.get().finished_at
        for pk, delivered in self.delivered.items():
            if delivered:
                assert states[pk] in {"sent", "unknown"}, (pk, states[pk])
            if states[pk] == "skipped":
                assert pk in self.left


def bounded(examples):
    return settings(
        max_examples=examples,
        stateful_step_count=15,
        deadline=None,
        phases=set(Phase) - {Phase.shrink},  # a database makes it take minutes
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.django_db
class TestLeaseProtocol(LeaseProtocol.TestCase):
    settings = bounded(40)


@pytest.mark.long
@pytest.mark.django_db
class TestLeaseProtocolAtLength(LeaseProtocol.TestCase):
    settings = bounded(1_500)
