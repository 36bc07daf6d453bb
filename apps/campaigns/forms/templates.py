"""The forms of plan templates and of the organisation's working days."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.campaigns.forms.base import VersionForm, day_field
from apps.campaigns.models import Anchor, Channel, PlanTemplate, PlanTemplateItem, WorkWeek
from apps.campaigns.models.task import DURATION_MAX, OFFSET_MAX


class _TemplateFields(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(
        label=_("What it is for"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class TemplateCreate(_TemplateFields):
    pass


class TemplateEdit(_TemplateFields, VersionForm):
    pass


class TemplateCopy(forms.Form):
    name = forms.CharField(label=_("Name of the copy"), max_length=120)


class ItemFields(VersionForm):
    """One task or milestone of a template. Without a version it is a new one."""

    title = forms.CharField(label=_("Task"), max_length=200)
    channel = forms.ChoiceField(
        label=_("Channel"), choices=[("", _("The whole campaign")), *Channel.Kind.choices], required=False
    )
    anchor = forms.ChoiceField(label=_("Counted from"), choices=Anchor.choices)
    offset_days = forms.IntegerField(
        label=_("Working days from it"),
        min_value=-OFFSET_MAX,
        max_value=OFFSET_MAX,
        initial=0,
        help_text=_("Due at the latest: -5 is five working days before, 3 is three after."),
    )
    duration_days = forms.IntegerField(
        label=_("Working days it takes"), min_value=1, max_value=DURATION_MAX, initial=1
    )
    is_milestone = forms.BooleanField(
        label=_("Milestone"), required=False, help_text=_("A single day that something is reached on.")
    )
    assign_to = forms.ChoiceField(label=_("Assigned to"), choices=PlanTemplateItem.AssignTo.choices)
    description = forms.CharField(
        label=_("Description"), max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    waits_for = forms.ModelMultipleChoiceField(
        label=_("Waits for"),
        queryset=PlanTemplateItem.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self, *args: Any, template: PlanTemplate, item: PlanTemplateItem | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        choice = self.fields["waits_for"]
        assert isinstance(choice, forms.ModelMultipleChoiceField)
        others = template.items.all()
        choice.queryset = others.exclude(pk=item.pk) if item else others

    @property
    def fields_cleaned(self) -> dict[str, Any]:
        said = super().fields_cleaned
        return {**said, "waits_for": list(said["waits_for"])}


class HolidayAdd(forms.Form):
    date = day_field(label=_("Day"), required=True)
    name = forms.CharField(label=_("Name"), max_length=100)


class HolidaysImport(forms.Form):
    text = forms.CharField(
        label=_("List of days"),
        max_length=100_000,
        help_text=_("One day a line: 2030-12-25, Christmas Day. A list copied from a spreadsheet will do."),
        widget=forms.Textarea(attrs={"rows": 5, "placeholder": "2030-12-25, Christmas Day"}),
    )


class WeekEdit(VersionForm):
    weekend = forms.TypedMultipleChoiceField(
        label=_("Free days of every week"),
        choices=WorkWeek.Weekday.choices,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
