"""
Whom time alone moves in or out of a segment.

Between two moments, a window such as "within 30 days" slides past a few events and dates: only the contacts
who have one of these can have moved. `rule_edges` names them, and perhaps a few more; asking the rule of them
is then as good as asking it of everybody.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from apps.contacts.models import Attribute
from apps.segments.registry import kind_following
from apps.segments.rules.fields import Sql, attribute_between
from apps.segments.rules.tree import (
    AttributeIs,
    CompanyIs,
    EventDid,
    Group,
    InSegment,
    Node,
    Registered,
)
from apps.segments.rules.values import Duration, Op, day_end, day_start

_SECOND = timedelta(seconds=1)  # stored times are kept by the second, and bounds may be in or out


class Timing(StrEnum):
    """
    How a rule moves with time.

    `whole`: some condition cannot say whom, so everybody is asked. `windows`: by days, `fine_windows`: by
    minutes or hours as well.
    """

    NONE = "none"
    WINDOWS = "windows"
    FINE_WINDOWS = "fine_windows"
    WHOLE = "whole"


class _Span(NamedTuple):
    low: datetime
    high: datetime


def rule_timing(node: Node) -> Timing:
    """Return how a rule moves with time; that of its most demanding condition."""
    return max(_timings(node), key=list(Timing).index, default=Timing.NONE)


def _timings(node: Node) -> Iterator[Timing]:
    match node:
        case Group():
            for rule in node.rules:
                yield from _timings(rule)
        case InSegment():
            yield from _timings(node.rule)
        case AttributeIs(value=Duration() as span) | CompanyIs(value=Duration() as span):
            yield _pace(span)
        case EventDid():
            yield _of_events(node)
        case Registered():
            yield _of_registered(node)


def _of_events(node: EventDid) -> Timing:
    if any(isinstance(one.value, Duration) for one in node.where):
        return Timing.WHOLE  # no index finds the events whose property is a moment ago
    return _pace(node.within) if node.within else Timing.NONE


def _of_registered(node: Registered) -> Timing:
    following = kind_following(node.kind)
    if following is None or following.is_whole(node.data):
        return Timing.WHOLE
    window = following.window(node.data)
    return _pace(window) if isinstance(window, Duration) else Timing.NONE


def _pace(span: Duration) -> Timing:
    return Timing.WINDOWS if span.is_whole_days else Timing.FINE_WINDOWS


def rule_edges(node: Node, *, since: datetime, until: datetime) -> list[Sql]:
    """
    Return SELECTs of the contacts whom time may have moved from `since` to `until`, for all but `whole`.

    None of them: nobody has moved.
    """
    match node:
        case Group():
            return [edge for rule in node.rules for edge in rule_edges(rule, since=since, until=until)]
        case InSegment():
            return rule_edges(node.rule, since=since, until=until)
        case AttributeIs(value=Duration() as span):
            found = _spans(node.op, span, since, until, is_date=node.term.type == Attribute.Type.DATE)
            return [_contacts(node, one) for one in found]
        case CompanyIs(value=Duration() as span):
            found = _spans(node.op, span, since, until, is_date=node.term.type == Attribute.Type.DATE)
            return [_company_people(node, one) for one in found]
        case EventDid() if node.within:
            # What slides out of the window, and what was told ahead of its time and is in it now.
            return [_events(node.name, one) for one in _spans(Op.WITHIN_LAST, node.within, since, until)]
        case Registered():
            return _registered(node, since, until)
    return []


def _spans(op: Op, span: Duration, since: datetime, until: datetime, *, is_date: bool = False) -> list[_Span]:
    """Return the stretches that the bounds of a window have passed."""
    bounds: dict[Op, list[Callable[[datetime], datetime]]] = {
        Op.WITHIN_LAST: [span.before, lambda moment: moment],
        Op.WITHIN_NEXT: [lambda moment: moment, span.after],
        Op.OLDER_THAN: [span.before],
    }
    is_new_day = since.date() != until.date()
    if is_date and not is_new_day:
        return []  # dates are compared by the day, and it is the same day
    # "A month ago" may go back by hours over a midnight, where a month is shorter; never by a day.
    by_day = is_date or (is_new_day and span.unit in ("mo", "y"))
    return [_span(bound(since), bound(until), by_day=by_day) for bound in bounds[op]]


def _span(start: datetime, end: datetime, *, by_day: bool) -> _Span:
    if by_day:
        return _Span(day_start(start.date()), day_end(end.date()))
    return _Span(start - _SECOND, end + _SECOND)


def _contacts(node: AttributeIs, span: _Span) -> Sql:
    text, params = attribute_between(node.term, "who", span.low, span.high)
    return Sql(f"SELECT who.id FROM contacts_contact AS who WHERE {text}", params)  # noqa: S608  # ours


def _company_people(node: CompanyIs, span: _Span) -> Sql:
    text, params = attribute_between(node.term, "company", span.low, span.high)
    join = "contacts_companymember AS member JOIN contacts_company AS company"
    rows = f"SELECT member.contact_id FROM {join} ON company.id = member.company_id WHERE {text}"  # noqa: S608  # ours
    return Sql(rows, params)


def _events(name: str, span: _Span) -> Sql:
    rows = "SELECT contact_id FROM contacts_event WHERE name = %s AND occurred_at >= %s AND occurred_at < %s"
    return Sql(rows, (name, span.low, span.high))


def _registered(node: Registered, since: datetime, until: datetime) -> list[Sql]:
    following = kind_following(node.kind)
    window = following.window(node.data) if following else None
    if following is None or not isinstance(window, Duration):
        return []
    selects = [following.edges(node.data, *span) for span in _spans(Op.WITHIN_LAST, window, since, until)]
    return [Sql(select.text, tuple(select.params)) for select in selects]
