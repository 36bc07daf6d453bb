"""The rows of an uploaded budget: each read into a line, or refused with its place and the reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.campaigns import dates
from apps.campaigns.budgetfile import AMOUNTS, FAULT, TOTAL, Row, amount_read, month_read, unmarked
from apps.campaigns.models import Channel
from apps.core import display

Values = dict[str, object]
Refuse = Callable[[str, str], None]
# As the file calls a field, where that is not its name.
COLUMN_OF = {"label": "what for"}
LENGTHS = {"label": 200, "vendor": 200, "note": 500}
KEY_DIGITS = 18


@dataclass(frozen=True)
class Refusal:
    row: int  # 0: the file as a whole
    column: str
    reason: str


@dataclass(frozen=True)
class Wanted:
    """One row of the file that can be read. `values` are the fields of a line, the channel by its key."""

    row: int
    line: int | None
    version: int | None
    at: datetime | None
    values: Values


def lines_named(rows: Sequence[Row]) -> set[str]:
    """Return the lines that the file has, those too whose row cannot be read."""
    return {cells["line"] for _number, cells in rows if cells.get("line")}


def rows_read(
    rows: Sequence[Row], refused: list[Refusal], *, channels: Sequence[Channel], currency: str
) -> list[Wanted]:
    known = {name.casefold(): each.pk for each in channels for name in (each.kind, str(each))}
    wanted: list[Wanted] = []
    seen: set[int] = set()
    for number, cells in rows:
        if FAULT in cells:
            refused.append(Refusal(number, "", cells[FAULT]))
        elif _is_total(cells):
            _total_check(number, cells, wanted, refused)
        elif any(cells.get(name) for name in ("line", "month", "what for", *AMOUNTS)):
            row = _row_read(number, cells, refused, known=known, currency=currency)
            if row is not None and row.line in seen:
                refused.append(Refusal(number, "line", _("This line stands in the file twice.")))
            elif row is not None:
                wanted.append(row)
                seen |= {row.line} if row.line is not None else set()
    return wanted


def _row_read(
    number: int, cells: Mapping[str, str], refused: list[Refusal], *, known: Mapping[str, int], currency: str
) -> Wanted | None:
    faults: list[Refusal] = []

    def refuse(column: str, reason: str) -> None:
        faults.append(Refusal(number, column, reason))

    values: Values = {
        "channel_id": _channel(cells.get("channel", ""), known, refuse),
        "month": _month(cells.get("month", ""), refuse),
        **_words(cells, refuse),
    }
    for name in AMOUNTS:
        try:
            values[name] = amount_read(cells.get(name, ""))
        except ValueError as fault:
            refuse(name, str(fault))
    told = cells.get("currency", "")
    if told and told.upper() != currency:
        refuse(
            "currency",
            _("“%(told)s” is not the currency of this campaign: it is %(currency)s.")
            % {"told": told[:20], "currency": currency},
        )
    line, version, at = (
        _whole(cells, "line", refuse),
        _whole(cells, "version", refuse),
        _moment(cells.get("read at", ""), refuse),
    )
    refused += faults
    return None if faults else Wanted(number, line, version, at, values)


def _channel(name: str, known: Mapping[str, int], refuse: Refuse) -> int | None:
    found = known.get(name.casefold())
    if name and found is None:
        refuse("channel", _("This campaign has no channel “%(name)s”.") % {"name": name[:40]})
    return found


def _words(cells: Mapping[str, str], refuse: Refuse) -> Values:
    words: Values = {}
    for name, most in LENGTHS.items():
        column = COLUMN_OF.get(name, name)
        text = words[name] = unmarked(cells.get(column, ""))
        if len(text) > most:
            refuse(column, _("This is longer than %(most)s characters.") % {"most": most})
    if not words["label"]:
        refuse("what for", _("Say what the money is for."))
    return words


def _month(text: str, refuse: Refuse) -> date | None:
    try:
        month = month_read(text)
    except ValueError as fault:
        refuse("month", str(fault) if text else _("The month is missing."))
        return None
    if told := dates.range_problem(month):
        refuse("month", told)
    return month


def _whole(cells: Mapping[str, str], column: str, refuse: Refuse) -> int | None:
    text = cells.get(column, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= KEY_DIGITS):
        refuse(column, _("“%(text)s” is not a number that we gave.") % {"text": text[:40]})
        return None
    return int(text)


def _moment(text: str, refuse: Refuse) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        refuse("read at", _("“%(text)s” is not the time that we wrote.") % {"text": text[:40]})
    return moment


def _is_total(cells: Mapping[str, str]) -> bool:
    """Test if a row adds up the others: as we write it, or alone in whichever cell its author has put it."""
    said = [cells.get(name, "").rstrip(" :").casefold() for name in ("line", "channel", "month", "what for")]
    return said[0] == TOTAL or [word for word in said if word] == [TOTAL]


def _total_check(
    number: int, cells: Mapping[str, str], wanted: Sequence[Wanted], refused: list[Refusal]
) -> None:
    if refused:
        return  # the sum of lines that cannot be read says nothing
    for name in AMOUNTS:
        if not cells.get(name):
            continue
        try:
            told = amount_read(cells[name])
        except ValueError as fault:
            refused.append(Refusal(number, name, str(fault)))
            continue
        is_so = sum((amount_in(row.values[name]) for row in wanted), Decimal(0))
        if told != is_so:
            said = {"told": display.number(told, 2), "sum": display.number(is_so, 2)}
            reason = _("The total says %(told)s; the lines above it sum to %(sum)s.") % said
            refused.append(Refusal(number, name, reason))


def amount_in(value: object) -> Decimal:
    assert isinstance(value, Decimal)
    return value
