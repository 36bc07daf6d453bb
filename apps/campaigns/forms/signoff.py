"""What sales and executives say of the KPIs. `seen` is the digest of the set that their page showed."""

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.campaigns.models import KpiReview


class SeenForm(forms.Form):
    """A word on a set that was read. Shown again, it is about the set that is shown with it."""

    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def renew(self, digest: str) -> None:
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["seen"] = digest
        self.data = data


class ReviewKpis(SeenForm):
    verdict = forms.ChoiceField(choices=KpiReview.Verdict.choices, widget=forms.HiddenInput, required=False)
    text = forms.CharField(
        label=_("In words"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("A question needs words; they go to the captain."),
    )


class SignKpis(SeenForm):
    text = forms.CharField(
        label=_("Remark"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
