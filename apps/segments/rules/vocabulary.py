"""What a rule may speak of: a snapshot of the dictionary, taken once per request (`selectors.vocabulary`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.contacts.models import Attribute


@dataclass(frozen=True)
class Term:
    """One attribute. `column` names the column of a built-in one, such as the address; '' is the JSON."""

    key: str
    label: str
    type: Attribute.Type
    choices: tuple[str, ...] = ()
    is_indexed: bool = False
    is_for_targeting: bool = True
    column: str = ""
    # Of a computed one: the rules that say who has it, in force or proposed. Not an empty tuple, then.
    rules: tuple[object, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class SegmentTerm:
    name: str
    rule: object
    is_archived: bool = False


@dataclass(frozen=True)
class Vocabulary:
    attributes: Mapping[str, Term] = field(default_factory=dict)
    companies: Mapping[str, Term] = field(default_factory=dict)  # their attributes
    segments: Mapping[int, SegmentTerm] = field(default_factory=dict)
    lists: Mapping[int, str] = field(default_factory=dict)
    topics: Mapping[str, str] = field(default_factory=dict)  # key → name
    events: Mapping[str, str] = field(default_factory=dict)  # name → business name, of those that have one
