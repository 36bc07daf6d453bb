"""
Exact segment counts at a million contacts and ten million events, against the best SQL written by hand.

Each case runs both ways in turn and gives medians. The counts must be equal, or the figure means nothing.

    python -m benchmarks.segment_count [--contacts 1000000] [--events 10000000] [--runs 7]
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from benchmarks import scratch  # isort: skip  # sets Django up

from django.db import connection

from apps.contacts.scale import scale_seed
from apps.core import clock
from apps.segments import selectors

MUST_REACH = 1.5


@dataclass(frozen=True)
class Case:
    """A rule, and the SQL that somebody who knows the tables would write for it."""

    name: str
    rule: dict[str, Any]
    sql: str


RECENT = {"attribute": "recency", "op": "lte", "value": 3}
BY_HAND = "c.erased_at IS NULL AND (c.attributes ->> 'recency')::numeric <= 3"
CASES = [
    Case("attribute", RECENT, f"SELECT count(*) FROM contacts_contact c WHERE {BY_HAND}"),
    Case(
        "attribute + event within 30 days",
        {"all": [RECENT, {"event": "order_placed", "did": True, "within": "30d"}]},
        f"""
        SELECT count(*) FROM contacts_contact c WHERE {BY_HAND} AND c.id IN (
            SELECT contact_id FROM contacts_event
            WHERE name = 'order_placed' AND occurred_at >= '{{since_30}}' AND occurred_at <= '{{now}}')
        """,
    ),
    Case(
        "event >= 3 in 90 days + attribute",
        {"all": [RECENT, {"event": "product_viewed", "did": True, "count": {"gte": 3}, "within": "90d"}]},
        f"""
        SELECT count(*) FROM contacts_contact c WHERE {BY_HAND} AND c.id IN (
            SELECT contact_id FROM contacts_event
            WHERE name = 'product_viewed' AND occurred_at >= '{{since_90}}' AND occurred_at <= '{{now}}'
            GROUP BY contact_id HAVING count(*) >= 3)
        """,
    ),
]


def timed(run: Callable[[], int]) -> tuple[float, int]:
    """Return the seconds it took, and what it returned."""
    start = time.perf_counter()
    found = run()
    return time.perf_counter() - start, found


def count_by_hand(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


def case_measure(case: Case, *, now: datetime, runs: int) -> dict[str, Any]:
    marks = {"now": now, "since_30": now - timedelta(days=30), "since_90": now - timedelta(days=90)}
    sql = case.sql.format(**marks)
    node = selectors.rule_read(case.rule)
    ours, limit = [], []
    for _each in range(runs + 1):
        seconds, found = timed(lambda: selectors.rule_count(node, now=now))
        by_hand, expected = timed(lambda: count_by_hand(sql))
        assert found == expected, f"{case.name}: {found} and by hand {expected}"
        ours.append(seconds)
        limit.append(by_hand)
    # The first of each filled the caches.
    median, median_limit = statistics.median(ours[1:]), statistics.median(limit[1:])
    return {
        "figure": f"segment count: {case.name}",
        "ms": round(median * 1000, 1),
        "limit_ms": round(median_limit * 1000, 1),
        "ratio": round(median / median_limit, 2),
        "must_reach": MUST_REACH,
        "found": found,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=7)
    asked = parser.parse_args()
    with scratch.database():
        now = clock.now()
        scale_seed(contacts=asked.contacts, events=asked.events, seed=1, now=now, report=_say)
        for case in CASES:
            figure = case_measure(case, now=now, runs=asked.runs)
            print(json.dumps({**figure, "contacts": asked.contacts, "events": asked.events}), flush=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
