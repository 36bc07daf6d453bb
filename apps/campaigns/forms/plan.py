"""The forms in which a plan is written down: the steps of the wizard, and the same pages after it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.campaigns import dates, selectors
from apps.campaigns.errors import ChangedMeanwhile
from apps.campaigns.forms import where
from apps.campaigns.forms.base import KeyForm, PersonField, VersionForm, day_field
from apps.campaigns.forms.schedule import template_field
from apps.campaigns.forms.strategy import GoalChoice
from apps.campaigns.models import Campaign, Channel, NotDoing
from apps.core.refusals import KeptInput
from apps.segments.models import Segment
from apps.segments.rules import RuleInvalid, event_where

CURRENCIES = ["USD", "EUR", "GBP", "CHF", "JPY", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "INR", "BRL"]
Kind = Channel.Kind
# Validity does not depend on the time, only what a condition finds does.
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
NAME_OF_EVENT = {"list": "goal-events", "autocomplete": "off", "spellcheck": "false"}


class OutcomeBegin(KeyForm):
    """The first step, with which a campaign begins."""

    name = forms.CharField(
        label=_("Campaign name"),
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": _("Spring reactivation"), "autofocus": True}),
    )
    outcome = forms.CharField(
        label=_("Desired outcome"),
        max_length=2000,
        help_text=_("A behaviour of real people: who does what, how often, by when?"),
        widget=forms.Textarea(
            attrs={"rows": 4, "placeholder": _("500 lapsed customers order again before the end of June.")}
        ),
    )
    year_goal = GoalChoice()


class Outcome(VersionForm):
    name = OutcomeBegin.base_fields["name"]
    outcome = OutcomeBegin.base_fields["outcome"]
    year_goal = GoalChoice()

    def __init__(self, *args: Any, campaign: Campaign, **options: Any) -> None:
        super().__init__(*args, **options)
        goal = self.fields["year_goal"]
        assert isinstance(goal, GoalChoice)
        goal.keep(campaign.year_goal_id)


class Goal(VersionForm):
    goal_event = forms.CharField(
        label=_("Goal event"),
        max_length=128,
        help_text=_(
            "The event whose arrival proves the outcome. One that has not been seen yet can be named too."
        ),
        widget=forms.TextInput(
            attrs={
                "list": "goal-events",
                "autocomplete": "off",
                "placeholder": "order",
                "spellcheck": "false",
            }
        ),
    )
    goal_measure = forms.ChoiceField(
        label=_("Counted as"), choices=Campaign.GoalMeasure.choices, widget=forms.RadioSelect
    )
    goal_target = forms.DecimalField(
        label=_("Target"), max_digits=14, decimal_places=2, min_value=Decimal("0.01")
    )
    goal_date = day_field(label=_("By"), required=True)
    value_property = forms.CharField(
        label=_("Property with the value"),
        max_length=128,
        required=False,
        help_text=_("The number in the event that says what it was worth, such as total."),
        widget=forms.TextInput(
            attrs={"list": "goal-properties", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES])
    conversion_window_days = forms.IntegerField(
        label=_("Conversion window in days"),
        min_value=1,
        max_value=365,
        help_text=_("How long after a message an event still counts as its doing."),
    )

    def __init__(self, *args: Any, campaign: Campaign, **options: Any) -> None:
        self.campaign = campaign
        self.shows_where = where.fits(campaign.goal_where)
        options["initial"] = {**options.get("initial", {}), **where.rows_of(campaign.goal_where)}
        super().__init__(*args, **options)
        for place in range(where.ROWS if self.shows_where else 0):
            self._where_row_add(place)

    def _where_row_add(self, place: int) -> None:
        listed = forms.TextInput(attrs={**NAME_OF_EVENT, "list": "goal-all-properties"})
        fields: dict[str, forms.Field] = {
            "property": forms.CharField(label=_("Property"), max_length=128, required=False, widget=listed),
            "op": forms.ChoiceField(label=_("Condition"), choices=where.OPS, required=False),
            "value": forms.CharField(label=_("Value"), max_length=500, required=False),
        }
        for name, field in fields.items():
            self.fields[f"where_{place}_{name}"] = field

    @property
    def where_rows(self) -> list[dict[str, Any]]:
        return [
            {name: self[f"where_{place}_{name}"] for name in ("property", "op", "value")}
            for place in range(where.ROWS if self.shows_where else 0)
        ]

    @property
    def is_narrowed(self) -> bool:
        """Test if the rows have something to say, so that they are shown open."""
        return bool(self.campaign.goal_where) or any(name.startswith("where") for name in self.errors)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.shows_where and cleaned.get("goal_event"):
            cleaned["goal_where"] = list(where.where_of(cleaned))
            self._where_check(cleaned)
        return cleaned

    def _where_check(self, cleaned: dict[str, Any]) -> None:
        filled = [n for n in range(where.ROWS) if cleaned.get(f"where_{n}_property")]
        for place, condition in zip(filled, cleaned["goal_where"], strict=True):
            try:
                event_where(cleaned["goal_event"], [condition], now=EPOCH)
            except RuleInvalid as invalid:
                self.add_error(f"where_{place}_value", invalid.faults[0].message)

    @property
    def fields_cleaned(self) -> dict[str, Any]:
        said = super().fields_cleaned
        return {name: value for name, value in said.items() if not name.startswith("where_")}


class Audience(VersionForm):
    segment = forms.ModelChoiceField(
        label=_("Segment"),
        queryset=Segment.objects.filter(archived_at__isnull=True),
        empty_label=_("Choose a segment"),
        help_text=_("The people whose behaviour the outcome is about."),
    )
    audience_note = forms.CharField(
        label=_("Who they are"),
        max_length=2000,
        required=False,
        help_text=_("What everybody who works on this should know of them."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, campaign: Campaign, **options: Any) -> None:
        super().__init__(*args, **options)
        if campaign.segment_id is not None:  # the one that is chosen stays to be seen, even put away
            segment = self.fields["segment"]
            assert isinstance(segment, forms.ModelChoiceField)
            open_or_chosen = Q(archived_at__isnull=True) | Q(pk=campaign.segment_id)
            segment.queryset = Segment.objects.filter(open_or_chosen)


class Idea(VersionForm):
    idea = forms.CharField(
        label=_("Big idea"),
        max_length=2000,
        help_text=_("One thought that every channel tells in its own way."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class Dates(VersionForm):
    start_date = day_field(
        label=_("Start"), required=True, help_text=_("From this day on, the goal event is counted.")
    )
    launch_date = day_field(
        label=_("Launch"), required=True, help_text=_("The day on which the first message goes out.")
    )

    template = template_field(
        required=False,
        empty_label=_("No template"),
        help_text=_("Its tasks are counted back from the launch and the outcome's date."),
    )

    def __init__(self, *args: Any, campaign: Campaign, **options: Any) -> None:
        super().__init__(*args, **options)
        self.campaign = campaign
        if campaign.goal_date is None:  # nothing to count back from yet
            del self.fields["template"]

    @property
    def fields_cleaned(self) -> dict[str, Any]:
        return {name: value for name, value in super().fields_cleaned.items() if name != "template"}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        problems = dates.dates_problems(
            start=cleaned.get("start_date"),
            launch=cleaned.get("launch_date"),
            goal=self.campaign.goal_date,
        )
        for field, sentence in problems:
            self.add_error(field if field in self.fields else "start_date", sentence)
        return cleaned


class Review(VersionForm):
    """Nothing is left to fill in: sending it says that the plan reads well."""


class Channels(VersionForm):
    """
    All channels at once: which, who owns each, and why.

    Fields are `email`, `email_owner`, `email_why`, `email_expected` and so on by kind; `rows` goes through
    them as the page shows them. `known` carries the version of each that was there. `avoided` is the year's
    not-doing list by kind: such a channel has to be justified.
    """

    known = forms.RegexField(r"^[a-z]+:\d{1,9}(,[a-z]+:\d{1,9})*$", required=False, widget=KeptInput)

    def __init__(
        self, *args: Any, campaign: Campaign, avoided: Mapping[str, NotDoing], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.avoided = avoided
        del self.fields["version"]
        there = {channel.kind: channel for channel in campaign.channels.select_related("owner")}
        self.fields["known"].initial = _told({kind: channel.version for kind, channel in there.items()})
        named = [channel.owner for channel in there.values() if channel.owner is not None]
        people = {person.pk: person for person in [*selectors.may_work(), *named]}
        self.people = people
        owners = [(person.pk, str(person)) for person in people.values()]
        for kind in Kind:
            self._row_add(kind, there.get(kind), owners)

    def _row_add(self, kind: Kind, channel: Channel | None, owners: list[tuple[int, str]]) -> None:
        self.fields[kind.value] = forms.BooleanField(
            label=kind.label, required=False, initial=channel is not None
        )
        self.fields[f"{kind}_owner"] = forms.TypedChoiceField(
            label=_("Channel owner"),
            choices=[("", _("Nobody yet")), *owners],
            coerce=int,
            empty_value=None,
            required=False,
            initial=channel.owner_id if channel else None,
        )
        self.fields[f"{kind}_why"] = forms.CharField(
            label=_("Why this channel"),
            max_length=2000,
            required=False,
            initial=channel.why if channel else "",
            widget=forms.Textarea(attrs={"rows": 2}),
        )
        self.fields[f"{kind}_expected"] = forms.CharField(
            label=_("Expected result"),
            max_length=500,
            required=False,
            initial=channel.expected_result if channel else "",
        )
        if kind in self.avoided:
            self.fields[f"{kind}_justification"] = justification_field(
                initial=channel.justification if channel else ""
            )

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [
            {
                "kind": kind.value,
                "is_on": self[kind.value],
                "owner": self[f"{kind}_owner"],
                "why": self[f"{kind}_why"],
                "expected": self[f"{kind}_expected"],
                "avoided": self.avoided.get(kind),
                "justification": self[f"{kind}_justification"] if kind in self.avoided else None,
            }
            for kind in Kind
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not any(cleaned.get(kind.value) for kind in Kind):
            raise forms.ValidationError(_("Choose at least one channel."))
        return cleaned

    def renew(self, change: ChangedMeanwhile) -> None:
        known = {**self.versions, change.part: change.version}
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["known"] = _told(known)
        self.data = data

    @property
    def versions(self) -> dict[str, int]:
        """The channels that were there when the form was shown, each with its version."""
        pairs = [pair.partition(":") for pair in self.cleaned_data.get("known", "").split(",") if pair]
        return {kind: int(version) for kind, _colon, version in pairs}

    def wanted(self) -> dict[str, dict[str, Any]]:
        """Return what each ticked channel should be."""
        cleaned = self.cleaned_data
        return {
            kind.value: {
                "owner": self.people.get(cleaned[f"{kind}_owner"]),
                "why": cleaned[f"{kind}_why"],
                "expected_result": cleaned[f"{kind}_expected"],
                **self._justified(kind),
            }
            for kind in Kind
            if cleaned[kind.value]
        }

    def _justified(self, kind: str) -> dict[str, str]:
        field = f"{kind}_justification"
        return {"justification": self.cleaned_data[field]} if field in self.fields else {}


def justification_field(**options: Any) -> forms.CharField:
    """Return the field that asks why a channel of the not-doing list is used all the same."""
    widget = forms.Textarea(attrs={"rows": 2})
    label = _("Why it is needed all the same")
    options.setdefault("help_text", _("Has to be said where the channel is used."))
    return forms.CharField(label=label, max_length=2000, required=False, widget=widget, **options)


def _told(versions: dict[str, int]) -> str:
    return ",".join(f"{kind}:{version}" for kind, version in versions.items())


class Captain(forms.Form):
    captain = PersonField(selectors.may_be_captain, label=_("Captain"), empty_label=None)
    note = forms.CharField(label=_("A word to the new one"), max_length=500, required=False)
