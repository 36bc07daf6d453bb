"""The forms of what holds messages back: caps, quiet hours, rates, warm-ups."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.forms import zone_field
from apps.contacts import selectors as contacts
from apps.contacts.models import Channel
from apps.core.refusals import SeenModelForm
from apps.messaging.models import (
    FrequencyCap,
    QuietHours,
    RateLimit,
    WarmUp,
    host_normalise,
)

SENT_ON = Channel.choices  # the channels that messages are sent on


class CapForm(SeenModelForm):
    topic = forms.ChoiceField(label=_("Topic"), required=False)

    class Meta:
        model = FrequencyCap
        fields = ["most", "days", "channel", "topic", "is_active"]
        labels = {"most": _("At most so many messages"), "days": _("In so many calendar days")}
        help_texts = {
            "days": _("1 is today alone. Days begin at midnight where the person is."),
            "is_active": _("Not in force, it keeps nobody from anything."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        topics = contacts.topic_choices(Channel.EMAIL, whole=_("Every topic, and none"))
        self.fields["topic"].choices = topics  # type: ignore[attr-defined]  # a choice's
        ways = [("", _("Every channel")), *SENT_ON]
        self.fields["channel"].choices = ways  # type: ignore[attr-defined]  # a choice's


class QuietForm(SeenModelForm):
    class Meta:
        model = QuietHours
        fields = ["channel", "starts", "ends", "is_active"]
        widgets = {
            name: forms.TimeInput(format="%H:%M", attrs={"type": "time"}) for name in ("starts", "ends")
        }
        help_texts = {
            "ends": _("Earlier than the beginning: on the next morning."),
            "is_active": _("Not in force, they hold nothing."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = SENT_ON  # type: ignore[attr-defined]  # a choice's


class RateForm(SeenModelForm):
    class Meta:
        model = RateLimit
        fields = ["sender", "domain", "most", "per", "is_active"]
        labels = {"most": _("At most so many mails"), "domain": _("Domain of the recipients")}
        help_texts = {
            "domain": _("What stands behind the @, such as gmail.com: for all senders together."),
            "per": _("In any such time, wherever it begins."),
            "is_active": _("Not in force, it holds nothing back."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sender"].empty_label = _("None: it is for a domain")  # type: ignore[attr-defined]
        self.fields["domain"].validators = []  # first it is written as DNS has it
        self.fields["domain"].widget.attrs["autocapitalize"] = "off"

    def clean_domain(self) -> str:
        written: str = self.cleaned_data["domain"]
        return host_normalise(written) if written else ""


class WarmUpForm(SeenModelForm):
    timezone = zone_field()
    ceilings = forms.CharField(
        label=_("At most, day by day"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("One number for each day, the first one first. After the last day there is no ceiling."),
    )

    class Meta:
        model = WarmUp
        fields = ["starts_on", "timezone", "ceilings", "is_active"]
        widgets = {"starts_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})}
        help_texts = {"is_active": _("Not in force, it holds nothing back.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["timezone"].help_text = _("A day begins at midnight there.")
        days = self.instance.ceilings or WarmUp.DEFAULT
        self.initial["ceilings"] = ", ".join(map(str, days))

    def clean_ceilings(self) -> list[int]:
        written: str = self.cleaned_data["ceilings"]
        try:
            return [int(word) for word in written.replace(",", " ").replace(";", " ").split()]
        except ValueError:
            raise forms.ValidationError(_("Write numbers, with spaces or commas between them.")) from None
