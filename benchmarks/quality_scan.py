"""
A scan of a million contacts by all rules, through the real path: claimed, stretch by stretch, scored.

The limit in the same run is one pass by hand: an INSERT … SELECT of the conditions about one contact, with
no stretches, no score, and no comparing. The part of the scan that asks the same is measured against it; what
compares contacts with each other has a figure of its own. Memory is the peak of this process.

    python -m benchmarks.quality_scan [--contacts 1000000]
"""

import argparse
import json
import resource
import sys
import time
from datetime import datetime
from typing import Any

from benchmarks import scratch  # isort: skip  # sets Django up

from django.db import connection, transaction

from apps.contacts.models import Attribute, QualityFinding, QualityPair, QualityScan
from apps.contacts.scale import scale_seed
from apps.contacts.services import quality, quality_scan_start, quality_scans_run
from apps.core import clock

MUST_REACH_RATIO, MUST_REACH_MB = 2.0, 300
# Names, numbers and faults for what was seeded: one in fifty is wrong in each way, some are there twice.
NAMES = """
    UPDATE contacts_contact SET
        attributes = attributes || jsonb_build_object(
            'first_name', CASE id % 50 WHEN 0 THEN upper(first) ELSE first END,
            'last_name', CASE id % 50 WHEN 1 THEN last || '2' ELSE last END,
            'channel', CASE id % 50 WHEN 2 THEN 'Pigeon' ELSE attributes->>'channel' END),
        email = CASE id % 50 WHEN 3 THEN 'info@firm-' || id || '.example'
            WHEN 4 THEN 'p' || id || '@mailinator.com' ELSE email END,
        phone = CASE WHEN id % 4 = 0 THEN '+49170' || lpad((id - id % 40 / 20 * 20)::text, 8, '0') ELSE '' END
    FROM (
        SELECT id AS pk, 'First' || chr(97 + (id % 26)::int) || (id / 20 % 997) AS first,
            'Last' || chr(97 + (id / 26 % 26)::int) || (id / 20 % 7919) AS last FROM contacts_contact
    ) AS told WHERE pk = id
"""
BY_HAND = """
    WITH asked AS MATERIALIZED (
        SELECT c.id, ARRAY[{conditions}]::int[] AS hits FROM contacts_contact AS c WHERE c.erased_at IS NULL
    )
    INSERT INTO contacts_qualityfinding (scan_id, rule, detail, contact_id)
    SELECT 0, (%(names)s::text[])[n][1], (%(names)s::text[])[n][2], id
    FROM asked CROSS JOIN LATERAL unnest(hits) AS n WHERE n IS NOT NULL
"""


def prepare() -> None:
    for key in ("first_name", "last_name"):
        Attribute.objects.get_or_create(key=key, defaults={"label": key, "type": Attribute.Type.TEXT})
    with connection.cursor() as cursor:
        cursor.execute(NAMES)
        cursor.execute("VACUUM (ANALYZE) contacts_contact")


def pass_by_hand(scan: QualityScan) -> tuple[float, int]:
    """Ask the conditions about one contact in one statement; return the seconds, and how many it found."""
    statements = quality.statements_of(scan)
    conditions = statements.conditions()
    statements.params["names"] = [[one.rule, one.detail] for one in conditions]
    told = ", ".join(f"CASE WHEN {one.sql} THEN {n} END" for n, one in enumerate(conditions, start=1))
    start = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BY_HAND.format(conditions=told), statements.params)
        found = cursor.rowcount
    seconds = time.perf_counter() - start
    QualityFinding.objects.filter(scan_id=0).delete()
    return seconds, found


def scan_measure(now: datetime) -> tuple[float, float, QualityScan]:
    """Scan as a worker does; return the seconds until all are read, those of the comparing, and the scan."""
    scan = quality_scan_start(by=None, now=now)
    start, read_at = time.perf_counter(), None
    quality.SECONDS_PER_RING = 0  # one stretch, or one question, at a time: so it is seen when all are read
    while quality_scans_run(now=clock.now()):
        scan.refresh_from_db()
        if read_at is None and scan.position >= scan.last:
            read_at = time.perf_counter()
    assert scan.state == "done", scan.error
    end = time.perf_counter()
    return (read_at or end) - start, end - (read_at or end), scan


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--contacts", type=int, default=1_000_000)
    asked = parser.parse_args()
    with scratch.database():
        now = clock.now()
        scale_seed(contacts=asked.contacts, events=asked.contacts, seed=1, now=now, report=_say)
        prepare()
        reading, comparing, scan = scan_measure(now)
        by_hand, found = pass_by_hand(scan)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        figure: dict[str, Any] = {
            "figure": "quality scan: every rule",
            "contacts": scan.checked,
            "seconds": round(reading + comparing, 1),
            "reading_s": round(reading, 1),
            "comparing_s": round(comparing, 1),
            "by_hand_s": round(by_hand, 1),
            "ratio": round(reading / by_hand, 2),
            "must_reach": MUST_REACH_RATIO,
            "contacts_per_s": round(scan.checked / (reading + comparing)),
            "found_by_hand": found,
            "pairs": QualityPair.objects.count(),
            "score": float(scan.score or 0),
            "memory_mb": round(memory),
            "memory_must_reach": MUST_REACH_MB,
        }
        print(json.dumps(figure), flush=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
