from datetime import datetime

from django.utils.translation import gettext as _

from apps.campaigns import strategy
from apps.campaigns.errors import JustificationMissing
from apps.campaigns.models import Campaign, NotDoing


def justification_check(campaign: Campaign, kind: str, justification: str, *, now: datetime) -> None:
    """
    Refuse a channel of the year's not-doing list for which no reason is given.

    :raises JustificationMissing: it is on the list
    """
    if told := justification_missing(campaign, kind, justification, now=now):
        raise JustificationMissing(told, field="justification")


def justification_missing(campaign: Campaign, kind: str, justification: str, *, now: datetime) -> str:
    """Return the sentence that asks why a channel is needed all the same; '' where nothing is asked."""
    if justification.strip():
        return ""
    year = strategy.year_of(campaign, today=now.date())
    entry = NotDoing.objects.filter(year=year, kind=kind).first()
    if entry is None:
        return ""
    told = _("%(channel)s is on the not-doing list of %(year)s: “%(reason)s” Say why it is needed here.")
    return told % {"channel": entry, "year": year, "reason": entry.reason}
