from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

ACCEPT = ".csv,.xlsx,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class BudgetFile(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("The spreadsheet that you downloaded here and changed, as .xlsx or .csv."),
        error_messages={"empty": _("This file is empty.")},
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
    )


class BudgetApply(forms.Form):
    """Confirms a report. `take` are the lines, changed meanwhile, that become what the file says."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)
    take = forms.TypedMultipleChoiceField(coerce=int, required=False)

    def __init__(self, *args: Any, conflicts: list[int], **options: Any) -> None:
        super().__init__(*args, **options)
        take = self.fields["take"]
        assert isinstance(take, forms.TypedMultipleChoiceField)
        take.choices = [(pk, pk) for pk in conflicts]
