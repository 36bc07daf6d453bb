"""The form with which a person settles recipients of whom nobody can know."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from apps.messaging.forms.answers import AnswerField
from apps.messaging.models import Settlement
from apps.messaging.selectors import Doubt


class DoubtForm(forms.Form):
    """Which of the unknown ones: stands in the address of the page, and goes along with what is decided."""

    answer = AnswerField(label=_("Why nobody knows"), required=False, max_length=500, strip=False)
    search = forms.CharField(
        label=_("Part of the address"),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "@example.com"}),
    )
    recipient = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, answers: Sequence[tuple[str, int]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        told = [(answer, f"{Truncator(answer).chars(80)} ({count})") for answer, count in answers if answer]
        self.fields["answer"].widget = forms.Select(choices=[("", _("Whatever the reason")), *told])

    def doubt(self) -> Doubt:
        told: dict[str, Any] = self.cleaned_data if self.is_valid() else {}
        recipient = told.get("recipient")
        return Doubt(
            answer=told.get("answer") or None,
            search=told.get("search", ""),
            recipients=[recipient] if recipient else None,
        )


class SettleForm(forms.Form):
    verdict = forms.ChoiceField(
        label=_("What is true of them"), choices=Settlement.Verdict.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("How you know"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Such as what the mail server's log says. It stays on record, with your name."),
    )
    expected = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
