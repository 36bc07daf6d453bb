"""The forms of a message that is tested, launched and under way."""

from collections.abc import Sequence
from secrets import token_hex
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.messaging.forms.answers import AnswerField
from apps.messaging.models import (
    Variant,
)

# From this many recipients on, whoever launches types the number.
LARGE = 1000


class LaunchForm(forms.Form):
    """`promised` is the number that the page showed; from `LARGE` on a person types it."""

    promised = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    typed = forms.IntegerField(
        label=_("Type the number of recipients"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        promised, typed = cleaned.get("promised"), cleaned.get("typed")
        if promised is not None and promised >= LARGE and typed != promised:
            self.add_error("typed", _("This is not the number of recipients above."))
        return cleaned


class TestForm(forms.Form):
    __test__ = False  # its name looks like a test's to pytest

    people = forms.ModelMultipleChoiceField(
        label=_("To"),
        queryset=User.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("People of your team."),
    )
    contact = forms.CharField(
        label=_("As this contact"),
        max_length=254,
        required=False,
        help_text=_("The beginning of an address. Empty: somebody of the audience."),
    )
    variant = forms.TypedChoiceField(label=_("Variant"), coerce=int, empty_value=None, required=False)
    # Instead of `{% once %}`, whose transaction would last as long as the mail server likes.
    key = forms.CharField(
        max_length=64, required=False, initial=lambda: token_hex(12), widget=forms.HiddenInput
    )

    def __init__(
        self, *args: Any, sees_people: bool, variants: Sequence[Variant] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if variants:
            letters = [(variant.number, variant.letter) for variant in variants]
            self.fields["variant"].choices = letters  # type: ignore[attr-defined]  # a choice's
        else:
            del self.fields["variant"]
        if not sees_people:
            del self.fields["contact"]
        members = User.objects.filter(is_active=True).exclude(role=User.Role.INTEGRATION)
        self.fields["people"].queryset = members  # type: ignore[attr-defined]  # a model's field


class RetryForm(forms.Form):
    """With `answer` those whom the server told just this; without it, those whose failure may pass."""

    answer = AnswerField(required=False, max_length=500, strip=False)


class PauseForm(forms.Form):
    reason = forms.CharField(label=_("Why"), required=False, max_length=500)
