from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.campaigns import dates, replay, selectors
from apps.campaigns.forms.base import KeyForm, PersonField, day_field
from apps.campaigns.models import Campaign
from apps.segments.models import Segment


class ReplayBegin(KeyForm):
    """What the next generation does otherwise; all the rest comes along."""

    name = forms.CharField(label=_("Campaign name"), max_length=200)
    launch_date = day_field(
        label=_("Launch"), required=True, help_text=_("Every other day moves with it, tasks too.")
    )
    captain = PersonField(selectors.may_be_captain, label=_("Captain"), empty_label=None)
    segment = forms.ModelChoiceField(
        label=_("Audience"),
        queryset=Segment.objects.filter(archived_at__isnull=True),
        required=False,
        empty_label=_("Not chosen yet"),
    )
    goal_target = forms.DecimalField(
        label=_("Target"), max_digits=14, decimal_places=2, min_value=Decimal("0.01"), required=False
    )
    idea = forms.CharField(
        label=_("Big idea"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    outcome = forms.CharField(
        label=_("Desired outcome"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    parts = forms.MultipleChoiceField(
        label=_("What comes along"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, parent: Campaign, **options: Any) -> None:
        super().__init__(*args, **options)
        parts = self.fields["parts"]
        assert isinstance(parts, forms.MultipleChoiceField)
        self.offered, counts = dict(replay.parts_in_order()), replay.parts_counted(parent)
        parts.choices = [(name, f"{part.label} ({counts[name]})") for name, part in self.offered.items()]
        if parent.segment_id is not None:
            segment = self.fields["segment"]
            assert isinstance(segment, forms.ModelChoiceField)
            segment.queryset = Segment.objects.filter(Q(archived_at__isnull=True) | Q(pk=parent.segment_id))

    def clean_launch_date(self) -> date:
        day: date = self.cleaned_data["launch_date"]
        if told := dates.range_problem(day):
            raise forms.ValidationError(told)
        return day

    @property
    def part_rows(self) -> list[tuple[Any, Any]]:
        """Return each tick box with the part that it stands for."""
        return [(box, self.offered[str(box.data["value"])]) for box in self["parts"]]
