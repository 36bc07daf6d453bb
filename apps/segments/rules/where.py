"""Conditions on events alone, for whoever counts events outside of a segment: goals and KPIs."""

from collections.abc import Sequence
from datetime import datetime

from apps.segments.rules.fields import Sql, property_condition
from apps.segments.rules.parsing import rule_parse
from apps.segments.rules.tree import EventDid
from apps.segments.rules.vocabulary import Vocabulary

NO_WORDS = Vocabulary(attributes={}, segments={}, lists={})  # events need none


def event_where(event: str, where: Sequence[object], *, now: datetime) -> Sql:
    """
    Return the condition on rows of events that `where` of an event rule states; true for an empty one.

    It speaks of the column `properties`, so a statement that joins others must have no second one.

    :raises RuleInvalid: with every fault and its path
    """
    node = rule_parse({"event": event, "did": True, "where": list(where)}, NO_WORDS)
    assert isinstance(node, EventDid)
    parts = [property_condition(one, now=now) for one in node.where]
    if not parts:
        return Sql("true", ())
    params = tuple(param for part in parts for param in part.params)
    return Sql(" AND ".join(f"({part.text})" for part in parts), params)
