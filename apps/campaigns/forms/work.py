"""The forms of the daily work: team, tasks, KPIs, stages, overrides."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.campaigns import selectors
from apps.campaigns.forms.base import KeyForm, PersonField, VersionForm, day_field
from apps.campaigns.models import Campaign, Channel, Task


class ChannelEdit(VersionForm):
    why = forms.CharField(
        label=_("Why this channel"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    expected_result = forms.CharField(
        label=_("Expected result"),
        max_length=500,
        required=False,
        help_text=_("What it should bring, in a sentence: 120 orders from 20,000 e-mails."),
    )

    def __init__(self, *args: Any, channel: Channel, **options: Any) -> None:
        super().__init__(*args, **options)
        self.channel = channel


class ChannelAssign(ChannelEdit):
    owner = PersonField(
        selectors.may_work, label=_("Channel owner"), required=False, empty_label=_("Nobody yet")
    )
    note = forms.CharField(label=_("A word to the new owner"), max_length=500, required=False)
    field_order = ["owner", "note", "why", "expected_result", "version"]

    def __init__(self, *args: Any, channel: Channel, **options: Any) -> None:
        super().__init__(*args, channel=channel, **options)
        owner = self.fields["owner"]
        assert isinstance(owner, PersonField)
        owner.keep(channel.owner_id)


class ContributorAdd(forms.Form):
    user = PersonField(selectors.may_work, label=_("Person"), empty_label=_("Choose a person"))


class _TaskFields(forms.Form):
    title = forms.CharField(label=_("Task"), max_length=200)
    channel = forms.ModelChoiceField(
        label=_("Channel"),
        queryset=Channel.objects.none(),
        required=False,
        empty_label=_("The whole campaign"),
    )
    assignee = PersonField(selectors.may_work, label=_("Assignee"), required=False)
    due_date = day_field(label=_("Due"))
    description = forms.CharField(
        label=_("Description"), max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )

    def __init__(self, *args: Any, campaign: Campaign, **options: Any) -> None:
        super().__init__(*args, **options)
        channels = self.fields["channel"]
        assert isinstance(channels, forms.ModelChoiceField)
        channels.queryset = campaign.channels.all()


class TaskAdd(_TaskFields, KeyForm):
    pass


class TaskEdit(_TaskFields, VersionForm):
    def __init__(self, *args: Any, task: Task, **options: Any) -> None:
        super().__init__(*args, campaign=task.campaign, **options)
        assignee = self.fields["assignee"]
        assert isinstance(assignee, PersonField)
        assignee.keep(task.assignee_id)


class TaskMove(forms.Form):
    state = forms.ChoiceField(label=_("State"), choices=Task.State.choices)


class _KpiFields(forms.Form):
    label = forms.CharField(label=_("Name"), max_length=100)
    event = forms.CharField(
        label=_("Event"),
        max_length=128,
        widget=forms.TextInput(attrs={"list": "goal-events", "autocomplete": "off", "spellcheck": "false"}),
    )
    value_property = forms.CharField(
        label=_("Property with the value"),
        max_length=128,
        required=False,
        help_text=_("Set: the sum of this number is shown beside the count."),
    )
    target = forms.DecimalField(
        label=_("Target"), max_digits=14, decimal_places=2, min_value=0, required=False
    )
    reason = forms.CharField(
        label=_("Why it carries the story"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What would you do differently if this figure were low?"),
    )


class KpiAdd(_KpiFields):
    pass


class KpiEdit(_KpiFields, VersionForm):
    pass


class KpiMove(forms.Form):
    position = forms.IntegerField(min_value=0)


class Advance(forms.Form):
    stage = forms.ChoiceField(label=_("Stage"), choices=Campaign.Stage.choices)
    reason = forms.CharField(
        label=_("Reason to go on all the same"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class Override(forms.Form):
    check = forms.CharField(max_length=64, widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class OverrideRemove(forms.Form):
    check = forms.CharField(max_length=64, widget=forms.HiddenInput)
