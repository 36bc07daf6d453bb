from django import forms
from django.utils.translation import gettext_lazy as _

from apps.campaigns.forms.base import VersionForm
from apps.campaigns.moves import PART_LABELS

FAR = 3660  # days: ten years


class MoveForm(VersionForm):
    """What is moved and by how many days; `is_confirmed`: the person has seen what follows, `shown`."""

    part = forms.ChoiceField(label=_("What"), choices=PART_LABELS)
    days = forms.IntegerField(
        label=_("By how many days"),
        min_value=-FAR,
        max_value=FAR,
        help_text=_("With a minus it moves to an earlier day. What has passed already stays where it was."),
    )
    is_confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)
    shown = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
