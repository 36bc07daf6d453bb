from django import forms
from django.utils.translation import gettext_lazy as _

from apps.contacts.models import Identity
from apps.integrations.models import Source


class SchemeForm(forms.Form):
    namespace = forms.CharField(
        label=_("Namespace of user ids"),
        max_length=32,
        initial=Identity.USER,
        help_text=_("A lower-case word. Where imports bring ids of the same kind, the word used there."),
    )


class SourceForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=Source._meta.get_field("name").max_length,
        help_text=_("What your colleagues call it, such as Web shop. Its events bear this name."),
    )
