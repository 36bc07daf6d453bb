"""The forms of the daily work: team, tasks, KPIs, stages, overrides."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.campaigns import selectors
from apps.campaigns.forms.base import KeyForm, PersonField, VersionForm, day_field
from apps.campaigns.forms.plan import justification_field
from apps.campaigns.models import Campaign, Channel, NotDoing, Task


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

    def __init__(self, *args: Any, channel: Channel, avoided: NotDoing | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.channel = channel
        if avoided or channel.justification:
            self.fields["justification"] = justification_field(
                initial=channel.justification,
                help_text=avoided.reason if avoided else "",
            )


class ChannelAssign(ChannelEdit):
    owner = PersonField(
        selectors.may_work, label=_("Channel owner"), required=False, empty_label=_("Nobody yet")
    )
    note = forms.CharField(label=_("A word to the new owner"), max_length=500, required=False)
    field_order = ["owner", "note", "why", "expected_result", "version"]

    def __init__(self, *args: Any, channel: Channel, avoided: NotDoing | None = None, **options: Any) -> None:
        super().__init__(*args, channel=channel, avoided=avoided, **options)
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
    start_date = day_field(label=_("Start"))
    due_date = day_field(label=_("Due"))
    is_milestone = forms.BooleanField(label=_("Milestone"), required=False)
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
