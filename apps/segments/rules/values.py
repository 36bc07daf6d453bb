"""Operators, what each accepts, and the values of rules. One table here feeds parser, schema and builder."""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar

from django.utils.translation import gettext as _

from apps.contacts.models import Attribute

Type = Attribute.Type
Moment = date | datetime
M = TypeVar("M", date, datetime)
Scalar = str | int | float | bool | Moment
MAX_TEXT = 500
MAX_VALUES = 1_000
MAX_NUMBER = 1e15  # what JSON readers keep exactly


class Unfit(Exception):
    """A value is not what its place asks for; the message is the sentence for the user."""


class Op(StrEnum):
    EQ = "eq"
    NE = "ne"
    IN = "in"
    NOT_IN = "not_in"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    BETWEEN = "between"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    EXISTS = "exists"
    MISSING = "missing"
    BEFORE = "before"
    AFTER = "after"
    WITHIN_LAST = "within_last"
    WITHIN_NEXT = "within_next"
    OLDER_THAN = "older_than"


class Shape(StrEnum):
    """What the `value` of an operator looks like."""

    NONE = "none"
    ONE = "one"
    MANY = "many"
    PAIR = "pair"
    DURATION = "duration"


SHAPES: dict[Op, Shape] = dict.fromkeys(Op, Shape.ONE) | {
    Op.EXISTS: Shape.NONE,
    Op.MISSING: Shape.NONE,
    Op.IN: Shape.MANY,
    Op.NOT_IN: Shape.MANY,
    Op.BETWEEN: Shape.PAIR,
    Op.WITHIN_LAST: Shape.DURATION,
    Op.WITHIN_NEXT: Shape.DURATION,
    Op.OLDER_THAN: Shape.DURATION,
}

_PRESENCE = (Op.EXISTS, Op.MISSING)
_ORDER = (Op.GT, Op.GTE, Op.LT, Op.LTE, Op.BETWEEN)
_TEXT = (Op.EQ, Op.NE, Op.IN, Op.NOT_IN, Op.CONTAINS, Op.STARTS_WITH, Op.ENDS_WITH, *_PRESENCE)
_NUMBER = (Op.EQ, Op.NE, Op.IN, Op.NOT_IN, *_ORDER, *_PRESENCE)
_RELATIVE = (Op.WITHIN_LAST, Op.WITHIN_NEXT, Op.OLDER_THAN)
_TIME = (Op.EQ, Op.NE, Op.BEFORE, Op.AFTER, *_ORDER, *_RELATIVE, *_PRESENCE)

# In the order in which the builder offers them.
OPERATORS: dict[Type, tuple[Op, ...]] = {
    Type.TEXT: _TEXT,
    Type.CHOICE: _TEXT,
    Type.NUMBER: _NUMBER,
    Type.MONEY: _NUMBER,
    Type.BOOLEAN: (Op.EQ, Op.NE, *_PRESENCE),
    Type.DATE: _TIME,
    Type.DATETIME: _TIME,
    Type.LIST: (Op.CONTAINS, Op.IN, Op.NOT_IN, *_PRESENCE),
}

DURATION_PATTERN = r"^[1-9][0-9]{0,4}(m|h|d|w|mo|y)$"
_DURATION = re.compile(r"^([1-9][0-9]{0,4})(mo|m|h|d|w|y)$", re.ASCII)
_DATE = re.compile(r"^\d{4}-\d\d-\d\d$", re.ASCII)
_DAYS = {"m": 1 / 1440, "h": 1 / 24, "d": 1, "w": 7, "mo": 31, "y": 366}
_LONGEST_DAYS = 36_600  # a century: the arithmetic stays inside the calendar


@dataclass(frozen=True)
class Duration:
    """A length of time as people say it: months and years follow the calendar."""

    amount: int
    unit: str

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"

    @property
    def is_whole_days(self) -> bool:
        return self.unit not in ("m", "h")

    def before(self, moment: datetime) -> datetime:
        return self._shift(moment, -1)

    def after(self, moment: datetime) -> datetime:
        return self._shift(moment, 1)

    def _shift(self, moment: datetime, sign: int) -> datetime:
        match self.unit:
            case "m":
                return moment + sign * timedelta(minutes=self.amount)
            case "h":
                return moment + sign * timedelta(hours=self.amount)
            case "d":
                return moment + sign * timedelta(days=self.amount)
            case "w":
                return moment + sign * timedelta(weeks=self.amount)
        months = moment.year * 12 + moment.month - 1 + sign * self.amount * (12 if self.unit == "y" else 1)
        year, month = months // 12, months % 12 + 1
        # The 31st of a shorter month is its last day.
        return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def is_number(raw: object) -> bool:
    return isinstance(raw, int | float) and not isinstance(raw, bool)


def text_parse(raw: object) -> str:
    """:raises Unfit: what is wrong with it"""
    if not isinstance(raw, str):
        raise Unfit(_("This has to be text."))
    if not raw.strip():
        raise Unfit(_("This is empty."))
    if len(raw) > MAX_TEXT:
        raise Unfit(_("Text of at most %(n)s characters, please.") % {"n": MAX_TEXT})
    if "\0" in raw or any("\ud800" <= letter <= "\udfff" for letter in raw):
        raise Unfit(_("This text has a character that cannot be stored."))
    return raw


def number_parse(raw: object) -> int | float:
    """:raises Unfit: what is wrong with it"""
    if not isinstance(raw, int | float) or isinstance(raw, bool):
        raise Unfit(_("This has to be a number."))
    if not abs(raw) <= MAX_NUMBER:  # so that NaN is refused too
        raise Unfit(_("This number is too large."))
    return raw


def boolean_parse(raw: object) -> bool:
    """:raises Unfit: what is wrong with it"""
    if not isinstance(raw, bool):
        raise Unfit(_("This has to be true or false."))
    return raw


def date_parse(raw: object) -> date:
    """:raises Unfit: what is wrong with it"""
    try:
        if isinstance(raw, str) and _DATE.match(raw):
            return _sane(date.fromisoformat(raw))
    except ValueError:
        pass
    raise Unfit(_("This has to be a date such as 2026-01-31."))


def _sane(moment: M) -> M:
    """Leave room for arithmetic at both ends of the calendar."""
    if not 1000 <= moment.year <= 9000:
        raise ValueError
    return moment


def moment_parse(raw: object) -> Moment:
    """
    Return a date or a datetime in UTC; a datetime without a zone is UTC.

    :raises Unfit: what is wrong with it
    """
    try:
        if isinstance(raw, str):
            if _DATE.match(raw):
                return _sane(date.fromisoformat(raw))
            moment = _sane(datetime.fromisoformat(raw))
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    raise Unfit(_("This has to be a date or a time such as 2026-01-31 or 2026-01-31T09:00:00Z."))


def duration_parse(raw: object) -> Duration:
    """:raises Unfit: what is wrong with it"""
    found = _DURATION.match(raw) if isinstance(raw, str) else None
    if found is None:
        raise Unfit(_("This has to be a length of time such as 15m, 12h, 30d, 8w, 6mo or 1y."))
    duration = Duration(int(found[1]), found[2])
    if duration.amount * _DAYS[duration.unit] > _LONGEST_DAYS:
        raise Unfit(_("This is longer than a hundred years."))
    return duration


def days_parse(raw: object) -> Duration:
    """:raises Unfit: what is wrong with it"""
    duration = duration_parse(raw)
    if not duration.is_whole_days:
        raise Unfit(_("A date has no hours: use days, weeks, months or years."))
    return duration


SCALARS: dict[Type, Callable[[object], Scalar]] = {
    Type.TEXT: text_parse,
    Type.CHOICE: text_parse,
    Type.LIST: text_parse,
    Type.NUMBER: number_parse,
    Type.MONEY: number_parse,
    Type.BOOLEAN: boolean_parse,
    Type.DATE: date_parse,
    Type.DATETIME: moment_parse,
}


def day_start(moment: Moment) -> datetime:
    """Return the first moment that `moment` stands for: a date begins at midnight, in UTC."""
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time(), UTC)


def day_end(moment: Moment) -> datetime:
    """Return the moment after the last one that `moment` stands for: a date is a whole day."""
    if isinstance(moment, datetime):
        return moment + timedelta(seconds=1)  # times are kept by the second
    return day_start(moment) + timedelta(days=1)
