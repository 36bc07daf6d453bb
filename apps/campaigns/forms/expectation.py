from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.campaigns import selectors
from apps.campaigns.expectations import month_text
from apps.campaigns.forms.base import PersonField, VersionForm


class ExpectationCurve(VersionForm):
    """One amount per month, named as the month is: 2030-03."""

    alert_percent = forms.IntegerField(
        label=_("Tell the captain from this many per cent below"), min_value=1, max_value=100
    )

    def __init__(self, *args: Any, months: Sequence[date], decimals: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.months = months
        for month in months:
            self.fields[f"{month:%Y-%m}"] = forms.DecimalField(
                label=_("By the end of %(month)s") % {"month": month_text(month)},
                min_value=Decimal(0),
                max_digits=14,
                decimal_places=decimals,
            )

    @property
    def month_fields(self) -> list[Any]:
        return [self[f"{month:%Y-%m}"] for month in self.months]

    @property
    def points(self) -> dict[date, Decimal]:
        return {month: self.cleaned_data[f"{month:%Y-%m}"] for month in self.months}


class StakeholderAdd(forms.Form):
    user = PersonField(selectors.may_work, label=_("Person"), empty_label=_("Choose a person"))


class Acknowledge(forms.Form):
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
