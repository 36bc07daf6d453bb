"""What messages did, as lessons quote it and the wizard shows it: the figures of the results' pages."""

from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns.evidence import Result, Source, sources
from apps.campaigns.models import Campaign
from apps.core.statistics import Estimate, rate_difference, rate_interval
from apps.messaging.models import Message
from apps.reporting.measures import GOAL, campaign_measures
from apps.reporting.models import ArmResult, MessageResult

PAST = 60  # messages of a segment that are looked at, latest first


def past_results(user: User, segment: int, but: int | None) -> list[Result]:
    """Return what finished messages to a segment, or of campaigns for it, did to their campaigns' goals."""
    found = Message.objects.visible_to(user).filter(finished_at__isnull=False, campaign__archived_at=None)
    about = found.filter(Q(campaign__segment=segment) | Q(segments=segment)).exclude(campaign=but)
    messages = about.order_by("-launched_at", "-pk").distinct()[:PAST]
    rows = messages.select_related("campaign", "channel", "result").prefetch_related("arm_results")
    return [result for message in rows for result in _results(message, {GOAL: message.campaign.goal_event})]


def campaign_results(campaign: Campaign) -> list[Result]:
    """Return what each launched message of a campaign did: to goal and KPIs, and clicks."""
    labels = {measure.key: measure.label for measure in campaign_measures(campaign)}
    launched = Message.objects.filter(campaign=campaign, launched_at__isnull=False)
    rows = launched.select_related("campaign", "channel", "result").prefetch_related("arm_results")
    return [result for message in rows.order_by("launched_at", "pk") for result in _results(message, labels)]


def _results(message: Message, labels: dict[str, str]) -> Iterator[Result]:
    arms = {(arm.measure, arm.arm): arm for arm in message.arm_results.all()}
    for measure, label in labels.items():
        sent = arms.get((measure, ArmResult.Arm.SENT))
        rate = rate_interval(sent.converted, sent.people) if sent else None
        if sent and rate:
            difference = _difference(sent, arms.get((measure, ArmResult.Arm.HOLDOUT)))
            yield _result(message, measure, label, sent.people, rate, difference)
    result: MessageResult | None = getattr(message, "result", None)
    if result and message.is_tracked:
        delivered = result.sent - result.bounced
        if clicks := rate_interval(result.clicked, delivered):
            yield _result(message, "clicked", _("Clicks"), delivered, clicks, None)


def _difference(sent: ArmResult, holdout: ArmResult | None) -> Estimate | None:
    if holdout is None:
        return None
    return rate_difference(sent.converted, sent.people, holdout.converted, holdout.people)


def _result(
    message: Message, measure: str, label: str, people: int, rate: Estimate, difference: Estimate | None
) -> Result:
    assert message.launched_at is not None
    return Result(
        key=f"message:{message.pk}:{measure}",
        campaign_id=message.campaign_id,
        campaign=message.campaign.name,
        kind=message.channel.kind,
        message=message.name,
        measure=label,
        is_conversion=measure != "clicked",
        people=people,
        rate=rate,
        difference=difference,
        at=message.launched_at,
        url=reverse("campaigns:tab", args=[message.campaign_id, "results"]),
    )


def register() -> None:
    """Called from `AppConfig.ready`."""
    sources.register("results", Source(past=past_results, of_campaign=campaign_results))
