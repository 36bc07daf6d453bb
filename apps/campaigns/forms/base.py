"""What all forms of this app share: the version that was looked at, and refusals beside their fields."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, TypeVar
from uuid import uuid4

from django import forms
from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.campaigns.errors import ChangedMeanwhile
from apps.core.errors import DomainError
from apps.core.refusals import KeptInput, refuse

T = TypeVar("T")


def day_field(*, label: Any, required: bool = False, help_text: Any = "") -> forms.DateField:
    """Return a field for a day; the browser's own calendar picks it."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, help_text=help_text, widget=widget)


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """One of the people who may be named; others can only be posted by hand, and are refused."""

    def __init__(self, people: Callable[[], "models.QuerySet[User]"], **options: Any) -> None:
        options.setdefault("empty_label", _("Nobody"))
        super().__init__(queryset=User.objects.none(), **options)
        self.people = people

    def __deepcopy__(self, memo: Any) -> "PersonField":
        copy: PersonField = super().__deepcopy__(memo)
        copy.queryset = self.people()  # asked for each form, not once at import
        return copy

    def keep(self, pk: int | None) -> None:
        """Offer the one who is named now too: who has left stays named until somebody names another."""
        if pk is not None:
            self.queryset = self.people() | User.objects.filter(pk=pk)


def people_share(*shown: forms.Form, field: str) -> None:
    """Let several forms of one page offer the same people by one query."""
    fields: list[Any] = [form.fields[field] for form in shown]
    choices = list(iter(fields[0].choices))  # `list` alone would count them first
    for each in fields:
        each.choices = choices


def offer(form: forms.Form, field: str, things: "Iterable[models.Model]") -> None:
    """Let a field offer what the page has read already; what is sent is still looked up anew."""
    chosen: Any = form.fields[field]
    empty = [] if chosen.empty_label is None else [("", chosen.empty_label)]
    chosen.choices = [*empty, *((thing.pk, chosen.label_from_instance(thing)) for thing in things)]


class VersionForm(forms.Form):
    """
    A form that edits something. It carries the version it was made from.

    Bound to what a service does by `attempt`, it shows what somebody else changed meanwhile, keeps what was
    typed, and overwrites only when it is sent again.
    """

    version = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1, widget=KeptInput)

    def renew(self, change: ChangedMeanwhile) -> None:
        """Let the next sending overwrite what somebody else has changed: the person has been told."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data[self.add_prefix("version")] = str(change.version)
        self.data = data

    @property
    def seen(self) -> int | None:
        seen: int | None = self.cleaned_data.get("version")
        return seen

    @property
    def fields_cleaned(self) -> dict[str, Any]:
        """What was filled in, without the version."""
        return {name: value for name, value in self.cleaned_data.items() if name not in {"version", "key"}}


class KeyForm(forms.Form):
    """A form that makes something. Its key, drawn when it is shown, makes it work only once."""

    key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        options["initial"] = {"key": uuid4(), **options.get("initial", {})}
        super().__init__(*args, **options)

    @property
    def fields_cleaned(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "key"}


def initial_of(row: models.Model, names: Iterable[str]) -> dict[str, Any]:
    """Return what a row says, for the form that edits it, with its version."""
    return {name: _plain(getattr(row, name)) for name in [*names, "version"]}


def _plain(value: Any) -> Any:
    """Leave out the decimals of a whole amount: a target of 500 reads 500, not 500.00."""
    return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value


def attempt(form: forms.Form, act: Callable[[], T]) -> T | None:
    """Do what the form asks for; a refusal goes to its field, and None comes back."""
    try:
        return act()
    except ChangedMeanwhile as change:
        for name, sentence in change.theirs.items():
            form.add_error(name if name in form.fields else None, sentence)
        if isinstance(form, VersionForm):
            form.renew(change)
    except DomainError as refusal:
        refuse(form, refusal)
    return None
