"""What the templates of the builder show: each row with its fields, choices, faults and what it finds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.contacts.models import Attribute, Channel, ConsentStatus, Role
from apps.segments import registry
from apps.segments.builder.draft import Draft, fault_place
from apps.segments.builder.naming import row_places
from apps.segments.builder.rows import NAMED, where_places
from apps.segments.rules.faults import Fault
from apps.segments.rules.parsing import TEXT_PROPERTY
from apps.segments.rules.tree import Match
from apps.segments.rules.values import OPERATORS, SHAPES, Op
from apps.segments.rules.vocabulary import Term, Vocabulary
from apps.segments.thresholds import UNITS

Type = Attribute.Type
Choice = tuple[str, str | Promise]

MATCHES: list[Choice] = [
    (Match.ALL, _("all of these hold")),
    (Match.ANY, _("any of these holds")),
    (Match.NONE, _("none of these holds")),
]
KINDS: list[Choice] = [
    ("attribute", _("Attribute")),
    ("company", _("Company")),
    ("event", _("Event")),
    ("consent", _("Consent")),
    ("segment", _("Segment")),
    ("list", _("List")),
]
OPS: dict[Op, str | Promise] = {
    Op.EQ: _("is"),
    Op.NE: _("is not"),
    Op.IN: _("is one of"),
    Op.NOT_IN: _("is none of"),
    Op.GT: _("is more than"),
    Op.GTE: _("is at least"),
    Op.LT: _("is less than"),
    Op.LTE: _("is at most"),
    Op.BETWEEN: _("is between"),
    Op.CONTAINS: _("contains"),
    Op.STARTS_WITH: _("starts with"),
    Op.ENDS_WITH: _("ends with"),
    Op.EXISTS: _("is known"),
    Op.MISSING: _("is not known"),
    Op.BEFORE: _("is before"),
    Op.AFTER: _("is after"),
    Op.WITHIN_LAST: _("is within the last"),
    Op.WITHIN_NEXT: _("is within the next"),
    Op.OLDER_THAN: _("is longer ago than"),
}
LIST_OPS = {Op.CONTAINS: _("has"), Op.IN: _("has one of"), Op.NOT_IN: _("has none of")}
TIME_OPS = {
    Op.GTE: _("is on or after"),
    Op.LTE: _("is on or before"),
    Op.EQ: _("is on"),
    Op.NE: _("is not on"),
}
TIMES = (Type.DATE, Type.DATETIME)
COUNTS: list[Choice] = [
    ("", _("at least once")),
    (Op.GTE, _("at least")),
    (Op.EQ, _("exactly")),
    (Op.LTE, _("at most")),
    (Op.GT, _("more than")),
    (Op.LT, _("fewer than")),
]
PERIODS: list[Choice] = [("ever", _("at any time")), ("within", _("in the last")), ("between", _("between"))]
PERIOD_UNITS: list[Choice] = list(UNITS.items())
PROPERTY_TYPES: list[Choice] = [
    (Type.TEXT, _("text")),
    (Type.NUMBER, _("number")),
    (Type.BOOLEAN, _("yes or no")),
    (Type.DATE, _("date")),
]
# What the schema of an event says of a property, or else how JSON has brought it.
PROPERTY_TYPES_OF = {
    "number": Type.NUMBER,
    "integer": Type.NUMBER,
    "boolean": Type.BOOLEAN,
    "date": Type.DATE,
    "datetime": Type.DATE,
}
NAMES: dict[str, str | Promise] = {
    "within": _("Name of the period as a threshold"),
    "value": _("Name of the value as a threshold"),
    "count": _("Name of the number of times as a threshold"),
}
STATUSES: list[Choice] = [*ConsentStatus.choices, ("none", _("Nothing on record"))]
INPUTS = {Type.NUMBER: "number", Type.MONEY: "number", Type.DATE: "date", Type.DATETIME: "date"}


@dataclass(frozen=True)
class Comparison:
    """Operator and value of a row, or of one condition on a property. `prefix` begins their field names."""

    prefix: str
    texts: Mapping[str, str]
    ops: Sequence[Choice]
    op: str
    shape: str  # "one" "many" "pair" "duration" "none"
    input: str  # of one value: "text" "number" "date" "boolean"
    suggestions: Sequence[str] = ()


@dataclass(frozen=True)
class Naming:
    """The field with which a number of the row is named as a threshold."""

    field: str
    label: str | Promise
    name: str


@dataclass(frozen=True)
class Known:
    """What is offered besides the dictionary: names of events, their properties, values seen."""

    events: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    inputs: Mapping[str, Sequence[registry.Input]] = field(default_factory=dict)  # by the path of the row


def registered_inputs(draft: Draft) -> dict[str, Sequence[registry.Input]]:
    """Return the fields of the rows that other apps know, by path; each kind is asked once."""
    found: dict[str, Sequence[registry.Input]] = {}
    for kind in registry.kinds:
        rows = [node for node in draft.walk() if node.kind == kind.key]
        if rows:
            asked = kind.inputs([node.values for node in rows])
            found.update(zip((node.path for node in rows), asked, strict=True))
    return found


@dataclass
class NodePage:
    """One group or row as it is shown. `id` is its path as an id of HTML."""

    draft: Draft
    is_first: bool
    is_last: bool
    children: list["NodePage"]
    faults: list[str]
    comparison: Comparison | None = None
    where: Sequence[Comparison] = ()
    properties: Sequence[str] = ()
    inputs: Sequence[tuple[registry.Input, str]] = ()
    names: Sequence[Naming] = ()

    @property
    def path(self) -> str:
        return self.draft.path

    @property
    def id(self) -> str:
        return self.draft.path.replace(".", "-")

    @property
    def texts(self) -> Mapping[str, str]:
        return self.draft.values

    @property
    def depth(self) -> int:
        return self.draft.path.count(".")


@dataclass(frozen=True)
class BuilderPage:
    """The whole form: the tree, and the choices that its rows share."""

    root: NodePage
    words: Vocabulary
    events: Sequence[tuple[str, str]]  # name, business name or ''
    kinds: Sequence[Choice]
    focus: str = ""
    matches = MATCHES
    counts = COUNTS
    periods = PERIODS
    units = PERIOD_UNITS
    property_types = PROPERTY_TYPES
    channels = Channel.choices
    statuses = STATUSES
    roles = Role.choices

    @property
    def attributes(self) -> list[Term]:
        """What may be targeted, by label."""
        terms = [term for term in self.words.attributes.values() if term.is_for_targeting]
        return sorted(terms, key=lambda term: str(term.label).casefold())

    @property
    def company_attributes(self) -> list[Term]:
        """What may be targeted of companies, by label."""
        terms = [term for term in self.words.companies.values() if term.is_for_targeting]
        return sorted(terms, key=lambda term: str(term.label).casefold())

    @property
    def segments(self) -> list[tuple[str, str]]:
        """What may be chosen, and what a row has chosen that no longer may."""
        chosen = {node.values.get("id") for node in self.root.draft.walk() if node.kind == "segment"}
        names = (
            (str(pk), term.name)
            for pk, term in self.words.segments.items()
            if not term.is_archived or str(pk) in chosen
        )
        return sorted(names, key=lambda pair: pair[1].casefold())

    @property
    def topics(self) -> list[tuple[str, str]]:
        return list(self.words.topics.items())

    @property
    def lists(self) -> list[tuple[str, str]]:
        return sorted(((str(pk), name) for pk, name in self.words.lists.items()), key=lambda pair: pair[1])


def builder_page(
    draft: Draft,
    words: Vocabulary,
    known: Known,
    *,
    faults: Iterable[Fault] = (),
    focus: str = "",
    named_in: object = None,
) -> BuilderPage:
    """
    Return what the templates show. `focus` is the id of what is used next.

    `named_in`: the rule as JSON, where its numbers can be named as thresholds.
    """
    places = row_places(draft, named_in)
    told: dict[str, list[str]] = {}
    for fault in faults:
        told.setdefault(fault_place(fault.path)[0], []).append(fault.message)
    kinds = [*KINDS, *((kind.key, kind.label) for kind in registry.kinds)]

    def page(node: Draft, *, is_first: bool = True, is_last: bool = True) -> NodePage:
        last, is_top = len(node.children) - 1, node is draft
        shown = NodePage(
            draft=node,
            is_first=is_first,
            is_last=is_last,
            children=[
                # At the edge of a group within another, a step leads out of it.
                page(child, is_first=is_top and place == 0, is_last=is_top and place == last)
                for place, child in enumerate(node.children)
            ],
            faults=told.get(node.path, []),
            names=[
                Naming(NAMED + place, NAMES[place], node.values.get(NAMED + place, ""))
                for place in places.get(node.path, ())
            ],
        )
        _fill(shown, words, known)
        return shown

    events = [(name, words.events.get(name, "")) for name in sorted(known.events)]
    return BuilderPage(page(draft), words, events, kinds, focus)


def _fill(shown: NodePage, words: Vocabulary, known: Known) -> None:
    """Add what the kind of the row needs."""
    node = shown.draft
    match node.kind:
        case "attribute":
            term = words.attributes.get(node.values.get("key", ""))
            if term:
                seen = term.choices or known.values.get(term.key, ())
                shown.comparison = _comparison("", node.values, term.type, suggestions=seen)
        case "company":
            term = words.companies.get(node.values.get("key", ""))
            if term:
                shown.comparison = _comparison("", node.values, term.type, suggestions=term.choices)
        case "event":
            shown.properties = sorted(known.events.get(node.values.get("name", ""), {}))
            shown.where = [
                _property(node.values, place, known.events.get(node.values.get("name", ""), {}))
                for place in where_places(node.values)
            ]
        case _:
            inputs = known.inputs.get(node.path, ())
            shown.inputs = [(one, node.values.get(one.name, "")) for one in inputs]


def _property(texts: Mapping[str, str], place: int, types: Mapping[str, str]) -> Comparison:
    prefix = f"where-{place}-"
    own = {name.removeprefix(prefix): text for name, text in texts.items() if name.startswith(prefix)}
    own.setdefault("type", PROPERTY_TYPES_OF.get(types.get(own.get("property", ""), ""), Type.TEXT))
    kind = Type(own["type"]) if own["type"] in Type.values else Type.TEXT
    return _comparison(prefix, own, kind, is_property=True)


def _comparison(
    prefix: str,
    texts: Mapping[str, str],
    kind: Type,
    *,
    suggestions: Sequence[str] = (),
    is_property: bool = False,
) -> Comparison:
    ops = _ops(kind, is_property=is_property)
    op = texts.get("op", "")
    if op not in [value for value, _label in ops]:
        # Kept if it goes with the type at all, such as "gt" of a date, which is offered as "after".
        is_odd = op in OPERATORS[kind] and bool(op)
        ops, op = ([(op, OPS[Op(op)]), *ops], op) if is_odd else (ops, ops[0][0])
    return Comparison(
        prefix=prefix,
        texts=texts,
        ops=ops,
        op=op,
        shape=SHAPES[Op(op)],
        input="boolean" if kind == Type.BOOLEAN else INPUTS.get(kind, "text"),
        suggestions=suggestions,
    )


def _ops(kind: Type, *, is_property: bool) -> list[Choice]:
    """Return the operators of a type in the order offered; of two that mean the same only one."""
    ops = OPERATORS[kind]
    if is_property and kind in TIMES:
        ops = tuple(op for op in TEXT_PROPERTY if op in ops and op not in OPERATORS[Type.TEXT])
    labels = OPS | (LIST_OPS if kind == Type.LIST else {}) | (TIME_OPS if kind in TIMES else {})
    offered = [op for op in ops if not (kind in TIMES and op in (Op.GT, Op.LT))]
    return [(str(op), labels[op]) for op in offered]
