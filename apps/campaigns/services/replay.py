"""Start the next campaign from this one: what should change changes, the rest comes along."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns import dates, replay
from apps.campaigns.errors import DatesDoNotFit, Refused
from apps.campaigns.models import Campaign, Channel
from apps.campaigns.replay import Replay
from apps.campaigns.services.campaign import campaign_create
from apps.campaigns.services.justify import justification_missing
from apps.campaigns.services.once import creation_key, made_once
from apps.campaigns.services.team import channel_add
from apps.collaboration import services as collaboration

# What the plan says, day by day apart: it comes along unless the act names something else.
PLAN = (
    "outcome", "goal_event", "goal_where", "goal_measure", "value_property", "goal_target",
    "conversion_window_days", "currency", "idea", "segment", "audience_note",
)  # fmt: skip
CHANNELS = "channels"


@dataclass(frozen=True)
class Replayed:
    """The new campaign, and a sentence for each thing that could not come along."""

    campaign: Campaign
    notes: list[str] = field(default_factory=list)


def campaign_replay(
    *,
    parent: Campaign,
    name: str,
    launch_date: date,
    by: User,
    now: datetime,
    captain: User | None = None,
    parts: Collection[str] | None = None,
    key: UUID | None = None,
    **changes: Any,
) -> Replayed:
    """
    Begin the next generation of `parent`, which itself stays as it is.

    All days move as the launch does. `parts` names what comes along beside the plan (None: everything);
    `changes` are fields of the plan that say something else. The same form sent twice gives one campaign.

    :raises Refused: as `campaign_create`; or there is no such part
    :raises DatesDoNotFit: the launch lies in the past, or the dates contradict each other
    :raises NotEligible: that person cannot be a captain
    """
    wanted = _parts_check(parts)
    for told in (dates.range_problem(launch_date), dates.past_problem(launch_date, now=now)):
        if told:
            raise DatesDoNotFit(told, field="launch_date")
    notes: list[str] = []
    fields = {**_plan_of(parent, launch_date, notes), **changes}
    made_of = creation_key(key, {"parent": parent, "name": name, "parts": wanted, **fields})

    def make() -> Campaign:
        child = campaign_create(
            name=name,
            captain=captain,
            by=by,
            now=now,
            parent=parent,
            generation=parent.generation + 1,
            creation_key=made_of,
            **fields,
        )
        notes.extend(_bring(parent, child, wanted, by=by, now=now))
        details: dict[str, object] = {"campaign": child.name}
        collaboration.audit_record(
            action="campaign.replayed", subject=parent, by=by, now=now, details=details
        )
        return child

    return Replayed(made_once(Campaign, made_of, make), notes)


def _parts_check(parts: Collection[str] | None) -> list[str]:
    known = [name for name, _part in replay.parts_in_order()]
    if parts is None:
        return known
    if unknown := sorted(set(parts) - set(known)):
        raise Refused(_("There is nothing called %(names)s.") % {"names": ", ".join(unknown)}, field="parts")
    return [name for name in known if name in parts]


def shift_of(parent: Campaign, launch_date: date) -> timedelta | None:
    """Return by how much the days move; None: the parent has no launch to go by."""
    return launch_date - parent.launch_date if parent.launch_date else None


def _plan_of(parent: Campaign, launch_date: date, notes: list[str]) -> dict[str, Any]:
    fields = {name: getattr(parent, name) for name in PLAN}
    if parent.segment is not None and parent.segment.archived_at is not None:
        fields["segment"] = None
        notes.append(_("The segment “%(segment)s” has been put away.") % {"segment": parent.segment})
    if parent.year_goal is not None and parent.year_goal.year == launch_date.year:
        fields["year_goal"] = parent.year_goal
    shift = shift_of(parent, launch_date)
    for name in ("start_date", "goal_date"):
        day = getattr(parent, name)
        fields[name] = day + shift if day is not None and shift is not None else None
    return {**fields, "launch_date": launch_date}


def _bring(parent: Campaign, child: Campaign, wanted: list[str], *, by: User, now: datetime) -> list[str]:
    notes: list[str] = []
    brought: dict[int, Channel] = {}
    assert child.launch_date is not None
    shift = shift_of(parent, child.launch_date)
    for name, part in replay.parts_in_order():
        if name not in wanted:
            continue
        if name == CHANNELS:  # first: the other parts hang on them
            brought = _channels_bring(parent, child, notes, by=by, now=now)
        notes += part.bring(Replay(parent, child, shift, brought, by, now))
    return notes


def _channels_bring(
    parent: Campaign, child: Campaign, notes: list[str], *, by: User, now: datetime
) -> dict[int, Channel]:
    brought = {}
    for channel in parent.channels.select_related("owner").order_by("pk"):
        if told := justification_missing(child, channel.kind, channel.justification, now=now):
            notes.append(told)
            continue
        brought[channel.pk] = channel_add(
            campaign=child,
            kind=channel.kind,
            owner=channel.owner if channel.owner and channel.owner.is_active else None,
            why=channel.why,
            expected_result=channel.expected_result,
            justification=channel.justification,
            by=by,
            now=now,
        )
        if channel.owner and not channel.owner.is_active:
            left = _("%(person)s has left: %(channel)s has no owner yet.")
            notes.append(left % {"person": channel.owner, "channel": channel})
    return brought
