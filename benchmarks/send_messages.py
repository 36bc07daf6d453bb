"""
Bulk e-mail: personalised HTML and text of 10 to 12 KB with tracked links, and the whole ledger, to a
loopback sink.

The sink is Postfix's `smtp-sink` (Debian: postfix) where there is one, else the slower `benchmarks.sink`.
The limit in the same run is a bare asyncio loop that sends one mail encoded beforehand over as many
connections: no rendering, no ledger, no tracking. django-post_office sends the same to as many as 5,000 of
the same people, in one process over as many connections; another peer, listmonk, reaches 5,910/s elsewhere
(without a row per recipient).

    python -m benchmarks.send_messages [--messages 20000] [--runs 3] [--processes 1 2 4] [--profile]
        [--without-peer]
"""

import argparse
import asyncio
import cProfile
import json
import multiprocessing
import os
import pstats
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.peer_settings")

from benchmarks import scratch  # isort: skip  # sets Django up

import psutil
from django.conf import settings
from django.db import connection

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Channel
from apps.content.models import Template, TemplateVersion
from apps.content.rendering import compile_email
from apps.core import clock
from apps.messaging import ledger, services
from apps.messaging.delivery.composer import Composer
from apps.messaging.delivery.engine import CONNECTIONS, engines_close
from apps.messaging.models import Message, Sender
from apps.messaging.selectors import message_ledger
from apps.segments.models import Segment
from benchmarks import peer

PEER_MESSAGES = 5000
WHOSE = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
PARAGRAPH = (
    "Spring has come to our shelves: {{{{ contact.city | default: 'your town' }}}} can see it from Monday. "
    "Whatever you bought from us last, this is what goes with it, and you are the first to hear of it. "
    "Part {n} of the story follows below; it is about as long as such paragraphs are in real mails. "
)
SECTION = """
<mj-section><mj-column>
<mj-text font-size="16px">{paragraph}</mj-text>
<mj-button href="https://shop.example/spring/{n}?for={{{{ contact.id }}}}">Look at part {n}</mj-button>
</mj-column></mj-section>
"""


def mjml() -> str:
    sections = "".join(SECTION.format(n=n, paragraph=PARAGRAPH.format(n=n)) for n in range(1, 3))
    return f"""<mjml><mj-body><mj-section><mj-column>
    <mj-text>Dear {{{{ contact.first_name | default: "reader" }}}},</mj-text></mj-column></mj-section>
    {sections}<mj-section><mj-column>
    <mj-text><a href="{{{{ unsubscribe_url }}}}">Leave</a></mj-text>
    <mj-text><a href="{{{{ view_url }}}}">In the browser</a></mj-text>
    </mj-column></mj-section></mj-body></mjml>"""


def contacts_make(count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO contacts_contact (email, email_hash, attributes, created_at, updated_at)
            SELECT 'reader-' || n || '@example.com', sha256(n::text::bytea),
                jsonb_build_object('first_name', 'Name' || n, 'city', 'City ' || n %% 500), now(), now()
            FROM generate_series(1, %s) AS n
            """,
            [count],
        )
        cursor.execute(
            """
            INSERT INTO contacts_consent (contact_id, channel, topic, status, changed_at)
            SELECT id, 'email', '', 'subscribed', now() FROM contacts_contact
            """
        )
        cursor.execute(
            """
            INSERT INTO contacts_suppression (channel, address_hash, reason, at, source)
            SELECT 'email', sha256(('gone' || n)::bytea), 'by_hand', now(), ''
            FROM generate_series(1, 5000) AS n
            """
        )
        cursor.execute("VACUUM ANALYZE")


def message_make(user: User) -> Message:
    campaign = Campaign.objects.create(name="Bench", captain=user)
    channel = Channel.objects.create(campaign=campaign, kind="email", owner=user)
    template = Template.objects.create(name="Spring", edited_at=clock.now())
    source = mjml()
    subject = "{{ contact.first_name }}, spring is here"
    TemplateVersion.objects.create(
        template=template,
        number=1,
        subject=subject,
        mjml=source,
        html=compile_email(subject, "", source, "").html,
        at=clock.now(),
    )
    sender, _made = Sender.objects.get_or_create(email="news@shop.example", defaults={"name": "Shop"})
    segment, _made = Segment.objects.get_or_create(name="Everyone", defaults={"rule": {"all": []}})
    message = Message.objects.create(
        campaign=campaign, channel=channel, name="Spring", sender=sender, template=template
    )
    message.segments.set([segment])
    return message


def launch(message: Message, user: User) -> float:
    """Freeze as a launch does, without the campaign's readiness; return the seconds it took."""
    started = time.perf_counter()
    now = clock.now()
    ledger.freeze(message, now=now)
    message.template_version = message.template.versions.get()
    message.state, message.launched_at, message.launched_by = Message.State.RUNNING, now, user
    message.save()
    return time.perf_counter() - started


def send_everything(message: Message, processes: int = 1) -> float:
    """Work until nothing is left, here or in so many workers of their own; return the seconds it took."""
    started = time.perf_counter()
    if processes == 1:
        work(message)
        return time.perf_counter() - started
    connection.close()  # a child must not talk over its parent's connections
    engines_close()
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=work_apart, args=[message]) for _ in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    return time.perf_counter() - started


def work(message: Message) -> None:
    while message_ledger(message).unfinished:
        services.messages_send(now=clock.now())


def work_apart(message: Message) -> None:
    work(message)
    engines_close()
    connection.close()


@dataclass(frozen=True)
class Meter:
    """Processor seconds so far, by who used them: more than a clock says on a machine that others share."""

    worker: float
    database: float
    sink: float

    @classmethod
    def read(cls, sink: int) -> "Meter":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [backend] = cursor.fetchone()
        server = psutil.Process(backend).parent()
        ended = server.cpu_times()  # of backends that have ended, their parent keeps the sum
        workers = resource.getrusage(resource.RUSAGE_CHILDREN)
        return cls(
            worker=_seconds([psutil.Process()]) + workers.ru_utime + workers.ru_stime,
            database=_seconds(server.children()) + ended.children_user + ended.children_system,
            sink=_seconds([psutil.Process(sink)]),
        )

    def since(self, before: "Meter", count: int) -> dict[str, float]:
        """Return milliseconds per mail."""
        return {
            who: round((getattr(self, who) - getattr(before, who)) / count * 1000, 3)
            for who in ("worker", "database", "sink")
        }


def _seconds(processes: list[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes]
    return sum(one.user + one.system for one in times)


@contextmanager
def sink():
    """Run Postfix's sink where it is installed, else our own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(sink_command(port), stdout=subprocess.DEVNULL)
    try:
        for _try in range(50):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def sink_command(port: int) -> list[str]:
    program = shutil.which("smtp-sink", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        return [sys.executable, "-m", "benchmarks.sink", str(port)]
    unprivileged = ["-u", "nobody"] if os.geteuid() == 0 else []
    return [program, *unprivileged, f"127.0.0.1:{port}", "512"]


async def bare_loop(port: int, content: bytes, count: int) -> None:
    """Send the same bytes `count` times: what asyncio and the sink can do together."""
    left = iter(range(count))

    async def lane() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        writer.write(b"EHLO bench\r\n")
        while (await reader.readline())[3:4] == b"-":
            pass
        for number in left:
            writer.write(
                b"MAIL FROM:<a@shop.example>\r\nRCPT TO:<reader-%d@example.com>\r\nDATA\r\n" % number
            )
            for _reply in range(3):
                await reader.readline()
            writer.write(content)
            await reader.readline()
        writer.close()

    await asyncio.gather(*(lane() for _ in range(CONNECTIONS)))


def figures(
    count: int, runs: int, processes: list[int], *, profile: bool, has_peer: bool
) -> Iterator[dict[str, object]]:
    """Yield one figure for each number of processes, and the peer's, all in the same run."""
    with scratch.database(), sink() as (port, taker):
        settings.EMAIL_URL = f"smtp://127.0.0.1:{port}"
        user = User.objects.create(email="bench@shop.example")
        contacts_make(count)
        for workers in processes:
            bench = Bench(user, port, taker, count)
            for run in range(runs):
                bench.run(workers, profile=profile and run == runs - 1)
            yield bench.figure(workers)
        if has_peer:
            yield peer_figure(bench, min(count, PEER_MESSAGES))


def peer_figure(bench: "Bench", count: int) -> dict[str, object]:
    message = message_make(bench.user)
    launch(message, bench.user)
    rate = count / peer.send(message, count, bench.port)
    return {
        "figure": "send_messages_post_office",
        "messages": count,
        "processes": 1,
        "per_second": round(rate),
        "limit_per_second": round(bench.limit),
        "ratio": round(rate / bench.limit, 3),
        "ours_to_theirs": round(bench.rate / rate, 1),
    }


class Bench:
    """Some runs with one number of processes, and what they came to."""

    def __init__(self, user: User, port: int, taker: int, count: int) -> None:
        self.user, self.port, self._taker, self._count = user, port, taker, count
        self._rates, self._limits, self._freezes, self._costs, self._size = [], [], [], [], 0

    @property
    def rate(self) -> float:
        return statistics.median(self._rates)

    @property
    def limit(self) -> float:
        return statistics.median(self._limits)

    def run(self, processes: int, *, profile: bool) -> None:
        message, count = message_make(self.user), self._count
        self._freezes.append(launch(message, self.user))
        content = sample(message)
        self._size = len(content)
        started = time.perf_counter()
        asyncio.run(bare_loop(self.port, content + b".\r\n", count))
        self._limits.append(count / (time.perf_counter() - started))
        before = Meter.read(self._taker)
        with profiled() if profile else nullcontext():
            seconds = send_everything(message, processes)
        self._costs.append(Meter.read(self._taker).since(before, count))
        self._rates.append(count / seconds)
        counts = message_ledger(message)
        assert counts.states["sent"] == count, counts
        told = f"{self._rates[-1]:.0f}/s, bare loop {self._limits[-1]:.0f}/s, {self._costs[-1]}"
        print(f"{processes} processes: {told}", file=sys.stderr)

    def figure(self, processes: int) -> dict[str, object]:
        rate, limit = self.rate, self.limit
        return {
            "figure": "send_messages" if processes == 1 else f"send_messages_{processes}",
            "messages": self._count,
            "processes": processes,
            "bytes": self._size,
            "per_second": round(rate),
            "limit_per_second": round(limit),
            "ratio": round(rate / limit, 3),
            "freeze_seconds": round(statistics.median(self._freezes), 2),
            "sink": "smtp-sink" if "smtp-sink" in sink_command(0)[0] else "our own",
            "must_reach_per_second": 2500 if processes == 1 else 4000,
            # Processor milliseconds of one mail.
            **{
                f"{who}_ms": statistics.median(cost[who] for cost in self._costs)
                for who in ("worker", "database", "sink")
            },
            "memory_mb": max(resource.getrusage(whose).ru_maxrss for whose in WHOSE) // 1024,
        }


@contextmanager
def profiled() -> Iterator[None]:
    profiler = cProfile.Profile()
    with profiler:
        yield
    pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(35)


def sample(message: Message) -> bytes:
    """Return one of the mails as it goes over the wire."""
    row = message.recipients.select_related("contact").first()
    contact = {**row.contact.attributes, "email": row.contact.email, "id": row.contact_id}
    return Composer(message, message.template_version).compose(row.pk, contact, at=clock.now()).content


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--without-peer", action="store_true")
    asked = parser.parse_args()
    kind = {"profile": asked.profile, "has_peer": not asked.without_peer}
    for figure in figures(asked.messages, asked.runs, asked.processes, **kind):
        print(json.dumps(figure), flush=True)


if __name__ == "__main__":
    main()
