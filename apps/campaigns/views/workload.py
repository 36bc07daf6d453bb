"""The page that shows who has how much to do, and when."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.http import UserRequest, requires
from apps.campaigns import selectors
from apps.campaigns.selectors.task_board import LATER, NO_DAY, OVERDUE, WEEKS
from apps.campaigns.selectors.workloads import Load, Workload
from apps.campaigns.views.task_board import week_label
from apps.core import clock

MUCH, FULL = 3, 6  # tasks of a week, from which its cell stands out


@require_GET
@requires("campaigns.view_workload")
def workload(request: UserRequest) -> HttpResponse:
    today = timezone.localdate(clock.now())
    found = selectors.workload(request.user, today, weeks=WEEKS)
    context = {
        "heads": [week_label(monday, today) for monday in found.weeks],
        "rows": [(load.person, _cells(load, found), _url(load)) for load in found.loads],
        "workload": found,
    }
    return render(request, "campaigns/workload.html", context)


def _cells(load: Load, found: Workload) -> list[tuple[int, str, str]]:
    """Return what stands in each column: how many, where a click leads, and how it looks."""
    weeks = [
        (count, _url(load, due=monday.isoformat()), _tone(count))
        for monday, count in zip(found.weeks, load.by_week, strict=True)
    ]
    return [
        (load.overdue, _url(load, due=OVERDUE), "is-late" if load.overdue else ""),
        *weeks,
        (load.later, _url(load, due=LATER), ""),
        (load.no_day, _url(load, due=NO_DAY), ""),
        (load.total, _url(load), "is-total"),
    ]


def _tone(count: int) -> str:
    if count >= FULL:
        return "is-full"
    return "is-much" if count >= MUCH else ""


def _url(load: Load, **asked: str) -> str:
    told = {"whose": "all", "assignee": load.person.pk, "state": "open", **asked}
    return f"{reverse('campaigns:tasks')}?{urlencode(told)}"
