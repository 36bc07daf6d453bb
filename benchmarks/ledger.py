"""
What a large ledger costs: the pages that people watch it on, freezing it, and how soon a pause takes hold.

    python -m benchmarks.ledger [--rows 5000000]   running page, recipients by state, results, API
    python -m benchmarks.ledger --freeze 1000000      one statement, a fifth excluded for a reason
    python -m benchmarks.ledger --pause 20000 [--processes 2]   from the pause to the last mail that leaves

The limit of the pages in the same run is the smallest one behind the same middleware: the process probe.
"""

import argparse
import json
import multiprocessing
import sys
import time
from datetime import timedelta

from benchmarks import scratch  # isort: skip  # sets Django up

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.core import clock
from apps.messaging import ledger, services
from apps.messaging.delivery.engine import engines_close
from apps.messaging.models import Message, Recipient
from apps.messaging.selectors import message_ledger
from apps.messaging.services.standing import tally_begin
from apps.reporting.services import results_refresh
from benchmarks.pages import measure
from benchmarks.send_messages import contacts_make, launch, message_make, sink

MUST_REACH_MS = 200
# Of a hundred: three failed for one of thirty reasons, two unknown, eight left out, seven still in line.
ROWS = """
    INSERT INTO messaging_recipient (
        message_id, contact_id, address, state, reason, due_at, finished_at, answer, is_retryable, mail_id
    )
    SELECT %(message)s, c.id, c.email, s.state,
        CASE WHEN s.state <> 'excluded' THEN ''
            WHEN c.id %% 200 < 190 THEN 'no_consent' ELSE 'suppressed' END,
        %(at)s, CASE WHEN s.state <> 'queued' THEN %(at)s END,
        CASE s.state WHEN 'failed' THEN '550 5.7.1 reason ' || c.id / 100 %% 30
            WHEN 'unknown' THEN 'The server was silent for 60 seconds.' WHEN 'sent' THEN '250 ok' ELSE '' END,
        s.state = 'failed' AND c.id %% 2 = 0,
        CASE WHEN s.state IN ('sent', 'unknown') THEN c.id || '@x' ELSE '' END
    FROM contacts_contact AS c CROSS JOIN LATERAL (SELECT CASE
        WHEN c.id %% 100 < 80 THEN 'sent' WHEN c.id %% 100 < 83 THEN 'failed'
        WHEN c.id %% 100 < 85 THEN 'unknown'
        WHEN c.id %% 100 < 93 THEN 'excluded' ELSE 'queued' END AS state) AS s ORDER BY c.id
"""
# Two of five open it, a third of those by machine; one of ten clicks.
EVENTS = """
    INSERT INTO messaging_deliveryevent (recipient_id, message_id, contact_id, kind, at, machine_reason)
    SELECT r.id, r.message_id, r.contact_id, k.kind, %(at)s,
        CASE WHEN r.id %% 3 = 0 THEN 'scanner' ELSE '' END
    FROM messaging_recipient AS r
    CROSS JOIN LATERAL (VALUES ('opened', r.id %% 5 < 2), ('clicked', r.id %% 10 = 0)) AS k (kind, is_it)
    WHERE r.state = 'sent' AND k.is_it
"""


def run(statement: str, params: object = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def ledger_make(rows: int, user: User) -> Message:
    contacts_make(rows)
    message = message_make(user)
    now = clock.now()
    message.template_version = message.template.versions.get()
    message.state, message.launched_at, message.launched_by = Message.State.PAUSED, now, user
    message.save()
    services.partitions_ensure(now=now)
    params = {"message": message.pk, "at": now}
    run(ROWS, params)
    run(EVENTS, params)
    run("VACUUM ANALYZE messaging_recipient")
    run("ANALYZE messaging_deliveryevent")
    tally_begin(message, message_ledger(message), now=now)
    results_refresh(campaign=message.campaign, now=clock.now())
    return message


def pages(rows: int) -> None:
    user = User.objects.create_user("bench@shop.example", role=User.Role.MARKETING_LEAD)
    started = time.perf_counter()
    message = ledger_make(rows, user)
    print(f"{rows:,} rows after {time.perf_counter() - started:.0f} s", file=sys.stderr)
    client = Client(raise_request_exception=True)
    client.force_login(user)
    limit, _p95, _queries = measure(client, "/healthz")
    people = reverse("messaging:people", args=[message.pk])
    asked = {
        "running page": reverse("messaging:detail", args=[message.pk]),
        "recipients": people,
        **{
            f"recipients, {state}": f"{people}?state={state}"
            for state in ("sent", "failed", "unknown", "queued")
        },
        "recipients, by reason": f"{people}?reason=suppressed",
        "recipients, by address": f"{people}?state=sent&q=reader-77",
        "settle the unknown": reverse("messaging:settle", args=[message.pk]),
        "results": reverse("campaigns:tab", args=[message.campaign_id, "results"]),
    }
    for name, url in asked.items():
        median, p95, queries = measure(client, url)
        figure = {
            "figure": f"ledger {name}",
            "rows": rows,
            "median_ms": round(median, 1),
            "p95_ms": round(p95, 1),
        }
        figure |= {"must_reach_ms": MUST_REACH_MS, "queries": queries, "probe_ms": round(limit, 2)}
        print(json.dumps(figure), flush=True)
    started = time.perf_counter()
    services.tallies_refresh(now=clock.now() + timedelta(hours=1))
    figure = {"figure": "ledger counted by a worker", "rows": rows}
    print(json.dumps(figure | {"seconds": round(time.perf_counter() - started, 2)}), flush=True)


def freeze(people: int) -> None:
    """A tenth has not said yes, a tenth is suppressed; a tenth of the rest is held out."""
    user = User.objects.create_user("bench@shop.example", role=User.Role.MARKETING_LEAD)
    contacts_make(people)
    run("UPDATE contacts_consent SET status = 'unsubscribed' WHERE contact_id %% 10 = 0", [])
    run(
        "INSERT INTO contacts_suppression (channel, address_hash, reason, at, source)"
        " SELECT 'email', email_hash, 'by_hand', now(), '' FROM contacts_contact WHERE id %% 10 = 1",
        [],
    )
    run("VACUUM ANALYZE")
    message = message_make(user)
    message.holdout_percent = 10
    message.save()
    started = time.perf_counter()
    ledger.freeze(message, now=clock.now())
    seconds = time.perf_counter() - started
    frozen = message_ledger(message)
    assert frozen.audience == people
    figure = {
        "figure": "ledger frozen",
        "audience": people,
        "seconds": round(seconds, 1),
        "must_reach_seconds": 30,
    }
    figure |= {"excluded": {reason.value: count for reason, count in frozen.reasons}}
    print(json.dumps(figure))


def pause(people: int, processes: int) -> None:
    """Let workers send, pause, and see when the last answer of the mail server was written down."""
    user = User.objects.create_user("bench@shop.example", role=User.Role.MARKETING_LEAD)
    contacts_make(people)
    message = message_make(user)
    sent = Recipient.objects.filter(message=message, state="sent")
    with sink() as (port, _taker):
        settings.EMAIL_URL = f"smtp://127.0.0.1:{port}"
        launch(message, user)
        connection.close()  # a child must not talk over its parent's connection
        fork = multiprocessing.get_context("fork")
        workers = [fork.Process(target=send_until_paused, args=[message.pk]) for _worker in range(processes)]
        for worker in workers:
            worker.start()
        while sent.count() < people // 20:
            time.sleep(0.05)
        services.message_pause(message=message, by=user, now=clock.now())
        paused_at = clock.now()
        for worker in workers:
            worker.join()
            assert worker.exitcode == 0
    last = sent.order_by("-finished_at").values_list("finished_at", flat=True)[0]
    left = sent.filter(finished_at__gt=paused_at).count()
    figure = {"figure": "pause to last message", "processes": processes, "sent": sent.count(), "of": people}
    figure |= {"seconds": round(max(0.0, (last - paused_at).total_seconds()), 2), "after_the_pause": left}
    print(json.dumps(figure | {"must_reach_seconds": 2}))


def send_until_paused(message: int) -> None:
    while Message.objects.running().filter(pk=message).exists():
        services.messages_send(now=clock.now())
    engines_close()
    connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--freeze", type=int, help="only this: freeze an audience of so many")
    parser.add_argument("--pause", type=int, help="only this: pause a send to so many")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    with scratch.database():
        if asked.freeze:
            freeze(asked.freeze)
        elif asked.pause:
            pause(asked.pause, asked.processes)
        else:
            pages(asked.rows)


if __name__ == "__main__":
    main()
