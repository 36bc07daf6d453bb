"""Acts on results: bringing the roll-ups up to date, and comparing them with the rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Max, Min, Model, Q
from django.db.models.functions import Coalesce

from apps.campaigns import selectors as campaigns
from apps.campaigns.models import Campaign
from apps.messaging.models import Message, Recipient
from apps.reporting import rollup
from apps.reporting.measures import campaign_measures, definition
from apps.reporting.models import ArmResult, CampaignResult, Conversion, MessageResult

# An event may be committed later than one that was received after it, and a mail settled after its click.
OVERLAP = timedelta(minutes=10)
LONG_AGO = timedelta(days=36_500)
FRESH_FOR = timedelta(seconds=15)
BATCH_SIZE = 20  # campaigns a ring: the clock stays fresh, a deploy waits seconds


@transaction.atomic
def results_refresh(*, campaign: Campaign, now: datetime) -> CampaignResult:
    """
    Count what has happened since the last time; everything anew when the campaign's measures changed.

    May run at any time, many times at once: the second waits for the first and finds little to do.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('reporting.campaign'), %s)", [campaign.pk])
    last_time = CampaignResult.objects.filter(campaign=campaign).first()
    counted_by = definition(campaign)
    period = _period(campaign)
    is_over = period is not None and now > period.end + OVERLAP
    # Once after the end, too: what came late or out of order is then in.
    is_anew = last_time is None or last_time.definition != counted_by or is_over
    if is_anew:
        Conversion.objects.filter(message__campaign=campaign).delete()
    since = now - LONG_AGO if last_time is None or is_anew else last_time.refreshed_at - OVERLAP
    measures = campaign_measures(campaign)
    if period:
        for measure in measures:
            rollup.conversions_record(
                campaign, measure, since=since, start=period.start, end=period.end, now=now
            )
    rollup.arms_sum(campaign, measures, now=now)
    rollup.messages_sum(campaign, now=now)
    values = {
        "goal_done": campaigns.goal_progress(campaign, now).reached,
        "definition": counted_by,
        "refreshed_at": now,
        "is_final": is_over
        and not Recipient.objects.unfinished().filter(message__campaign=campaign).exists(),
    }
    return CampaignResult.objects.update_or_create(campaign=campaign, defaults=values)[0]


@dataclass(frozen=True)
class _Period:
    """From the first message's hour to the end of the last one's conversion window."""

    start: datetime
    end: datetime


def _period(campaign: Campaign) -> _Period | None:
    launched = Message.objects.filter(campaign=campaign, launched_at__isnull=False)
    due_at = Coalesce("scheduled_at", "launched_at")
    hours = launched.aggregate(first=Min(due_at), last=Max(due_at))
    if hours["first"] is None:
        return None
    return _Period(hours["first"], hours["last"] + timedelta(days=campaign.conversion_window_days))


def results_refresh_due(*, now: datetime) -> None:
    """Refresh the campaigns whose figures are oldest. May run at any time, many times at once."""
    stale = Q(result__isnull=True) | Q(result__refreshed_at__lt=now - FRESH_FOR, result__is_final=False)
    edited = Q(updated_at__gt=F("result__refreshed_at"))
    due = Campaign.objects.filter(stale | edited, archived_at__isnull=True).exclude(goal_event="")
    for campaign in due.order_by(F("result__refreshed_at").asc(nulls_first=True)).prefetch_related("kpis")[
        :BATCH_SIZE
    ]:
        results_refresh(campaign=campaign, now=now)


def rollups_verify(*, campaign: Campaign) -> list[str]:
    """
    Count the campaign anew beside its roll-ups, and return a sentence per figure that differs.

    Nothing is changed: the count is rolled back.
    """
    with transaction.atomic():
        before = _figures(campaign)
        result = CampaignResult.objects.get(campaign=campaign)
        CampaignResult.objects.filter(pk=result.pk).update(definition=[])  # so that all is counted anew
        results_refresh(campaign=campaign, now=result.refreshed_at)
        after = _figures(campaign)
        transaction.set_rollback(True)
    return [
        f"{name}: kept {before.get(name)}, counted {after.get(name)}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def _figures(campaign: Campaign) -> dict[str, object]:
    """Return every figure of the roll-ups by a name that says where it stands."""
    figures: dict[str, object] = {}
    for result in MessageResult.objects.filter(message__campaign=campaign):
        figures |= _named(f"message {result.message_id}", result)
    for arm in ArmResult.objects.filter(message__campaign=campaign):
        figures |= _named(f"message {arm.message_id} {arm.arm} {arm.measure}", arm)
    return figures


def _named(place: str, row: Model) -> dict[str, object]:
    columns = [field.attname for field in row._meta.concrete_fields]
    return {f"{place} {name}": getattr(row, name) for name in columns if name not in {"id", "refreshed_at"}}
