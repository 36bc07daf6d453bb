from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.campaigns import selectors
from apps.campaigns.forms.base import PersonField, VersionForm
from apps.campaigns.models import OWNED, ElementOwner


class ElementEdit(VersionForm):
    """Who answers for one element of a campaign, from marketing and from data."""

    element = forms.ChoiceField(choices=[(one.value, one.label) for one in OWNED], widget=forms.HiddenInput)
    marketing_owner = PersonField(selectors.may_work, label=_("Marketing owner"), required=False)
    data_owner = PersonField(selectors.may_work, label=_("Data owner"), required=False)

    def __init__(self, *args: Any, owner: ElementOwner, **options: Any) -> None:
        super().__init__(*args, **options)
        self.owner = owner
        for side in ("marketing_owner", "data_owner"):
            field = self.fields[side]
            assert isinstance(field, PersonField)
            field.keep(getattr(owner, f"{side}_id"))
