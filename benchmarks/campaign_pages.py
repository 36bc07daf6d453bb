"""
What the server needs for the pages of campaigns: p50, p95, queries, and the weight of each page.

    python -m benchmarks.campaign_pages [--campaigns 500 --tasks 20000 --people 200] [--only TEXT]

Seen by somebody who leads everything: nothing is hidden from the figures. A first visit loads the page with
all that it names, compressed; a later one the page alone.
"""

import argparse
import gzip
import re
import sys
from datetime import timedelta

from benchmarks import scratch  # isort: skip  # sets Django up

from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.campaigns import panels
from apps.campaigns.models import Campaign, Channel, Kpi, Metric, Task
from apps.core import clock
from apps.segments.models import Segment
from benchmarks.campaign_things import things_make, things_pages
from benchmarks.pages import measure
from config import collector

MUST_REACH_MS, MOST_QUERIES = 150, 12
FIRST_KB, LATER_KB = 350, 40
ASSET = re.compile(r'(?:src|href)="/static/([^"?#]+)"')


def seed(*, campaigns: int, tasks: int, people: int) -> User:
    """Make them, spread over stages, channels, people and a year around today; return one who leads."""
    lead = User.objects.create_user("bench@shop.example", role=User.Role.MARKETING_LEAD)
    users = User.objects.bulk_create(
        User(email=f"p{number}@shop.example", name=f"Person {number}", role=User.Role.MARKETER)
        for number in range(people - 1)
    )
    made = campaigns_make(campaigns, users)
    tasks_make(made, users, count=tasks)
    things_make(made[0], users, lead=lead, now=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return lead


def campaigns_make(count: int, users: list[User]) -> list[Campaign]:
    """Make campaigns, each with its segment, three channels and a KPI."""
    today = clock.now().date()
    segments = Segment.objects.bulk_create(
        Segment(name=f"S {number}", rule={"all": []}, size=1000 * number, is_stale=False)
        for number in range(1, 21)
    )
    stages = list(Campaign.Stage)
    made = Campaign.objects.bulk_create(
        Campaign(
            name=f"Campaign {number} with a name of some length",
            captain=users[number % len(users)],
            stage=stages[number % len(stages)],
            idea="Every reader knows one more.",
            outcome="200 readers bring a friend by June. " * 4,
            goal_event="order",
            goal_target=200,
            goal_reached=number % 250,
            watched_at=clock.now(),
            segment=segments[number % len(segments)],
            start_date=today + timedelta(days=number % 365 - 200),
            launch_date=today + timedelta(days=number % 365 - 190),
            goal_date=today + timedelta(days=number % 365 - 150),
        )
        for number in range(count)
    )
    kinds = [Channel.Kind.EMAIL, Channel.Kind.SOCIAL, Channel.Kind.ADS]
    Channel.objects.bulk_create(
        Channel(campaign=one, kind=kind, owner=users[one.pk % len(users)]) for one in made for kind in kinds
    )
    visits = Metric.objects.create(name="Visits of the benchmark", event="visit")
    Kpi.objects.bulk_create(Kpi(campaign=one, metric=visits) for one in made)
    return made


def tasks_make(campaigns: list[Campaign], users: list[User], *, count: int) -> None:
    today = clock.now().date()
    rows = (
        Task(
            campaign=campaigns[number % len(campaigns)],
            title=f"Task {number}",
            assignee=users[number % len(users)],
            due_date=today + timedelta(days=number % 120 - 60),
        )
        for number in range(count)
    )
    Task.objects.bulk_create(rows, batch_size=2000)


TABS = [
    "detail",
    "plan",
    "timeline",
    "campaign_tasks",
    "channels",
    "team",
    "audience",
    "budget",
    "expectation",
    "challenges",
    "approvals",
    "readiness",
    "advance",
    "lineage",
    "history",
    "kpis",
    "progress",
    "budget_figures",
    "budget_upload_add",
    "challenge_raise",
    "replay",
    "reschedule",
    "template_apply",
    "guide",
]
# Pages of all campaigns, by the name of their address.
ROOMS = [
    "campaigns:tasks",
    "campaigns:workload",
    "campaigns:strategy",
    "campaigns:lessons",
    "campaigns:metrics",
    "campaigns:plan_templates",
    "campaigns:holidays",
    "campaigns:budgets",
    "campaigns:feed",
    "collaboration:feed",
    "collaboration:notifications",
    "collaboration:notification-settings",
    "collaboration:bell",
]
TASK_VIEWS = ["list", "board", "calendar"]


def pages() -> dict[str, str]:
    """Return the address of each page, by what it is called."""
    one = Campaign.objects.order_by("pk").first()
    assert one
    ways = {
        "list": "",
        "board": "board",
        "calendar": "calendar",
        "timeline": "timeline",
        "spreadsheet": "sheet",
    }
    shown = {f"campaigns, {name}": f"{reverse('campaigns:list')}?view={way}" for name, way in ways.items()}
    shown["campaigns, calendar, pressure"] = f"{shown['campaigns, calendar']}&segment={one.segment_id}"
    for tab in TABS:
        shown[f"campaign, {tab}"] = reverse(f"campaigns:{tab}", args=[one.pk])
    for name in ROOMS:
        shown[name.partition(":")[2].replace("_", " ")] = reverse(name)
    tasks = shown["tasks"]
    shown |= {f"tasks, everyone’s {view}": f"{tasks}?whose=all&view={view}" for view in TASK_VIEWS}
    own = shown["campaign, campaign_tasks"]
    shown |= {f"campaign, tasks as {view}": f"{own}?view={view}" for view in TASK_VIEWS}
    for panel in panels.tabs:
        shown[f"campaign, {panel.name}"] = reverse("campaigns:tab", args=[one.pk, panel.name])
    shown |= things_pages(one)
    shown["home"] = reverse("home")
    shown["search"] = f"{reverse('search')}?q=task 19"
    return shown


def weight(client: Client, url: str) -> tuple[float, float]:
    """Return the compressed size in KB of a first visit and of a later one."""
    page = client.get(url).content
    later = len(gzip.compress(page, 6)) / 1024
    first = later
    for name in sorted(set(ASSET.findall(page.decode()))):
        if found := finders.find(name):
            with open(str(found), "rb") as file:
                first += len(gzip.compress(file.read(), 6)) / 1024
    return first, later


def tell(client: Client, name: str, url: str) -> bool:
    """Measure one page and say so; return whether every figure is met."""
    p50, p95, queries = measure(client, url)
    first, later = weight(client, url)
    is_met = p95 <= MUST_REACH_MS and queries <= MOST_QUERIES and first <= FIRST_KB and later <= LATER_KB
    sys.stdout.write(
        f"{name:<32} p50 {p50:6.1f} ms  p95 {p95:6.1f} ms  {queries:3} queries"
        f"  first {first:5.0f} KB  later {later:5.1f} KB  {'' if is_met else 'MISSED'}\n"
    )
    sys.stdout.flush()
    return is_met


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--campaigns", type=int, default=500)
    parser.add_argument("--tasks", type=int, default=20_000)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--only", default="", help="pages whose name has this in it")
    asked = parser.parse_args()
    missed = 0
    with scratch.database():
        lead = seed(campaigns=asked.campaigns, tasks=asked.tasks, people=asked.people)
        client = Client()
        client.force_login(lead)
        collector.resume()  # as the server does once it has started: what is there by now is searched no more
        collector.spare_requests()
        for name, url in pages().items():
            if asked.only in name:
                missed += not tell(client, name, url)
        for role in User.Role if not asked.only else ():
            person = User.objects.filter(role=role).order_by("pk").last()
            client.force_login(person or User.objects.create_user(f"{role}@shop.example", role=role))
            missed += not tell(client, f"home, {role.label}", reverse("home"))
    sys.stdout.write(f"{missed} of the pages miss a figure\n")


if __name__ == "__main__":
    main()
