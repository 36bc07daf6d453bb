from collections.abc import Callable
from typing import TypeVar

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.contacts.models import Attribute
from apps.core.errors import DomainError, SavedSince
from apps.core.refusals import SeenForm, refuse

T = TypeVar("T")


class SegmentForm(SeenForm):
    name = forms.CharField(label=_("Name"), max_length=200)
    description = forms.CharField(label=_("What it is for"), required=False, max_length=2_000)


class ListForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    description = forms.CharField(label=_("What it is for"), required=False, max_length=2_000)


class ListChangeForm(ListForm, SeenForm):
    """The same of one that is there."""


class PasteForm(forms.Form):
    text = forms.CharField(
        label=_("E-mail addresses"),
        widget=forms.Textarea(attrs={"rows": 10, "class": "code-input", "spellcheck": "false"}),
        help_text=_("Apart by commas, spaces or lines. “Ann &lt;ann@example.com&gt;” is read too."),
    )


class ListPasteForm(PasteForm, ListForm):
    field_order = ["name", "description", "text"]


class ListFreezeForm(forms.Form):
    name = forms.CharField(label=_("Name of the list"), max_length=200)


def attempt(form: forms.Form, act: Callable[[], T]) -> T | None:
    """Do it; what the service refuses goes to its field, or to the top of the form."""
    try:
        return act()
    except SavedSince as stale:
        assert isinstance(form, SeenForm), "no other form says what it has seen"
        form.refuse_stale(stale)
    except DomainError as refusal:
        refuse(form, refusal)
    return None


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Why this rule: whoever asks in a year reads it here."),
    )


class DefinitionForm(ReasonForm):
    """A new definition, beside its rule."""

    label = forms.CharField(label=_("Business name"), max_length=100, help_text=_("What people call it."))
    key = forms.CharField(
        label=_("System name"),
        max_length=63,
        help_text=_("Lower-case words joined by underscores, such as active_customer. It never changes."),
    )
    definition = forms.CharField(
        label=_("What it means"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("In words, so that two people use it alike."),
    )
    uses = forms.MultipleChoiceField(
        label=_("May be used for"),
        choices=Attribute.Use,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        initial=list(Attribute.Use),
    )
    field_order = ["label", "key", "definition", "uses", "reason"]


class ProposalForm(ReasonForm):
    """What was shown with its effect, and why. `rule` and `thresholds` are JSON that the page has written."""

    rule = forms.JSONField(widget=forms.HiddenInput)
    thresholds = forms.JSONField(widget=forms.HiddenInput, required=False)

    def clean_thresholds(self) -> list[dict[str, str]]:
        told = self.cleaned_data["thresholds"] or []
        if not isinstance(told, list) or not all(
            isinstance(one, dict) and all(isinstance(one.get(key), str) for key in ("name", "path"))
            for one in told
        ):
            raise forms.ValidationError(_("These are no thresholds."))
        return told


class DecisionForm(forms.Form):
    note = forms.CharField(
        label=_("Note"),
        max_length=1_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("To refuse, say why."),
    )
