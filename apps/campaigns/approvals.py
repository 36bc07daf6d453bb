"""
What somebody approves of a campaign: the facts of each part, read anew each time. Pure but for the sources.

A part is approved while every fact that counts is what it was then; an edit resets that part and no other,
without anybody having to remember it. Apps above add the facts that they know from `AppConfig.ready`:

    sources.register("messages", lambda campaign: Reading(facts={Part.CONTENT: […]}, trail=Trail(…)))

A fact's value is exact, so that it can be compared: the rule of a segment as JSON. What people read of it is
made when somebody looks (`readbacks`).
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256

from apps.campaigns.dates import day_text
from apps.campaigns.differences import Piece, differing_lines, differing_words
from apps.campaigns.models import Approval, Campaign
from apps.collaboration.models import AuditEvent
from apps.core import display
from apps.core.registry import Registry

Part = Approval.Part
EDITS = 500  # that are looked through for the latest of each part
# The campaign's own fields of each part: what is read, and whose change in the log is an edit of it.
FIELDS: dict[str, list[str]] = {
    Part.CONTENT: ["idea"],
    Part.AUDIENCE: ["segment", "audience_note"],
    Part.SCHEDULE: ["start_date", "launch_date"],
    Part.GOAL: [
        "outcome", "goal_event", "goal_where", "goal_measure", "value_property", "goal_target", "goal_date",
        "conversion_window_days",
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """One thing that is approved. `group` names whose it is: the campaign's, or one message's."""

    group: str
    key: str
    label: str
    value: str

    @property
    def place(self) -> tuple[str, str]:
        return self.group, self.key


@dataclass(frozen=True)
class Edit:
    at: datetime
    by_id: int | None


@dataclass(frozen=True)
class Trail:
    """
    Where the log tells of edits: by whom these `subjects` were changed, by one of these `actions`.

    `key` of its details names the fields that changed, and `fields` which of them are of which part; where
    it names none, all were. `known` is told by something else than the log.
    """

    subjects: Collection[str]
    actions: Collection[str]
    key: str
    fields: Mapping[str, Collection[str]]
    known: Mapping[str, Edit] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """
    What one app knows of a campaign now: facts by part, and where it is told who edited them.

    `over` are the groups that are past changing, such as messages that were launched.
    """

    facts: Mapping[str, list[Fact]]
    trail: Trail
    over: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Change:
    """
    What was approved, and what is there now, of the facts that have this key.

    `reads_same`: to people it says what it said, and is only written otherwise.
    """

    key: str
    label: str
    old: str
    new: str
    reads_same: bool = False

    @cached_property
    def lines(self) -> list[tuple[str, str]]:
        """The lines that went and came, each with its sign; nothing where neither side has several."""
        return differing_lines(self.old, self.new)

    @cached_property
    def words(self) -> tuple[list[Piece], list[Piece]]:
        """What was and what is, in pieces, with which of them differ; nothing where they share too little."""
        return differing_words(self.old, self.new)


sources: Registry[Callable[[Campaign], Reading]] = Registry()


def read(campaign: Campaign) -> list[Reading]:
    """Return what each app knows."""
    return [source(campaign) for source in sources]


def facts_by_part(readings: Iterable[Reading]) -> dict[str, list[Fact]]:
    """Return all facts of each part, in the order in which they are read."""
    facts: dict[str, list[Fact]] = {part: [] for part in Part.values}
    for reading in readings:
        for part, found in reading.facts.items():
            facts[part] += found
    return facts


def past_changing(readings: Iterable[Reading]) -> frozenset[str]:
    return frozenset(group for reading in readings for group in reading.over)


def last_edits(readings: Iterable[Reading]) -> dict[str, Edit]:
    """Return the latest edit of each part, in one query whatever tells of them."""
    trails = [reading.trail for reading in readings]
    of_subject = {subject: trail for trail in trails for subject in trail.subjects}
    events = AuditEvent.objects.filter(
        subject__in=of_subject, action__in={action for trail in trails for action in trail.actions}
    )
    edits = [edit for trail in trails for edit in trail.known.items()]
    for subject, at, by_id, details in events.order_by("-at", "-pk").values_list(
        "subject", "at", "by", "details"
    )[:EDITS]:
        trail = of_subject[subject]
        changed = details.get(trail.key)
        edits += [
            (part, Edit(at, by_id))
            for part, fields in trail.fields.items()
            if changed is None or not set(fields).isdisjoint(changed)
        ]
    latest: dict[str, Edit] = {}
    for part, edit in edits:
        if part not in latest or latest[part].at < edit.at:
            latest[part] = edit
    return latest


def digest_of(facts: Iterable[Fact]) -> str:
    rows = [[fact.group, fact.key, fact.value] for fact in facts]
    return sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def snapshot_of(facts: Iterable[Fact]) -> list[list[str]]:
    return [[fact.group, fact.key, fact.label, fact.value] for fact in facts]


def facts_in(snapshot: Iterable[Iterable[str]]) -> list[Fact]:
    return [Fact(*row) for row in snapshot]


def changes(old: Iterable[Fact], new: Iterable[Fact], *, over: frozenset[str]) -> list[Change]:
    """Return what differs, field by field; what is past changing is left out on both sides."""
    before = {fact.place: fact for fact in old if fact.group not in over}
    after = {fact.place: fact for fact in new if fact.group not in over}
    found = []
    for place in dict.fromkeys([*before, *after]):
        was, now = (facts[place].value if place in facts else "" for facts in (before, after))
        if was != now:
            label = (after.get(place) or before[place]).label
            found.append(Change(place[1], label, was, now))
    return found


def _campaign_facts(campaign: Campaign, part: str) -> list[Fact]:
    return [
        Fact("campaign", name, _label(name), _value(campaign, name))
        for name in FIELDS[part]
        if name != "goal_where" or campaign.goal_where
    ]


def _label(name: str) -> str:
    label = str(getattr(Campaign._meta.get_field(name), "verbose_name", name))
    return label[:1].upper() + label[1:]


def _value(campaign: Campaign, name: str) -> str:
    if name == "segment":
        # The rule too: a segment under the same name may be of other people by now.
        segment = campaign.segment
        return f"{segment}\n{json.dumps(segment.rule, sort_keys=True, indent=1)}" if segment else ""
    if name == "goal_where":
        return json.dumps(campaign.goal_where, sort_keys=True, indent=1)
    if name == "goal_measure":
        return str(campaign.get_goal_measure_display())
    if name == "goal_target":
        return display.number(campaign.goal_target, 2) if campaign.goal_target is not None else ""
    value = getattr(campaign, name)
    if name.endswith("_date"):
        return day_text(value) if value else ""
    return str(value)


def _campaign_read(campaign: Campaign) -> Reading:
    trail = Trail(
        subjects=[f"{campaign._meta.label_lower}:{campaign.pk}"],
        actions=["campaign.created", "campaign.changed"],
        key="changes",
        fields=FIELDS,
    )
    return Reading({part: _campaign_facts(campaign, part) for part in FIELDS}, trail)


def register() -> None:
    """Add the facts of this app; called from `AppConfig.ready`."""
    sources.register("campaigns", _campaign_read)
