"""A rule as Python sees it: frozen, typed, and valid by construction of the parser."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from apps.contacts.models import Channel
from apps.segments.rules.values import Duration, Moment, Op, Scalar
from apps.segments.rules.vocabulary import Term


class Match(StrEnum):
    ALL = "all"
    ANY = "any"
    NONE = "none"


Value = Scalar | Duration | tuple[Scalar, ...] | None


@dataclass(frozen=True)
class Group:
    """An empty `all` holds for everyone."""

    match: Match
    rules: tuple["Node", ...]
    path: str = field(default="", compare=False)


@dataclass(frozen=True)
class AttributeIs:
    """`value` has the shape of the operator: nothing, one, a tuple, or a `Duration`."""

    term: Term
    op: Op
    value: Value
    path: str = field(default="", compare=False)


@dataclass(frozen=True)
class CompanyIs:
    """
    That the contact belongs to a company of which this holds, in this role; '' is any. As for `AttributeIs`.

    `member=False` is the opposite of the whole: there is no such company.
    """

    term: Term
    op: Op
    value: Value
    role: str = ""
    member: bool = True
    path: str = field(default="", compare=False)


@dataclass(frozen=True)
class PropertyIs:
    """One condition on the properties of an event; the type is that of the value."""

    name: str
    op: Op
    value: Value


@dataclass(frozen=True)
class EventDid:
    """
    Events of this name, at least one; `count` holds further bounds on their number, such as ("gte", 2).

    `did=False` is the opposite of the whole. `between` is half open: from its first moment to just before
    its second.
    """

    name: str
    did: bool
    count: tuple[tuple[Op, int], ...] = ()
    within: Duration | None = None
    between: tuple[Moment, Moment] | None = None
    where: tuple[PropertyIs, ...] = ()
    label: str = field(default="", compare=False)  # its business name, if somebody gave it one
    path: str = field(default="", compare=False)


@dataclass(frozen=True)
class InSegment:
    """Membership by the other segment's rule as it is now, not by its stored members."""

    segment: int
    name: str
    rule: "Node"
    member: bool
    path: str = field(default="", compare=False)


@dataclass(frozen=True)
class OnList:
    contact_list: int
    name: str
    member: bool
    path: str = field(default="", compare=False)


@dataclass(frozen=True)
class ConsentIs:
    """Status "none": nothing is on record for this channel and topic. Topic '' is the channel as a whole."""

    channel: Channel
    topic: str
    status: str
    topic_name: str = field(default="", compare=False)
    path: str = field(default="", compare=False)


@dataclass(frozen=True)
class Registered:
    """A condition of a kind that a higher app has registered; only that app reads `data`."""

    kind: str
    data: Hashable
    path: str = field(default="", compare=False)


Condition: TypeAlias = AttributeIs | CompanyIs | EventDid | InSegment | OnList | ConsentIs | Registered
Node: TypeAlias = Group | Condition


def conditions(node: Node) -> Iterator[Condition]:
    """Yield the conditions of a rule in reading order; those of a segment it refers to are not its own."""
    if isinstance(node, Group):
        for rule in node.rules:
            yield from conditions(rule)
    else:
        yield node
