"""What the calendar shows, and what else happens on a day that something is moved to."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from itertools import chain

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.campaigns import calendar
from apps.campaigns.calendar import Heat, Lane, Mark, Window
from apps.campaigns.models import Campaign, CampaignQuerySet, Channel, Task
from apps.segments.models import Segment

MOST = 150  # campaigns of one calendar: beyond, a filter says more than the eye
CONFLICTS = 5


@dataclass(frozen=True)
class Calendar:
    """Lanes of one window. `is_cut`: there are more campaigns than are shown."""

    window: Window
    campaigns: list[Campaign]
    lanes: list[Lane]
    heat: list[Heat]
    is_cut: bool


def campaign_calendar(
    found: CampaignQuerySet, user: User, window: Window, *, by: str, segment: Segment | None = None
) -> Calendar:
    """Return what runs in these days, in as many queries whatever there is."""
    running = found.between(first=window.first, last=window.last).by_day()
    campaigns = list(running[: MOST + 1])
    shown = campaigns[:MOST]
    marks = marks_of(user, [campaign.pk for campaign in shown], window.first, window.last)
    return Calendar(
        window=window,
        campaigns=shown,
        lanes=calendar.lanes_of(shown, window, marks, by=by),
        heat=calendar.heat_of(contact_pressure(segment, window), window) if segment else [],
        is_cut=len(campaigns) > MOST,
    )


def marks_of(user: User, campaigns: Collection[int], first: date, last: date) -> list[Mark]:
    """Return what happens on each of these days in these campaigns, as every app tells."""
    return list(chain.from_iterable(ask(user, campaigns, first, last) for ask in calendar.marks))


def tasks_due(user: User, campaigns: Collection[int], first: date, last: date) -> Iterable[Mark]:
    """Mark how many open tasks are due: counted by the database, by campaign, channel and day."""
    due = Task.objects.open().filter(campaign__in=campaigns, due_date__range=(first, last)).order_by()
    counted = due.values_list("campaign", "channel__kind", "due_date").annotate(Count("pk"))
    for campaign, kind, day, count in counted:
        told = ngettext("%(n)s task due", "%(n)s tasks due", count) % {"n": count}
        yield Mark(day, campaign, kind or "", told, reverse("campaigns:plan", args=[campaign]), "checklist")


def contact_pressure(segment: Segment, window: Window) -> dict[date, int]:
    """Return by day how many messages people of a segment are to get, as every app tells."""
    total: dict[date, int] = {}
    for ask in calendar.pressures:
        for day, count in ask(segment.pk, window.first, window.last).items():
            total[day] = total.get(day, 0) + count
    return total


def audiences(user: User) -> QuerySet[Segment]:
    """Return the segments that campaigns of this person are for: those whose pressure is of interest."""
    theirs = Campaign.objects.visible_to(user).current().filter(segment=OuterRef("pk"))
    found: QuerySet[Segment] = Segment.objects.filter(Exists(theirs)).order_by("name")[:100]
    return found


def conflicts(campaign: Campaign, day: date, user: User) -> list[Campaign]:
    """Return what else is launched that day on one of its channels, or runs that day for its audience."""
    kinds = Channel.objects.filter(campaign=campaign).values("kind")
    same_channel = Exists(Channel.objects.filter(campaign=OuterRef("pk"), kind__in=kinds))
    clash = Q(launch_date=day) & Q(same_channel)
    if campaign.segment_id:
        clash |= Q(segment=campaign.segment_id, begins__lte=day, ends__gte=day)
    others = Campaign.objects.visible_to(user).current().with_span().exclude(pk=campaign.pk)
    found = others.exclude(stage=Campaign.Stage.CLOSED).filter(clash).select_related("captain")
    return list(found.order_by("launch_date", "pk")[:CONFLICTS])
