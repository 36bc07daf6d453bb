from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.contacts.models import System
from apps.core.refusals import SeenForm


class SystemForm(forms.Form):
    """A system as people describe it. Of one that `is_linked` nobody types when it was in step."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("What your colleagues call it. Attributes name their source system so."),
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=System.Kind)
    holds = forms.CharField(
        label=_("What it holds"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Which customer data, and about whom."),
    )
    direction = forms.ChoiceField(label=_("Direction"), choices=System.Direction)
    cadence = forms.ChoiceField(label=_("How often"), choices=System.Cadence, initial=System.Cadence.DAILY)
    identifier = forms.CharField(
        label=_("Its identifier"),
        max_length=100,
        required=False,
        help_text=_("By what it tells people apart: a namespace of identities, such as crm, or in words."),
    )
    sensitivity = forms.ChoiceField(
        label=_("Personal data"), choices=System.Sensitivity, initial=System.Sensitivity.PERSONAL
    )
    owner = forms.ModelChoiceField(label=_("Owner"), queryset=User.objects.none(), required=False)
    synced_at = forms.DateTimeField(
        label=_("Last sync"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Only until it is linked to a source, a saved mapping or a schedule, which say it then."),
    )
    ask = forms.CharField(
        label=_("Whom to ask"), max_length=200, required=False, help_text=_("A person, a team or a vendor.")
    )
    url = forms.URLField(label=_("Address"), max_length=500, required=False, assume_scheme="https")

    def __init__(self, *args: Any, is_linked: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = self.fields["owner"]
        assert isinstance(people, forms.ModelChoiceField)
        people.queryset = User.objects.filter(is_active=True).order_by("name", "email")
        if is_linked:
            del self.fields["synced_at"]

    def clean_synced_at(self) -> datetime | None:
        """Return what was typed; untouched, it keeps the seconds that the field does not show."""
        told: datetime | None = self.cleaned_data["synced_at"]
        before = self.initial.get("synced_at")
        is_same = told and before and told == before.replace(second=0, microsecond=0)
        return before if is_same else told


class SystemChangeForm(SystemForm, SeenForm):
    """The same of one that is there."""

    @staticmethod
    def initial_of(system: System) -> dict[str, Any]:
        told = {name: getattr(system, name) for name in SystemForm.base_fields}
        return told | {"owner": system.owner_id, "seen_at": system.updated_at.isoformat()}
