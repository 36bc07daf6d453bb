"""
Opens and clicks as mail programs send them, to the product as it runs, with `fsync` on: each answer is a hit
on disk. Beside it in the same run, on a server started in the same way: a Django that has one empty view and
no middleware (`ratio`), and the product's own process probe, behind all of its middleware.

    python -m benchmarks.tracking [--seconds 10] [--runs 3] [--clients 16]

The client is plain sockets in one process, so that the machine's cores are the server's.
"""

import argparse
import json
import re
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle

from benchmarks.ingest import connect, product
from config import env

RECIPIENTS, LINKS = 20_000, 5
AGENT = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15"
MAKE = f"""
import json
from datetime import timedelta
from django.db import connection
from apps.accounts.models import User
from apps.core import clock
from apps.messaging.models import Link, Message, Recipient
from apps.messaging.services import partitions_ensure
from apps.messaging.tokens import Purpose, token_make
from benchmarks.send_messages import contacts_make, message_make
contacts_make({RECIPIENTS})
now = clock.now() - timedelta(hours=1)
partitions_ensure(now=clock.now())
message = message_make(User.objects.create_user("bench@shop.example", role="lead"))
message.template_version = message.template.versions.get()
message.state, message.launched_at, message.finished_at = "finished", now, now
message.save()
Link.objects.bulk_create(
    Link(message=message, position=n, url=f"https://shop.example/spring/{{n}}") for n in range({LINKS})
)
with connection.cursor() as cursor:
    cursor.execute(
        "INSERT INTO messaging_recipient (message_id, contact_id, address, state, due_at, finished_at)"
        " SELECT %s, id, email, 'sent', %s, %s FROM contacts_contact", [message.pk, now, now]
    )
    cursor.execute("ANALYZE messaging_recipient, messaging_link")
ids = list(Recipient.objects.values_list("pk", flat=True))
print(json.dumps({{
    "open": ["/o/" + token_make(Purpose.OPEN, pk) + ".gif" for pk in ids],
    "click": ["/c/" + token_make(Purpose.CLICK, pk, pk % {LINKS}) for pk in ids],
}}))
"""


@contextmanager
def empty_server() -> Iterator[int]:
    """Give the block the port of a bare Django, served as `manage.py up` serves the product."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface=wsgi", "--no-ws", "--log-level=warning",
         "--host=127.0.0.1", f"--port={port}", "--workers=2", "--blocking-threads=4",
         "benchmarks.empty:application"],
        cwd=env.BASE_DIR,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def is_whole(answer: bytes) -> bool:
    """Test if an answer has come to its end, be its length told first or not."""
    head, end, body = answer.partition(b"\r\n\r\n")
    told = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    if told is None:
        return body.endswith(b"0\r\n\r\n") if b"chunked" in head.lower() else bool(end)
    return bool(end) and len(body) >= int(told[1])


def flood(
    port: int, paths: Iterator[str], *, clients: int, seconds: float, status: bytes
) -> tuple[float, float]:
    """Return answers a second and the p95 of an answer in ms, of so many clients that each ask and wait."""
    ready = selectors.DefaultSelector()
    sent: dict[socket.socket, float] = {}
    heard: dict[socket.socket, bytes] = {}
    taken: list[float] = []

    def ask(link: socket.socket) -> None:
        head = f"GET {next(paths)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: {AGENT}\r\n\r\n"
        sent[link] = time.perf_counter()
        link.sendall(head.encode())

    for _client in range(clients):
        link = socket.create_connection(("127.0.0.1", port))
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ready.register(link, selectors.EVENT_READ)
        ask(link)
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        for key, _events in ready.select():
            link = key.fileobj
            answer = heard.pop(link, b"") + link.recv(65536)
            assert answer[9:12] == status, answer[:300]
            if not is_whole(answer):
                heard[link] = answer
                continue
            taken.append(time.perf_counter() - sent[link])
            ask(link)
    elapsed = time.perf_counter() - started
    for link in sent:
        link.recv(65536)
        link.close()
    return len(taken) / elapsed, statistics.quantiles(taken, n=20)[-1] * 1000


def figures(seconds: float, runs: int, clients: int) -> list[dict[str, object]]:
    rates: dict[str, list[float]] = {}
    slow: dict[str, list[float]] = {}
    hits = 0
    with product() as (port, _key, folder), empty_server() as bare:
        made = subprocess.run(
            [sys.executable, str(env.BASE_DIR / "manage.py"), "shell", "--no-imports", "-v0", "-c", MAKE],
            env={"DATA_DIR": str(folder), "PATH": ""},
            cwd=env.BASE_DIR,
            check=True,
            capture_output=True,
            text=True,
        )
        urls = {name: cycle(paths) for name, paths in json.loads(made.stdout).items()}
        acts = {
            "empty": (bare, cycle(["/"]), b"200"),
            "probe": (port, cycle(["/healthz"]), b"200"),
            "open": (port, urls["open"], b"200"),
            "click": (port, urls["click"], b"302"),
        }
        for name in acts:
            flood(*acts[name][:2], clients=clients, seconds=1, status=acts[name][2])  # warm
        for run in range(runs):
            for name, (where, paths, status) in acts.items():
                rate, p95 = flood(where, paths, clients=clients, seconds=seconds, status=status)
                rates.setdefault(name, []).append(rate)
                slow.setdefault(name, []).append(p95)
                hits += round(rate * seconds) if name in {"open", "click"} else 0
            told = ", ".join(f"{name} {values[-1]:.0f}/s" for name, values in rates.items())
            print(f"run {run}: {told}", file=sys.stderr)
        with connect(folder) as link:
            kept = link.execute("SELECT count(*) FROM messaging_deliveryevent").fetchone()[0]
            assert kept >= hits, f"{kept} hits are kept of {hits}"
    empty, probe = statistics.median(rates["empty"]), statistics.median(rates["probe"])
    return [
        {
            "figure": f"tracking {name}",
            "clients": clients,
            "hits_per_second": round(statistics.median(rates[name])),
            "p95_ms": round(statistics.median(slow[name]), 1),
            "empty_view_per_second": round(empty),
            "ratio": round(statistics.median(rates[name]) / empty, 3),
            "probe_per_second": round(probe),
            "ratio_to_probe": round(statistics.median(rates[name]) / probe, 3),
        }
        for name in ("open", "click")
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--clients", type=int, default=16)
    asked = parser.parse_args()
    for figure in figures(asked.seconds, asked.runs, asked.clients):
        print(json.dumps(figure))


if __name__ == "__main__":
    main()
