"""Acts on results: bringing the roll-ups up to date, and comparing them with the rows."""

import logging
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, F, Model, OuterRef, Q
from django.utils.translation import gettext as _

from apps.campaigns import selectors as campaigns
from apps.campaigns.models import Campaign, CampaignQuerySet
from apps.core.errors import DomainError
from apps.messaging.models import Message, Recipient
from apps.reporting import rollup
from apps.reporting.measures import Measure, campaign_measures, definition
from apps.reporting.models import ArmResult, CampaignResult, Conversion, MessageResult
from apps.reporting.period import OVERLAP, Period, campaign_period
from apps.segments.rules import RuleInvalid

logger = logging.getLogger(__name__)

FRESH_FOR = timedelta(seconds=15)
AGAIN_AFTER = timedelta(minutes=5)  # one that could not be counted
BATCH_SIZE = 20  # campaigns a ring: the clock stays fresh, a deploy waits seconds


class ResultsNotCountable(DomainError):
    """The goal or a KPI has a condition that the grammar does not know any more."""


@transaction.atomic
def results_refresh(*, campaign: Campaign, now: datetime) -> CampaignResult:
    """
    Count what has happened since the last time; everything anew when the campaign's measures changed.

    May run at any time, many times at once: the second waits for the first and finds little to do.

    :raises ResultsNotCountable: a condition of the goal or of a KPI is not understood
    """
    _hold(campaign)
    last_time = CampaignResult.objects.counted().filter(campaign=campaign).first()
    period = campaign_period(campaign)
    since = _since(campaign, last_time, period, now=now)
    if since is None:
        Conversion.objects.filter(message__campaign=campaign).delete()
    measures = campaign_measures(campaign)
    if period:
        for measure in measures:
            _conversions_record(campaign, measure, period, since=since, now=now)
    rollup.arms_sum(campaign, measures, now=now)
    rollup.messages_sum(campaign, now=now)
    is_unfinished = Recipient.objects.unfinished().filter(message__campaign=campaign).exists()
    values = {
        "goal_done": campaigns.goal_progress(campaign, now).reached,
        "definition": definition(campaign),
        "refreshed_at": now,
        "is_final": period is not None and period.is_over(now) and not is_unfinished,
        "tried_at": now,
        "due_at": _due_next(campaign, period, now=now),
    }
    return CampaignResult.objects.update_or_create(campaign=campaign, defaults=values)[0]


def _hold(campaign: Campaign) -> None:
    """Let nobody else count this campaign until the transaction ends; before any row of it is written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('reporting.campaign'), %s)", [campaign.pk])


def _conversions_record(
    campaign: Campaign, measure: Measure, period: Period, *, since: datetime | None, now: datetime
) -> None:
    try:
        rollup.conversions_record(campaign, measure, since=since, start=period.start, end=period.end, now=now)
    except RuleInvalid as fault:
        told = _("“%(measure)s” cannot be counted: %(fault)s") % {"measure": measure.label, "fault": fault}
        raise ResultsNotCountable(told) from fault


def _since(
    campaign: Campaign, last_time: CampaignResult | None, period: Period | None, *, now: datetime
) -> datetime | None:
    """Return from when on there is something new to count; None: everything is counted anew."""
    if last_time is None or last_time.refreshed_at is None:
        return None
    if last_time.definition != definition(campaign):
        return None
    # Once after the end, too: what came late or out of order is then in.
    if period and period.is_over(now) and not period.is_over(last_time.refreshed_at):
        return None
    return last_time.refreshed_at - OVERLAP


def _due_next(campaign: Campaign, period: Period | None, *, now: datetime) -> datetime:
    """
    Return when to count next: at once while mail is leaving or a window is open, then ever more seldom.

    After the end a late click or event may still come. A tenth of the time since: an hour after it every
    few minutes, a year after it every month.
    """
    is_sending = Message.objects.running().filter(campaign=campaign).exists()
    quiet = now - period.end - OVERLAP if period and not is_sending else timedelta(0)
    return now + max(FRESH_FOR, quiet / 10)


def results_refresh_due(*, now: datetime) -> None:
    """
    Refresh the campaigns that have waited longest. May run at any time, many times at once.

    One that cannot be counted is told in the log and stands in line behind the others.
    """
    for campaign in _due(now)[:BATCH_SIZE]:
        # Before the count and not after it: whatever stops it, the next ring begins with another.
        mark = {"tried_at": now, "due_at": now + AGAIN_AFTER}
        CampaignResult.objects.update_or_create(campaign=campaign, defaults=mark)
        try:
            results_refresh(campaign=campaign, now=now)
        except (DatabaseError, DomainError, ArithmeticError):
            logger.exception("the results of campaign %s could not be counted", campaign.pk)


def _due(now: datetime, *, fresh_for: timedelta = FRESH_FOR) -> CampaignQuerySet:
    """
    Return the campaigns whose hour has come, or of which there is news, the longest untried first.

    News can wait until the last count is `fresh_for` old.
    """
    tried = F("result__tried_at")
    # A launch may take long between the moment that it bears and its commit.
    messages = Message.objects.filter(
        campaign=OuterRef("pk"), updated_at__gt=OuterRef("result__tried_at") - OVERLAP
    )
    news = Q(updated_at__gt=tried - OVERLAP) | Q(Exists(messages))
    is_due = Q(result__isnull=True) | Q(result__due_at__lte=now) | Q(result__tried_at__isnull=True)
    due = Campaign.objects.current().exclude(goal_event="")
    due = due.filter(is_due | (news & Q(result__tried_at__lt=now - fresh_for)))
    return due.order_by(tried.asc(nulls_first=True))


def rollups_verify(*, campaign: Campaign, now: datetime) -> list[str]:
    """
    Count the campaign anew beside its roll-ups, and return a sentence per figure that differs.

    Roll-ups that wait for their next count are brought up to date first, since what they do not have yet is
    not wrong. A message that is being sent is left out: it moves between two looks. Nothing else is changed:
    the count is rolled back.

    :raises ResultsNotCountable: as `results_refresh`
    """
    if _due(now, fresh_for=timedelta(0)).filter(pk=campaign.pk).exists():
        results_refresh(campaign=campaign, now=now)
    with transaction.atomic():
        _hold(campaign)
        result = CampaignResult.objects.get(campaign=campaign)
        before = _figures(campaign)
        CampaignResult.objects.filter(pk=result.pk).update(definition=[])  # so that all is counted anew
        results_refresh(campaign=campaign, now=result.refreshed_at or now)
        after = _figures(campaign)
        transaction.set_rollback(True)
    return [
        f"{name}: kept {before.get(name)}, counted {after.get(name)}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def message_rollups_verify(*, message: Message, now: datetime) -> list[str]:
    """
    Compare the roll-ups of one message with its rows, as `rollups_verify` does; nothing if it has none.

    What cannot be counted at all is told in its own sentence.
    """
    campaign = message.campaign
    if not CampaignResult.objects.filter(campaign=campaign).exists():
        return []
    try:
        found = rollups_verify(campaign=campaign, now=now)
    except ResultsNotCountable as refusal:
        return [str(refusal)]
    return [line for line in found if line.startswith(f"message {message.pk} ")]


def _figures(campaign: Campaign) -> dict[str, object]:
    """Return the figures of the messages that are not being sent, by a name that says where each stands."""
    figures: dict[str, object] = {}
    still = Message.objects.filter(campaign=campaign).exclude(state=Message.State.RUNNING)
    for result in MessageResult.objects.filter(message__in=still):
        figures |= _named(f"message {result.message_id}", result)
    for arm in ArmResult.objects.filter(message__in=still):
        figures |= _named(f"message {arm.message_id} {arm.arm} {arm.measure}", arm)
    return figures


def _named(place: str, row: Model) -> dict[str, object]:
    columns = [field.attname for field in row._meta.concrete_fields]
    return {f"{place} {name}": getattr(row, name) for name in columns if name not in {"id", "refreshed_at"}}
