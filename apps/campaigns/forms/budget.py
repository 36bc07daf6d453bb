"""The forms of a budget: one line, and a spreadsheet of them."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.campaigns.forms.base import KeyForm, VersionForm
from apps.campaigns.models import BudgetLine, Campaign, Channel

FIELDS = ["label", "channel", "month", "vendor", "planned", "committed", "actual", "note"]


def month_field(*, label: Any) -> forms.DateField:
    """Return a field for a month; where the browser has no picker for it, 2030-03 is typed."""
    widget = forms.DateInput(attrs={"type": "month", "placeholder": "2030-03"}, format="%Y-%m")
    return forms.DateField(
        label=label,
        input_formats=["%Y-%m", "%Y-%m-01"],
        widget=widget,
        error_messages={"invalid": _("Write the month as in 2030-03.")},
    )


class Money(forms.DecimalField):
    """An amount; nothing typed is nothing spent."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=14, decimal_places=2, min_value=Decimal(0), required=False, **options)
        self.widget.attrs |= {"step": "0.01", "inputmode": "decimal"}

    def clean(self, value: Any) -> Decimal:
        return super().clean(value) or Decimal(0)


class _LineFields(forms.Form):
    label = forms.CharField(label=_("What for"), max_length=200)
    channel = forms.ModelChoiceField(
        label=_("Channel"), queryset=Channel.objects.none(), required=False, empty_label=_("Whole campaign")
    )
    month = month_field(label=_("Month"))
    vendor = forms.CharField(label=_("Vendor"), max_length=200, required=False)
    planned = Money(label=_("Planned"))
    committed = Money(label=_("Committed"))
    actual = Money(label=_("Actual"))
    note = forms.CharField(label=_("Note"), max_length=500, required=False)

    def __init__(self, *args: Any, campaign: Campaign, **options: Any) -> None:
        super().__init__(*args, **options)
        channel = self.fields["channel"]
        assert isinstance(channel, forms.ModelChoiceField)
        channel.queryset = campaign.channels.all()


class BudgetLineAdd(_LineFields, KeyForm):
    pass


class BudgetLineEdit(_LineFields, VersionForm):
    def __init__(self, *args: Any, line: BudgetLine, **options: Any) -> None:
        super().__init__(*args, campaign=line.campaign, **options)
