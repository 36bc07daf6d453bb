"""
Values of attributes: from text and from JSON to what `Contact.attributes` keeps, and back to people.

`value_parse` reads what a file or a form says, `value_check` what a program sends. Both return the JSON value
of `Contact`'s docstring, None where there is nothing, and raise `AttributeInvalid` with the reason otherwise.
"""

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import TypeAlias

from django.utils import formats
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from apps.contacts.models.dictionary import Attribute
from apps.core.display import dated
from apps.core.errors import DomainError

Type = Attribute.Type
Value: TypeAlias = str | int | float | bool | list[str]

MAX_TEXT = 10_000
MAX_ITEMS = 200
MAX_DIGITS = 15  # what JSON readers keep exactly
MAX_NUMBER = 10**MAX_DIGITS

YES = frozenset({"true", "yes", "y", "1", "t", "on", "x"})
NO = frozenset({"false", "no", "n", "0", "f", "off"})

_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?", re.ASCII)
_NUMBER_EU = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)", re.ASCII)
_CURRENCY = re.compile(r"[$€£¥₹]|\b(USD|EUR|GBP|CHF|JPY|INR|AUD|CAD|SEK|NOK|DKK|PLN)\b", re.IGNORECASE)
_ISO_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})", re.ASCII)
_DOT_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
_SLASH_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_SEPARATORS = ("|", ";", ",")


class AttributeInvalid(DomainError):
    """The value does not fit its type; the message is the reason, such as “abc” is not a number."""


def value_parse(type_: str, text: str, *, choices: Sequence[str] = ()) -> Value | None:
    """
    Return the JSON value that the text of one cell or field stands for; None if it is blank or an empty list.

    :raises AttributeInvalid: with the reason
    """
    text = text.strip()
    if not text:
        return None
    text_check(text)
    if type_ == Type.CHOICE:
        return _choice(text, choices)
    value = _PARSERS[Type(type_)](text)
    return None if value == [] else value  # separators with nothing between them


def value_check(type_: str, raw: object, *, choices: Sequence[str] = ()) -> Value | None:
    """
    Return the value to keep of what JSON brought; None if it is null, blank or an empty list.

    Text is taken for any type, as in a file; other JSON types only where they mean the type itself.

    :raises AttributeInvalid: with the reason
    """
    if raw is None:
        return None
    if isinstance(raw, str):
        return value_parse(type_, raw, choices=choices)
    kind = Type(type_)
    if isinstance(raw, bool):
        if kind == Type.BOOLEAN:
            return raw
    elif isinstance(raw, int | float):
        if kind in (Type.NUMBER, Type.MONEY):
            return _number_checked(raw, str(raw))
    elif kind == Type.LIST and isinstance(raw, list | tuple):
        return _items([item for item in raw if item != ""]) or None
    raise AttributeInvalid(_("This is not of the type “%(type)s”.") % {"type": kind.label})


def value_render(type_: str, value: object) -> str:
    """Return the value as people read it, moments in the viewer's zone; '' for none."""
    match value:
        case None:
            return ""
        case bool():
            return _("Yes") if value else _("No")
        case list():
            return ", ".join(str(item) for item in value)
        case int() | float():
            places = 2 if type_ == Type.MONEY else None
            return formats.number_format(value, decimal_pos=places, force_grouping=True)
    if type_ == Type.DATE and (day := _date_or_none(str(value))):
        return dated(day)
    if type_ == Type.DATETIME and (moment := _moment_or_none(str(value))):
        return dated(moment)
    return str(value)


def value_to_text(value: object) -> str:
    """Return the text that `value_parse` reads as the same value: for forms and for CSV."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return " | ".join(str(item) for item in value)
    return str(value)


def type_guess(name: str, samples: Sequence[str]) -> Type:
    """Return the narrowest type that all samples fit; text if there are none, or if in doubt."""
    cells = [sample.strip() for sample in samples if sample.strip()]
    if not cells:
        return Type.TEXT
    if _all_fit(Type.BOOLEAN, cells) and len({cell.lower() for cell in cells}) <= 2:
        return Type.BOOLEAN
    if _all_fit(Type.NUMBER, cells):
        # A leading zero or many digits: a code, such as a postcode or a telephone number.
        if any(re.match(r"[+]|0\d", cell) or len(cell) > MAX_DIGITS - 3 for cell in cells):
            return Type.TEXT
        return Type.MONEY if re.search(_MONEY_NAMES, name.lower()) else Type.NUMBER
    if any(_CURRENCY.search(cell) for cell in cells) and _all_fit(Type.MONEY, cells):
        return Type.MONEY
    return next((kind for kind in (Type.DATE, Type.DATETIME) if _all_fit(kind, cells)), _text_or_list(cells))


_MONEY_NAMES = r"price|revenue|spend|amount|salary|turnover|(^|[^a-z])(value|cost|total)([^a-z]|$)"


def _text_or_list(cells: list[str]) -> Type:
    split = sum("|" in cell or ";" in cell for cell in cells)
    return Type.LIST if 2 * split > len(cells) else Type.TEXT


def _all_fit(type_: Type, cells: list[str]) -> bool:
    for cell in cells:
        try:
            _PARSERS[type_](cell)
        except AttributeInvalid:
            return False
    return True


def text_check(text: str) -> str:
    """
    Return the text if it can be kept.

    :raises AttributeInvalid: too long, or with characters that PostgreSQL or JSON cannot hold
    """
    if len(text) > MAX_TEXT:
        raise AttributeInvalid(
            _("This has %(length)s characters; at most %(most)s fit.")
            % {"length": f"{len(text):,}", "most": f"{MAX_TEXT:,}"}
        )
    if "\0" in text:
        raise AttributeInvalid(_("This holds a NUL character, which no text has."))
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise AttributeInvalid(_("This holds half a character (a lone surrogate)."))
    return text


def _number(text: str) -> int | float:
    compact = text.replace(" ", "").replace("\N{NO-BREAK SPACE}", "").replace("\N{NARROW NO-BREAK SPACE}", "")
    if _NUMBER.fullmatch(compact):
        plain = compact.replace(",", "")
    elif _NUMBER_EU.fullmatch(compact):
        plain = compact.replace(".", "").replace(",", ".")
    else:
        raise AttributeInvalid(_("“%(text)s” is not a number.") % {"text": text[:100]})
    digits = plain.strip("+-").replace(".", "").lstrip("0")
    if len(digits) > MAX_DIGITS:
        raise AttributeInvalid(
            _("“%(text)s” has more than %(most)s digits.") % {"text": text[:100], "most": MAX_DIGITS}
        )
    return float(plain) if "." in plain else int(plain)


def _number_checked(number: float, told: str) -> int | float:
    # In this order: a whole number of hundreds of digits is more than `isfinite` can take.
    if abs(number) >= MAX_NUMBER or not math.isfinite(number):
        raise AttributeInvalid(_("“%(text)s” is too large a number.") % {"text": told[:100]})
    return number


def _money(text: str) -> int | float:
    try:
        return _number(_CURRENCY.sub("", text).strip())
    except AttributeInvalid as error:
        raise AttributeInvalid(_("“%(text)s” is not an amount of money.") % {"text": text[:100]}) from error


def _boolean(text: str) -> bool:
    word = text.lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise AttributeInvalid(_("“%(text)s” is neither yes nor no.") % {"text": text[:100]})


def _date(text: str) -> str:
    if found := _ISO_DATE.fullmatch(text):
        year, month, day = found.groups()
    elif found := _DOT_DATE.fullmatch(text):
        day, month, year = found.groups()
    elif _SLASH_DATE.fullmatch(text):
        # Day first or month first depends on the country; a guess would be wrong silently.
        raise AttributeInvalid(
            _("With slashes the day or the month may come first: write “%(text)s” like 2030-12-31.")
            % {"text": text[:100]}
        )
    else:
        raise AttributeInvalid(_("“%(text)s” is not a date such as 2030-12-31.") % {"text": text[:100]})
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError as error:
        raise AttributeInvalid(_("“%(text)s” is no day of the calendar.") % {"text": text[:100]}) from error


def _date_or_none(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _moment_or_none(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _datetime(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text if not text[:1].isdigit() or "-" in text[:5] else _date(text))
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, AttributeInvalid) as error:
        raise AttributeInvalid(
            _("“%(text)s” is not a time such as 2030-12-31T18:30:00Z.") % {"text": text[:100]}
        ) from error
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _choice(text: str, choices: Sequence[str]) -> str:
    if not choices:
        return text
    for choice in choices:
        if choice.casefold() == text.casefold():
            return choice
    raise AttributeInvalid(
        _("“%(text)s” is not one of: %(choices)s.")
        % {"text": text[:100], "choices": ", ".join(choices)[:300]}
    )


def _list(text: str) -> list[str]:
    separator = next((mark for mark in _SEPARATORS if mark in text), None)
    return _items([item.strip() for item in text.split(separator)] if separator else [text])


def _items(raw: Sequence[object]) -> list[str]:
    items: dict[str, None] = {}  # in order, each once
    for item in raw:
        if not isinstance(item, str):
            raise AttributeInvalid(_("A list holds text only."))
        if item.strip():
            items[text_check(item.strip())] = None
    if len(items) > MAX_ITEMS:
        raise AttributeInvalid(_("A list holds at most %(most)s values.") % {"most": MAX_ITEMS})
    return list(items)


_PARSERS: dict[Type, Callable[[str], Value]] = {
    Type.TEXT: str,
    Type.CHOICE: str,
    Type.NUMBER: _number,
    Type.MONEY: _money,
    Type.BOOLEAN: _boolean,
    Type.DATE: _date,
    Type.DATETIME: _datetime,
    Type.LIST: _list,
}


def type_of(raw: object) -> Type:
    """Return the type that a JSON value of an unknown key shows; text says nothing more than text."""
    match raw:
        case bool():
            return Type.BOOLEAN
        case int() | float():
            return Type.NUMBER
        case list():
            return Type.LIST
    return Type.TEXT
