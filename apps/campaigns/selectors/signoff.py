"""What the page of KPIs, and the homes of sales and executives, read of sets and signatures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, OuterRef, Subquery

from apps.accounts.models import User
from apps.campaigns.kpiset import Difference, differences, digest_of, is_only_tactical, snapshot_of
from apps.campaigns.models import Campaign, Kpi, KpiReview, KpiSet, SignOff

State = KpiSet.State
HISTORY = 20
AWAITED = 6


@dataclass(frozen=True)
class SetNow:
    """
    Where a campaign's KPIs stand. `changes` is what differs from what was signed last, `digest` what is read.
    """

    state: State
    kpis: list[Kpi]
    digest: str
    kpi_set: KpiSet | None
    signoffs: list[SignOff]
    reviews: list[KpiReview]
    changes: list[Difference]

    @property
    def signed(self) -> SignOff | None:
        """The latest signature, whether or not it still holds."""
        return self.signoffs[0] if self.signoffs else None

    @property
    def question(self) -> KpiReview | None:
        """What sales asks, while nobody has answered by asking again."""
        return self.reviews[0] if self.state == State.QUESTIONED and self.reviews else None

    @property
    def is_only_tactical(self) -> bool:
        return is_only_tactical(self.kpis)

    def is_editor(self, user: User) -> bool:
        return self.kpi_set is not None and user.pk in self.kpi_set.editors


@dataclass(frozen=True)
class Said:
    """One line of the history: a review or a signature."""

    at: datetime
    by: User
    verdict: str  # "agreed", "question" or "signed"
    text: str
    signoff: SignOff | None = None


def kpi_set_now(campaign: Campaign) -> SetNow:
    """Gather the set, its signatures and its reviews, in four queries."""
    kpis = list(campaign.kpis.with_metric())
    kpi_set = KpiSet.objects.filter(campaign=campaign).select_related("asked_by").first()
    signoffs = list(campaign.signoffs.select_related("by").order_by("-at", "-pk")[:HISTORY])
    reviews = list(campaign.kpi_reviews.select_related("by").order_by("-at", "-pk")[:HISTORY])
    snapshot = snapshot_of(kpis)
    state = State(kpi_set.state) if kpi_set else State.DRAFT
    is_signed = state == State.SIGNED
    return SetNow(
        state=state,
        kpis=kpis,
        digest=digest_of(snapshot),
        kpi_set=kpi_set,
        signoffs=signoffs,
        reviews=reviews,
        changes=differences(signoffs[0].snapshot, snapshot) if signoffs and not is_signed else [],
    )


def said_of(now: SetNow) -> list[Said]:
    """Return reviews and signatures as one history, newest first."""
    said = [Said(one.at, one.by, one.verdict, one.text) for one in now.reviews]
    said += [Said(one.at, one.by, "signed", one.text, one) for one in now.signoffs]
    return sorted(said, key=lambda one: one.at, reverse=True)


@dataclass(frozen=True)
class Awaited:
    """A campaign whose KPIs wait for somebody's word, with what has changed since they were signed."""

    kpi_set: KpiSet
    changes: list[Difference]

    @property
    def campaign(self) -> Campaign:
        return self.kpi_set.campaign


def kpi_sets_awaited(user: User, states: Sequence[State]) -> list[Awaited]:
    """Return the sets in these states, who waits longest first, with what has changed; two queries."""
    latest = SignOff.objects.filter(campaign=OuterRef("campaign")).order_by("-at", "-pk")
    found = KpiSet.objects.visible_to(user).filter(state__in=states).exclude(campaign__stage="closed")
    found = found.annotate(signed=Subquery(latest.values("snapshot")[:1]))
    sets: list[Any] = list(
        found.select_related("campaign__captain").order_by(F("waiting_since").asc(nulls_last=True), "pk")[
            :AWAITED
        ]
    )
    if not sets:
        return []
    campaigns = [one.campaign_id for one in sets]
    kpis: dict[int, list[Kpi]] = {pk: [] for pk in campaigns}
    for kpi in Kpi.objects.select_related("metric", "campaign").filter(campaign__in=campaigns):
        kpis[kpi.campaign_id].append(kpi)
    return [
        Awaited(
            one,
            [] if one.signed is None else differences(one.signed, snapshot_of(kpis[one.campaign_id])),
        )
        for one in sets
    ]
