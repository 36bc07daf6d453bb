"""From the published JSON to a tree."""

from collections.abc import Callable, Iterator, Mapping

from django.utils.translation import gettext as _

from apps.contacts.models import Channel, ConsentStatus, Role
from apps.segments import registry
from apps.segments.rules import values
from apps.segments.rules.faults import RuleInvalid
from apps.segments.rules.names import leads_back
from apps.segments.rules.reader import Json, Parse, Reader, join, one_of
from apps.segments.rules.tree import (
    AttributeIs,
    CompanyIs,
    ConsentIs,
    EventDid,
    Group,
    InSegment,
    Match,
    Node,
    OnList,
    PropertyIs,
    Registered,
    Value,
)
from apps.segments.rules.values import OPERATORS, SHAPES, Moment, Op, Scalar, Shape, Type
from apps.segments.rules.vocabulary import Term, Vocabulary

MAX_DEPTH = 8
MAX_CONDITIONS = 100  # of one rule
MAX_EXPANDED = 500  # with those of the segments that it refers to
MAX_COUNT = 1_000_000
MAX_EVENT_NAME = 128
CONSENT_STATUSES = (*(str(status) for status in ConsentStatus), "none")
ROLES = tuple(str(role) for role in Role)
COUNT_OPS = (Op.GTE, Op.GT, Op.LTE, Op.LT, Op.EQ)
# What a text value of an event's property may be asked: text, or a moment written as text.
TEXT_PROPERTY = (
    *OPERATORS[Type.TEXT],
    *(op for op in OPERATORS[Type.DATETIME] if op not in OPERATORS[Type.TEXT]),
)


def rule_parse(
    raw: object,
    vocabulary: Vocabulary,
    *,
    segment: int | None = None,
    definition: str = "",
    is_new: bool = False,
) -> Node:
    """
    Return the tree of a rule. `segment` is the one whose rule this is, or `definition` the attribute that it
    computes: it must not refer back to it.

    `is_new`: somebody is writing it just now, so it names no archived segment. One that was written before
    keeps its meaning.

    :raises RuleInvalid: with every fault and its path
    """
    parser = _Parser(vocabulary, segment, definition, is_new=is_new)
    node = parser.node(raw, path="", depth=1)
    if parser.faults:
        raise RuleInvalid(parser.faults)
    assert node is not None, "what is refused leaves a fault"
    return node


class _Parser(Reader):
    def __init__(self, vocabulary: Vocabulary, segment: int | None, definition: str, *, is_new: bool) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.definition = definition
        self.is_new = is_new
        self.chain = [segment]  # the segments that we are inside of
        self.own = self.expanded = 0
        self.conditions: dict[str, Callable[[Json, str], Node | None]] = {
            "attribute": self._attribute,
            "company": self._company,
            "event": self._event,
            "segment": self._segment,
            "list": self._list,
            "consent": self._consent,
        }

    def node(self, raw: object, *, path: str, depth: int) -> Node | None:
        if not isinstance(raw, dict):
            return self.fault(path, _("This has to be a group or a condition in braces."))
        if depth > MAX_DEPTH:
            return self.fault(path, _("Groups may be nested %(n)s deep.") % {"n": MAX_DEPTH})
        for match in Match:
            if match in raw:
                return self._group(raw, match, path=path, depth=depth)
        return self._condition(raw, path) if self._has_room(path) else None

    def _group(self, raw: Json, match: Match, *, path: str, depth: int) -> Node | None:
        self.only(raw, [match], path)
        inner = join(path, match)
        rules = raw[match]
        if not isinstance(rules, list):
            return self.fault(inner, _("This has to be a list of conditions."))
        if not rules and (path or match != Match.ALL):
            return self.fault(inner, _("This group is empty: add a condition or remove it."))
        if len(rules) > MAX_CONDITIONS:
            return self.fault(inner, _("A rule may have at most %(n)s conditions.") % {"n": MAX_CONDITIONS})
        found = [
            self.node(rule, path=f"{inner}[{place}]", depth=depth + 1) for place, rule in enumerate(rules)
        ]
        return Group(match, tuple(node for node in found if node is not None), path)

    def _has_room(self, path: str) -> bool:
        """Count a condition; the first one too many leaves a fault, the others only cost."""
        self.expanded += 1
        self.own += len(self.chain) == 1
        for seen, limit in ((self.own, MAX_CONDITIONS), (self.expanded, MAX_EXPANDED)):
            if seen == limit + 1:
                self.fault(path, _("A rule may have at most %(n)s conditions.") % {"n": limit})
        return self.own <= MAX_CONDITIONS and self.expanded <= MAX_EXPANDED

    def _condition(self, raw: Json, path: str) -> Node | None:
        for key, parse in self.conditions.items():
            if key in raw:
                return parse(raw, path)
        for kind in registry.kinds:
            if kind.key in raw:
                return self._registered(kind, raw, path)
        if not raw:
            return self.fault(path, _("This condition is empty."))
        known = ", ".join([*Match, *self.conditions, *(kind.key for kind in registry.kinds)])
        key = next(iter(raw))[:50]
        unknown = _("“%(key)s” is not a kind of condition. Known are: %(known)s.")
        return self.fault(join(path, key), unknown % {"key": key, "known": known})

    def _attribute(self, raw: Json, path: str) -> Node | None:
        self.only(raw, ["attribute", "op", "value"], path)
        compared = self._compared(raw, "attribute", self.vocabulary.attributes, path)
        if compared is None:
            return None
        if compared[0].rules and self._leads_back(compared[0].key):
            cycle = _("“%(name)s” is computed from what this rule is for, directly or through others.")
            return self.fault(join(path, "attribute"), cycle % {"name": compared[0].label})
        return AttributeIs(*compared, path)

    def _leads_back(self, key: str) -> bool:
        inside = [pk for pk in self.chain if pk is not None]
        if not inside and not self.definition:
            return False
        return key == self.definition or leads_back(
            key, self.vocabulary, segments=inside, definition=self.definition
        )

    def _compared(
        self, raw: Json, subject: str, terms: Mapping[str, Term], path: str
    ) -> tuple[Term, Op, Value] | None:
        """Read a comparison of one of these attributes, named by `subject`."""
        key = raw[subject]
        term = terms.get(key) if isinstance(key, str) else None
        if term is None:
            unknown = _("There is no attribute “%(key)s” in the dictionary.")
            return self.fault(join(path, subject), unknown % {"key": str(key)[:63]})
        if not term.is_for_targeting:
            refusal = _("“%(label)s” may not be used for targeting.")
            self.fault(join(path, subject), refusal % {"label": term.label})
        op = self.op(raw, OPERATORS[term.type], path, label=term.label)
        if op is None:
            return None
        duration = values.days_parse if term.type == Type.DATE else values.duration_parse
        return term, op, self.op_value(raw, op, values.SCALARS[term.type], duration, path)

    def _company(self, raw: Json, path: str) -> Node | None:
        self.only(raw, ["company", "op", "value", "role", "member"], path)
        role = self.optional(raw, "role", one_of(ROLES), path, "")
        member = self.optional(raw, "member", values.boolean_parse, path, True)
        compared = self._compared(raw, "company", self.vocabulary.companies, path)
        if compared is None or role is None or member is None:
            return None
        term, op, value = compared
        return CompanyIs(term, op, value, role, member, path)

    def _event(self, raw: Json, path: str) -> Node | None:
        self.only(raw, ["event", "did", "count", "within", "between", "where"], path)
        name = self.required(raw, "event", _event_name, path)
        did = self.optional(raw, "did", values.boolean_parse, path, True)
        within = self.optional(raw, "within", values.duration_parse, path, None)
        if "within" in raw and "between" in raw:
            self.fault(join(path, "between"), _("Give “within” or “between”, not both."))
        between, count, where = self._period(raw, path), self._count(raw, path), self._where(raw, path)
        if name is None or did is None:
            return None
        label = self.vocabulary.events.get(name, "")
        return EventDid(name, did, count, within, between, where, label, path)

    def _period(self, raw: Json, path: str) -> tuple[Moment, Moment] | None:
        if "between" not in raw:
            return None
        here = join(path, "between")
        pair = self.pair(raw["between"], values.moment_parse, here)
        if pair and values.day_start(pair[0]) == values.day_start(pair[1]):
            self.fault(here, _("This period is empty: it ends just before the second moment."))
        return pair

    def _count(self, raw: Json, path: str) -> tuple[tuple[Op, int], ...]:
        if "count" not in raw:
            return ()
        here = join(path, "count")
        count = raw["count"]
        if not isinstance(count, dict) or not count:
            return self.fault(here, _('This has to be an object such as {"gte": 2}.')) or ()
        self.only(count, COUNT_OPS, here)
        bounds = [(op, self.required(count, op, _times, here)) for op in COUNT_OPS if op in count]
        found = tuple((op, times) for op, times in bounds if times is not None)
        if not any(all(_holds(n, op, times) for op, times in found) for n in _telling(found)):
            self.fault(here, _("No number of times is all of this; “never” is written with “did”: false."))
        return found

    def _where(self, raw: Json, path: str) -> tuple[PropertyIs, ...]:
        here = join(path, "where")
        where = raw.get("where", [])
        if not isinstance(where, list) or len(where) > MAX_CONDITIONS:
            return self.fault(here, _("This has to be a list of conditions on properties.")) or ()
        found = [self._property(one, f"{here}[{place}]") for place, one in enumerate(where)]
        return tuple(one for one in found if one is not None)

    def _property(self, raw: object, path: str) -> PropertyIs | None:
        if not isinstance(raw, dict):
            return self.fault(path, _("This has to be a condition in braces."))
        self.only(raw, ["property", "op", "value"], path)
        name = self.required(raw, "property", values.text_parse, path)
        if name is None:
            return None
        kind = _type_of(raw.get("value"))
        allowed = {None: tuple(Op), Type.TEXT: TEXT_PROPERTY}.get(kind) or OPERATORS[kind or Type.TEXT]
        op = self.op(raw, allowed, path, label=name)
        if op is None:
            return None
        scalar = _property_scalar(op, kind)
        return PropertyIs(name, op, self.op_value(raw, op, scalar, values.duration_parse, path))

    def _segment(self, raw: Json, path: str) -> Node | None:
        self.only(raw, ["segment", "member"], path)
        member = self.optional(raw, "member", values.boolean_parse, path, True)
        pk, here = _id(raw["segment"]), join(path, "segment")
        term = self.vocabulary.segments.get(pk)
        if term is None:
            return self.fault(here, _("There is no segment with this id."))
        if term.is_archived and self.is_new and len(self.chain) == 1:
            archived = _("“%(name)s” is archived. Restore it first, or take another one.")
            return self.fault(here, archived % {"name": term.name})
        if pk in self.chain:
            cycle = _("“%(name)s” refers back to this segment, directly or through others.")
            return self.fault(here, cycle % {"name": term.name})
        rule = self._rule_of_another(pk, term.rule)
        if rule is None:
            broken = _("The rule of “%(name)s” cannot be used here: it is not valid, or it refers back.")
            return self.fault(here, broken % {"name": term.name})
        return None if member is None else InSegment(pk, term.name, rule, member, path)

    def _rule_of_another(self, pk: int, raw: object) -> Node | None:
        """Parse the rule of another segment; what is wrong there is told where it is referred to."""
        ours, self.faults = self.faults, []
        self.chain.append(pk)
        rule = self.node(raw, path="", depth=1)
        self.chain.pop()
        theirs, self.faults = self.faults, ours
        return None if theirs else rule

    def _list(self, raw: Json, path: str) -> Node | None:
        self.only(raw, ["list", "member"], path)
        member = self.optional(raw, "member", values.boolean_parse, path, True)
        pk = _id(raw["list"])
        name = self.vocabulary.lists.get(pk)
        if name is None:
            return self.fault(join(path, "list"), _("There is no list with this id."))
        return None if member is None else OnList(pk, name, member, path)

    def _consent(self, raw: Json, path: str) -> Node | None:
        self.only(raw, ["consent", "status"], path)
        status = self.required(raw, "status", one_of(CONSENT_STATUSES), path)
        consent, inner = raw["consent"], join(path, "consent")
        if not isinstance(consent, dict):
            return self.fault(inner, _('This has to be an object such as {"channel": "email"}.'))
        self.only(consent, ["channel", "topic"], inner)
        channel = self.required(consent, "channel", one_of([str(channel) for channel in Channel]), inner)
        topic = self.optional(consent, "topic", values.text_parse, inner, "")
        if topic and topic not in self.vocabulary.topics:
            unknown = _("There is no topic “%(topic)s”.")
            return self.fault(join(inner, "topic"), unknown % {"topic": topic[:64]})
        if status is None or channel is None or topic is None:
            return None
        return ConsentIs(Channel(channel), topic, status, self.vocabulary.topics.get(topic, ""), path)

    def _registered(self, kind: registry.ConditionKind, raw: Json, path: str) -> Node | None:
        self.only(raw, kind.fields, path)
        try:
            return Registered(kind.key, kind.parse(raw), path)
        except registry.ConditionFault as fault:
            return self.fault(join(path, fault.field) if fault.field else path, fault.message)


def _id(raw: object) -> int:
    return raw if isinstance(raw, int) and not isinstance(raw, bool) else -1


def _event_name(raw: object) -> str:
    name = values.text_parse(raw)
    if len(name) > MAX_EVENT_NAME:
        raise values.Unfit(_("A name of at most %(n)s characters, please.") % {"n": MAX_EVENT_NAME})
    return name


def _times(raw: object) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw <= MAX_COUNT:
        return raw
    raise values.Unfit(_("This has to be a whole number of times."))


def _holds(n: int, op: Op, times: int) -> bool:
    match op:
        case Op.GTE:
            return n >= times
        case Op.GT:
            return n > times
        case Op.LTE:
            return n <= times
        case Op.LT:
            return n < times
    return n == times


def _telling(bounds: tuple[tuple[Op, int], ...]) -> Iterator[int]:
    """Yield the numbers, from one on, at which a bound may change its mind: one of them tells for all."""
    yield 1
    for _op, times in bounds:
        yield from (n for n in (times - 1, times, times + 1) if n >= 1)


def _type_of(value: object) -> Type | None:
    """Return the type that a property is asked as, by the value; None if there is no telling."""
    match value:
        case bool():
            return Type.BOOLEAN
        case int() | float():
            return Type.NUMBER
        case str():
            return Type.TEXT
        case [first, *_rest] if not isinstance(first, list):
            return _type_of(first)
    return None


def _property_scalar(op: Op, kind: Type | None) -> Parse[Scalar]:
    if kind in (Type.NUMBER, Type.BOOLEAN):
        return values.SCALARS[kind]
    if op in OPERATORS[Type.TEXT] or SHAPES[op] == Shape.NONE:
        return values.text_parse
    return values.moment_parse
