"""A rule read back in plain words."""

from collections.abc import Sequence
from datetime import date, datetime

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from apps.contacts.models import Channel, ConsentStatus, Role
from apps.core.display import dated
from apps.segments import registry
from apps.segments.rules.parsing import rule_parse
from apps.segments.rules.tree import (
    AttributeIs,
    CompanyIs,
    Condition,
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
from apps.segments.rules.values import Duration, Op, Type
from apps.segments.rules.where import NO_WORDS

ASSERTIONS = {
    Op.EQ: gettext_lazy("%(name)s is %(value)s"),
    Op.NE: gettext_lazy("%(name)s is not %(value)s"),
    Op.IN: gettext_lazy("%(name)s is one of %(value)s"),
    Op.NOT_IN: gettext_lazy("%(name)s is none of %(value)s"),
    Op.GT: gettext_lazy("%(name)s is more than %(value)s"),
    Op.GTE: gettext_lazy("%(name)s is at least %(value)s"),
    Op.LT: gettext_lazy("%(name)s is less than %(value)s"),
    Op.LTE: gettext_lazy("%(name)s is at most %(value)s"),
    Op.BETWEEN: gettext_lazy("%(name)s is between %(low)s and %(high)s"),
    Op.CONTAINS: gettext_lazy("%(name)s contains %(value)s"),
    Op.STARTS_WITH: gettext_lazy("%(name)s starts with %(value)s"),
    Op.ENDS_WITH: gettext_lazy("%(name)s ends with %(value)s"),
    Op.EXISTS: gettext_lazy("%(name)s is known"),
    Op.MISSING: gettext_lazy("%(name)s is not known"),
    Op.BEFORE: gettext_lazy("%(name)s is before %(value)s"),
    Op.AFTER: gettext_lazy("%(name)s is after %(value)s"),
    Op.WITHIN_LAST: gettext_lazy("%(name)s is within the last %(value)s"),
    Op.WITHIN_NEXT: gettext_lazy("%(name)s is within the next %(value)s"),
    Op.OLDER_THAN: gettext_lazy("%(name)s is more than %(value)s ago"),
}
MOMENT_ORDER = {Op.GT: Op.AFTER, Op.LT: Op.BEFORE}
ON_MOMENTS = {
    Op.GTE: gettext_lazy("%(name)s is on or after %(value)s"),
    Op.LTE: gettext_lazy("%(name)s is on or before %(value)s"),
}
ON_DAYS = ON_MOMENTS | {
    Op.EQ: gettext_lazy("%(name)s is on %(value)s"),
    Op.NE: gettext_lazy("%(name)s is not on %(value)s"),
}
ON_LISTS = {
    Op.CONTAINS: gettext_lazy("%(name)s has %(value)s"),
    Op.IN: gettext_lazy("%(name)s has one of %(value)s"),
    Op.NOT_IN: gettext_lazy("%(name)s has none of %(value)s"),
}
CONSENTS = {
    ConsentStatus.SUBSCRIBED: gettext_lazy("they are subscribed to %(what)s"),
    ConsentStatus.UNSUBSCRIBED: gettext_lazy("they have unsubscribed from %(what)s"),
    ConsentStatus.PENDING: gettext_lazy("they have not confirmed %(what)s yet"),
    "none": gettext_lazy("there is no consent on record for %(what)s"),
}


def rule_sentence(node: Node) -> str:
    """Return the rule as one sentence."""
    if isinstance(node, Group) and not node.rules:
        return _("Everyone.")
    return _("Everyone where %(rule)s.") % {"rule": _words(node, outermost=True)}


def where_words(where: Sequence[object]) -> str:
    """
    Return the conditions on an event, as a goal or a KPI has them, to stand inside a sentence.

    :raises RuleInvalid: with every fault and its path
    """
    node = rule_parse({"event": "any", "did": True, "where": list(where)}, NO_WORDS)
    assert isinstance(node, EventDid)
    return _joined([_property(one) for one in node.where])


def condition_words(node: Condition) -> str:
    """Return one condition in words, to stand inside a sentence."""
    match node:
        case AttributeIs():
            return _compared(f"“{node.term.label}”", node.op, node.value, node.term.type)
        case EventDid():
            return _event(node)
        case CompanyIs():
            return _company(node)
        case InSegment():
            text = (
                _("they are in the segment “%(name)s”")
                if node.member
                else _("they are not in the segment “%(name)s”")
            )
            return text % {"name": node.name}
        case OnList():
            text = (
                _("they are on the list “%(name)s”")
                if node.member
                else _("they are not on the list “%(name)s”")
            )
            return text % {"name": node.name}
        case ConsentIs():
            return _consent(node)
        case Registered():
            kind = next(kind for kind in registry.kinds if kind.key == node.kind)
            return kind.sentence(node.data)


def _words(node: Node, *, outermost: bool = False) -> str:
    if not isinstance(node, Group):
        return condition_words(node)
    parts = [_words(rule) for rule in node.rules]
    match node.match:
        case Match.ALL:
            words = pgettext("between the conditions of a rule", " and ").join(parts)
        case Match.ANY:
            words = pgettext("between the conditions of a rule", " or ").join(parts)
        case Match.NONE:
            words = pgettext("between the conditions of a rule", " or ").join(parts)
            return _("none of this holds: (%(rules)s)") % {"rules": words}
    return words if outermost or len(parts) == 1 else f"({words})"


def _event(node: EventDid) -> str:
    happened = _("“%(name)s” happened") if node.did else _("“%(name)s” did not happen")
    parts = [happened % {"name": node.label or node.name}, *_times(node.count)]
    if node.within:
        parts.append(_("in the last %(time)s") % {"time": duration_words(node.within)})
    if node.between:
        start, end = (_plain(moment) for moment in node.between)
        parts.append(_("from %(start)s until before %(end)s") % {"start": start, "end": end})
    if node.where:
        parts.append(
            # In brackets: another condition of the rule may follow.
            _("(where %(conditions)s)") % {"conditions": _joined([_property(one) for one in node.where])}
        )
    return " ".join(parts)


def _times(bounds: Sequence[tuple[Op, int]]) -> list[str]:
    texts = {
        Op.GTE: _("at least %(n)s times"),
        Op.GT: _("more often than %(n)s times"),
        Op.LTE: _("at most %(n)s times"),
        Op.LT: _("fewer than %(n)s times"),
        Op.EQ: _("exactly %(n)s times"),
    }
    once = {
        Op.GTE: _("at least once"),
        Op.GT: _("more than once"),
        Op.LTE: _("at most once"),
        Op.EQ: _("once"),
    }
    words = [once[op] if n == 1 and op in once else texts[op] % {"n": _plain(n)} for op, n in bounds]
    return [_joined(words)] if words else []


def _property(node: PropertyIs) -> str:
    return _compared(f"“{node.name}”", node.op, node.value, None)


def _compared(name: str, op: Op, value: Value, kind: Type | None) -> str:
    texts = ASSERTIONS | (ON_LISTS if kind == Type.LIST else {})
    if isinstance(value, date):
        op = MOMENT_ORDER.get(op, op)
        texts |= ON_MOMENTS if isinstance(value, datetime) else ON_DAYS
    match value:
        case (low, high) if op == Op.BETWEEN:
            return str(texts[op]) % {"name": name, "low": _plain(low), "high": _plain(high)}
        case tuple():
            return str(texts[op]) % {"name": name, "value": ", ".join(_plain(one) for one in value)}
    if op == Op.OLDER_THAN and isinstance(value, Duration) and value.amount == 1:
        return _("%(name)s is more than 1 %(value)s ago") % {"name": name, "value": duration_words(value)}
    return str(texts[op]) % {"name": name, "value": _plain(value)}


def _plain(value: Value) -> str:
    match value:
        case bool():
            return _("yes") if value else _("no")
        case int() | float():
            return formats.localize(value, use_l10n=True) if abs(value) < 1 or value % 1 else f"{value:,.0f}"
        case date():
            return dated(value)
        case Duration():
            return duration_words(value)
    return f"“{value}”"


def duration_words(span: Duration) -> str:
    """Return a length of time to stand behind "the last": "day", "30 days"."""
    n = span.amount
    words = {
        "m": ngettext("minute", "%(n)s minutes", n),
        "h": ngettext("hour", "%(n)s hours", n),
        "d": ngettext("day", "%(n)s days", n),
        "w": ngettext("week", "%(n)s weeks", n),
        "mo": ngettext("month", "%(n)s months", n),
        "y": ngettext("year", "%(n)s years", n),
    }
    return words[span.unit] % {"n": n}


def _consent(node: ConsentIs) -> str:
    what = _("e-mail") if node.channel == Channel.EMAIL else _("SMS")
    if node.topic:
        what = _("%(channel)s on “%(topic)s”") % {"channel": what, "topic": node.topic_name or node.topic}
    return str(CONSENTS[node.status]) % {"what": what}


def _company(node: CompanyIs) -> str:
    words = {
        "role": Role(node.role).label.lower() if node.role else "",
        "what": _compared(f"“{node.term.label}”", node.op, node.value, node.term.type),
    }
    if node.role and node.member:
        return _("they are %(role)s at a company where %(what)s") % words
    if node.role:
        return _("they are %(role)s at no company where %(what)s") % words
    if node.member:
        return _("they belong to a company where %(what)s") % words
    return _("they belong to no company where %(what)s") % words


def _joined(parts: Sequence[str]) -> str:
    return pgettext("between the conditions of a rule", " and ").join(parts)
