from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.contacts.models import Attribute
from apps.content.rendering import EmailSource, TemplateFault
from apps.content.starters import STARTERS
from apps.core.refusals import KeptInput
from apps.core.texts import line_validate

CODE = {"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}


class _Lines(forms.CharField):
    """Text of many lines, ends of lines as they are kept: browsers send CR LF."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return text.replace("\r\n", "\n").replace("\r", "\n") if isinstance(text, str) else text


class EmailForm(forms.Form):
    """An e-mail as it is typed; unsaved, it is previewed."""

    subject = forms.CharField(label=_("Subject"), max_length=500)
    preheader = forms.CharField(label=_("Preheader"), max_length=500, required=False)
    mjml = _Lines(
        label=_("MJML"),
        strip=False,
        widget=forms.Textarea(attrs={"class": "code-input", "rows": 24, "data-ace": "liquid", **CODE}),
    )
    text = _Lines(
        label=_("Plain text"),
        strip=False,
        required=False,
        help_text=_("Empty: made from the HTML."),
        widget=forms.Textarea(attrs={"class": "code-input", "rows": 12, "data-ace": "text", **CODE}),
    )

    def source(self) -> EmailSource:
        """Return what was typed, also where a field was refused."""
        values = {
            name: self.cleaned_data.get(name) or "" for name in ("subject", "preheader", "mjml", "text")
        }
        return EmailSource(**values)

    def add_fault(self, fault: TemplateFault) -> None:
        self.add_error(str(fault.part), str(fault))


class TemplateForm(EmailForm):
    name = forms.CharField(label=_("Name"), max_length=200, validators=[line_validate])
    description = forms.CharField(label=_("Description"), max_length=500, required=False)
    note = forms.CharField(
        label=_("What changed"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("What changed?")}),
    )
    base = forms.IntegerField(min_value=1, widget=KeptInput)


class OverrideForm(forms.Form):
    """An attribute that a template may print all the same, and why."""

    attribute = forms.ModelChoiceField(
        label=_("Attribute"), queryset=Attribute.objects.none(), to_field_name="key", empty_label=_("Choose…")
    )
    reason = forms.CharField(
        label=_("Why this template may print it"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stays in the audit log."),
    )

    def __init__(self, *args: Any, attributes: QuerySet[Attribute], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["attribute"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = attributes


class TemplateCreateForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200, validators=[line_validate])
    starter = forms.ChoiceField(
        label=_("Begin with"),
        choices=[(starter.key, starter.label) for starter in STARTERS.values()],
        initial="announcement",
        widget=forms.RadioSelect,
    )
