"""Moving a campaign, or one of its days, by a number of days. Pure."""

from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.campaigns.errors import DatesDoNotFit, Refused
from apps.campaigns.models import Campaign

Stage = Campaign.Stage
# What is moved: the dates that go along.
PARTS = {
    "all": ("start_date", "launch_date", "goal_date"),
    "launch": ("launch_date",),
    "outcome": ("goal_date",),
}
PART_LABELS = [
    ("all", gettext_lazy("The whole campaign")),
    ("launch", gettext_lazy("The launch alone")),
    ("outcome", gettext_lazy("The outcome's date alone")),
]
# People have said yes to the plan as it is, or it runs already.
ASK_FIRST = frozenset({Stage.READY, Stage.LIVE, Stage.REPORTING})


def shifted(campaign: Campaign, *, part: str, days: int, today: date) -> dict[str, date]:
    """
    Return the new dates. What has passed already stays where it was: nobody begins last week anew.

    :raises Refused: it is over, or no day of it is still to come
    :raises DatesDoNotFit: a day would land in the past
    """
    if campaign.stage == Stage.CLOSED:
        raise Refused(_("This campaign is closed: its days are history."))
    before = {name: getattr(campaign, name) for name in PARTS[part]}
    ahead = {name: day for name, day in before.items() if day is not None and day >= today}
    if not ahead:
        raise Refused(_("No day of it is still to come, so there is nothing to move."))
    try:
        moved = {name: day + timedelta(days=days) for name, day in ahead.items()}
    except OverflowError as error:
        raise DatesDoNotFit(_("That is too far."), field="days") from error
    if min(moved.values()) < today:
        raise DatesDoNotFit(_("It would land in the past."), field="days")
    return moved
