"""
What a move on the board of tasks costs the server, and the pages of tasks: 20,000 tasks in 500 campaigns.

    python -m benchmarks.task_board

The limit in the same run is a bare UPDATE of one task, committed: nothing that keeps a move can be faster.
"""

import json
import random
import statistics
import time
from datetime import timedelta

from benchmarks import scratch  # isort: skip  # sets Django up

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Channel, Task
from apps.core import clock

CAMPAIGNS, TASKS, PEOPLE = 500, 20_000, 200
MOVES, REQUESTS = 300, 60
MOVE_MS, PAGE_MS, QUERIES = 100, 150, 12


def people_make() -> list[User]:
    """Make the people: the first is a lead, and captain of the campaign that is measured."""
    roles = [User.Role.MARKETING_LEAD, *[User.Role.MARKETER] * (PEOPLE - 1)]
    return [
        User.objects.create_user(f"person{n}@shop.example", name=f"Person {n}", role=role)
        for n, role in enumerate(roles)
    ]


def tasks_make(people: list[User]) -> None:
    """Spread the tasks over campaigns, people, states and a year of days, the same each time."""
    draw, now = random.Random(1), clock.now()  # noqa: S311  # a spread, no secret
    campaigns = Campaign.objects.bulk_create(
        Campaign(name=f"Campaign {n}", captain=people[n % PEOPLE], stage="building", idea="i", outcome="o")
        for n in range(CAMPAIGNS)
    )
    channels = Channel.objects.bulk_create(
        Channel(campaign=campaign, kind="email", owner=people[n % PEOPLE])
        for n, campaign in enumerate(campaigns)
    )
    rows = []
    for n in range(TASKS):
        state = draw.choice(list(Task.State))
        rows.append(
            Task(
                campaign=campaigns[n % CAMPAIGNS],
                channel=channels[n % CAMPAIGNS],
                title=f"Task {n}",
                assignee=people[draw.randrange(PEOPLE)],
                due_date=now.date() + timedelta(days=draw.randrange(-90, 275)),
                state=state,
                done_at=now if state == Task.State.DONE else None,
            )
        )
    Task.objects.bulk_create(rows, batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def p95(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=20)[-1]


def moves_measure(client: Client, campaign: Campaign) -> list[float]:
    """Return how long each move took: a card of one campaign, to a drawn column, above a drawn card."""
    draw, taken = random.Random(2), []  # noqa: S311
    cards = list(campaign.tasks.order_by("pk").values_list("pk", flat=True))
    for _each in range(MOVES):
        pk, above = draw.sample(cards, 2)
        version, state = Task.objects.values_list("version", "state").get(pk=pk)
        there = draw.choice([state, Task.objects.values_list("state", flat=True).get(pk=above)])
        told = {"state": there, "version": version, "above": above}
        start = time.perf_counter()
        response = client.post(reverse("campaigns:task_place", args=[pk]), told)
        taken.append((time.perf_counter() - start) * 1000)
        assert response.status_code == 200, response.status_code
        assert b"data-refused" not in response.content
    return taken


def updates_measure(campaign: Campaign) -> list[float]:
    """Return how long the bare statement takes that a move cannot do without."""
    taken = []
    pk = campaign.tasks.order_by("pk").values_list("pk", flat=True)[0]
    for n in range(MOVES):
        start = time.perf_counter()
        Task.objects.filter(pk=pk).update(place=f"{n:012x}8")
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def page_measure(client: Client, url: str) -> tuple[list[float], int, int]:
    taken = []
    for _each in range(REQUESTS + 3):
        start = time.perf_counter()
        response = client.get(url)
        taken.append((time.perf_counter() - start) * 1000)
        assert response.status_code == 200, f"{url}: {response.status_code}"
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    return taken[3:], len(queries), len(response.content)


def main() -> None:
    with scratch.database():
        people = people_make()
        tasks_make(people)
        campaign = Campaign.objects.order_by("pk")[0]
        client = Client(raise_request_exception=True)
        client.force_login(people[0])
        bare = updates_measure(campaign)
        moves = moves_measure(client, campaign)
        limit = statistics.median(bare)
        figure = {
            "figure": "task moved on the board",
            "p95_ms": round(p95(moves), 1),
            "median_ms": round(statistics.median(moves), 1),
            "limit_ms": round(limit, 2),
            "ratio": round(statistics.median(moves) / limit, 1),
            "must_reach_ms": MOVE_MS,
        }
        print(json.dumps(figure), flush=True)
        tasks, own = reverse("campaigns:tasks"), reverse("campaigns:campaign_tasks", args=[campaign.pk])
        pages = {
            **{
                f"{view}, everyone’s": f"{tasks}?whose=all&view={view}"
                for view in ("list", "board", "calendar")
            },
            **{f"{view}, mine": f"{tasks}?view={view}" for view in ("list", "board", "calendar")},
            **{f"{view} of a campaign": f"{own}?view={view}" for view in ("list", "board", "calendar")},
            "overdue, everyone’s": f"{tasks}?whose=all&due=overdue",
            "workload": reverse("campaigns:workload"),
        }
        for name, url in pages.items():
            taken, queries, size = page_measure(client, url)
            told = {
                "figure": f"tasks page: {name}",
                "p95_ms": round(p95(taken), 1),
                "median_ms": round(statistics.median(taken), 1),
                "queries": queries,
                "bytes": size,
                "must_reach_ms": PAGE_MS,
                "must_reach_queries": QUERIES,
            }
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
