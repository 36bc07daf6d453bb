from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.messaging.models import Message
from apps.reporting.models import ArmResult


class MessageChoice(forms.Form):
    """Which messages of a campaign a list is about: one, or all of them when empty."""

    message = forms.ModelChoiceField(Message.objects.none(), required=False, empty_label=_("All messages"))

    def __init__(self, *args: object, messages: QuerySet[Message], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came
        self.all = messages
        self.fields["message"].queryset = messages  # type: ignore[attr-defined]  # it is a ModelChoiceField

    @property
    def chosen(self) -> QuerySet[Message]:
        message = self.cleaned_data["message"]
        return self.all.filter(pk=message.pk) if message else self.all


class ConversionChoice(MessageChoice):
    """Which conversions: of those written to (all, or the credited), held out, or in the control group."""

    arm = forms.ChoiceField(choices=ArmResult.Arm.choices, required=False)
    credited = forms.BooleanField(required=False)
