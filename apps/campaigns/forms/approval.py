"""The forms of approvals, and of the rules that the leads set for a campaign."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.campaigns.forms.base import VersionForm
from apps.campaigns.models import Approval

LONGEST_REVIEW = 24 * 90


class ApprovalAsk(forms.Form):
    part = forms.ChoiceField(choices=Approval.Part.choices, widget=forms.HiddenInput)


class ApprovalGive(ApprovalAsk):
    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)  # of what was looked at


class ApprovalSendBack(ApprovalAsk):
    reason = forms.CharField(
        label=_("What must be another"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )


class Rules(VersionForm):
    asks_approvals = forms.BooleanField(
        label=_("Ask for approvals"),
        required=False,
        help_text=_("From review on, content, audience, schedule and goal must each be approved."),
    )
    review_hours = forms.IntegerField(
        label=_("Least time of review, in hours"),
        required=False,
        min_value=0,
        max_value=LONGEST_REVIEW,
        help_text=_("Empty: as the installation says."),
    )
