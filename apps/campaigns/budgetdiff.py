"""
What a file would change of a budget. Pure: rows and lines in, a report out, which is also what is then done.

Nothing is removed that the file's author may not have seen: only lines that were there when it was made, and
that nobody has changed since.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256

from django.utils.translation import gettext as _

from apps.campaigns.budgetfile import AMOUNTS, MOST_ROWS, Row
from apps.campaigns.budgetrows import Refusal, Wanted, amount_in, lines_named, rows_read
from apps.campaigns.models import BudgetLine, Channel
from apps.core import display


@dataclass(frozen=True)
class FieldChange:
    name: str
    old: object
    new: object


@dataclass(frozen=True)
class Change:
    """A line that the file has otherwise; of one that it leaves out `wanted` is None."""

    line: BudgetLine
    wanted: Wanted | None
    fields: Sequence[FieldChange] = ()


@dataclass
class Report:
    """
    All rows of the file and all lines of the budget, each in one place.

    `meanwhile` are lines that somebody has changed or removed since the file was made: they stay as they are
    unless chosen. `kept` are lines that the file does not have and that stay: added since, another's, or of a
    file that does not say of when it is. With anything `refused` nothing is done.
    """

    added: list[Wanted] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    removed: list[Change] = field(default_factory=list)
    meanwhile: list[Change] = field(default_factory=list)
    kept: list[BudgetLine] = field(default_factory=list)
    unchanged: list[BudgetLine] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    before: Mapping[str, Decimal] = field(default_factory=dict)
    # The sums once it is done, with what others changed meanwhile left as it is.
    after: Mapping[str, Decimal] = field(default_factory=dict)
    twins: set[int] = field(default_factory=set)  # rows that say what a line says already

    @property
    def does_something(self) -> bool:
        return bool(self.added or self.changed or self.removed or self.meanwhile)

    @property
    def may_apply(self) -> bool:
        return self.does_something and not self.refused

    @property
    def digest(self) -> str:
        """What is the same as long as the same would be done."""
        said = [
            [sorted(row.values.items()) for row in self.added],
            [(change.line.pk, change.line.version, change.fields) for change in self.changed],
            [(change.line.pk, change.line.version) for change in self.removed],
            [(change.line.pk, change.line.version, change.fields) for change in self.meanwhile],
        ]
        return sha256(repr(said).encode()).hexdigest()


def difference(
    rows: Sequence[Row],
    lines: Sequence[BudgetLine],
    *,
    channels: Sequence[Channel],
    currency: str,
    allowed: Collection[int | None],
) -> Report:
    """
    Compare a file with all lines of a campaign, the removed ones too.

    `allowed` are the channels whose lines this person may plan; None is the whole campaign.
    """
    report = Report()
    wanted = rows_read(rows, report.refused, channels=channels, currency=currency)
    known = {line.pk: line for line in lines}
    standing = [line for line in lines if line.removed_at is None]
    report.before = {name: sum((getattr(line, name) for line in standing), Decimal(0)) for name in AMOUNTS}
    names = {channel.pk: str(channel) for channel in channels}
    there = {(line.channel_id, line.month, line.label, line.vendor) for line in standing}
    for row in wanted:
        if row.line is None:
            _take_new(row, report, allowed, there)
        elif row.line not in known:
            report.refused.append(Refusal(row.row, "line", _("This campaign has no line of that number.")))
        else:
            _take_known(row, known[row.line], report, allowed, names)
    _take_absent(standing, lines_named(rows), wanted, report, allowed)
    report.after = {name: before + _gain(report, name) for name, before in report.before.items()}
    if len(standing) + len(report.added) - len(report.removed) > MOST_ROWS:
        told = _("The budget would have more than %(most)s lines.")
        report.refused.append(Refusal(0, "", told % {"most": display.number(MOST_ROWS)}))
    return report


def _take_new(
    row: Wanted, report: Report, allowed: Collection[int | None], there: Collection[tuple[object, ...]]
) -> None:
    if row.values["channel_id"] not in allowed:
        report.refused.append(Refusal(row.row, "channel", _not_yours()))
        return
    report.added.append(row)
    if tuple(row.values[name] for name in ("channel_id", "month", "label", "vendor")) in there:
        report.twins.add(row.row)


def _take_known(
    row: Wanted,
    line: BudgetLine,
    report: Report,
    allowed: Collection[int | None],
    names: Mapping[int, str],
) -> None:
    fields = [
        FieldChange(name, _shown(name, getattr(line, name), names), _shown(name, new, names))
        for name, new in row.values.items()
        if getattr(line, name) != new
    ]
    change = Change(line, row, fields)
    if row.version is None:
        told = _("Without its version nobody can tell if the line has been changed since. Download again.")
        report.refused.append(Refusal(row.row, "version", told))
    elif line.removed_at is None and not fields:
        report.unchanged.append(line)
    elif line.channel_id not in allowed or row.values["channel_id"] not in allowed:
        report.refused.append(Refusal(row.row, "channel", _not_yours()))
    elif line.removed_at is not None or row.version != line.version:
        report.meanwhile.append(change)
    else:
        report.changed.append(change)


def _take_absent(
    standing: Sequence[BudgetLine],
    named: Collection[str],
    wanted: Sequence[Wanted],
    report: Report,
    allowed: Collection[int | None],
) -> None:
    """Sort the lines that the file does not have: were they taken out, or could its author not know them?"""
    made_at = max((row.at for row in wanted if row.at is not None), default=None)
    for line in standing:
        if str(line.pk) in named:
            continue
        if made_at is None or line.created_at > made_at or line.channel_id not in allowed:
            report.kept.append(line)
        elif line.updated_at > made_at:
            report.meanwhile.append(Change(line, None))
        else:
            report.removed.append(Change(line, None))


def _gain(report: Report, name: str) -> Decimal:
    gain = sum((amount_in(row.values[name]) for row in report.added), Decimal(0))
    for change in report.changed:
        assert change.wanted is not None
        gain += amount_in(change.wanted.values[name]) - getattr(change.line, name)
    return gain - sum((getattr(change.line, name) for change in report.removed), Decimal(0))


def _shown(name: str, value: object, names: Mapping[int, str]) -> str:
    """Return a value as a person reads it."""
    if name == "channel_id":
        return names.get(value, "") if isinstance(value, int) else _("Whole campaign")
    if isinstance(value, Decimal):
        return display.number(value, 2)
    return f"{value:%Y-%m}" if isinstance(value, date) else str(value)


def _not_yours() -> str:
    return _("You may plan the money of your own channel only.")
