from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.contacts.eventfields import MAX_FIELD_NAME, MAX_FIELDS, Field, FieldType
from apps.contacts.models import EventSchema

EMPTY_ROWS = 3


class EventTypeForm(forms.Form):
    """What a name of events means. The name itself is the sender's."""

    label = forms.CharField(
        label=_("Business name"), max_length=100, required=False, help_text=_("What people call it.")
    )
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("When exactly it happens, so that two people count it alike."),
    )
    owner = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=User.objects.none(),
        required=False,
        help_text=_("Who knows, and mends it when it goes quiet."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = self.fields["owner"]
        assert isinstance(people, forms.ModelChoiceField)
        people.queryset = User.objects.filter(is_active=True).order_by("name", "email")


class EventSchemaForm(forms.Form):
    """What becomes of events that do not fit; their fields are rows beside it."""

    mode = forms.ChoiceField(
        label=_("Events that do not fit"),
        choices=[
            (EventSchema.Mode.OFF, _("Are not looked for")),
            (EventSchema.Mode.WARN, _("Are kept and counted: nothing changes, and you see what is wrong")),
            (
                EventSchema.Mode.QUARANTINE,
                _("Are kept apart: no segment, goal or result sees them until somebody releases them"),
            ),
        ],
        widget=forms.RadioSelect,
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class FieldForm(forms.Form):
    """One field of a schema; a row without a name is none."""

    name = forms.CharField(label=_("Field"), max_length=MAX_FIELD_NAME, required=False)
    type = forms.ChoiceField(label=_("Type"), choices=FieldType, initial=FieldType.TEXT)
    is_required = forms.BooleanField(label=_("In every event"), required=False)


FieldForms = forms.formset_factory(
    FieldForm, extra=EMPTY_ROWS, max_num=MAX_FIELDS, absolute_max=MAX_FIELDS + EMPTY_ROWS
)


def fields_told(rows: "forms.BaseFormSet[FieldForm]") -> list[Field]:
    """Return the fields that were said, in the order of their rows."""
    told = [form.cleaned_data for form in rows.forms if form.cleaned_data.get("name")]
    return [Field(row["name"], FieldType(row["type"]), row["is_required"]) for row in told]
