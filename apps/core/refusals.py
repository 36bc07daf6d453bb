"""What a service refuses, on the form that asked for it or on the page that follows."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.translation import gettext as _

from apps.core.errors import DomainError, SavedSince


def told(refusal: DomainError) -> str:
    """Return the sentence, as HTML with the way to where its reason is mended, if it names one."""
    if not refusal.url:
        return str(refusal)
    return format_html('{} <a href="{}">{}</a>', str(refusal), refusal.url, _("Look at it"))


def refuse(form: forms.BaseForm, refusal: DomainError) -> None:
    """Show the sentence beside the field that it is about, or on top where the form has no such field."""
    form.add_error(refusal.field if refusal.field in form.fields else None, told(refusal))


class KeptInput(forms.HiddenInput):
    """Over what a form is written: a draft of it that the browser keeps remembers that, and says it."""

    def __init__(self) -> None:
        super().__init__({"data-draft-keep": True})


class SeenForm(forms.Form):
    """Knows how old was what it was shown with; print `seen_at` with it."""

    seen_at = forms.DateTimeField(required=False, widget=KeptInput)

    def refuse_stale(self, stale: SavedSince) -> None:
        """Say so, and keep what was typed; sent again, the form overwrites."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data[self.add_prefix("seen_at")] = stale.saved_at.isoformat()
        self.data = data
        refuse(self, stale)


class SeenModelForm(SeenForm, forms.ModelForm):  # type: ignore[type-arg]  # Django's class takes none at run time
    """The same of a row that carries `updated_at`; of a new one nobody has saved anything meanwhile."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.updated_at:
            self.initial["seen_at"] = self.instance.updated_at.isoformat()
        else:
            del self.fields["seen_at"]

    @property
    def seen(self) -> datetime | None:
        """Return how old was what the author read; None for a new row."""
        return self.cleaned_data.get("seen_at")
