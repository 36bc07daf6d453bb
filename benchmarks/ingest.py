"""
Ingest as SDKs use it: `/v1/batch` with 100 events a call, and `/v1/track` with one, four clients at a time.

The whole product runs beside its clients on this machine, with `fsync` on: each answer is one commit. The
limit in the same run is a bare multi-row INSERT of the same rows, 100 a statement and a commit each, from as
many connections, into a table of the same shape: no HTTP, no de-duplication, no identities.

    python -m benchmarks.ingest [--seconds 10] [--runs 3] [--clients 4]
"""

import argparse
import base64
import http.client
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

from config import env

PEOPLE, BATCH = 10_000, 100
MAKE_KEY = """
from apps.core import clock
from apps.integrations import services
services.scheme_choose(namespace="user", by=None, now=clock.now())
print(services.source_create(name="Bench", by=None, now=clock.now())[1])
"""
ROW_TABLE = """
    DROP TABLE IF EXISTS bench_event;
    CREATE TABLE bench_event (LIKE contacts_event_y{month:%Ym%m} INCLUDING ALL)
"""
ROWS = """
    INSERT INTO bench_event (contact_id, name, occurred_at, received_at, properties, source, message_key)
    SELECT n %% %s, 'order_completed', now(), now(), %s::jsonb, 'Bench', gen_random_uuid()
    FROM generate_series(1, %s) AS n
"""
PROPERTIES = {"total": 59.9, "currency": "EUR", "items": 3, "coupon": "SPRING", "path": "/checkout/done"}


@contextmanager
def product():
    """Give the block the port, the key and the folder of a running product of its own."""
    folder = Path(tempfile.mkdtemp(prefix="bookend-bench-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ours = {"DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "BASE_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= {"DATA_DIR": str(folder), "LOG_LEVEL": "WARNING"}
    manage = [sys.executable, str(env.BASE_DIR / "manage.py")]
    process = subprocess.Popen(
        [*manage, "up", "--no-demo", "--with-parent", "--port", str(port), "--data-dir", str(folder)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        while "Bookend is ready" not in process.stdout.readline():
            assert process.poll() is None, "the product did not start"
        threading.Thread(target=process.stdout.read, daemon=True).start()
        made = subprocess.run(
            [*manage, "shell", "--no-imports", "-v0", "-c", MAKE_KEY],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        yield port, made.stdout.strip(), folder
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def at_once(clients: int, seconds: float, work: Callable[[int], Callable[[], int]]) -> float:
    """Return how much the clients get done a second; `work` gives each of them its own act."""
    done = [0] * clients
    end = time.perf_counter() + seconds

    def run(number: int) -> None:
        act = work(number)
        while time.perf_counter() < end:
            done[number] += act()

    threads = [threading.Thread(target=run, args=[number]) for number in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - start)


def sender(port: int, key: str, call: str, size: int, serial: "count[int]"):
    """Return what makes one client's act: one call, on a connection that is kept."""
    headers = {
        "Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
        "Content-Type": "application/json",
    }

    def work(_number: int) -> Callable[[], int]:
        link = http.client.HTTPConnection("127.0.0.1", port)

        def act() -> int:
            messages = [
                {
                    "type": "track",
                    "messageId": f"bench-{next(serial)}",
                    "userId": f"user-{next(serial) % PEOPLE}",
                    "event": "order_completed",
                    "properties": PROPERTIES,
                }
                for _each in range(size)
            ]
            body = json.dumps({"batch": messages} if call == "batch" else messages[0])
            link.request("POST", f"/v1/{call}", body, headers)
            response = link.getresponse()
            answer = response.read()
            assert response.status == 200, answer
            assert json.loads(answer)["success"], answer
            return size

        return act

    return work


def inserter(folder: Path):
    def work(_number: int) -> Callable[[], int]:
        link = connect(folder)
        properties = json.dumps(PROPERTIES)

        def act() -> int:
            link.execute(ROWS, [PEOPLE, properties, BATCH])
            return BATCH

        return act

    return work


def connect(folder: Path) -> psycopg.Connection:
    return psycopg.connect(host=str(folder / "postgres"), user="postgres", dbname="bookend", autocommit=True)


def seed(folder: Path, contacts: int) -> None:
    """Have so many people, and ten events of each, in the product before it is measured."""
    sizes = ["--contacts", str(contacts), "--events", str(10 * contacts)]
    subprocess.run(
        [sys.executable, str(env.BASE_DIR / "manage.py"), "seed_scale", *sizes],
        env=os.environ | {"DATA_DIR": str(folder)},
        check=True,
        stdout=subprocess.DEVNULL,
    )


def figures(seconds: float, runs: int, clients: int, contacts: int) -> list[dict[str, object]]:
    batches, singles, limits = [], [], []
    serial = count()
    with product() as (port, key, folder):
        if contacts:
            seed(folder, contacts)
        with connect(folder) as link:
            there = link.execute("SELECT count(*) FROM contacts_event").fetchone()[0]
        at_once(clients, 3, sender(port, key, "batch", BATCH, serial))  # contacts are made, caches warm
        with connect(folder) as link:
            now = link.execute("SELECT now()").fetchone()[0]
            link.execute(ROW_TABLE.format(month=now))
        for run in range(runs):
            limits.append(at_once(clients, seconds, inserter(folder)))
            batches.append(at_once(clients, seconds, sender(port, key, "batch", BATCH, serial)))
            singles.append(at_once(clients, seconds, sender(port, key, "track", 1, serial)))
            rates = f"batch {batches[-1]:.0f}/s, single {singles[-1]:.0f}/s, INSERT {limits[-1]:.0f}/s"
            print(f"run {run}: {rates}", file=sys.stderr)
        with connect(folder) as link:
            kept = link.execute("SELECT count(*) FROM contacts_event").fetchone()[0]
            counted = link.execute("SELECT sum(count) FROM integrations_tally").fetchone()[0]
            assert kept - there == counted, f"{kept - there} events, {counted} counted"
    limit = statistics.median(limits)
    return [
        {
            "figure": f"ingest {name}",
            "clients": clients,
            "contacts": contacts,
            "events_per_second": round(statistics.median(rates)),
            "insert_per_second": round(limit),
            "ratio": round(statistics.median(rates) / limit, 3),
        }
        for name, rates in (("batch of 100", batches), ("single track", singles))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--contacts", type=int, default=0, help="that are there before")
    asked = parser.parse_args()
    for figure in figures(asked.seconds, asked.runs, asked.clients, asked.contacts):
        print(json.dumps(figure))


if __name__ == "__main__":
    main()
