"""The forms of the board."""

from django import forms

from apps.campaigns.models import Task

LARGEST = 2**63 - 1


class TaskPlace(forms.Form):
    """Where a card was put: above one card, or below another one, in the column of a state."""

    state = forms.ChoiceField(choices=Task.State.choices)
    version = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    above = forms.IntegerField(required=False, min_value=1, max_value=LARGEST)
    below = forms.IntegerField(required=False, min_value=1, max_value=LARGEST)
