from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.contacts.models import Contact
from apps.core.keys import key_read


class MergeForm(forms.Form):
    """Which contact is to become part of `keep`, confirmed."""

    other = forms.CharField(widget=forms.HiddenInput)
    is_same = forms.BooleanField(
        label=_("I have compared the two: they are the same person."),
        error_messages={"required": _("Confirm that you have compared the two.")},
    )

    def __init__(self, *args: Any, keep: Contact, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._keep = keep

    def named(self, told: str) -> Contact | None:
        """Return the contact of this number, unless it is the kept one itself or is not there."""
        return Contact.objects.known().exclude(pk=self._keep.pk).filter(pk=key_read(told)).first()

    def clean_other(self) -> str:
        other = self.named(self.cleaned_data["other"])
        if other is None:
            raise forms.ValidationError(_("There is no such contact any more."))
        self.gone = other
        return str(other.pk)


class IdentityForm(forms.Form):
    namespace = forms.CharField(label=_("System"), max_length=32, help_text=_("Such as crm or anonymous."))
    value = forms.CharField(label=_("Name there"), max_length=254)
