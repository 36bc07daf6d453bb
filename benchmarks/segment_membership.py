"""
Members of segments: how far they are behind events, what finding them all costs, how fast an estimate is.

**Behind**: events come at a rate, in calls of 10, while 100 live segments ask for them, for attributes, and
for windows of time. One worker hears a bell a second, as the product's does. Again and again somebody does
what moves them into a segment of its own, and is looked for there: from before the call that tells of it
until the row of the membership is there for another connection.

**Build**: a rule of five conditions, members written, against the best SQL by hand that writes the same rows.

**Estimate**: what the builder asks while somebody types, over rules of one to five conditions.

    python -m benchmarks.segment_membership [--contacts 1000000] [--events 10000000] [--rate 500]
                                            [--segments 100] [--seconds 60] [--runs 3]
"""

import argparse
import json
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from benchmarks import scratch  # isort: skip  # sets Django up

from django.db import connection

from apps.contacts import services as contacts
from apps.contacts.models import Contact
from apps.contacts.scale import EVENTS, Range, scale_seed
from apps.contacts.services import EventIn
from apps.core import clock
from apps.segments import selectors, services
from apps.segments.models import Segment, SegmentMember

CALL = 10  # events
PATIENCE = 60.0
MARK = "bench_marked"
FIVE: list[dict[str, Any]] = [
    {"attribute": "recency", "op": "lte", "value": 6},
    {"attribute": "newbie", "op": "eq", "value": False},
    {"event": "product_viewed", "did": True, "within": "90d"},
    {"event": "order_placed", "did": True, "count": {"gte": 2}, "within": "6mo"},
    {"event": "support_asked", "did": False, "within": "30d"},
]
BY_HAND = """
    INSERT INTO segments_segmentmember (segment_id, contact_id, since_at)
    SELECT %(segment)s, c.id, %(now)s FROM contacts_contact c
    WHERE c.erased_at IS NULL
      AND (c.attributes ->> 'recency')::numeric <= 6 AND c.attributes ->> 'newbie' = 'false'
      AND c.id IN (SELECT contact_id FROM contacts_event WHERE name = 'product_viewed'
          AND occurred_at BETWEEN %(d90)s AND %(now)s)
      AND c.id IN (SELECT contact_id FROM contacts_event WHERE name = 'order_placed'
          AND occurred_at BETWEEN %(mo6)s AND %(now)s GROUP BY contact_id HAVING count(*) >= 2)
      AND NOT EXISTS (SELECT FROM (SELECT contact_id FROM contacts_event WHERE name = 'support_asked'
          AND occurred_at BETWEEN %(d30)s AND %(now)s) AS asked WHERE asked.contact_id = c.id)
"""


def rules(count: int) -> Iterator[dict[str, Any]]:
    """Yield rules as people write them: three of four ask for events, half of those within a window."""
    names = [name for name, *_rest in EVENTS]
    for n in range(count):
        recent = {"attribute": "recency", "op": "lte", "value": 1 + n % 12}
        did: dict[str, Any] = {"event": names[n % len(names)], "did": n % 3 != 0}
        if n % 2:
            did["within"] = f"{1 + n % 90}d"
        yield (
            {"all": [recent, did]}
            if n % 4
            else {"any": [recent, {"attribute": "mens", "op": "eq", "value": True}]}
        )


def build(*, runs: int) -> dict[str, Any]:
    """Find the members of a new segment, and write the same rows by hand, in turn."""
    ours, limit = [], []
    for run in range(runs + 1):
        now = clock.now()
        segment = Segment.objects.create(name=f"Five {run}", rule={"all": FIVE})
        start = time.perf_counter()
        services.segment_refresh(segment=segment, now=now)
        ours.append(time.perf_counter() - start)
        other = Segment.objects.create(name=f"By hand {run}", rule={"all": FIVE}, archived_at=now)
        limit.append(by_hand(other, now=now))
        assert members(segment) == members(other), "they are not the same people"
        found = segment.members.count()
        SegmentMember.objects.all().delete()
        Segment.objects.all().delete()
    seconds, seconds_by_hand = statistics.median(ours[1:]), statistics.median(limit[1:])
    return {
        "figure": "segment built, 5 conditions",
        "seconds": round(seconds, 3),
        "limit_seconds": round(seconds_by_hand, 3),
        "ratio": round(seconds / seconds_by_hand, 2),
        "found": found,
    }


def by_hand(segment: Segment, *, now: datetime) -> float:
    marks = {
        "segment": segment.pk,
        "now": now,
        "d90": now - timedelta(days=90),
        "d30": now - timedelta(days=30),
        "mo6": selectors.rule_read(FIVE[3]).within.before(now),
    }
    start = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(BY_HAND, marks)
    return time.perf_counter() - start


def members(segment: Segment) -> set[int]:
    return set(segment.members.values_list("contact", flat=True))


def estimate(*, runs: int) -> dict[str, Any]:
    took = []
    for _run in range(runs):
        for size in range(1, len(FIVE) + 1):
            node = selectors.rule_read({"all": FIVE[:size]})
            start = time.perf_counter()
            selectors.rule_preview(node, now=clock.now())
            took.append(time.perf_counter() - start)
    return {"figure": "segment estimate", "p50_ms": percentile(took, 50), "p95_ms": percentile(took, 95)}


def percentile(seconds: list[float], share: int) -> float:
    if len(seconds) < 2:
        return round(seconds[0] * 1000, 1)
    return round(statistics.quantiles(seconds, n=100, method="inclusive")[share - 1] * 1000, 1)


class Behind:
    """A while of events, with a worker that follows them and somebody who looks how far it is."""

    def __init__(self, made: Range, rate: int) -> None:
        self.made, self.rate, self.told = made, rate, 0
        self.over = threading.Event()
        self.lags: list[float] = []
        self.busy = 0.0
        self.faults: list[BaseException] = []

    def events(self) -> None:
        dice, names = Random(1), [name for name, *_rest in EVENTS]  # noqa: S311  # no secret
        start = time.perf_counter()
        while not self.over.is_set():
            now = clock.now()
            whom = [dice.randint(self.made.first, self.made.last) for _each in range(CALL)]
            events = [
                EventIn(dice.choice(names), now, contact_id=pk, message_id=f"b{self.told + n}")
                for n, pk in enumerate(whom)
            ]
            contacts.events_record(events=events, source="bench", now=now)
            self.told += CALL
            self.over.wait(max(0.0, start + self.told / self.rate - time.perf_counter()))

    def worker(self) -> None:
        while not self.over.is_set():
            begun = time.perf_counter()
            while services.changes_apply(now=clock.now()) >= 5_000:
                pass
            while services.segments_time_pass(now=clock.now()):
                pass
            self.busy += time.perf_counter() - begun
            self.over.wait(max(0.0, begun + 1 - time.perf_counter()))

    def probes(self) -> None:
        mark = Segment.objects.get(rule={"event": MARK, "did": True})
        whom = iter(Contact.objects.order_by("pk").values_list("pk", flat=True)[:10_000])
        while not self.over.is_set():
            pk, start = next(whom), time.perf_counter()
            event = EventIn(MARK, clock.now(), contact_id=pk)
            contacts.events_record(events=[event], source="bench", now=event.occurred_at)
            while not mark.members.filter(contact=pk).exists():
                if self.over.is_set():
                    return  # the worker has gone home
                assert time.perf_counter() - start < PATIENCE, "never moved"
                time.sleep(0.02)
            self.lags.append(time.perf_counter() - start)
            self.over.wait(max(0.0, start + 0.5 + 0.37 * (len(self.lags) % 3) - time.perf_counter()))

    def run(self, seconds: float) -> None:
        threads = [
            threading.Thread(target=self._heard, args=[act])
            for act in (self.events, self.worker, self.probes)
        ]
        for thread in threads:
            thread.start()
        self.over.wait(seconds)
        self.over.set()
        for thread in threads:
            thread.join()
        if self.faults:
            raise self.faults[0]

    def _heard(self, act: Any) -> None:
        try:
            act()
        except BaseException as fault:
            self.faults.append(fault)
            self.over.set()
        finally:
            connection.close()


def behind(made: Range, *, segments: int, rate: int, seconds: float) -> dict[str, Any]:
    Segment.objects.create(name="Marked", rule={"event": MARK, "did": True})
    for n, rule in enumerate(rules(segments - 1)):
        Segment.objects.create(name=f"Live {n}", rule=rule)
    while services.changes_apply(now=clock.now()):
        pass
    while services.segments_refresh(now=clock.now()):
        pass
    run = Behind(made, rate)
    start = time.perf_counter()
    run.run(seconds)
    took = time.perf_counter() - start
    compare()
    return {
        "figure": f"segments behind events, {segments} live",
        "asked_per_second": rate,
        "events_per_second": round(run.told / took),
        "p50_ms": percentile(run.lags, 50),
        "p95_ms": percentile(run.lags, 95),
        "worst_ms": round(max(run.lags) * 1000, 1),
        "seen": len(run.lags),
        "worker_busy": round(run.busy / took, 2),
    }


def compare() -> None:
    """Let the rest be followed, and compare every segment with its rule."""
    while services.changes_apply(now=clock.now()):
        pass
    now = clock.now()
    Segment.objects.filter(time_due_at__isnull=False).update(time_due_at=now)
    while services.segments_time_pass(now=now):
        pass
    for segment in Segment.objects.all():
        expected = set(selectors.segment_contacts(segment, now=now).values_list("pk", flat=True))
        assert members(segment) == expected, f"{segment.rule}: not whom the rule holds for"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--segments", type=int, default=100)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    size = {"contacts": asked.contacts, "events": asked.events}
    with scratch.database():
        made = scale_seed(contacts=asked.contacts, events=asked.events, seed=1, now=clock.now(), report=_say)
        for figure in (
            lambda: build(runs=asked.runs),
            lambda: estimate(runs=asked.runs * 4),
            lambda: behind(made, segments=asked.segments, rate=asked.rate, seconds=asked.seconds),
        ):
            print(json.dumps({**figure(), **size}), flush=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
