from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contacts.attributes import key_suggest
from apps.contacts.fieldrules import FieldRule
from apps.contacts.models import Attribute, Channel, ImportFile, ImportMapping
from apps.contacts.selectors import topic_choices

NEW, OTHER = "new", "identity"
PROOF = ("topic", "basis", "source", "wording")
DELIMITERS = [
    (",", gettext_lazy("Comma")),
    (";", gettext_lazy("Semicolon")),
    ("\t", gettext_lazy("Tab")),
    ("|", gettext_lazy("Vertical bar")),
]
ENCODINGS = [
    ("utf-8", gettext_lazy("UTF-8")),
    ("cp1252", gettext_lazy("Windows (western European)")),
    ("utf-16-le", gettext_lazy("UTF-16")),
    ("utf-16-be", gettext_lazy("UTF-16, big end first")),
]


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV file or Excel workbook"),
        help_text=gettext_lazy("One person a row, with the names of the columns in the first row."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,text/csv,text/plain"}),
    )


class SheetForm(forms.Form):
    """Which sheet of a workbook is to be read."""

    def __init__(self, *args: Any, import_file: ImportFile, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = import_file.sheets
        self.fields["sheet"] = forms.ChoiceField(
            label=_("Sheet"),
            choices=[(name, name) for name in names],
            initial=names[0] if names else None,
            widget=forms.RadioSelect,
        )


class ReadForm(forms.Form):
    encoding = forms.ChoiceField(label=gettext_lazy("Encoding"), choices=ENCODINGS)
    delimiter = forms.ChoiceField(label=gettext_lazy("Cells are separated by"), choices=DELIMITERS)


@dataclass(frozen=True)
class ColumnRow:
    """One column of the file with the fields that say what it means."""

    name: str
    samples: list[str]
    target: BoundField
    key: BoundField
    type: BoundField
    namespace: BoundField
    rule: BoundField


class ColumnsForm(forms.Form):
    """What the columns mean, who a row is about, and what holds for the whole file."""

    use_required_attribute = False  # the browser would ask for the proof of an agreement that nobody claims

    key = forms.ChoiceField(
        label=gettext_lazy("A row is known by"),
        choices=[("email", gettext_lazy("its e-mail address")), (OTHER, gettext_lazy("the other identity"))],
        initial="email",
        help_text=gettext_lazy("Who is known by this already is updated, the others are added."),
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("What to do"), choices=ImportFile.Mode, initial=ImportFile.Mode.UPSERT
    )
    agreed = forms.BooleanField(
        label=gettext_lazy("Everyone in this file agreed to be sent e-mail"),
        required=False,
        help_text=gettext_lazy("Nobody who unsubscribed is subscribed again."),
    )
    topic = forms.ChoiceField(
        label=gettext_lazy("Topic"),
        required=False,
        choices=lambda: topic_choices(Channel.EMAIL, whole=gettext_lazy("E-mail as a whole")),
    )
    basis = forms.CharField(
        label=gettext_lazy("On what basis"),
        max_length=64,
        required=False,
        help_text=gettext_lazy("Such as: sign-up form, contract, fair."),
    )
    source = forms.CharField(label=gettext_lazy("Where they agreed"), max_length=200, required=False)
    wording = forms.CharField(
        label=gettext_lazy("What they agreed to, word for word"),
        max_length=5_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, import_file: ImportFile, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._columns = import_file.columns
        known = {entry.key: entry for entry in Attribute.objects.written()}
        self._attributes = set(known)
        choices = _choices(known)
        for place, column in enumerate(self._columns):
            self._column_add(place, column, choices, import_file)
        if import_file.mapping:
            self._earlier(import_file)
        for name in ("basis", "source", "wording"):
            self.fields[name].required = not self.is_bound or bool(self.data.get("agreed"))

    def _column_add(
        self, place: int, column: dict[str, Any], choices: list[Any], import_file: ImportFile
    ) -> None:
        target, kind = column["target"] or "", column["type"] or Attribute.Type.TEXT
        chosen = import_file.mapping.get(column["name"]) if import_file.mapping else target
        if chosen and chosen.startswith("identity:"):
            target = OTHER
        elif chosen and chosen.startswith("attr:") and chosen.removeprefix("attr:") not in self._attributes:
            target = NEW
        else:
            target = chosen or ""
        suggested = (column["target"] or "").removeprefix("attr:") or key_suggest(column["name"])
        if target == NEW and chosen:  # as it was said before a dry run
            suggested, _colon, told = chosen.removeprefix("attr:").partition(":")
            kind = told or kind
        named = chosen if chosen and chosen.startswith("identity:") else "identity:crm"
        namespace = named.removeprefix("identity:")
        self.fields[f"target-{place}"] = forms.ChoiceField(
            label=_("What “%(column)s” is") % {"column": column["name"]},
            choices=choices,
            required=False,
            initial=target,
        )
        self.fields[f"key-{place}"] = forms.CharField(
            label=_("System name"), max_length=63, required=False, initial=suggested
        )
        self.fields[f"type-{place}"] = forms.ChoiceField(
            label=_("Type"), choices=Attribute.Type, required=False, initial=kind
        )
        self.fields[f"namespace-{place}"] = forms.CharField(
            label=_("Name of the other system"), max_length=32, required=False, initial=namespace
        )
        self.fields[f"rule-{place}"] = forms.ChoiceField(
            label=_("Of known contacts"),
            choices=FieldRule,
            required=False,
            initial=import_file.rules.get(column["name"], FieldRule.ALWAYS),
        )

    def _earlier(self, import_file: ImportFile) -> None:
        """Show what was said before the dry run."""
        self.initial.update(
            key="email" if import_file.key == "email" else OTHER,
            mode=import_file.mode,
            agreed=bool(import_file.consent),
            **{name: import_file.consent.get(name, "") for name in PROOF},
        )

    @property
    def columns(self) -> list[ColumnRow]:
        return [
            ColumnRow(
                name=column["name"],
                samples=column["samples"],
                target=self[f"target-{place}"],
                key=self[f"key-{place}"],
                type=self[f"type-{place}"],
                namespace=self[f"namespace-{place}"],
                rule=self[f"rule-{place}"],
            )
            for place, column in enumerate(self._columns)
        ]

    @property
    def options(self) -> list[BoundField]:
        return [self["key"], self["mode"]]

    @property
    def proof(self) -> list[BoundField]:
        return [self[name] for name in ("basis", "source", "topic")]

    def terms(self) -> dict[str, Any]:
        """Return what `services.import_start` takes, of a form that is valid."""
        told = self.cleaned_data
        mapping = {column["name"]: self._target(place) for place, column in enumerate(self._columns)}
        others = [target for target in mapping.values() if target and target.startswith("identity:")]
        proof = {name: told[name] for name in PROOF}
        key = others[0] if told["key"] == OTHER and others else told["key"]
        return {
            "mapping": mapping,
            "key": key,
            "mode": told["mode"],
            "rules": self._rules(mapping, key),
            "consent": {"status": "subscribed", **proof} if told["agreed"] else {},
        }

    def _rules(self, mapping: dict[str, str | None], key: str) -> dict[str, str]:
        """Return the rules of what can be overwritten; elsewhere the choice is hidden, and means nothing."""
        return {
            name: rule
            for place, (name, target) in enumerate(mapping.items())
            if target and target != key and not target.startswith("identity:")
            if (rule := self.cleaned_data[f"rule-{place}"])
        }

    def _target(self, place: int) -> str | None:
        told = self.cleaned_data
        match told[f"target-{place}"]:
            case "new":
                return f"attr:{told[f'key-{place}']}:{told[f'type-{place}']}"
            case "identity":
                return f"identity:{told[f'namespace-{place}']}"
            case target:
                return target or None


class MappingNameForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy("Such as: export of the shop."),
    )


@dataclass(frozen=True)
class ColumnTold:
    """What a saved mapping says of one column, in words."""

    name: str
    target: str
    rule: str


def mapping_told(mapping: ImportMapping) -> list[ColumnTold]:
    """Return what a saved mapping says, column by column."""
    words = {"email": _("E-mail address"), "phone": _("Telephone")}
    of_system = _("Other identity: %(name)s")
    keys = [target.removeprefix("attr:") for target in mapping.mapping.values()]
    labels = dict(Attribute.objects.filter(key__in=keys).values_list("key", "label"))
    told = []
    for name in mapping.columns:
        target = mapping.mapping[name]
        kind, _colon, rest = target.partition(":")
        rule = FieldRule(mapping.rules.get(name, FieldRule.ALWAYS))
        told.append(
            ColumnTold(
                name=name,
                target=of_system % {"name": rest}
                if kind == "identity"
                else words.get(kind) or labels.get(rest, rest),
                rule="" if target == mapping.key or kind == "identity" else str(rule.label),
            )
        )
    return told


def _choices(known: dict[str, Attribute]) -> list[Any]:
    return [
        ("", _("Leave out")),
        (
            _("Who it is"),
            [("email", _("E-mail address")), ("phone", _("Telephone")), (OTHER, _("Other identity"))],
        ),
        (_("New in the dictionary"), [(NEW, _("New attribute"))]),
        (
            _("Attributes"),
            [(f"attr:{key}", f"{entry.label} ({entry.get_type_display()})") for key, entry in known.items()],
        ),
    ]
