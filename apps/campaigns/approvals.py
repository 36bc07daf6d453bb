"""
What somebody approves of a campaign: the facts of each part, read anew each time. Pure but for the sources.

A part is approved while every fact that counts is what it was then; an edit resets that part and no other,
without anybody having to remember it. Apps above add the facts that they know from `AppConfig.ready`:

    sources.register("messages", lambda campaign: Reading(facts={Part.CONTENT: […]}, edits={…}))
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import unified_diff
from hashlib import sha256

from apps.campaigns.dates import day_text
from apps.campaigns.models import Approval, Campaign
from apps.collaboration.models import AuditEvent
from apps.core import display
from apps.core.registry import Registry

Part = Approval.Part
DIFF_LINES = 120  # of one long text that are shown
OF_SEGMENTS = frozenset({"segment", "segments", "exclude"})  # facts that are segments, with their rules
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

    @property
    def shown(self) -> str:
        """What is read of it: of segments the names alone, without the rules that are kept beside them."""
        if self.key not in OF_SEGMENTS:
            return self.value
        lines = (line for line in self.value.splitlines() if line[:1] not in {*"{} "})
        return ", ".join(line.partition(" {")[0] for line in lines)


@dataclass(frozen=True)
class Edit:
    at: datetime
    by_id: int | None


@dataclass(frozen=True)
class Reading:
    """
    What one app knows of a campaign now: facts and the latest edit, by part.

    `over` are the groups that are past changing, such as messages that were launched.
    """

    facts: Mapping[str, list[Fact]]
    edits: Mapping[str, Edit]
    over: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Change:
    """What was approved, and what is there now; `lines` is the difference of a long text."""

    label: str
    old: str
    new: str
    lines: list[tuple[str, str]]


sources: Registry[Callable[[Campaign], Reading]] = Registry()


def read(campaign: Campaign) -> Reading:
    """Return what all apps know, each part's facts in the order in which they are read."""
    facts: dict[str, list[Fact]] = {part: [] for part in Part.values}
    edits: dict[str, Edit] = {}
    over: frozenset[str] = frozenset()
    for source in sources:
        reading = source(campaign)
        over |= reading.over
        for part, found in reading.facts.items():
            facts[part] += found
        for part, edit in reading.edits.items():
            if part not in edits or edits[part].at < edit.at:
                edits[part] = edit
    return Reading(facts, edits, over)


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
            found.append(Change(label, was, now, _lines(was, now)))
    return found


def _lines(old: str, new: str) -> list[tuple[str, str]]:
    """Return the lines that went and came, each with its sign; nothing where neither side has several."""
    if "\n" not in old + new:
        return []
    told = unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0)
    differing = [(line[0], line[1:]) for line in list(told)[2:] if line[0] in "+-"]
    return differing[:DIFF_LINES]


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


def _campaign_edits(campaign: Campaign) -> dict[str, Edit]:
    events = AuditEvent.objects.filter(
        subject=f"{campaign._meta.label_lower}:{campaign.pk}",
        action__in=["campaign.created", "campaign.changed"],
    )
    edits: dict[str, Edit] = {}
    for at, by_id, changed in events.order_by("-at", "-pk").values_list("at", "by", "details__changes")[
        :EDITS
    ]:
        for part, fields in FIELDS.items():
            if changed is None or not set(fields).isdisjoint(changed):
                edits.setdefault(part, Edit(at, by_id))
    return edits


def _campaign_read(campaign: Campaign) -> Reading:
    facts = {part: _campaign_facts(campaign, part) for part in FIELDS}
    return Reading(facts, _campaign_edits(campaign))


def register() -> None:
    """Add the facts of this app; called from `AppConfig.ready`."""
    sources.register("campaigns", _campaign_read)
