from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contacts.attributes import key_suggest
from apps.contacts.fieldrules import FieldRule
from apps.contacts.importkinds import (
    ATTR,
    COMPANY,
    CONTACTS,
    EVENTS,
    IDENTITY,
    MAX_PROPERTY,
    PROPERTY,
    Kind,
    kind_of,
    property_split,
)
from apps.contacts.models import Attribute, Channel, ImportFile, ImportMapping
from apps.contacts.selectors import topic_choices

NEW, OTHER = "new", IDENTITY  # what is chosen of a column for “attr:…”, not known yet, and “identity:…”
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


def _kinds() -> list[tuple[str, str]]:
    """Return what a file may be about, each with what a row of it says."""
    rows = {
        ImportFile.About.CONTACTS: _("A row is a person, known by e-mail address or another identity."),
        ImportFile.About.COMPANIES: _("A row is a company, known by its domain or another identity."),
        ImportFile.About.MEMBERS: _("A row is who belongs to which company; both are known already."),
        ImportFile.About.EVENTS: _("A row is what somebody did: who, what it is called, and when."),
    }
    label = '<span class="choice-told">{}<span class="field-help">{}</span></span>'
    return [(kind.value, format_html(label, kind.label, row)) for kind, row in rows.items()]


class UploadForm(forms.Form):
    about = forms.ChoiceField(
        label=gettext_lazy("What is in it"),
        choices=_kinds,
        initial=ImportFile.About.CONTACTS,
        widget=forms.RadioSelect,
    )
    file = forms.FileField(
        label=gettext_lazy("CSV file or Excel workbook"),
        help_text=gettext_lazy("The names of the columns stand in the first row."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,text/csv,text/plain"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["about"].required = not self.is_bound

    def clean_about(self) -> str:
        """A file that nobody has said anything about holds contacts, as most do."""
        return self.cleaned_data["about"] or ImportFile.About.CONTACTS


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
        self._kind = kind = kind_of(import_file.about)
        known = {entry.key: entry for entry in Attribute.current.of(kind.subject).written()}
        self._attributes = set(known)
        self.fields["key"] = forms.ChoiceField(
            label=_("A row is known by"),
            choices=[
                (kind.key, kind.words[kind.key]),
                (OTHER, _("Other identity")),
                *self._others(import_file),
            ],
            initial=kind.key,
            help_text=KNOWN_BY[kind.about],
        )
        if not self.has_modes:
            del self.fields["mode"]
        choices = _choices(kind, known)
        for place, column in enumerate(self._columns):
            self._column_add(place, column, choices, import_file)
        if import_file.mapping:
            self._earlier(import_file)
        for name in ("basis", "source", "wording"):
            self.fields[name].required = not self.is_bound or bool(self.data.get("agreed"))

    def _others(self, import_file: ImportFile) -> list[tuple[str, str]]:
        """Return each of several other identities, of which one has to tell who a row is about."""
        targets = list(import_file.mapping.values())
        if self.is_bound:
            targets = [
                f"{OTHER}:{self.data.get(f'namespace-{place}', '').strip()}"
                for place in range(len(self._columns))
                if self.data.get(f"target-{place}") == OTHER
            ]
        others = dict.fromkeys(target for target in targets if target and target.startswith(f"{OTHER}:"))
        named = [(one, _("Identity: %(name)s") % {"name": one.partition(":")[2]}) for one in others]
        return named if len(named) > 1 else []

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        others = [place for place in range(len(self._columns)) if told.get(f"target-{place}") == OTHER]
        if told.get("key") == OTHER and len(others) > 1:
            self.add_error("key", _("Several columns are other identities. Choose the one that tells."))
        return told

    @property
    def has_consent(self) -> bool:
        """Test if the file can say what its people agreed to."""
        return self._kind is CONTACTS

    @property
    def has_modes(self) -> bool:
        """Test if there is anything to update: what has happened stays as it was told."""
        return self._kind is not EVENTS

    def _column_add(
        self, place: int, column: dict[str, Any], choices: list[Any], import_file: ImportFile
    ) -> None:
        told = import_file.mapping.get(column["name"]) if import_file.mapping else column["target"]
        shown = self._shown(told or "", column)
        self.fields[f"target-{place}"] = forms.ChoiceField(
            label=_("What “%(column)s” is") % {"column": column["name"]},
            choices=choices,
            required=False,
            initial=shown.target,
        )
        self.fields[f"key-{place}"] = forms.CharField(
            label=_("Name of the property") if PROPERTY in self._kind.families else _("System name"),
            max_length=MAX_PROPERTY,
            required=False,
            initial=shown.key,
        )
        self.fields[f"type-{place}"] = forms.ChoiceField(
            label=_("Type"), choices=Attribute.Type, required=False, initial=shown.type
        )
        self.fields[f"namespace-{place}"] = forms.CharField(
            label=_("Name of the other system"), max_length=32, required=False, initial=shown.namespace
        )
        self.fields[f"rule-{place}"] = forms.ChoiceField(
            label=_("Of what is known"),
            choices=FieldRule,
            required=False,
            initial=import_file.rules.get(column["name"], FieldRule.ALWAYS),
        )

    def _shown(self, told: str, column: dict[str, Any]) -> "_Shown":
        """Return how the fields of a column say its target; what else might be chosen is filled in."""
        family, _colon, rest = told.partition(":")
        guessed = (column["target"] or "").removeprefix("attr:")
        shown = _Shown(told, guessed or key_suggest(column["name"]), column["type"] or Attribute.Type.TEXT)
        if family in (OTHER, COMPANY) and told not in self._kind.names:
            return _Shown(family, shown.key, shown.type, rest)
        if split := property_split(told):
            return _Shown(PROPERTY, *split)
        if PROPERTY in self._kind.families:
            return _Shown(told, column["name"][:MAX_PROPERTY], shown.type)
        if family == ATTR and rest not in self._attributes:
            key, _colon, kind = rest.partition(":")  # as it was said before a dry run
            return _Shown(NEW, key, kind or shown.type)
        return shown

    def _earlier(self, import_file: ImportFile) -> None:
        """Show what was said before the dry run."""
        self.initial.update(
            key=import_file.key if import_file.key in dict(self.fields["key"].choices) else OTHER,  # type: ignore[attr-defined]  # a choice's
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
        return [self["key"], *([self["mode"]] if self.has_modes else [])]

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
            "mode": told.get("mode", ImportFile.Mode.UPSERT),
            "rules": self._rules(mapping, key),
            "consent": {"status": "subscribed", **proof} if told["agreed"] and self.has_consent else {},
        }

    def _rules(self, mapping: dict[str, str | None], key: str) -> dict[str, str]:
        """Return the rules of what can be overwritten; elsewhere the choice is hidden, and means nothing."""
        return {
            name: rule
            for place, (name, target) in enumerate(mapping.items())
            if target and self._kind.is_written_over(target, key=key)
            if (rule := self.cleaned_data[f"rule-{place}"])
        }

    def _target(self, place: int) -> str | None:
        told = self.cleaned_data
        match told[f"target-{place}"]:
            case "new":
                return f"attr:{told[f'key-{place}']}:{told[f'type-{place}']}"
            case "identity" | "company" as family:
                return f"{family}:{told[f'namespace-{place}']}"
            case "property":
                return f"property:{told[f'key-{place}']}:{told[f'type-{place}']}"
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
    kind = kind_of(mapping.about)
    keys = [target.removeprefix("attr:") for target in mapping.mapping.values()]
    entries = Attribute.current.of(kind.subject).filter(key__in=keys)
    labels = dict(entries.values_list("key", "label"))
    told = []
    for name in mapping.columns:
        target = mapping.mapping[name]
        rule = FieldRule(mapping.rules.get(name, FieldRule.ALWAYS))
        is_written = kind.is_written_over(target, key=mapping.key)
        told.append(
            ColumnTold(name, _target_told(kind, target, labels), str(rule.label) if is_written else "")
        )
    return told


def _target_told(kind: Kind, target: str, labels: dict[str, str]) -> str:
    family, _colon, rest = target.partition(":")
    if target in kind.words:
        return str(kind.words[target])
    if split := property_split(target):
        return _("Property: %(name)s") % {"name": split[0]}
    if target == "company:domain":
        return _("The company, by its domain")
    sentence = {OTHER: _("Other identity: %(name)s"), COMPANY: _("The company, by: %(name)s")}.get(family)
    return sentence % {"name": rest} if sentence else labels.get(rest, rest)


@dataclass(frozen=True)
class _Shown:
    """What the fields of one column begin with."""

    target: str
    key: str
    type: str
    namespace: str = "crm"


KNOWN_BY = {
    ImportFile.About.CONTACTS: gettext_lazy("Who is known by this already is updated, the others are added."),
    ImportFile.About.COMPANIES: gettext_lazy(
        "What is known by this already is updated, the others are added."
    ),
    ImportFile.About.MEMBERS: gettext_lazy("Contacts and companies have to be known: none is added."),
    ImportFile.About.EVENTS: gettext_lazy("Whoever is not known by this yet is added with the first event."),
}


def _choices(kind: Kind, known: dict[str, Attribute]) -> list[Any]:
    """Return what a column may be, in groups."""
    named = list(kind.words.items())
    if COMPANY in kind.families:
        named += [("company:domain", _("Domain of the company")), (COMPANY, _("Other name of the company"))]
    choices = [("", _("Leave out")), (_("Fields"), [*named, (OTHER, _("Other identity"))])]
    if PROPERTY in kind.families:
        choices.append((_("What is told of it"), [(PROPERTY, _("Property of the event"))]))
    if ATTR in kind.families:
        choices.append((_("New in the dictionary"), [(NEW, _("New attribute"))]))
        described = [
            (f"attr:{key}", f"{entry.label} ({entry.get_type_display()})") for key, entry in known.items()
        ]
        choices.append((_("Attributes"), described))
    return choices
