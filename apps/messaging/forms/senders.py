"""The form of a sender."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.contacts.models import Channel
from apps.core.refusals import SeenModelForm
from apps.core.texts import is_one_line
from apps.messaging.channels import kinds_of
from apps.messaging.models import (
    Provider,
    Sender,
)


class SenderForm(SeenModelForm):
    class Meta:
        model = Sender
        fields = ["name", "email", "reply_to", "provider", "phone", "sms_provider", "is_active"]
        labels = {
            "is_active": _("In use"),
            "provider": _("E-mail goes through"),
            "sms_provider": _("SMS goes through"),
        }
        help_texts = {
            "email": _("Its domain must allow your mail server to send for it (SPF, DKIM)."),
            "phone": _("A number such as +441632960123, or a name of up to 11 letters. Empty: no SMS."),
            "reply_to": _("Where answers go. Empty: to the sender's address."),
            "is_active": _("New messages can be sent from it."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nobody = {
            "provider": (Channel.EMAIL, _("The mail server of this installation (EMAIL_URL)")),
            "sms_provider": (Channel.SMS, _("Nobody: it sends no SMS")),
        }
        for name, (channel, nothing) in nobody.items():
            is_usable = Q(is_active=True) | Q(pk=getattr(self.instance, f"{name}_id"))
            usable = Provider.objects.filter(is_usable, kind__in=kinds_of(channel))
            self.fields[name].queryset = usable  # type: ignore[attr-defined]  # a model's
            self.fields[name].empty_label = nothing  # type: ignore[attr-defined]  # a model's

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("sms_provider") and not cleaned.get("phone") and "phone" not in self.errors:
            self.add_error("phone", _("Say what texts come from."))
        return cleaned

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not is_one_line(name):
            raise forms.ValidationError(_("A name is one line, with something to read in it."))
        return name
