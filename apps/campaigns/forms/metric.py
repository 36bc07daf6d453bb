"""The forms of the catalogue of metrics, and of the KPIs that are chosen from it."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.campaigns import metrics, selectors
from apps.campaigns.forms import where
from apps.campaigns.forms.base import PersonField, VersionForm, initial_of
from apps.campaigns.models import Campaign, Metric

# What the event form has to say; `where` is made of its rows.
PLAIN = ("name", "definition", "kind", "unit", "owner", "built_in", "event", "measure", "value_property")


def _built_ins() -> Iterator[tuple[str, Any]]:
    yield "", _("Events, named below")
    for name, one in metrics.built_ins.items():
        yield name, one.label


class MetricFields(VersionForm):
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("As people say it: Buyers."))
    definition = forms.CharField(
        label=_("What it means"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("In plain words, with what is not counted."),
    )
    kind = forms.ChoiceField(
        label=_("Label"),
        choices=Metric.Kind.choices,
        widget=forms.RadioSelect,
        initial=Metric.Kind.TACTICAL,
        help_text=_("Value: what the business is after. Tactical: what is done for it."),
    )
    unit = forms.CharField(
        label=_("Unit"),
        max_length=24,
        help_text=_("Such as people or orders. “money” is told in the campaign’s currency."),
    )
    owner = PersonField(
        selectors.may_work, label=_("Owner"), required=False, help_text=_("Who answers for the definition.")
    )
    built_in = forms.ChoiceField(label=_("Counted from"), choices=_built_ins, required=False)
    event = forms.CharField(
        label=_("Event"),
        max_length=128,
        required=False,
        widget=forms.TextInput(attrs={"list": "goal-events", "autocomplete": "off", "spellcheck": "false"}),
    )
    measure = forms.ChoiceField(
        label=_("Counted as"),
        choices=Campaign.GoalMeasure.choices,
        widget=forms.RadioSelect,
        initial=Campaign.GoalMeasure.PEOPLE,
    )
    value_property = forms.CharField(
        label=_("Property with the value"),
        max_length=128,
        required=False,
        help_text=_("The number in the event that says what it was worth, such as total."),
        widget=forms.TextInput(
            attrs={"list": "goal-properties", "autocomplete": "off", "spellcheck": "false"}
        ),
    )

    def __init__(self, *args: Any, metric: Metric | None = None, **options: Any) -> None:
        conditions = metric.where if metric else []
        self.shows_where = where.fits(conditions)
        said = initial_of(metric, PLAIN) | where.rows_of(conditions) if metric else {}
        options["initial"] = {**said, **options.get("initial", {})}
        super().__init__(*args, **options)
        owner = self.fields["owner"]
        assert isinstance(owner, PersonField)
        owner.keep(metric.owner_id if metric else None)
        for place in range(where.ROWS if self.shows_where else 0):
            self._row_add(place)

    def _row_add(self, place: int) -> None:
        listed = forms.TextInput(attrs={"list": "goal-all-properties", "autocomplete": "off"})
        fields: dict[str, forms.Field] = {
            "property": forms.CharField(label=_("Property"), max_length=128, required=False, widget=listed),
            "op": forms.ChoiceField(label=_("Condition"), choices=where.OPS, required=False),
            "value": forms.CharField(label=_("Value"), max_length=500, required=False),
        }
        for name, field in fields.items():
            self.fields[f"where_{place}_{name}"] = field

    @property
    def where_rows(self) -> list[dict[str, Any]]:
        return [
            {name: self[f"where_{place}_{name}"] for name in ("property", "op", "value")}
            for place in range(where.ROWS if self.shows_where else 0)
        ]

    @property
    def is_narrowed(self) -> bool:
        """Test if the rows have something to say, so that they are shown open."""
        return any(row["property"].value() for row in self.where_rows) or "where" in self.errors

    @property
    def fields_cleaned(self) -> dict[str, Any]:
        said = {name: self.cleaned_data[name] for name in PLAIN if name in self.cleaned_data}
        if self.shows_where:
            said["where"] = [] if said.get("built_in") else list(where.where_of(self.cleaned_data))
        if said.get("built_in"):  # the fields of the event are hidden then, and say nothing
            said |= {"event": "", "value_property": ""}
        return said


class _KpiFields(forms.Form):
    target = forms.DecimalField(
        label=_("Target"), max_digits=14, decimal_places=2, min_value=0, required=False
    )
    reason = forms.CharField(
        label=_("Why it carries the story"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What would you do differently if this figure were low?"),
    )


class MetricField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """The metrics that can be chosen; value comes first, and each says what it is."""

    def __deepcopy__(self, memo: Any) -> "MetricField":
        copy: MetricField = super().__deepcopy__(memo)
        copy.queryset = Metric.objects.current().order_by("-kind", "name")  # "value" is after "tactical"
        return copy

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.get_kind_display()})"


class KpiAdd(_KpiFields):
    metric = MetricField(
        label=_("Metric"), queryset=Metric.objects.none(), empty_label=_("Choose from the catalogue")
    )
    field_order = ["metric", "target", "reason"]


class KpiEdit(_KpiFields, VersionForm):
    pass


class KpiMove(forms.Form):
    position = forms.IntegerField(min_value=0)
