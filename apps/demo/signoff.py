"""KPIs and their signatures: of the finished experiment with all that was said, and of one that waits."""

from datetime import datetime, timedelta
from decimal import Decimal

from apps.accounts.models import User
from apps.campaigns import services
from apps.campaigns.models import Campaign, Kpi, KpiReview, Metric
from apps.campaigns.selectors import kpi_set_now
from apps.demo import building, experiment

# What the catalogue ships with; made here for an installation whose catalogue has lost it.
METRICS = {
    "Visitors": {
        "definition": "People who came to the site while the campaign ran. Coming is not buying.",
        "kind": Metric.Kind.TACTICAL,
        "unit": "people",
        "event": experiment.VISITED,
    },
    "Conversions": {
        "definition": "Goal events that are credited to a message, within the conversion window.",
        "kind": Metric.Kind.VALUE,
        "unit": "events",
        "built_in": "conversions",
        "measure": Campaign.GoalMeasure.EVENTS,
    },
    "Value of conversions": {
        "definition": "What the goal events were worth that are credited to a message of the campaign.",
        "kind": Metric.Kind.VALUE,
        "unit": "money",
        "built_in": "conversion_value",
        "measure": Campaign.GoalMeasure.VALUE,
    },
    "Buyers": {
        "definition": "People who placed at least one order while the campaign ran.",
        "kind": Metric.Kind.VALUE,
        "unit": "people",
        "event": experiment.ORDERED,
    },
}
EXPERIMENT = [
    ("Visitors", 9_000, "Nobody buys who does not come: the first sign that the e-mail was of use."),
    ("Conversions", 400, "Orders that followed an e-mail: what we send it for."),
    ("Value of conversions", 40_000, "An e-mail that sells socks is not worth one that sells coats."),
]
BUILDING = [
    ("Visitors", 3_000, "An invitation that nobody follows sells nothing."),
    ("Buyers", 400, "The preview is for those who buy before it opens to everyone."),
]
A_DAY = timedelta(days=1)


def signoffs_create(team: dict[str, User], *, now: datetime) -> None:
    """Let sales and the executive say what they said; a second time changes nothing."""
    done = Campaign.objects.get(name=experiment.NAME)
    if not done.kpi_reviews.exists():
        _experiment_signed(done, team, before=experiment.launch_hour(now))
    waiting = Campaign.objects.get(name=building.NAME)
    if not waiting.kpi_reviews.exists():
        _kpis_choose(waiting, BUILDING, team["captain"], at=now - 3 * A_DAY)
        services.kpis_ask(campaign=waiting, by=team["captain"], now=now - 2 * A_DAY)
        _agree(waiting, team["sales"], "Two hundred more than last spring, and I believe it.", at=now - A_DAY)


def _experiment_signed(campaign: Campaign, team: dict[str, User], *, before: datetime) -> None:
    """Asked about, signed, un-signed by a larger target, and signed again; all before the launch."""
    captain, sales, executive = team["captain"], team["sales"], team["executive"]
    _kpis_choose(campaign, EXPERIMENT, captain, at=before - 12 * A_DAY)
    services.kpis_ask(campaign=campaign, by=captain, now=before - 11 * A_DAY)
    services.kpis_review(
        campaign=campaign,
        verdict=KpiReview.Verdict.QUESTION,
        text="Do visits count if the person came anyway?",
        seen=kpi_set_now(campaign).digest,
        by=sales,
        now=before - 10 * A_DAY,
    )
    visits = campaign.kpis.get(metric__name="Visitors")
    reason = f"{visits.reason} Those held out tell us who would have come anyway."
    services.kpi_update(kpi=visits, reason=reason, by=captain, now=before - 9 * A_DAY)
    services.kpis_ask(campaign=campaign, by=captain, now=before - 9 * A_DAY)
    _agree(campaign, sales, "Clear now.", at=before - 8 * A_DAY)
    _sign(campaign, executive, "", at=before - 7 * A_DAY)
    worth = campaign.kpis.get(metric__name="Value of conversions")
    services.kpi_update(kpi=worth, target=Decimal(45_000), by=captain, now=before - 5 * A_DAY)
    services.kpis_ask(campaign=campaign, by=captain, now=before - 5 * A_DAY)
    _agree(campaign, sales, "", at=before - 4 * A_DAY)
    _sign(campaign, executive, "Bolder. Good.", at=before - 3 * A_DAY)


def _kpis_choose(campaign: Campaign, chosen: list[tuple[str, int, str]], by: User, *, at: datetime) -> None:
    for name, target, reason in chosen:
        metric = _metric(name, by, at=at)
        if not Kpi.objects.filter(campaign=campaign, metric=metric).exists():
            services.kpi_add(campaign=campaign, metric=metric, target=target, reason=reason, by=by, now=at)


def _metric(name: str, by: User, *, at: datetime) -> Metric:
    found = Metric.objects.filter(name=name).first()
    return found or services.metric_create(name=name, by=by, now=at, **METRICS[name])


def _agree(campaign: Campaign, by: User, text: str, *, at: datetime) -> None:
    verdict, seen = KpiReview.Verdict.AGREED, kpi_set_now(campaign).digest
    services.kpis_review(campaign=campaign, verdict=verdict, text=text, seen=seen, by=by, now=at)


def _sign(campaign: Campaign, by: User, text: str, *, at: datetime) -> None:
    services.kpis_sign(campaign=campaign, text=text, seen=kpi_set_now(campaign).digest, by=by, now=at)
