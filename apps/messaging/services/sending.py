"""What the sending doorbell does: one bounded stretch of work on whatever is due."""

import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError, connection, transaction

from apps.contacts import selectors as contacts
from apps.core.queues import ring
from apps.messaging import ledger
from apps.messaging.delivery.composer import Composer, NotComposable, composer_for
from apps.messaging.delivery.engine import Engine, engine_for
from apps.messaging.delivery.mail import Mail
from apps.messaging.delivery.outcome import Outcome
from apps.messaging.delivery.server import server_of_settings
from apps.messaging.delivery.smtp import ServerOutOfReach
from apps.messaging.ledger import Addressed, Lease, Taken
from apps.messaging.models import Message, Recipient
from apps.messaging.services import health
from apps.messaging.services.messages import SEND_TASK

logger = logging.getLogger(__name__)

CLAIM_SIZE = 1000
# One flight is past the point of no return: a worker that is killed leaves 24 unknown, no more. The next one
# is built meanwhile, but begun only when this one has been answered: with nothing in the air, the thread that
# talks SMTP does not hold up the statements between two flights.
FLIGHT_SIZE = 24
NAP = 0.5  # seconds
STRETCH = 5.0  # seconds of work per ring: then the clock is fresh, and a deploy has not waited long
Flight = list[tuple[Addressed, Mail | None]]
NEVER_BEGUN = "The database was away when this was about to begin."
PERSISTENCE = 60.0  # seconds for which a worker tries to write down what the server said


@dataclass
class Watch:
    """The database's clock, read once, carried on by this machine's stopwatch."""

    started_at: datetime
    _started: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._started

    @property
    def time(self) -> datetime:
        return self.started_at + timedelta(seconds=self.elapsed)


def messages_send(*, now: datetime) -> None:
    """
    Send for a few seconds and ring for more. May run at any time, many times at once.

    With SENDING_ENABLED off nothing is claimed; what is due stays in line.
    """
    if not settings.SENDING_ENABLED:
        return
    watch = Watch(now)
    _upkeep(now)
    engine = engine_for(server_of_settings())
    is_going = True
    while is_going and watch.elapsed < STRETCH:
        lease = ledger.claim(limit=CLAIM_SIZE, now=watch.time)
        if lease is None:
            if not _room_await(watch):
                break
        elif lease.rows:
            is_going = _lease_work(lease, engine, watch)
    health.messages_finish(now=watch.time)
    if is_going and watch.elapsed >= STRETCH:
        ring(SEND_TASK)


def _room_await(watch: Watch) -> bool:
    """
    Wait a moment if all that waits does so for a limit that has room soon; return False if nothing does.

    Never long: what else comes due meanwhile is looked for after each nap.
    """
    if ledger.come_forward(now=watch.time):
        return True
    opens = ledger.opens_at(now=watch.time)
    if opens is None or opens > watch.started_at + timedelta(seconds=STRETCH):
        return False
    time.sleep(min(NAP, max(0.01, (opens - watch.time).total_seconds())))
    return True


def _upkeep(now: datetime) -> None:
    """Do what time has brought since the last ring. Each is bounded, and goes on at the next one."""
    ledger.reap(now=now)
    ledger.expire(now=now)
    ledger.cancel(now=now)
    ledger.queue_due(now=now)
    ledger.come_forward(now=now)


def _lease_work(lease: Lease, engine: Engine, watch: Watch) -> bool:
    """Send what was claimed; return False where the server is out of reach: the next ring tries again."""
    messages = {row.message_id for row in lease.rows}
    try:
        engine.reach()  # before anything is begun: a server out of reach is given nothing
    except ServerOutOfReach as failure:
        ledger.release(lease)
        health.connection_failed(messages, why=str(failure), now=watch.time)
        return False
    shift = Shift(lease, engine, watch)
    try:
        shift.work()
    finally:
        health.answers_note(shift.heard, now=watch.time)
    if shift.trouble:
        health.connection_failed(messages, why=shift.trouble, now=watch.time)
    return not shift.trouble


class Shift:
    """
    One lease from claim to last answer, in flights: small sets of rows that pass the point of no return
    together. While the database lets one pass, the mails of the next are built.
    """

    def __init__(self, lease: Lease, engine: Engine, watch: Watch) -> None:
        self.lease = lease
        self.engine = engine
        self.watch = watch
        self.trouble = ""  # why the server is out of reach, if it is
        self.heard: dict[int, Counter[str]] = {row.message_id: Counter() for row in lease.rows}
        self._rows = {row.id: row for row in lease.rows}
        self._known: dict[int, Outcome] = {}  # not written down yet
        self._built: Flight | None = None  # the next to begin
        self._air: Future[dict[int, Outcome]] | None = None  # the flight that waits for its answers

    def work(self) -> None:
        """Whatever stops it, what is known is written down, and what was not begun goes back in line."""
        try:
            flights = self._flights(self._composers())
            self._built = next(flights, None)
            while self._built is not None and not self._must_stop():
                self._depart(self._built, following=flights)
                self._land()
        finally:
            self._land()
            self._write_down()

    def _must_stop(self) -> bool:
        return (
            bool(self.trouble)
            or self.watch.elapsed > 2 * STRETCH
            or any(health.is_spike(heard.total(), heard["refused"]) for heard in self.heard.values())
        )

    def _composers(self) -> dict[int, Composer]:
        """Return a composer for each message of which mails can be built; the others are paused."""
        composers = {}
        messages = Message.objects.select_related("sender", "template_version", "campaign")
        for message in messages.filter(pk__in=self.heard):
            try:
                composers[message.pk] = composer_for(message)
            except NotComposable as failure:
                # Its rows go back in line with the lease; the others' mails are none the worse for it.
                health.message_hold(message.pk, why=str(failure), now=self.watch.time)
        return composers

    def _flights(self, composers: Mapping[int, Composer]) -> Iterator[Flight]:
        """Build the mails, a flight of one message at a time; one that cannot be built fails alone."""
        people = contacts.contacts_as_data([row.contact_id for row in self.lease.rows])
        by_message: dict[int, list[Taken]] = {}
        for row in self.lease.rows:
            by_message.setdefault(row.message_id, []).append(row)
        for message_id, rows in by_message.items():
            if message_id not in composers:
                continue
            composer = composers[message_id]
            for start in range(0, len(rows), FLIGHT_SIZE):
                at = self.watch.time  # one for all: to write a date takes as long as a body
                flight = rows[start : start + FLIGHT_SIZE]
                built = (self._build(composer, row, people.get(row.contact_id), at=at) for row in flight)
                yield [pair for pair in built if pair]

    def _build(
        self, composer: Composer, row: Taken, data: dict[str, object] | None, *, at: datetime
    ) -> tuple[Addressed, Mail | None] | None:
        if data is None or not data["email"]:
            return Addressed(row, address="", mail_id=""), None  # erased meanwhile: the gate will say so
        try:
            mail = composer.compose(row.id, data, at=at)
        except NotComposable as failure:
            self._known[row.id] = Outcome.our_fault(str(failure))
            self.heard[row.message_id]["refused"] += 1
            return None
        return Addressed(row, address=str(data["email"]), mail_id=mail.mail_id), mail

    def _depart(self, flight: Flight, *, following: Iterator[Flight]) -> None:
        """Let a flight begin, and build the one after it meanwhile."""
        known, self._known = self._known, {}
        batch = [addressed for addressed, _mail in flight]

        def build() -> None:
            self._built = next(following, None)

        try:
            go = ledger.advance(self.lease, outcomes=known, batch=batch, now=self.watch.time, meanwhile=build)
        except BaseException:
            # Committed or not, nobody can say; but nothing of it was handed over, and that can be said.
            self._known |= known | {one.row.id: Outcome.untried(NEVER_BEGUN) for one in batch}
            raise
        mails = [mail for addressed, mail in flight if mail and addressed.row.id in go]
        if mails:
            self._air = self.engine.deliver(mails)

    def _land(self) -> None:
        """Hear how the flight in the air ended, if there is one."""
        air, self._air = self._air, None
        for pk, outcome in (air.result() if air else {}).items():
            self._known[pk] = outcome
            heard = self.heard[self._rows[pk].message_id]
            if outcome.state != Recipient.State.QUEUED:
                heard["taken" if outcome.state == Recipient.State.SENT else "refused"] += 1
            elif outcome.tries_again:
                heard["refused"] += 1
            else:
                self.trouble = outcome.answer

    def _write_down(self) -> None:
        """Keep trying: a database that was away for a moment must not turn what is known into `unknown`."""
        deadline = time.monotonic() + PERSISTENCE
        while True:
            try:
                with transaction.atomic():
                    ledger.settle(self.lease, self._known, now=self.watch.time)
                    ledger.release(self.lease)
            except OperationalError:
                if time.monotonic() > deadline:
                    raise
                logger.warning("the outcome of %s mails is not written down yet", len(self._known))
                connection.close_if_unusable_or_obsolete()
                time.sleep(1)
            else:
                return
