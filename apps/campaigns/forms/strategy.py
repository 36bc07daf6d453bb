"""The forms of the strategy: a goal of the year, what is left alone, and the goal that a campaign names."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.campaigns import selectors
from apps.campaigns.forms.base import PersonField, VersionForm
from apps.campaigns.models import Channel, YearGoal


class GoalChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """One of the goals of last year and later ones, or none."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", _("Goal of the year"))
        options.setdefault("empty_label", _("None of them"))
        options.setdefault("help_text", _("Which of the year's goals it serves."))
        super().__init__(queryset=YearGoal.objects.none(), required=False, **options)

    def __deepcopy__(self, memo: Any) -> "GoalChoice":
        copy: GoalChoice = super().__deepcopy__(memo)
        copy.queryset = YearGoal.objects.recent()  # asked for each form, not once at import
        return copy

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.year} · {obj.name}"

    def keep(self, pk: int | None) -> None:
        """Offer the one that is named now too, however old."""
        if pk is not None:
            self.queryset = YearGoal.objects.recent() | YearGoal.objects.filter(pk=pk)


class YearGoalEdit(VersionForm):
    name = forms.CharField(label=_("Goal"), max_length=200)
    why = forms.CharField(
        label=_("Why"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    metric = forms.CharField(
        label=_("Measured by"),
        max_length=200,
        required=False,
        help_text=_("In words: customers who order at least twice in the year."),
    )
    target = forms.CharField(
        label=_("Target"), max_length=200, required=False, help_text=_("12,000, up from 9,500.")
    )
    owner = PersonField(selectors.may_work, label=_("Owner"), required=False, empty_label=_("Nobody yet"))

    def __init__(self, *args: Any, owner: int | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["owner"]
        assert isinstance(field, PersonField)
        field.keep(owner)


class NotDoingEdit(VersionForm):
    kind = forms.ChoiceField(
        label=_("Channel"), required=False, choices=[("", _("None: a practice")), *Channel.Kind.choices]
    )
    practice = forms.CharField(
        label=_("Practice"),
        max_length=200,
        required=False,
        help_text=_("Instead of a channel: buying lists of addresses."),
    )
    reason = forms.CharField(label=_("Why not"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if bool(cleaned.get("kind")) == bool(cleaned.get("practice")) and "practice" not in self.errors:
            self.add_error("practice", _("Name a channel or a practice, one of the two."))
        return cleaned


class YearGoalMove(forms.Form):
    position = forms.IntegerField(min_value=0, max_value=10_000)
