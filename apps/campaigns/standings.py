"""How each part of a campaign stands with its approval, asked anew."""

from dataclasses import dataclass

from apps.accounts.models import User
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
    last_editor: User | None

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
    rows = campaign.approvals.select_related("asked_by", "decided_by").order_by("part", "-pk")
    # Of each part the latest, and the latest that was approved: what came before is history.
    latest = {one.part: one for one in rows.distinct("part")}
    approved = {one.part: one for one in rows.filter(state=State.APPROVED).distinct("part")}
    reading = approvals.read(campaign)
    editors = User.objects.in_bulk({edit.by_id for edit in reading.edits.values() if edit.by_id})
    found = []
    for part in Approval.Part.values:
        facts, edit = reading.facts[part], reading.edits.get(part)
        before = approvals.facts_in(approved[part].snapshot) if part in approved else []
        found.append(
            Standing(
                part=part,
                facts=facts,
                digest=approvals.digest_of(facts),
                latest=latest.get(part),
                approved=approved.get(part),
                changes=approvals.changes(before, facts, over=reading.over),
                last_editor=editors.get(edit.by_id) if edit and edit.by_id else None,
            )
        )
    return found


def part_standing(campaign: Campaign, part: str) -> Standing:
    return next(standing for standing in part_standings(campaign) if standing.part == part)
