"""
Segment rules: JSON in, typed trees, SQL and sentences out. No database in here.

`rule_parse` turns the published JSON into a tree or says where each fault is; `sql.rule_condition` compiles a
tree to one parameterised condition on contacts; `sentence.rule_sentence` reads it back in plain words.
"""

from apps.segments.rules.faults import Fault, RuleInvalid
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
    conditions,
)
from apps.segments.rules.values import Duration, Op
from apps.segments.rules.vocabulary import SegmentTerm, Term, Vocabulary
from apps.segments.rules.where import event_where

__all__ = [
    "AttributeIs",
    "CompanyIs",
    "Condition",
    "ConsentIs",
    "Duration",
    "EventDid",
    "Fault",
    "Group",
    "InSegment",
    "Match",
    "Node",
    "OnList",
    "Op",
    "PropertyIs",
    "Registered",
    "RuleInvalid",
    "SegmentTerm",
    "Term",
    "Vocabulary",
    "conditions",
    "event_where",
    "rule_parse",
]
