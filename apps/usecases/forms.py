from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.refusals import SeenForm
from apps.usecases.kinds import KINDS
from apps.usecases.models import Part, UseCase

Groups = list[tuple[str, list[tuple[str, str]]]]


class UseCaseForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("What is to be done, such as: Win back who has left.")
    )
    outcome = forms.CharField(
        label=_("Desired outcome, and why"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What people do then that they do not do now, and what that is worth."),
    )
    owner = forms.ModelChoiceField(label=_("Owner"), queryset=User.objects.none(), required=False)
    priority = forms.ChoiceField(
        label=_("Priority"), choices=UseCase.Priority, initial=UseCase.Priority.MEDIUM
    )
    status = forms.ChoiceField(label=_("Status"), choices=UseCase.Status, initial=UseCase.Status.IDEA)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = self.fields["owner"]
        assert isinstance(people, forms.ModelChoiceField)
        people.queryset = User.objects.filter(is_active=True).order_by("name", "email")


class UseCaseChangeForm(UseCaseForm, SeenForm):
    """The same of one that is there."""

    @staticmethod
    def initial_of(use_case: UseCase) -> dict[str, Any]:
        told = {name: getattr(use_case, name) for name in UseCaseForm.base_fields}
        return told | {"owner": use_case.owner_id, "seen_at": use_case.updated_at.isoformat()}


class PartForm(forms.Form):
    """
    What a step rests on: something that is there, told as `segment:3` or `attribute:country`; at the data
    also a system name that nobody has described yet, and at the report a page elsewhere.
    """

    step = forms.ChoiceField(choices=Part.Step, widget=forms.HiddenInput)
    thing = forms.ChoiceField(label=_("What is there"), required=False)

    def __init__(self, data: Any = None, *, step: Part.Step, groups: Groups) -> None:
        super().__init__(data, auto_id=f"{step}-%s", initial={"step": step})
        thing = self.fields["thing"]
        assert isinstance(thing, forms.ChoiceField)
        thing.choices = [("", _("Choose…")), *groups]
        thing.required = step == Part.Step.DELIVERY  # where nothing else can be said
        if step == Part.Step.DATA:
            self.fields |= {
                "kind": forms.ChoiceField(
                    label=_("Or what is not there yet"),
                    required=False,
                    choices=[
                        ("", _("Nothing")),
                        *((name, kind.label) for name, kind in KINDS.items() if kind.named_by == "key"),
                    ],
                ),
                "key": forms.CharField(
                    label=_("Its system name"),
                    max_length=128,
                    required=False,
                ),
                "enough_percent": forms.IntegerField(
                    label=_("Of an attribute, enough from (%)"),
                    min_value=1,
                    max_value=100,
                    initial=50,
                    required=False,
                ),
            }
        if step == Part.Step.REPORT:
            self.fields |= {
                "url": forms.URLField(
                    label=_("Or the address of a dashboard"),
                    max_length=500,
                    required=False,
                    assume_scheme="https",
                ),
                "key": forms.CharField(label=_("What it is called"), max_length=128, required=False),
            }

    def part(self) -> dict[str, Any]:
        """Return what `part_add` takes."""
        told = self.cleaned_data
        kind, _colon, name = told["thing"].partition(":")
        enough = {"enough_percent": told["enough_percent"]} if told.get("enough_percent") else {}
        if kind:
            by_object = KINDS[kind].named_by == "object"
            return {"kind": kind, "object_id": int(name) if by_object else None, "key": name, **enough}
        if told.get("url"):
            return {"kind": "page", "url": told["url"], "key": told["key"]}
        return {"kind": told.get("kind") or "", "key": told.get("key") or "", **enough}
