"""The forms of a plan: its dates, its template, and what a task waits for."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.campaigns import dates
from apps.campaigns.forms.base import VersionForm, day_field
from apps.campaigns.models import Campaign, PlanTemplate, Task


class Reschedule(VersionForm):
    """The two days that the plan counts from. `shown` is the preview that was looked at."""

    launch_date = day_field(label=_("Launch"))
    goal_date = day_field(label=_("Outcome's date"))
    shown = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, campaign: Campaign, **options: Any) -> None:
        super().__init__(*args, **options)
        self.campaign = campaign
        for name in ("launch_date", "goal_date"):
            # A day that is known can be moved, not forgotten: tasks hang on it.
            self.fields[name].required = getattr(campaign, name) is not None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        problems = dates.dates_problems(
            start=self.campaign.start_date,
            launch=cleaned.get("launch_date"),
            goal=cleaned.get("goal_date"),
        )
        for field, sentence in problems:
            self.add_error(field if field in self.fields else None, sentence)
        return cleaned

    @property
    def fields_cleaned(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("launch_date", "goal_date")}


def template_field(**options: Any) -> forms.ModelChoiceField:  # type: ignore[type-arg]  # as PersonField
    return forms.ModelChoiceField(label=_("Plan template"), queryset=PlanTemplate.objects.all(), **options)


class TemplateApply(forms.Form):
    template = template_field(empty_label=_("Choose a template"))


class TaskWaits(forms.Form):
    """Which task another one waits for: one of the same campaign."""

    task = forms.ModelChoiceField(
        label=_("Waits for"), queryset=Task.objects.none(), empty_label=_("Choose a task")
    )

    def __init__(self, *args: Any, task: Task, **options: Any) -> None:
        super().__init__(*args, **options)
        choice = self.fields["task"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = Task.objects.filter(campaign=task.campaign_id).exclude(pk=task.pk)
