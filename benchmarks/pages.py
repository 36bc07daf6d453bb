"""
What the server needs for the pages that people live in, at a million contacts: p95, and how many queries.

The limit in the same run is the smallest page there is behind the same middleware: the process probe.

    python -m benchmarks.pages [--contacts 1000000]

The profile is that of somebody with ten thousand events; the list is also asked with two filters.
"""

import argparse
import json
import statistics
import sys
import time
from datetime import timedelta
from urllib.parse import urlencode

from benchmarks import scratch  # isort: skip  # sets Django up

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Channel, Kpi, Metric
from apps.campaigns.services import watch
from apps.contacts.models import Contact
from apps.contacts.scale import scale_seed
from apps.content.models import Template, TemplateVersion
from apps.core import clock
from apps.messaging.models import Message, Sender
from apps.messaging.services import partitions_ensure
from apps.reporting.services import results_refresh
from apps.segments.models import Segment

CAMPAIGNS, REQUESTS, MUST_REACH_MS = 40, 60, 150
YEAR = timedelta(days=365)
RULE = {
    "all": [
        {"attribute": "recency", "op": "lte", "value": 6},
        {"event": "order_completed", "did": True, "within": "30d"},
    ]
}
FILTERS = urlencode({"where": json.dumps([["recency", "lte", "3"], ["newbie", "eq", "true"]])})
# The first campaign wrote to everyone, a tenth held out; the others to a thousand each.
LEDGER = """
    INSERT INTO messaging_recipient (message_id, contact_id, address, state, reason, due_at, finished_at)
    SELECT %(message)s, id, email, CASE id %% 10 WHEN 0 THEN 'excluded' ELSE 'sent' END,
           CASE id %% 10 WHEN 0 THEN 'holdout' ELSE '' END, %(at)s, %(at)s
    FROM contacts_contact ORDER BY id LIMIT %(size)s
"""
# Three in ten opened, one in ten by a machine too, one in ten by a machine only; one in 50,000 complained.
HITS = """
    INSERT INTO messaging_deliveryevent
        (recipient_id, message_id, contact_id, kind, at, machine_reason, bounce_class)
    SELECT r.id, r.message_id, r.contact_id, k.kind, %(at)s, k.machine, ''
    FROM messaging_recipient AS r
    CROSS JOIN LATERAL (
        VALUES ('opened', '', r.id %% 10 < 3), ('opened', 'proxy', r.id %% 10 IN (1, 3)),
               ('clicked', '', r.id %% 20 = 0), ('complained', '', r.id %% 50000 = 11)
    ) AS k (kind, machine, is_it)
    WHERE r.message_id = %(message)s AND r.state = 'sent' AND k.is_it
"""
# A quarter did what the campaign is for.
CONVERSIONS = """
    INSERT INTO reporting_conversion (message_id, contact_id, recipient_id, measure, is_holdout, is_credited,
                                      event_id, occurred_at, value)
    SELECT message_id, contact_id, id, 'goal', state = 'excluded', true, id, now() - id * interval '1 s', 5
    FROM messaging_recipient WHERE message_id = %(message)s AND id %% 4 = 0
"""


def campaigns_make(user: User, segment: Segment, *, size: int) -> Campaign:
    """Make campaigns with a finished message each, and return the first, the one with the large ledger."""
    now = clock.now()
    partitions_ensure(now=now)
    template = Template.objects.create(name="Bench", edited_at=now)
    version = TemplateVersion.objects.create(
        template=template, number=1, subject="x", mjml="x", html="<p>x</p>", at=now
    )
    sender = Sender.objects.create(name="Bench", email="bench@shop.example")
    visits = Metric.objects.create(name="Visits", definition="They came.", unit="people", event="page_viewed")
    made = []
    for number in range(CAMPAIGNS):
        campaign = Campaign.objects.create(
            name=f"Campaign {number}", captain=user, stage="live", idea="i", outcome="o", segment=segment
        )
        Campaign.objects.filter(pk=campaign.pk).update(
            goal_event="order_completed",
            value_property="total",
            goal_target=1000,
            start_date=(now - YEAR).date(),  # so that every order there is counts towards the goal
        )
        campaign.refresh_from_db()
        Kpi.objects.create(campaign=campaign, metric=visits, reason="They come.")
        channel = Channel.objects.create(campaign=campaign, kind="email", owner=user)
        message = Message.objects.create(
            campaign=campaign,
            channel=channel,
            name="First",
            sender=sender,
            template=template,
            template_version=version,
            state=Message.State.FINISHED,
            launched_at=now,
            finished_at=now,
        )
        with connection.cursor() as cursor:
            cursor.execute(LEDGER, {"message": message.pk, "at": now, "size": size if not number else 1000})
            cursor.execute(HITS, {"message": message.pk, "at": now})
        results_refresh(campaign=campaign, now=clock.now())
        with connection.cursor() as cursor:
            cursor.execute(CONVERSIONS, {"message": message.pk})
        made.append(campaign)
    for _ring in range(0, CAMPAIGNS, watch.BATCH_SIZE):
        watch.campaigns_watch(now=clock.now())
    return made[0]


BUSY = 10_000  # events of one person
BUSY_EVENTS = """
    INSERT INTO contacts_event (contact_id, name, occurred_at, received_at, properties, source, message_key)
    SELECT %s, (ARRAY['page_viewed', 'product_viewed', 'order_completed'])[1 + n %% 3],
        now() - n * interval '50 minutes', now(), jsonb_build_object('total', n), 'Bench', gen_random_uuid()
    FROM generate_series(1, %s) AS n
"""


def busy_make() -> Contact:
    """Return a contact who did something ten thousand times within the year."""
    contact = Contact.objects.order_by("pk").first()
    assert contact
    with connection.cursor() as cursor:
        cursor.execute(BUSY_EVENTS, [contact.pk, BUSY])
        cursor.execute("ANALYZE contacts_event")
    return contact


def measure(client: Client, url: str) -> tuple[float, float, int]:
    """Return the median and the p95 of the server's time in ms, and the number of queries."""
    for _warm in range(3):
        response = client.get(url)
        assert response.status_code == 200, f"{url}: {response.status_code}"
    taken = []
    for _each in range(REQUESTS):
        start = time.perf_counter()
        client.get(url)
        taken.append((time.perf_counter() - start) * 1000)
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1], len(queries)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--contacts", type=int, default=1_000_000)
    asked = parser.parse_args()
    with scratch.database():
        scale_seed(contacts=asked.contacts, events=asked.contacts, seed=1, now=clock.now(), report=_say)
        user = User.objects.create_user("bench@shop.example", role=User.Role.MARKETING_LEAD)
        segment = Segment.objects.create(name="Bench", rule=RULE)
        campaign = campaigns_make(user, segment, size=asked.contacts)
        busy = busy_make()
        client = Client(raise_request_exception=True)
        client.force_login(user)
        limit, _p95, _queries = measure(client, "/healthz")
        pages = {
            "contacts list": reverse("contacts:list"),
            "contacts list, two filters": f"{reverse('contacts:list')}?{FILTERS}",
            "profile with 10,000 events": reverse("contacts:detail", args=[busy.pk]),
            "segment builder": reverse("segments:change", args=[segment.pk]),
            "overview": reverse("reporting:overview"),
            "campaign": reverse("campaigns:detail", args=[campaign.pk]),
            "campaign goal, asked every 10 s": reverse("campaigns:progress", args=[campaign.pk]),
            "campaign results": reverse("campaigns:tab", args=[campaign.pk, "results"]),
            "campaign results panel": reverse("reporting:results", args=[campaign.pk]),
            **{
                f"people behind a figure, {figure}": reverse("reporting:people", args=[campaign.pk, figure])
                for figure in ("sent", "delivered", "excluded", "opened", "opened-machine", "complained")
            },
            "conversions behind a figure": reverse("reporting:conversions", args=[campaign.pk, "goal"]),
        }
        for name, url in pages.items():
            median, p95, queries = measure(client, url)
            print(
                json.dumps(
                    {
                        "figure": f"page: {name}",
                        "p95_ms": round(p95, 1),
                        "median_ms": round(median, 1),
                        "limit_ms": round(limit, 2),
                        "ratio": round(median / limit, 1),
                        "queries": queries,
                        "must_reach_ms": MUST_REACH_MS,
                        "contacts": asked.contacts,
                    }
                ),
                flush=True,
            )


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
