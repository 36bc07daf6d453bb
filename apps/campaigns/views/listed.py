"""The one filter over campaigns that all ways of showing them share; all of it in the URL."""

from dataclasses import dataclass, replace

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.campaigns import selectors
from apps.campaigns.models import Campaign, CampaignQuerySet, Channel
from apps.core.lists import Column, DayFilter, Filter, ListQuery, ListSpec

Stage = Campaign.Stage
LIST = ListSpec(
    columns=[
        Column(_("Campaign"), sort="name"),
        Column(_("Stage")),
        Column(_("Captain")),
        Column(_("Channels")),
        Column(_("Outcome")),
        Column(_("By"), sort="goal_date"),
        Column(_("Changed"), sort="updated_at", descends_first=True),
    ],
    default_sort="-updated_at",
    days=[DayFilter("from", _("From")), DayFilter("to", _("to"))],
    search_hint=_("Search by name or outcome"),
)
WHOSE = [("mine", _("Mine")), ("away", _("Put away"))]
# How the campaigns are shown: the value of `view` in the URL, what people call it, its icon.
WAYS = [
    ("", _("List"), "list"),
    ("board", _("Board"), "layout-kanban"),
    ("calendar", _("Calendar"), "calendar"),
    ("timeline", _("Timeline"), "timeline"),
    ("sheet", _("Spreadsheet"), "table"),
]


@dataclass(frozen=True)
class Way:
    """One way of showing what the filter finds, with the address that keeps the filter."""

    label: str | Promise
    icon: str
    url: str
    is_current: bool


def campaigns_asked(user: User, query: QueryDict) -> ListQuery:
    """Read the filter from the query of a URL, or of a saved view."""
    captains = [(person.pk, str(person)) for person in selectors.captains(user)]
    spec = replace(
        LIST,
        filters=[
            Filter("stage", _("Stage"), Stage.choices),
            Filter("captain", _("Captain"), captains),
            Filter("channel", _("Channel"), Channel.Kind.choices),
            Filter("whose", _("Whose"), WHOSE),
        ],
    )
    return spec.read(query)


def campaigns_found(user: User, asked: ListQuery) -> CampaignQuerySet:
    """Return the campaigns that fit."""
    captain = asked.values.get("captain")
    whose = asked.values.get("whose")
    return selectors.campaigns(
        user,
        search=asked.search,
        stage=asked.values.get("stage", ""),
        captain=int(captain) if captain else None,
        channel=asked.values.get("channel", ""),
        first=asked.days.get("from"),
        last=asked.days.get("to"),
        is_mine=whose == "mine",
        is_put_away=whose == "away",
    )


def ways(asked: ListQuery, current: str) -> list[Way]:
    """Return the ways of showing them."""
    return [Way(label, icon, asked.url(view=name), name == current) for name, label, icon in WAYS]
