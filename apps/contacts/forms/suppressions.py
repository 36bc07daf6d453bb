from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contacts.addresslists import MAX_BYTES
from apps.contacts.models import Channel


class SuppressForm(forms.Form):
    """One address, a pasted list, or a file of them."""

    addresses = forms.CharField(
        label=gettext_lazy("Addresses"),
        required=False,
        max_length=5_000_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("One a line, or with commas between them."),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a CSV file"),
        required=False,
        help_text=gettext_lazy(
            "At most 100,000 addresses and 10 MB. The column is found by its name or content."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain"}),
    )
    channel = forms.ChoiceField(label=gettext_lazy("Never write by"), choices=Channel, initial=Channel.EMAIL)
    source = forms.CharField(
        label=gettext_lazy("Where the list comes from"),
        max_length=200,
        help_text=gettext_lazy("Such as: unsubscribed in the old newsletter tool."),
    )

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        file, addresses = told.get("file"), (told.get("addresses") or "").strip()
        if bool(file) == bool(addresses):
            self.add_error("addresses", _("Paste addresses or choose a file, one of the two."))
        elif file and file.size > MAX_BYTES:
            self.add_error("file", _("This file is larger than 10 MB. Cut it into parts."))
        return told
