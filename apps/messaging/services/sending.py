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
from apps.contacts.models import Channel
from apps.contacts.models.contact import ADDRESS_FIELDS
from apps.core.queues import ring
from apps.messaging import homes, ledger
from apps.messaging.channels import engine_of
from apps.messaging.channels.base import Engine, NotLetIn, NotYet
from apps.messaging.delivery.composer import Composer, NotComposable
from apps.messaging.delivery.mail import Mail
from apps.messaging.delivery.outcome import Outcome
from apps.messaging.delivery.smtp import ServerOutOfReach
from apps.messaging.delivery.texts import TextComposer, composer_of
from apps.messaging.ledger import Addressed, Lease, Taken
from apps.messaging.models import Message, Recipient
from apps.messaging.services import health, reports
from apps.messaging.services.messages import SEND_TASK
from apps.messaging.services.waits import Waits, wait_heed

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

    With SENDING_ENABLED off, or in a copy of the database that sends, nothing is claimed; what is due stays
    in line.
    """
    if not settings.SENDING_ENABLED or not homes.settle_in(now=now):
        return
    watch = Watch(now)
    _upkeep(now)
    is_going, has_rung = True, False
    stuck: set[int] = set()  # messages whose server is out of reach: the next ring tries again
    while watch.elapsed < STRETCH:
        lease = ledger.claim(limit=CLAIM_SIZE, now=watch.time, but=stuck)
        if lease is None:
            if not _room_await(watch):
                break
        elif lease.rows:
            newly = _lease_work(lease, watch)
            stuck |= newly
            is_going = any(row.message_id not in newly for row in lease.rows)
            if is_going and not has_rung and len(lease.rows) == CLAIM_SIZE:
                ring(SEND_TASK)  # there is more than one can take: for whoever is free, or the next ring
                has_rung = True
    health.messages_finish(now=watch.time)
    if is_going and not has_rung and watch.elapsed >= STRETCH:
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


def _lease_work(lease: Lease, watch: Watch) -> set[int]:
    """Send what was claimed; return the messages of which nothing can be sent for now."""
    wanted = {row.message_id for row in lease.rows}
    kept = Message.objects.select_related(
        "sender__provider", "sender__sms_provider", "template_version", "campaign", "channel"
    )
    messages = kept.in_bulk(wanted)
    engines, stuck = _reached(messages, watch)
    if not engines:
        ledger.release(lease)
        return stuck
    shift = Shift(lease, {pk: messages[pk] for pk in engines}, engines, watch)
    try:
        shift.work()
    finally:
        health.answers_note(shift.heard, now=watch.time)
    for engine, why in shift.trouble.items():
        troubled = {pk for pk, used in engines.items() if used is engine}
        if not engine.asked_to_wait():  # who asks to wait was reached
            health.connection_failed(troubled, why=why, now=watch.time)
        stuck |= troubled
    return stuck


def _reached(messages: Mapping[int, Message], watch: Watch) -> tuple[dict[int, Engine], set[int]]:
    """
    Return the engine of each message, and the messages whose server is out of reach.

    Each is asked once, before anything is begun: a server out of reach is given nothing.
    """
    engines: dict[int, Engine] = {}
    failures: dict[Engine, ServerOutOfReach] = {}
    stuck: dict[int, ServerOutOfReach] = {}
    for pk in sorted(messages):
        try:
            wait_heed(messages[pk], now=watch.time)
            engine = engine_of(messages[pk])
        except ServerOutOfReach as failure:
            stuck[pk] = failure
            continue
        if engine not in failures and engine not in engines.values():
            try:
                engine.reach()
            except ServerOutOfReach as failure:
                failures[engine] = failure
        if engine in failures:
            stuck[pk] = failures[engine]
        else:
            engines[pk] = engine
    for told in set(stuck.values()):
        _note_out_of_reach({pk for pk, why in stuck.items() if why is told}, told, watch)
    return engines, set(stuck)


def _note_out_of_reach(messages: set[int], failure: ServerOutOfReach, watch: Watch) -> None:
    if isinstance(failure, NotLetIn):
        for pk in sorted(messages):
            health.message_hold(pk, why=str(failure), now=watch.time)
    elif not isinstance(failure, NotYet):  # who is asked to wait waits
        health.connection_failed(messages, why=str(failure), now=watch.time)


class Shift:
    """
    One lease from claim to last answer, in flights: small sets of rows that pass the point of no return
    together. While the database lets one pass, the mails of the next are built.
    """

    def __init__(
        self, lease: Lease, messages: Mapping[int, Message], engines: Mapping[int, Engine], watch: Watch
    ) -> None:
        self.lease = lease
        self.messages = messages
        self.engines = engines
        self.watch = watch
        self.trouble: dict[Engine, str] = {}  # why a server is out of reach, if one is
        self.heard: dict[int, Counter[str]] = {pk: Counter() for pk in engines}
        self._rows = {row.id: row for row in lease.rows}
        self._known: dict[int, Outcome] = {}  # not written down yet
        self._refused: dict[int, str] = {}  # what servers said of those they will not take, not told yet
        self._built: Flight | None = None  # the next to begin
        self._air: Future[dict[int, Outcome]] | None = None  # the flight that waits for its answers
        self._waits = Waits(messages, engines)

    def work(self) -> None:
        """Whatever stops it, what is known is written down, and what was not begun goes back in line."""
        try:
            flights = self._flights(self._composers())
            self._built = next(flights, None)
            while self._built is not None and not self._must_stop():
                if self._built and self._is_held(self._engine(self._built)):
                    self._built = next(flights, None)  # its rows go back in line with the lease
                    continue
                self._depart(self._built, following=flights)
                self._land()
                self._waits.share(now=self.watch.time)
        finally:
            self._land()
            self._write_down()

    def _is_held(self, engine: Engine) -> bool:
        return engine in self.trouble or self._waits.holds(engine, now=self.watch.time)

    def _must_stop(self) -> bool:
        return (
            len(self.trouble) == len(set(self.engines.values()))
            or self.watch.elapsed > 2 * STRETCH
            or any(health.is_spike(heard.total(), heard["refused"]) for heard in self.heard.values())
        )

    def _engine(self, flight: Flight) -> Engine:
        return self.engines[flight[0][0].row.message_id]

    def _composers(self) -> dict[int, Composer | TextComposer]:
        """Return a composer for each message of which mails can be built; the others are paused."""
        composers: dict[int, Composer | TextComposer] = {}
        for message in self.messages.values():
            try:
                composers[message.pk] = composer_of(message)
            except NotComposable as failure:
                # Its rows go back in line with the lease; the others' mails are none the worse for it.
                health.message_hold(message.pk, why=str(failure), now=self.watch.time)
        return composers

    def _flights(self, composers: Mapping[int, Composer | TextComposer]) -> Iterator[Flight]:
        """Build the mails, a flight of one message at a time; one that cannot be built fails alone."""
        people = contacts.contacts_as_data([row.contact_id for row in self.lease.rows])
        by_message: dict[int, list[Taken]] = {}
        for row in self.lease.rows:
            by_message.setdefault(row.message_id, []).append(row)
        for message_id, rows in by_message.items():
            if message_id not in composers:
                continue
            composer, channel = composers[message_id], self.messages[message_id].way
            for start in range(0, len(rows), FLIGHT_SIZE):
                at = self.watch.time  # one for all: to write a date takes as long as a body
                flight = rows[start : start + FLIGHT_SIZE]
                built = (
                    self._build(composer, row, people.get(row.contact_id), channel=channel, at=at)
                    for row in flight
                )
                yield [pair for pair in built if pair]

    def _build(
        self,
        composer: Composer | TextComposer,
        row: Taken,
        data: dict[str, object] | None,
        *,
        channel: Channel,
        at: datetime,
    ) -> tuple[Addressed, Mail | None] | None:
        address = str(data[ADDRESS_FIELDS[channel][0]]) if data else ""
        if data is None or not address:
            # Erased meanwhile: the gate will say so.
            return Addressed(row, address="", mail_id="", channel=channel), None
        try:
            mail = composer.of(row.variant).compose(row.id, data, at=at)
        except NotComposable as failure:
            self._known[row.id] = Outcome.our_fault(str(failure))
            self.heard[row.message_id]["refused"] += 1
            return None
        return Addressed(row, address=address, mail_id=mail.mail_id, channel=channel), mail

    def _depart(self, flight: Flight, *, following: Iterator[Flight]) -> None:
        """Let a flight begin, and build the one after it meanwhile."""
        self._refusals_report()
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
            self._air = self._engine(flight).deliver(mails)

    def _land(self) -> None:
        """Hear how the flight in the air ended, if there is one."""
        air, self._air = self._air, None
        landed = air.result() if air else {}
        self._known |= landed
        for pk, outcome in landed.items():
            heard = self.heard[self._rows[pk].message_id]
            if outcome.state != Recipient.State.QUEUED:
                heard["taken" if outcome.state == Recipient.State.SENT else "refused"] += 1
            elif outcome.tries_again:
                heard["refused"] += 1
            else:
                self.trouble[self.engines[self._rows[pk].message_id]] = outcome.answer
            if outcome.state == Recipient.State.FAILED:
                self._refused[pk] = outcome.answer

    def _refusals_report(self) -> None:
        """Tell before the rows are settled: should this worker stop in between, nothing of it is lost."""
        if self._refused:
            reports.refusals_take(answers=self._refused, now=self.watch.time)
            self._refused = {}

    def _write_down(self) -> None:
        """Keep trying: a database that was away for a moment must not turn what is known into `unknown`."""
        deadline = time.monotonic() + PERSISTENCE
        while True:
            try:
                with transaction.atomic():
                    self._refusals_report()
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
