"""The samples of `/design/`: every part of the design system with something in it. No database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.core.lists import Column, Filter, Listing, ListSpec


@dataclass(frozen=True)
class SamplePerson:
    pk: int
    name: str
    initials: str

    def __str__(self) -> str:
        return self.name


PEOPLE = [
    SamplePerson(0, "Ada Marsh", "AM"),
    SamplePerson(1, "Jonas Weber", "JW"),
    SamplePerson(2, "Priya Nair", "PN"),
    SamplePerson(3, "Lena Okafor", "LO"),
    SamplePerson(4, "Tom Silva", "TS"),
    SamplePerson(5, "Mei Tanaka", "MT"),
]


class SampleForm(forms.Form):
    """One of each kind of field."""

    name = forms.CharField(label=_("Name"), help_text=_("As your team will call it."))
    address = forms.EmailField(label=_("Reply address"), required=False)
    channel = forms.ChoiceField(label=_("Channel"), choices=[("email", _("E-mail")), ("sms", _("SMS"))])
    topics = forms.MultipleChoiceField(
        label=_("Topics"),
        choices=[("news", _("News")), ("offers", _("Offers")), ("events", _("Events"))],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    pace = forms.ChoiceField(
        label=_("Pace"),
        choices=[("now", _("At once")), ("spread", _("Spread over the day"))],
        widget=forms.RadioSelect,
    )
    send_at = forms.DateTimeField(
        label=_("Send at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    why = forms.CharField(label=_("Why this channel"), widget=forms.Textarea(attrs={"rows": 3}))
    file = forms.FileField(label=_("Spreadsheet"), required=False, help_text=_("CSV, up to 2 GB."))
    is_tracked = forms.BooleanField(
        label=_("Track opens and clicks"), required=False, help_text=_("Links are signed; nothing is sold.")
    )


LIST = ListSpec(
    columns=[
        Column(_("Campaign"), sort="name"),
        Column(_("Captain")),
        Column(_("Stage")),
        Column(_("People"), sort="people", is_number=True, descends_first=True),
        Column(_("Progress")),
        Column(_("Changed"), sort="updated_at", descends_first=True),
    ],
    filters=[Filter("stage", _("Stage"), [("building", _("Building")), ("live", _("Live"))])],
    default_sort="-updated_at",
    search_hint=_("Search by name"),
    csv_url="#",
)


def samples(query: QueryDict, now: datetime) -> dict[str, Any]:
    """Return the context of the page."""
    refused = SampleForm(
        {"name": "", "address": "lena@", "channel": "email", "pace": "now", "why": "Because"}
    )
    return {
        "now": now,
        "people": PEOPLE,
        "form": SampleForm(initial={"name": "Spring offer", "pace": "now"}),
        "refused": refused,
        "listing": _listing(query),
        "rows": _rows(now),
        "entries": _entries(now),
        "tabs": _tabs(),
        "tiles": _tiles(now),
        "elapsed": timedelta(minutes=3, seconds=20),
        "left": timedelta(minutes=11),
        "effects": _effects(),
        "points": [(f"{day} April", count) for day, count in enumerate([3, 40, 52, 61, 75, 80, 96], start=1)],
        "crumbs": [(_("Campaigns"), "#"), (_("Spring offer"), "#")],
        "spark": [3, 5, 4, 8, 7, 11, 10, 14, 13, 17, 16, 21],
        "facts": [
            (_("Owner"), "Ada Marsh"),
            (_("Source"), "CRM"),
            (_("Last sync"), ""),
            (_("Currency"), "EUR"),
        ],
    }


def _listing(query: QueryDict) -> Listing[Any]:
    return Listing(asked=LIST.read(query), rows=[], newer_url="", older_url="?cursor=sample")


def _rows(now: datetime) -> list[dict[str, Any]]:
    stages = [
        ("Building", "info"),
        ("Ready", "good"),
        ("Live", "good"),
        ("Review", "warn"),
        ("Closed", "neutral"),
    ]
    names = [
        "Spring offer",
        "Win back the quiet ones",
        "Product launch in the north",
        "Referral month",
        "Summer sale",
    ]
    return [
        {
            "name": name,
            "captain": PEOPLE[index],
            "stage": stage,
            "tone": tone,
            "people": 64_000 // (index + 1),
            "done": 92 - 21 * index,
            "at": now - timedelta(hours=7 ** (index + 1) // 9),
        }
        for index, (name, (stage, tone)) in enumerate(zip(names, stages, strict=True))
    ]


def _entries(now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "at": now - timedelta(minutes=4),
            "text": _("launched “Spring offer”"),
            "icon": "send",
            "tone": "good",
            "by": PEOPLE[0],
        },
        {
            "at": now - timedelta(hours=5),
            "text": _("changed the target from 500 to 650"),
            "icon": "target",
            "by": PEOPLE[1],
            "detail": _("The list is larger than we thought."),
        },
        {
            "at": now - timedelta(days=2),
            "text": _("Import failed in row 1,204"),
            "icon": "alert-triangle",
            "tone": "bad",
        },
    ]


def _tabs() -> list[dict[str, Any]]:
    return [
        {"label": _("Story"), "url": "#story", "is_current": True},
        {"label": _("Plan"), "url": "#plan", "count": 7},
        {"label": _("Channels"), "url": "#channels", "count": 3},
        {"label": _("Audience"), "url": "#audience"},
        {"label": _("Readiness"), "url": "#readiness"},
        {"label": _("Results"), "url": "#results"},
        {"label": _("History"), "url": "#history"},
    ]


def _tiles(now: datetime) -> list[dict[str, Any]]:
    at = now - timedelta(minutes=9)
    return [
        {
            "label": _("Spend per head"),
            "value": "$1.42",
            "definition": _("Value of orders within 14 days, per person of the audience."),
            "value_kind": "value",
            "change": _("+$0.77 against the holdout"),
            "trend": "up",
            "source": _("Orders"),
            "at": at,
        },
        {
            "label": _("Conversion"),
            "value": "1.25\N{NO-BREAK SPACE}%",
            "note": _("267 of 21,307"),
            "source": _("Orders"),
            "at": at,
        },
        {
            "label": _("Visits"),
            "value": "3,894",
            "change": _("4 % below last week"),
            "trend": "down",
            "source": _("Web"),
            "at": at,
        },
        {
            "label": _("Unsubscribed"),
            "value": "41",
            "note": _("0.2 % of delivered"),
            "source": _("Bookend"),
            "at": at,
        },
    ]


def _effects() -> list[dict[str, Any]]:
    return [
        {
            "label": "Men's e-mail",
            "low": 0.068,
            "value": 0.0766,
            "high": 0.0852,
            "text": "+7.7 points",
            "tone": "good",
        },
        {
            "label": "Women's e-mail",
            "low": 0.037,
            "value": 0.0452,
            "high": 0.0533,
            "text": "+4.5 points",
            "tone": "good",
        },
        {
            "label": "Reminder",
            "low": -0.012,
            "value": 0.0031,
            "high": 0.0184,
            "text": "no clear difference",
            "tone": "neutral",
        },
    ]
