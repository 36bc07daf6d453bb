"""How numbers, money and times read. Pure: the templates' filters and the CSV and mail texts say the same."""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo, available_timezones

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.statistics import Estimate

Number = int | float | Decimal
NOTHING = "\N{EN DASH}"
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CHF": "CHF ", "INR": "₹"}
MINUTE, HOUR, DAY = 60, 3600, 86400
A_WEEK = 7 * DAY


def number(value: Number | None, decimals: int = 0) -> str:
    """Return the number, rounded, with its thousands grouped; a dash for None."""
    if value is None:
        return NOTHING
    return formats.number_format(
        _rounded(value, decimals), decimal_pos=decimals, use_l10n=True, force_grouping=True
    )


def _rounded(value: Number, decimals: int) -> Decimal:
    """Round here: Django cuts the digits off, and would show 18.276 as 18.27."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def percent(ratio: Number | None, decimals: int = 1) -> str:
    """Return a ratio (0.1828) as per cent (“18.3 %”, with a space that does not break); a dash for None."""
    if ratio is None:
        return NOTHING
    return f"{number(100 * float(ratio), decimals)}\N{NO-BREAK SPACE}%"


def money(amount: Number | None, currency: str = "USD", decimals: int = 2) -> str:
    """Return the amount with its currency; the minus stands before the sign of the currency."""
    if amount is None:
        return NOTHING
    rounded = _rounded(amount, decimals)  # or a hundredth of a cent below nothing would read “−$0.00”
    sign = "\N{MINUS SIGN}" if rounded < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency + ' ')}{number(abs(rounded), decimals)}"


def rate(part: int, whole: int, decimals: int = 1) -> str:
    """Return a share with what it is a share of, or say that there is nothing to divide by."""
    if not whole:
        return NOTHING
    return _("%(share)s (%(part)s of %(whole)s)") % {
        "share": percent(part / whole, decimals),
        "part": number(part),
        "whole": number(whole),
    }


def signed(value: float, decimals: int) -> str:
    """Return a number with its sign; what rounds to zero has none."""
    rounded = _rounded(value, decimals)
    sign = "+" if rounded > 0 else "\N{MINUS SIGN}" if rounded < 0 else ""
    return f"{sign}{number(abs(rounded), decimals)}"


def points(difference: Estimate | None) -> str:
    """Return a difference of shares in points with its interval: “+7.66 points (+7.00 to +8.32)”."""
    if difference is None:
        return NOTHING
    value, low, high = (signed(part * 100, 2) for part in (difference.value, difference.low, difference.high))
    return _("%(value)s points (%(low)s to %(high)s)") % {"value": value, "low": low, "high": high}


def duration(span: timedelta) -> str:
    """Return a span in its two largest units: “3 min 20 s”, “2 h 5 min”, “4 d 6 h”."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < MINUTE:
        return _("%(n)d s") % {"n": seconds}
    for big, small, text in (
        (DAY, HOUR, _("%(a)d d %(b)d h")),
        (HOUR, MINUTE, _("%(a)d h %(b)d min")),
        (MINUTE, 1, _("%(a)d min %(b)d s")),
    ):
        if seconds >= big:
            return text % {"a": seconds // big, "b": seconds % big // small}
    raise AssertionError


def exact(moment: datetime) -> str:
    """Return the moment in the viewer's zone, with weekday and zone: “Friday 1 March 2030, 13:00 CET”."""
    local = timezone.localtime(moment)
    return f"{formats.date_format(local, 'l j F Y, H:i')} {local.tzname()}"


def clock_time(at: datetime, zone: str = "") -> str:
    """Return a moment as clocks in a zone show it, with the zone; in the viewer's where none is known."""
    place = ZoneInfo(zone) if zone in available_timezones() else timezone.get_current_timezone()
    return f"{formats.date_format(at.astimezone(place), 'j F Y, H:i')} ({place})"


def dated(value: date) -> str:
    """Return a day with its year, “1 Mar 2030”; a moment in the viewer's zone, “1 Mar 2030, 13:00”."""
    if isinstance(value, datetime):
        return formats.date_format(timezone.localtime(value), "j M Y, H:i")
    return formats.date_format(value, "j M Y")


def relative(moment: datetime, now: datetime) -> str:
    """Return how long ago, or in how long; past a week, the date."""
    seconds = int((moment - now).total_seconds())
    distance = abs(seconds)
    if distance < MINUTE:
        return _("just now") if seconds <= 0 else _("in a moment")
    if distance >= A_WEEK:
        return day(moment, now)
    return _relative_units(distance, past=seconds < 0)


def day(moment: datetime, now: datetime) -> str:
    """Return the date in the viewer's zone, with the year only where it is another one."""
    local = timezone.localtime(moment)
    return formats.date_format(local, "j M" if local.year == timezone.localtime(now).year else "j M Y")


def _relative_units(distance: int, *, past: bool) -> str:
    if distance < HOUR:
        count = distance // MINUTE
        text = ngettext("%(n)d minute", "%(n)d minutes", count)
    elif distance < DAY:
        count = distance // HOUR
        text = ngettext("%(n)d hour", "%(n)d hours", count)
    else:
        count = distance // DAY
        text = ngettext("%(n)d day", "%(n)d days", count)
    span = text % {"n": count}
    return _("%(span)s ago") % {"span": span} if past else _("in %(span)s") % {"span": span}
