"""
From a tree to SQL: text that we wrote, and parameters. No value and no key is ever part of the text.

Conditions on the contact's own row stay expressions. Those on other tables are sets of contact ids and must
stay sets, or PostgreSQL asks them again for every contact:

- where one holds, `IN (SELECT …)`: a hash semi-join;
- where one does not, `NOT EXISTS (SELECT … FROM (SELECT …))`: a hash anti-join, which NOT IN never becomes;
- any of several sets: `IN` their UNION (not UNION ALL, of which the planner expects 200 different ids);
- any of sets and of the own row: not one of those for whom nothing of it holds, two anti-joins. An OR with a
  subquery is fast while the set fits into `work_mem`, and asked anew for each contact when it does not.

Of a panel of people each is looked up instead (`_Panel`).

Measured with a million contacts and ten million events: `benchmarks/segment_count.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any

from apps.segments import registry
from apps.segments.registry import Clock
from apps.segments.rules import fields
from apps.segments.rules.fields import Sql
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
    Registered,
)
from apps.segments.rules.values import Op, day_start

COUNT_SQL = {Op.GTE: ">=", Op.GT: ">", Op.LTE: "<=", Op.LT: "<", Op.EQ: "="}


def rule_condition(node: Node, *, contacts: str, clock: Clock) -> Sql:
    """
    Return the condition under which `node` holds for a row of `contacts`: the quoted name or alias.

    It may be NULL where the node does not hold: for WHERE, not to be negated.
    """
    compiler = _Panel(clock) if clock.is_panel else _Compiler(clock)
    return compiler.holds(node, contacts)


def has_sets(node: Node) -> bool:
    """Test if a rule reads other tables than that of the contacts."""
    match node:
        case Group():
            return any(has_sets(rule) for rule in node.rules)
        case InSegment():
            return has_sets(node.rule)
        case AttributeIs():
            return False
    return True


@dataclass
class _Compiler:
    clock: Clock

    def __post_init__(self) -> None:
        self.aliases = (f"who{n}" for n in count(1))

    def holds(self, node: Node, c: str) -> Sql:
        match node:
            case AttributeIs():
                return fields.attribute_condition(node, c, now=self.clock.now)
            case InSegment():
                return self.holds(node.rule, c) if node.member else self.fails(node.rule, c)
            case Group(match=Match.NONE):
                return _join("AND", [self.fails(rule, c) for rule in node.rules])
            case Group(match=Match.ANY) if len(node.rules) > 1 and has_sets(node):
                return self._in(node, c) if _is_set(node) else self._any(node, c)
            case Group():
                word = "AND" if node.match == Match.ALL else "OR"
                return _join(word, [self.holds(rule, c) for rule in node.rules])
        return self._in(node, c) if _is_asserted(node) else self._not_in(node, c)

    def fails(self, node: Node, c: str) -> Sql:
        match node:
            case InSegment():
                return self.fails(node.rule, c) if node.member else self.holds(node.rule, c)
            case Group(match=Match.NONE):
                return self.holds(Group(Match.ANY, node.rules), c)
            case Group(match=Match.ANY) if has_sets(node):
                return _join("AND", [self.fails(rule, c) for rule in node.rules])
            case Group() if has_sets(node):
                return self._not_in(node, c)
            case Group() | AttributeIs():
                text, params = self.holds(node, c)
                return Sql(f"({text}) IS NOT TRUE", params)
        return self._not_in(node, c) if _is_asserted(node) else self._in(node, c)

    def _any(self, node: Group, c: str) -> Sql:
        alias = next(self.aliases)
        text, params = _join("AND", [self.fails(rule, alias) for rule in node.rules])
        rows = f"SELECT FROM contacts_contact {alias} WHERE {alias}.id = {c}.id AND ({text})"
        others = self._narrowed(Sql(rows, params), f"{alias}.id")
        return Sql(f"NOT EXISTS ({others.text})", others.params)

    def _in(self, node: Node, c: str) -> Sql:
        text, params = self._ids(node)
        return Sql(f"{c}.id IN ({text})", params)

    def _not_in(self, node: Node, c: str) -> Sql:
        text, params = self._ids(node)
        alias = next(self.aliases)
        return Sql(f"NOT EXISTS (SELECT FROM ({text}) AS {alias}(id) WHERE {alias}.id = {c}.id)", params)

    def _ids(self, node: Node) -> Sql:
        """Return a SELECT of the ids for which `node` holds: of a "did not", for which it does not."""
        match node:
            case EventDid():
                return self._event(node)
            case OnList():
                rows = "SELECT contact_id FROM segments_contactlistmember WHERE contact_list_id = %s"
                return self._narrowed(Sql(rows, (node.contact_list,)))
            case ConsentIs():
                return self._consent(node)
            case CompanyIs():
                return self._company(node)
            case Registered():
                kind = next(kind for kind in registry.kinds if kind.key == node.kind)
                select = kind.contacts(node.data, self.clock)
                return Sql(select.text, tuple(select.params))
            case Group() if _is_set(node):
                return _join("UNION", [self._ids(rule) for rule in node.rules])
        return self._contacts(node)

    def _contacts(self, node: Node) -> Sql:
        alias = next(self.aliases)
        text, params = self.holds(node, alias)
        rows = f"SELECT {alias}.id FROM contacts_contact {alias} WHERE ({text})"  # noqa: S608  # ours, see above
        return self._narrowed(Sql(rows, params), f"{alias}.id")

    def _event(self, node: EventDid) -> Sql:
        parts = [Sql("name = %s", (node.name,))]
        if node.within:
            now = self.clock.now
            parts.append(Sql("occurred_at BETWEEN %s AND %s", (node.within.before(now), now)))
        if node.between:
            start, end = node.between
            parts.append(Sql("occurred_at >= %s AND occurred_at < %s", (day_start(start), day_start(end))))
        parts += [fields.property_condition(one, now=self.clock.now) for one in node.where]
        text, params = _join("AND", parts)
        counted = _join("AND", [Sql(f"count(*) {COUNT_SQL[op]} %s", (n,)) for op, n in node.count or ()])
        having = f" GROUP BY contact_id HAVING {counted.text}" if node.count else ""
        bounds = counted.params if node.count else ()
        select = f"SELECT contact_id FROM contacts_event WHERE {text}"  # noqa: S608  # ours, see above
        rows = self._narrowed(Sql(select, params))
        return Sql(rows.text + having, (*rows.params, *bounds))

    def _consent(self, node: ConsentIs) -> Sql:
        rows = "SELECT contact_id FROM contacts_consent WHERE channel = %s AND topic = %s"
        params: tuple[Any, ...] = (str(node.channel), node.topic)
        if node.status != "none":
            rows, params = f"{rows} AND status = %s", (*params, node.status)
        return self._narrowed(Sql(rows, params))

    def _company(self, node: CompanyIs) -> Sql:
        compared = AttributeIs(node.term, node.op, node.value)
        text, params = fields.attribute_condition(compared, "company", now=self.clock.now)
        join = "contacts_companymember AS member JOIN contacts_company AS company"
        rows = f"SELECT member.contact_id FROM {join} ON company.id = member.company_id WHERE ({text})"  # noqa: S608  # ours, see above
        if node.role:
            rows, params = f"{rows} AND member.role = %s", (*params, node.role)
        return self._narrowed(Sql(rows, params), "member.contact_id")

    def _narrowed(self, rows: Sql, column: str = "contact_id") -> Sql:
        if self.clock.among is None:
            return rows
        return Sql(f"{rows.text} AND {column} = ANY(%s::bigint[])", (*rows.params, self.clock.among_text))


class _Panel(_Compiler):
    """
    The same for some thousand people: whoever passes the cheaper conditions is looked up in each set.

    What that costs depends on how many are asked. As sets, PostgreSQL would read the events of everybody, or
    ask the whole panel again for each person whom it expects to be the only one. A subquery that is a value,
    with a LIMIT, leaves it no other way than the index of a person's rows.
    """

    def _in(self, node: Node, c: str) -> Sql:
        return self._found(node, c, "IS NOT NULL")

    def _not_in(self, node: Node, c: str) -> Sql:
        return self._found(node, c, "IS NULL")

    def _any(self, node: Group, c: str) -> Sql:
        return _join("OR", [self.holds(rule, c) for rule in node.rules])

    def _found(self, node: Node, c: str, verdict: str) -> Sql:
        text, params = self._ids(node)
        alias = next(self.aliases)
        one = f"SELECT true FROM ({text}) AS {alias}(id) WHERE {alias}.id = {c}.id LIMIT 1"  # noqa: S608  # ours
        return Sql(f"({one}) {verdict}", params)

    def _narrowed(self, rows: Sql, column: str = "contact_id") -> Sql:
        return rows


def _is_asserted(node: Node) -> bool:
    """Test if a condition holds for the ids of its set, and not for all others."""
    match node:
        case EventDid():
            return node.did
        case OnList() | CompanyIs():
            return node.member
        case ConsentIs():
            return node.status != "none"
    return True


def _is_set(node: Node) -> bool:
    """Test if `_ids` of the node needs no table of contacts around it."""
    if isinstance(node, Group):
        return node.match == Match.ANY and all(_is_set(rule) for rule in node.rules)
    if isinstance(node, AttributeIs):
        return False
    return not isinstance(node, InSegment) and _is_asserted(node)


def _join(word: str, parts: Iterable[Sql]) -> Sql:
    parts = list(parts)
    if not parts:
        return Sql("FALSE" if word == "OR" else "TRUE", ())
    if len(parts) == 1:
        return parts[0]
    wrap = "{}" if word == "UNION" else "({})"
    text = f" {word} ".join(wrap.format(part.text) for part in parts)
    return Sql(text, tuple(param for part in parts for param in part.params))
