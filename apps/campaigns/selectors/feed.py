"""What stands in a person's calendar feed."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns import calendar
from apps.campaigns.ical import Entry
from apps.campaigns.models import CampaignQuerySet, Task

BEHIND, AHEAD = timedelta(days=90), timedelta(days=730)
MOST = 500  # campaigns and tasks each: calendars fetch the whole feed every hour


def feed_entries(user: User, found: CampaignQuerySet, *, today: date, now: datetime) -> list[Entry]:
    """Return campaigns, launches, what other apps mark, and the person's own tasks, in a few queries."""
    first, last = today - BEHIND, today + AHEAD
    campaigns = list(found.between(first=first, last=last).by_day()[:MOST])
    entries = [entry for campaign in campaigns for entry in _of_campaign(campaign)]
    for name, ask in calendar.marks.items():
        if name == "tasks":  # counted for everybody; the own ones follow, each by itself
            continue
        for place, mark in enumerate(ask(user, [campaign.pk for campaign in campaigns], first, last)):
            uid = f"{name}-{mark.campaign_id}-{mark.url.strip('/').replace('/', '-')}-{place}@bookend"
            entries.append(Entry(uid, mark.day, mark.day, mark.text, _address(mark.url), now))
    return [*entries, *_own_tasks(user, first, last)]


def _of_campaign(campaign: Any) -> Iterator[Entry]:
    """Tell of a campaign with `begins` and `ends`: its span, and its launch as a day of its own."""
    url = _address(reverse("campaigns:detail", args=[campaign.pk]))
    told: dict[str, Any] = {"url": url, "changed_at": campaign.updated_at, "sequence": campaign.version}
    yield Entry(
        uid=f"campaign-{campaign.pk}@bookend",
        first=campaign.begins,
        last=campaign.ends,
        summary=campaign.name,
        description=campaign.outcome,
        **told,
    )
    if launch := campaign.launch_date:
        summary = _("Launch: %(name)s") % {"name": campaign.name}
        yield Entry(uid=f"launch-{campaign.pk}@bookend", first=launch, last=launch, summary=summary, **told)


def _own_tasks(user: User, first: date, last: date) -> Iterator[Entry]:
    mine = Task.objects.open().of(user).filter(due_date__range=(first, last), campaign__archived_at=None)
    for task in mine.select_related("campaign").order_by("due_date", "pk")[:MOST]:
        assert task.due_date
        yield Entry(
            uid=f"task-{task.pk}@bookend",
            first=task.due_date,
            last=task.due_date,
            summary=_("Due: %(task)s") % {"task": task.title},
            url=_address(reverse("campaigns:task", args=[task.pk])),
            changed_at=task.updated_at,
            sequence=task.version,
            description=task.campaign.name,
        )


def _address(path: str) -> str:
    return settings.BASE_URL + path
