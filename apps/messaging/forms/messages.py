"""The forms of a message in draft: what, to whom, when."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.contacts import selectors as contacts
from apps.contacts.models import Channel
from apps.content.models import Template
from apps.messaging import selectors
from apps.messaging.models import (
    Message,
    Sender,
)
from apps.messaging.smstext import MOST
from apps.segments.models import Segment

HOUR = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})


class MessageCreateForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        help_text=_("For your team; readers see the subject of the template."),
        widget=forms.TextInput(attrs={"autofocus": True}),
    )


class RecipientsForm(forms.Form):
    segments = forms.ModelMultipleChoiceField(
        label=_("Send to"),
        queryset=Segment.objects.filter(archived_at__isnull=True),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Everyone who is in at least one of these segments, once."),
    )
    exclude_segments = forms.ModelMultipleChoiceField(
        label=_("But not to"),
        queryset=Segment.objects.filter(archived_at__isnull=True),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    holdout_percent = forms.IntegerField(
        label=_("Hold out, in percent"),
        initial=0,
        validators=[MinValueValidator(0), MaxValueValidator(90)],
        help_text=_("So many, drawn by lot, get nothing: against them the effect is measured."),
    )


class ContentForm(forms.Form):
    template = forms.ModelChoiceField(
        label=_("Template"),
        queryset=Template.objects.filter(archived_at__isnull=True),
        required=False,
        empty_label=_("Not chosen yet"),
    )


class TextForm(forms.Form):
    text = forms.CharField(
        label=_("Text"),
        required=False,
        max_length=MOST,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_(
            "Personal with fields such as {{ contact.first_name | default: 'you' }}. Say how to stop."
        ),
    )


class SettingsForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    sender = forms.ModelChoiceField(
        label=_("Sender"),
        queryset=Sender.objects.none(),
        required=False,
        empty_label=_("Not chosen yet"),
    )
    topic = forms.ChoiceField(
        label=_("Topic"),
        required=False,
        help_text=_("Who has left this topic is left out."),
    )
    is_tracked = forms.BooleanField(
        label=_("Count opens and clicks"),
        required=False,
        help_text=_("Off: no picture is loaded to see who opens, and links lead straight to their pages."),
    )
    priority = forms.TypedChoiceField(
        label=_("Priority"),
        choices=Message.Priority.choices,
        required=False,
        empty_value=Message.Priority.NORMAL,
        help_text=_("What is urgent gets most of what can leave, and what is low the least."),
    )
    scheduled_at = forms.DateTimeField(
        label=_("Send at"), required=False, widget=HOUR, help_text=_("Empty: as soon as it is launched.")
    )
    is_local = forms.BooleanField(
        label=_("At this hour where each person is"),
        required=False,
        help_text=_("Each gets it when their own clock shows it. Launch at least 25 hours ahead."),
    )
    not_after = forms.DateTimeField(
        label=_("Not after"),
        required=False,
        widget=HOUR,
        help_text=_("What is still unsent then expires instead of coming late."),
    )

    def __init__(self, *args: Any, channel: Channel = Channel.EMAIL, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        senders = selectors.senders_in_use()
        if channel == Channel.SMS:
            senders = senders.filter(sms_provider__isnull=False).exclude(phone="")
            del self.fields["is_tracked"]
            self.fields["sender"].help_text = _("Those with a provider for SMS.")
        if not senders.exists():
            self.fields["sender"].help_text = _("There is none yet: a marketing lead adds one under Senders.")
        self.fields["sender"].queryset = senders  # type: ignore[attr-defined]  # a model's
        whole = _("No topic: SMS as a whole") if channel == Channel.SMS else _("No topic: e-mail as a whole")
        topics = contacts.topic_choices(channel, whole=whole)
        self.fields["topic"].choices = topics  # type: ignore[attr-defined]  # a choice's

    def clean(self) -> dict[str, Any]:
        """Return the hour as typed, `local_at`, instead of a moment, where each person's clock counts."""
        cleaned = super().clean() or {}
        is_local, hour = cleaned.pop("is_local", False), cleaned.get("scheduled_at")
        if is_local and hour is None:
            self.add_error("scheduled_at", _("Say the hour that each person's clock is to show."))
        cleaned["local_at"] = timezone.localtime(hour).replace(tzinfo=None) if is_local and hour else None
        cleaned["scheduled_at"] = None if is_local else hour
        return cleaned
