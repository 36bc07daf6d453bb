"""The spreadsheet over campaigns: its columns, and what is typed or pasted into them. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.campaigns.dates import day_text
from apps.campaigns.models import Campaign
from apps.core.errors import DomainError

Stage = Campaign.Stage
MOST_CELLS = 400  # of one paste: fifty rows of all columns
DAYS = ("%Y-%m-%d", "%d %b %Y", "%d %B %Y", "%d.%m.%Y", "%b %d, %Y", "%B %d, %Y")
GROUPED = re.compile(r"\d{1,3}(?:[, \u00a0\u202f’']\d{3})+(?:\.\d+)?")
LARGEST = Decimal(10) ** 12


class CellRefused(DomainError):
    """What was typed is no such value; the sentence stands in the cell."""


@dataclass(frozen=True)
class Column:
    """One column. `page` is where it is edited without script: a step of the plan, or a page."""

    key: str
    label: str | Promise
    page: tuple[str, str]
    read: Callable[[str], Any]
    choices: str = ""  # the id of the list that helps to type


def name_read(text: str) -> str:
    if not text:
        raise CellRefused(_("A campaign has a name."))
    return _at_most(text, 200)


def event_read(text: str) -> str:
    return _at_most(text, 128)


def word_read(text: str) -> str:
    """Take it as it is: whom or what it names is looked up."""
    if not text:
        raise CellRefused(_("This cannot be empty."))
    return _at_most(text, 254)


def stage_read(text: str) -> Stage:
    for stage in Stage:
        if text.casefold() in {str(stage.label).casefold(), stage.value}:
            return stage
    raise CellRefused(_("There is no such stage."))


def day_read(text: str) -> date | None:
    """Return the day; a form in which month and day could be mistaken for each other is refused."""
    if not text:
        return None
    for form in DAYS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  # a day has no zone
        except ValueError:
            continue
    raise CellRefused(_("Write the day as 2030-03-01 or 1 Mar 2030."))


def target_read(text: str) -> Decimal | None:
    if not text:
        return None
    plain = re.sub(r"[^\d.]", "", text) if GROUPED.fullmatch(text) else text
    try:
        target = Decimal(plain)
    except InvalidOperation as error:
        raise CellRefused(_("Write a number.")) from error
    if not target.is_finite() or target <= 0:
        raise CellRefused(_("A target is more than nothing."))
    if target >= LARGEST or target != round(target, 2):
        raise CellRefused(_("At most twelve digits, and two after the point."))
    return target


def _at_most(text: str, count: int) -> str:
    if len(text) > count:
        raise CellRefused(_("At most %(count)s letters.") % {"count": count})
    return text


COLUMNS = [
    Column("name", gettext_lazy("Campaign"), ("campaigns:wizard", "outcome"), name_read),
    Column("captain", gettext_lazy("Captain"), ("campaigns:team", ""), word_read, "sheet-captains"),
    Column("stage", gettext_lazy("Stage"), ("campaigns:advance", ""), stage_read, "sheet-stages"),
    Column("start_date", gettext_lazy("Starts"), ("campaigns:wizard", "dates"), day_read),
    Column("launch_date", gettext_lazy("Launch"), ("campaigns:wizard", "dates"), day_read),
    Column("goal_date", gettext_lazy("Outcome by"), ("campaigns:wizard", "goal"), day_read),
    Column("goal_target", gettext_lazy("Target"), ("campaigns:wizard", "goal"), target_read),
    Column("goal_event", gettext_lazy("Goal event"), ("campaigns:wizard", "goal"), event_read),
]
KEYS = {column.key: column for column in COLUMNS}


def cell_text(campaign: Campaign, key: str) -> str:
    """Return what stands in a cell, in a form that can be pasted back."""
    value = getattr(campaign, key)
    if value is None:
        return ""
    if key == "stage":
        return str(campaign.get_stage_display())
    if isinstance(value, date):
        return day_text(value)
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
    return str(value)


def cell_read(key: str, text: str) -> Any:
    """
    Return what was typed as its column reads it.

    :raises CellRefused: it is no such value
    """
    return KEYS[key].read(" ".join(text.replace("\x00", "").split()))
