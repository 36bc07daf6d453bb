"""How each part of a campaign stands with its approval, asked anew."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q

from apps.campaigns import approvals
from apps.campaigns.approvals import Change, Fact
from apps.campaigns.models import Approval, Campaign

State = Approval.State


@dataclass(frozen=True)
class Standing:
    """
    One part: what is there now, the last approval, and what was last said.

    `changes` is what differs from what was last approved; nothing was ever: everything that is there.
    """

    part: str
    facts: list[Fact]
    digest: str
    latest: Approval | None
    approved: Approval | None
    changes: list[Change]
    last_editor_id: int | None

    @property
    def label(self) -> str:
        return str(Approval.Part(self.part).label)

    @property
    def is_approved(self) -> bool:
        return self.approved is not None and not self.changes

    @property
    def is_waiting(self) -> bool:
        return self.latest is not None and self.latest.is_waiting

    @property
    def was_sent_back(self) -> bool:
        return self.latest is not None and self.latest.state == State.SENT_BACK


def part_standings(campaign: Campaign) -> list[Standing]:
    """Return how each part stands, in the order of the parts."""
    latest, approved = _approvals(campaign)
    readings = approvals.read(campaign)
    facts_of, over = approvals.facts_by_part(readings), approvals.past_changing(readings)
    edits = approvals.last_edits(readings)
    found = []
    for part in Approval.Part.values:
        facts = facts_of[part]
        before = approvals.facts_in(approved[part].snapshot) if part in approved else []
        found.append(
            Standing(
                part=part,
                facts=facts,
                digest=approvals.digest_of(facts),
                latest=latest.get(part),
                approved=approved.get(part),
                changes=approvals.changes(before, facts, over=over),
                last_editor_id=edits[part].by_id if part in edits else None,
            )
        )
    return found


def _approvals(campaign: Campaign) -> tuple[dict[str, Approval], dict[str, Approval]]:
    """Return of each part the latest, and the latest that was approved: what came before is history."""
    is_given = ExpressionWrapper(Q(state=State.APPROVED), output_field=BooleanField())
    rows = campaign.approvals.select_related("asked_by", "decided_by").annotate(is_given=is_given)
    last = list(rows.order_by("part", "is_given", "-pk").distinct("part", "is_given"))
    latest = {one.part: one for one in sorted(last, key=lambda one: one.pk)}
    return latest, {one.part: one for one in last if one.state == State.APPROVED}


def part_standing(campaign: Campaign, part: str) -> Standing:
    return next(standing for standing in part_standings(campaign) if standing.part == part)


def parts_unapproved(campaign: Campaign, approved: Iterable[Mapping[str, Any]]) -> list[str]:
    """
    Return the labels of the parts that nobody has approved as they are now.

    `approved` are the last approvals, each with its `part` and its `snapshot`.
    """
    readings = approvals.read(campaign)
    facts_of, over = approvals.facts_by_part(readings), approvals.past_changing(readings)
    given = {row["part"]: approvals.facts_in(row["snapshot"]) for row in approved}
    return [
        str(Approval.Part(part).label)
        for part in Approval.Part.values
        if part not in given or approvals.changes(given[part], facts_of[part], over=over)
    ]
