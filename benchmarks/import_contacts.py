"""
Import of contacts through the real path: upload, mapping, validation, upsert, counts and samples.

The limit in the same run is what somebody would do by hand with the same file and tables: COPY into a staging
table, then INSERT … ON CONFLICT into contacts and identities. Each is measured on new rows in a database of
its own; medians of the runs. The peak of memory is that of a process that imports a million rows, then the
same file again, then one in which every tenth row says something new.

    python -m benchmarks.import_contacts [--rows 100000] [--runs 3] [--memory-rows 1000000]
"""

import argparse
import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import scratch  # isort: skip  # sets Django up

from django.core.files import File
from django.db import connection

from apps.contacts.models import Contact, Identity
from apps.contacts.services import import_run, import_start, import_upload
from apps.core import clock

MUST_REACH_RATE, MUST_REACH_RATIO, MUST_REACH_MB = 20_000, 0.30, 300
MUST_REACH_MANY, MUST_REACH_UNCHANGED = 25_000, 60_000
COLUMNS = {
    "email": "email",
    "first_name": "attr:first_name:text",
    "last_name": "attr:last_name:text",
    "city": "attr:city:text",
    "country": "attr:country:text",
    "plan": "attr:plan:text",
    "visits": "attr:visits:number",
    "score": "attr:score:number",
    "spend": "attr:spend:money",
    "is_member": "attr:is_member:boolean",
    "signup_date": "attr:signup_date:date",
    "last_seen": "attr:last_seen:datetime",
}


def file_write(path: Path, *, rows: int, changed_every: int = 0) -> None:
    """Write people into a file; of each `changed_every`-th, the city is another than without."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for n in range(rows):
            writer.writerow(
                [
                    f"person-{n}@example.com",
                    f"First{n % 997}",
                    f"Last{n % 7919}",
                    f"Town {n % 500}" if changed_every and n % changed_every == 0 else f"City {n % 500}",
                    ("FR", "DE", "GB", "US")[n % 4],
                    ("free", "pro", "team")[n % 3],
                    n % 100,
                    round(n % 1000 / 7, 3),
                    f"{n % 10_000 / 100:.2f}",
                    "yes" if n % 2 else "no",
                    f"2026-{n % 12 + 1:02}-{n % 28 + 1:02}",
                    f"2026-{n % 12 + 1:02}-{n % 28 + 1:02}T{n % 24:02}:00:00Z",
                ]
            )


def import_file(path: Path, *, made: int, changed: int = 0) -> float:
    """
    Import the file as a person would have it imported; return the seconds from upload to result.

    It must make so many contacts, change so many, and find all others as it says.
    """
    start = time.perf_counter()
    with path.open("rb") as raw:
        draft = import_upload(file=File(raw, name=path.name), by=None)
    started = import_start(import_file=draft, by=None, now=clock.now(), mapping=dict(COLUMNS))
    done = import_run(import_file=started, now=clock.now())
    seconds = time.perf_counter() - start
    assert done.state == "done", done.error
    assert (done.created, done.updated) == (made, changed), (done.created, done.updated)
    assert made + changed + done.unchanged == done.rows_total, (done.unchanged, done.rows_total)
    return seconds


BY_HAND = """
    INSERT INTO contacts_contact (email, attributes, created_at, updated_at)
    SELECT lower(email), jsonb_strip_nulls(jsonb_build_object(
        'first_name', first_name, 'last_name', last_name, 'city', city, 'country', country, 'plan', plan,
        'visits', visits::numeric, 'score', score::numeric, 'spend', spend::numeric,
        'is_member', is_member = 'yes', 'signup_date', signup_date, 'last_seen', last_seen)), now(), now()
    FROM staging
"""
BY_HAND_IDENTITIES = """
    INSERT INTO contacts_identity (contact_id, namespace, value, created_at)
    SELECT c.id, 'email', c.email, now() FROM contacts_contact c JOIN staging s ON lower(s.email) = c.email
    ON CONFLICT (namespace, value) DO UPDATE SET contact_id = excluded.contact_id
"""


def by_hand(path: Path) -> float:
    """COPY into staging and upsert, in one transaction; return the seconds."""
    start = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"CREATE TEMP TABLE staging ({', '.join(f'{name} text' for name in COLUMNS)})")
        with cursor.copy("COPY staging FROM STDIN (FORMAT csv, HEADER)") as copy, path.open("rb") as raw:
            while chunk := raw.read(1 << 20):
                copy.write(chunk)
        cursor.execute("ANALYZE staging")
        cursor.execute(BY_HAND)
        cursor.execute(BY_HAND_IDENTITIES)
        cursor.execute("COMMIT")
        cursor.execute("DROP TABLE staging")
    return time.perf_counter() - start


def emptied() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE contacts_contact, contacts_identity CASCADE")


def speed(rows: int, runs: int, folder: Path) -> None:
    path = folder / "people.csv"
    file_write(path, rows=rows)
    ours, limit = [], []
    for _run in range(runs):
        emptied()
        ours.append(import_file(path, made=rows))
        assert (Contact.objects.count(), Identity.objects.count()) == (rows, rows)
        emptied()
        limit.append(by_hand(path))
        assert (Contact.objects.count(), Identity.objects.count()) == (rows, rows)
    rate, rate_limit = rows / statistics.median(ours), rows / statistics.median(limit)
    figure = {
        "figure": f"import of {rows:,} new rows of {len(COLUMNS)} columns",
        "rows_per_s": round(rate),
        "limit_rows_per_s": round(rate_limit),
        "ratio": round(rate / rate_limit, 2),
        "must_reach_rows_per_s": MUST_REACH_RATE,
        "must_reach_ratio": MUST_REACH_RATIO,
    }
    print(json.dumps(figure), flush=True)


def memory(rows: int, folder: Path) -> None:
    """Import in this process, which does nothing else: all new, all as it is, a tenth changed."""
    path = folder / "many.csv"
    file_write(path, rows=rows)
    _many(rows, "new", import_file(path, made=rows), MUST_REACH_MANY)
    _many(rows, "unchanged", import_file(path, made=0), MUST_REACH_UNCHANGED)
    file_write(path, rows=rows, changed_every=10)
    _many(rows, "10 % changed", import_file(path, made=0, changed=-(-rows // 10)), None)


def _many(rows: int, what: str, seconds: float, must_reach: int | None) -> None:
    figure = {
        "figure": f"import of {rows:,} rows, {what}",
        "rows_per_s": round(rows / seconds),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "must_reach_rows_per_s": must_reach,
        "must_reach_mb": MUST_REACH_MB,
    }
    print(json.dumps(figure), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--memory-rows", type=int, default=1_000_000)
    parser.add_argument("--only-memory", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.only_memory:
            with scratch.database():
                memory(asked.memory_rows, Path(folder))
            return
        with scratch.database():
            speed(asked.rows, asked.runs, Path(folder))
    # In a process of its own: the runs above must not be part of its peak.
    again = [sys.executable, "-m", "benchmarks.import_contacts", "--only-memory"]
    subprocess.run([*again, "--memory-rows", str(asked.memory_rows)], check=True, env=os.environ)


if __name__ == "__main__":
    main()
