"""The generations of a campaign: whom it was replayed from, and what was replayed from it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from django.db import connection
from django.db.models import Exists, OuterRef

from apps.accounts.models import User
from apps.campaigns import lineage
from apps.campaigns.lineage import Difference
from apps.campaigns.models import Campaign, Channel, Kpi

Row = TypeVar("Row", Channel, Kpi)
BEGUN = {Campaign.Stage.LIVE, Campaign.Stage.REPORTING, Campaign.Stage.CLOSED}
MOST = 200  # campaigns of one family that are shown
# Everything that descends from the first one, whichever of them is asked about.
FAMILY = """
    WITH RECURSIVE up AS (
        SELECT id, parent_id FROM campaigns_campaign WHERE id = %(campaign)s
        UNION SELECT above.id, above.parent_id
        FROM campaigns_campaign AS above JOIN up ON above.id = up.parent_id
    ), down AS (
        SELECT id FROM up WHERE parent_id IS NULL
        UNION SELECT below.id FROM campaigns_campaign AS below JOIN down ON below.parent_id = down.id
    )
    SELECT id FROM down LIMIT %(most)s
"""


@dataclass(frozen=True)
class Generation:
    """
    One campaign of the family. `is_in_line`: it leads to the campaign that is looked at, or follows from it.

    `is_visible`: the reader may know it. `is_comparable`: it counts what that campaign counts.
    """

    campaign: Campaign
    is_current: bool
    is_in_line: bool
    is_visible: bool
    is_comparable: bool

    @property
    def reached(self) -> Decimal | None:
        """Return what the outcome has come to; None: not begun, not counted, or not for these eyes."""
        return self.campaign.goal_reached if self.is_visible and self.campaign.stage in BEGUN else None


@dataclass(frozen=True)
class Lineage:
    """`differences` are to the parent as it is now; None: there is none, or it may not be seen."""

    campaign: Campaign
    generations: list[Generation]
    differences: list[Difference] | None

    @property
    def is_alone(self) -> bool:
        return len(self.generations) < 2

    @property
    def trend(self) -> list[Generation]:
        """What is drawn: the generations of the line that count the same."""
        return [one for one in self.generations if one.is_in_line and one.is_comparable and one.is_visible]

    @property
    def reached(self) -> list[Decimal | None]:
        return [one.reached for one in self.trend]

    @property
    def targets(self) -> list[Decimal | None]:
        return [one.campaign.goal_target for one in self.trend]


def campaign_lineage(campaign: Campaign, user: User) -> Lineage:
    """Return the family of a campaign, first generation first, in six queries however large it is."""
    family = _family(campaign, user)
    line = _line(campaign, family)
    generations = [
        Generation(
            campaign=one,
            is_current=one.pk == campaign.pk,
            is_in_line=one.pk in line,
            is_visible=one.is_visible,  # type: ignore[attr-defined]  # annotated
            is_comparable=lineage.is_comparable(one, campaign),
        )
        for one in family
    ]
    by_id = {one.campaign.pk: one for one in generations}
    own = by_id[campaign.pk].campaign
    parent = by_id.get(campaign.parent_id or 0)
    if parent is None or not parent.is_visible:
        return Lineage(own, generations, None)
    own.parent = parent.campaign  # the page names it
    return Lineage(own, generations, _differences(parent.campaign, own))


def _family(campaign: Campaign, user: User) -> list[Campaign]:
    with connection.cursor() as cursor:
        cursor.execute(FAMILY, {"campaign": campaign.pk, "most": MOST})
        ids = [pk for (pk,) in cursor.fetchall()]
    known = Campaign.objects.visible_to(user).filter(pk=OuterRef("pk"))
    found = Campaign.objects.filter(pk__in=[*ids, campaign.pk]).annotate(is_visible=Exists(known))
    return list(found.select_related("captain", "segment", "year_goal").order_by("generation", "pk"))


def _line(campaign: Campaign, family: list[Campaign]) -> set[int]:
    """Return those from the first generation to this campaign, and its newest descendants."""
    by_id = {one.pk: one for one in family}
    newest = {one.parent_id: one for one in family}  # the last of each parent
    line = {campaign.pk}
    above = by_id.get(campaign.parent_id or 0)
    while above is not None:
        line.add(above.pk)
        above = by_id.get(above.parent_id or 0)
    below = newest.get(campaign.pk)
    while below is not None:
        line.add(below.pk)
        below = newest.get(below.pk)
    return line


def _differences(parent: Campaign, child: Campaign) -> list[Difference]:
    both = [parent.pk, child.pk]
    channels = list(Channel.objects.filter(campaign__in=both).select_related("owner").order_by("pk"))
    kpis = list(Kpi.objects.with_metric().filter(campaign__in=both).order_by("position", "pk"))
    return lineage.differences(
        parent,
        child,
        channels=(_of(channels, parent), _of(channels, child)),
        kpis=(_of(kpis, parent), _of(kpis, child)),
    )


def _of(rows: list[Row], campaign: Campaign) -> list[Row]:
    return [row for row in rows if row.campaign_id == campaign.pk]
