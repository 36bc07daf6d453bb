from django import forms
from django.utils.translation import gettext_lazy as _

from apps.integrations.models import Source


class SourceForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=Source._meta.get_field("name").max_length,
        help_text=_("What your colleagues call it, such as Web shop. Its events bear this name."),
    )
