from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.contacts.models import EventType
from apps.core.refusals import SeenForm
from apps.exports.asks import MOST_DAYS, Terms
from apps.exports.columns import Column, columns_default
from apps.exports.destinations import destinations
from apps.exports.models import Format, Kind, Schedule
from apps.segments.models import Segment

HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]
WEEKDAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]


class _ColumnsForm(forms.Form):
    """What leaves, and as what; sensitive columns are offered to those who may take them."""

    format = forms.ChoiceField(
        label=_("Format"),
        choices=Format,
        initial=Format.CSV,
        help_text=_("CSV for everything, Excel up to 1,048,575 rows, Parquet for data warehouses."),
    )
    columns = forms.MultipleChoiceField(label=_("Columns"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, kind: str, known: Sequence[Column], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        field = self.fields["columns"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(column.name, _column_label(column)) for column in known]
        field.initial = columns_default(known)

    def columns_chosen(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["columns"]
        return chosen

    def terms(self) -> Terms:
        """Return which rows leave: all of them, unless a kind of form asks."""
        return {}


def _column_label(column: Column) -> str:
    return str(_("%(label)s (sensitive)") % {"label": column.label} if column.is_sensitive else column.label)


class ContactsForm(_ColumnsForm):
    """Everybody, a segment, or what the list of contacts showed when somebody began from there."""

    segment = forms.ModelChoiceField(
        label=_("Who"), queryset=Segment.objects.active(), required=False, empty_label=_("Everybody")
    )
    filter = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, filtered: Terms | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if filtered:
            self.initial["filter"] = orjson.dumps(filtered).decode()

    @property
    def is_filtered(self) -> bool:
        return bool(self["filter"].value())

    def clean_filter(self) -> Terms:
        try:
            told = orjson.loads(self.cleaned_data["filter"] or "{}")
        except orjson.JSONDecodeError as error:
            raise forms.ValidationError(_("The filter cannot be read.")) from error
        if not isinstance(told, dict):
            raise forms.ValidationError(_("The filter cannot be read."))
        return told

    def terms(self) -> Terms:
        told = self.cleaned_data
        segment: Segment | None = told.get("segment")
        return {"filter": told["filter"]} if told["filter"] else {"segment": segment.pk if segment else None}


class CompaniesForm(_ColumnsForm):
    """All of them."""


class _EventName(forms.ModelChoiceField):  # type: ignore[type-arg]  # subscripted only in the stubs
    def __init__(self) -> None:
        super().__init__(
            label=_("Event"),
            queryset=EventType.objects.all(),
            to_field_name="name",
            required=False,
            empty_label=_("All events"),
        )


class EventsForm(_ColumnsForm):
    event = _EventName()
    begins = forms.DateTimeField(
        label=_("From"), required=False, widget=forms.DateTimeInput({"type": "datetime-local"})
    )
    ends = forms.DateTimeField(
        label=_("Until, not included"), required=False, widget=forms.DateTimeInput({"type": "datetime-local"})
    )
    contact = forms.IntegerField(
        label=_("Number of a contact"),
        required=False,
        min_value=1,
        max_value=2**62,
        help_text=_("As in the address of their page. Empty: everybody."),
    )

    def terms(self) -> Terms:
        told = self.cleaned_data
        return {
            "event": told["event"].name if told["event"] else None,
            "from": _iso(told["begins"]),
            "to": _iso(told["ends"]),
            "contact": told["contact"],
        }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


class _ScheduleForm(_ColumnsForm, SeenForm):
    """When, where to and which columns; a kind says which rows (`terms`), all of them unless it asks."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("The folder that the files come in is called so too.")
    )
    period = forms.ChoiceField(label=_("How often"), choices=Schedule.Period)
    hour = forms.TypedChoiceField(label=_("At"), choices=HOURS, coerce=int, initial=5)
    weekday = forms.TypedChoiceField(
        label=_("Weekday, if every week"), choices=WEEKDAYS, coerce=int, initial=0
    )
    month_day = forms.IntegerField(label=_("Day, if every month"), min_value=1, max_value=28, initial=1)
    destination = forms.ChoiceField(label=_("Where to"), choices=())
    path = forms.CharField(
        label=_("Folder there"),
        max_length=200,
        required=False,
        help_text=_("Such as crm/contacts. Below it each export has a folder of its own."),
    )
    is_active = forms.BooleanField(label=_("Active"), required=False, initial=True)

    def __init__(self, *args: Any, schedule: Schedule | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = set(destinations()) | ({schedule.destination} if schedule else set())
        field = self.fields["destination"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, label) for name, label in Schedule.Destination.choices if name in places]
        if schedule:
            own = {name: getattr(schedule, name) for name in self.fields if hasattr(schedule, name)}
            seen = {"seen_at": schedule.updated_at.isoformat()}
            self.initial.update(own | {"days": None, "new": False} | schedule.terms | seen)
        self._timezone = schedule.timezone if schedule else timezone.get_current_timezone_name()

    def given(self) -> dict[str, Any]:
        """Return what the service takes."""
        told = self.cleaned_data
        fields = (
            "name", "format", "columns", "period", "hour", "weekday", "month_day", "destination", "path",
            "is_active",
        )  # fmt: skip
        return {
            **{name: told[name] for name in fields},
            "kind": self.kind,
            "terms": self.terms(),
            "timezone": self._timezone,
        }


class ContactsScheduleForm(_ScheduleForm):
    segment = ContactsForm.base_fields["segment"]

    def terms(self) -> Terms:
        segment: Segment | None = self.cleaned_data["segment"]
        return {"segment": segment.pk if segment else None}


class CompaniesScheduleForm(_ScheduleForm):
    """All of them."""


class EventsScheduleForm(_ScheduleForm):
    event = _EventName()
    new = forms.BooleanField(
        label=_("Only what has arrived since the last file"),
        required=False,
        initial=True,
        help_text=_("Each event is in one file, however late it came. The first file has all there are."),
    )
    days = forms.IntegerField(
        label=_("Or of how many days"),
        min_value=1,
        max_value=MOST_DAYS,
        required=False,
        help_text=_(
            "Those that happened so many days before the export begins: what comes later is missing. "
            "Empty: all there are."
        ),
    )

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if told.get("new") and told.get("days"):
            self.add_error("days", _("Say what is new, or how many days, not both."))
        return told

    def terms(self) -> Terms:
        told = self.cleaned_data
        event = told["event"].name if told["event"] else None
        return {"event": event, "days": told["days"], "new": told["new"]}


FORMS = {Kind.CONTACTS: ContactsForm, Kind.COMPANIES: CompaniesForm, Kind.EVENTS: EventsForm}
SCHEDULE_FORMS = {
    Kind.CONTACTS: ContactsScheduleForm,
    Kind.COMPANIES: CompaniesScheduleForm,
    Kind.EVENTS: EventsScheduleForm,
}
