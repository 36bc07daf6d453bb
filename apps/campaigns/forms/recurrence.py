"""The form that lets a task come again."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.campaigns.forms.base import VersionForm, day_field
from apps.campaigns.models import Recurrence


class RecurrenceForm(VersionForm):
    every = forms.IntegerField(label=_("Every"), min_value=1, max_value=366, initial=1)
    unit = forms.ChoiceField(label=_("Unit"), choices=Recurrence.Unit.choices, initial=Recurrence.Unit.WEEK)
    ends_date = day_field(label=_("Until"), help_text=_("Empty: until somebody stops it."))
    times = forms.IntegerField(
        label=_("How many times"),
        min_value=1,
        max_value=1000,
        required=False,
        help_text=_("This one counts."),
    )
