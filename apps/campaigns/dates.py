"""What the dates of a campaign must say to each other. Forms, API and acts ask this one function."""

from collections.abc import Iterator
from datetime import date

from django.utils import formats
from django.utils.translation import gettext as _


def dates_problems(
    *, start: date | None, launch: date | None, goal: date | None
) -> Iterator[tuple[str, str]]:
    """Yield the field and the sentence of each thing that cannot be."""
    if start and goal and goal < start:
        yield "goal_date", _("The outcome's date is before the start.")
    if start and launch and launch < start:
        yield "launch_date", _("The launch is before the start.")
    if launch and goal and goal < launch:
        yield "launch_date", _("The launch is after the outcome's date.")


def past_problem(day: date | None, *, today: date) -> str:
    """Return the sentence that refuses a day to come that has passed already; '' if it is still to come."""
    return _("This day has passed.") if day is not None and day < today else ""


def day_text(day: date) -> str:
    """Return a day as the pages show it, for use inside a sentence."""
    return formats.date_format(day, "j M Y")
