"""The form on which a draft's experiment is written: one page, with or without script."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.content.models import Template
from apps.messaging.models import LETTERS, VARIANTS_MOST, Experiment, Variant
from apps.messaging.services import ExperimentFields

SPARE = 2  # empty rows below those that there are
HOUR = 60


class ExperimentForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's class takes none at run time
    """
    Rows for the variants beside the control, `subject_1` and `template_1` and so on, and the rule.

    A row that is empty is none. No rows: no experiment, whatever the rule says.
    """

    sample_percent = forms.IntegerField(
        label=_("Sample, in percent"),
        initial=20,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("So many of those who get it, drawn by lot, try the variants out."),
    )
    wait_hours = forms.DecimalField(
        label=_("Wait, in hours"),
        initial=4,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.02")), MaxValueValidator(720)],
        help_text=_("From when the last of the sample has left until the winner is chosen."),
    )

    class Meta:
        model = Experiment
        fields = ["sample_percent", "metric", "confidence", "otherwise"]
        help_texts = {
            "confidence": _("The interval of its difference to every other variant must leave zero out."),
        }

    def __init__(
        self, *args: Any, variants: Sequence[Variant] = (), control_subject: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.control_subject = control_subject
        self._variants = {variant.number: variant for variant in variants}
        if self.instance.pk:
            self.fields["wait_hours"].initial = _hours(self.instance.wait_minutes)
        count = max(len(variants) - 1, 0)
        self.numbers = range(1, min(count + SPARE, VARIANTS_MOST - 1) + 1)
        for number in self.numbers:
            self._row_add(number)

    def _row_add(self, number: int) -> None:
        variant = self._variants.get(number, Variant(number=number))
        told = {"letter": LETTERS[number]}
        self.fields[f"subject_{number}"] = forms.CharField(
            label=_now("Subject of %(letter)s") % told,
            initial=variant.subject,
            required=False,
            max_length=500,
        )
        self.fields[f"template_{number}"] = forms.ModelChoiceField(
            label=_now("Template of %(letter)s") % told,
            initial=variant.template_id,
            queryset=Template.objects.filter(archived_at__isnull=True),
            required=False,
            empty_label=_("As in the message"),
        )

    @property
    def rows(self) -> list[tuple[str, Variant | None, forms.BoundField, forms.BoundField]]:
        """Return the letter of each row, its saved variant, and its two fields."""
        return [
            (LETTERS[n], self._variants.get(n), self[f"subject_{n}"], self[f"template_{n}"])
            for n in self.numbers
        ]

    def clean(self) -> dict[str, Any]:
        """Return what the service takes: `experiment`, None where no row says anything."""
        cleaned = super().clean() or {}
        written = [
            {"subject": cleaned.get(f"subject_{n}", ""), "template": cleaned.get(f"template_{n}")}
            for n in self.numbers
        ]
        rows = [row for row in written if row["subject"] or row["template"]]
        if not rows or self.errors:
            return {"experiment": None}
        minutes = (cleaned["wait_hours"] * HOUR).quantize(Decimal(1), ROUND_HALF_UP)
        experiment: ExperimentFields = {
            "sample_percent": cleaned["sample_percent"],
            "metric": cleaned["metric"],
            "wait_minutes": int(minutes),
            "confidence": cleaned["confidence"],
            "otherwise": cleaned["otherwise"],
            "variants": rows,  # type: ignore[typeddict-item]  # of a form's data
        }
        return {"experiment": experiment}

    def _post_clean(self) -> None:
        """Leave the rest to the services, which see the whole message."""


class DecideForm(forms.Form):
    """What the rest gets; empty: nothing."""

    variant = forms.TypedChoiceField(label=_("The rest gets"), coerce=int, empty_value=None, required=False)

    def __init__(self, *args: Any, variants: Sequence[Variant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(variant.number, str(variant)) for variant in variants]
        self.fields["variant"].choices = [*named, ("", _("Nothing"))]  # type: ignore[attr-defined]  # a choice's


def _hours(minutes: int) -> Decimal:
    return (Decimal(minutes) / HOUR).quantize(Decimal("0.01")).normalize()
