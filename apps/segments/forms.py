from collections.abc import Callable
from typing import TypeVar

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.errors import DomainError
from apps.segments.services import ListInvalid, SegmentInvalid

T = TypeVar("T")


class SegmentForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    description = forms.CharField(label=_("What it is for"), required=False, max_length=2_000)


class ListForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    description = forms.CharField(label=_("What it is for"), required=False, max_length=2_000)


class PasteForm(forms.Form):
    text = forms.CharField(
        label=_("E-mail addresses"),
        widget=forms.Textarea(attrs={"rows": 10, "class": "code-input", "spellcheck": "false"}),
        help_text=_("Apart by commas, spaces or lines. “Ann <ann@example.com>” is read too."),
    )


class ListPasteForm(PasteForm, ListForm):
    field_order = ["name", "description", "text"]


class ListFreezeForm(forms.Form):
    name = forms.CharField(label=_("Name of the list"), max_length=200)


def attempt(form: forms.Form, act: Callable[[], T]) -> T | None:
    """Do it; what the service refuses goes to its field, or to the top of the form."""
    try:
        return act()
    except (SegmentInvalid, ListInvalid) as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    except DomainError as refusal:
        form.add_error(None, str(refusal))
    return None
