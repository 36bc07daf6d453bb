"""
What a rule depends on, in the words in which changes of people are written down (`SegmentChange.topics`).

`contact` is anybody who is new, gone or back: every rule depends on it. The triggers of migration 0005 write
the same words; a name after the colon is taken as it is. Kinds of higher apps have words and triggers there.
"""

from apps.segments.registry import kind_following
from apps.segments.rules.tree import (
    AttributeIs,
    CompanyIs,
    ConsentIs,
    EventDid,
    Group,
    InSegment,
    Node,
    OnList,
    Registered,
)

ANYBODY = "contact"
ATTRIBUTES = "attribute"  # some of them, in a statement too large to say which
COMPANIES = "company"
DICTIONARY = "dictionary"  # what rules may speak of: one that could not be used may be usable now


def rule_topics(node: Node) -> frozenset[str]:
    """
    Return the topics of which a rule depends on any; those of the segments that it refers to are among them.

    What a registered kind reads is among them if it says so; others are found anew on a schedule (`times`).
    """
    return frozenset({ANYBODY, *_topics(node)})


def rule_kinds(node: Node) -> frozenset[str]:
    """Return the registered kinds that a rule asks about, itself or in the segments that it refers to."""
    match node:
        case Group():
            return frozenset().union(*(rule_kinds(rule) for rule in node.rules))
        case InSegment():
            return rule_kinds(node.rule)
        case Registered():
            return frozenset({node.kind})
    return frozenset()


def segment_topic(pk: int) -> str:
    """Return the topic of everything that refers to this segment: its rule is another one now."""
    return f"segment:{pk}"


def _topics(node: Node) -> set[str]:
    match node:
        case Group():
            return {topic for rule in node.rules for topic in _topics(rule)}
        case AttributeIs():
            kind = f"column:{node.term.column}" if node.term.column else f"attribute:{node.term.key}"
            return {ATTRIBUTES, kind, f"attribute:{node.term.key}"}
        case CompanyIs():
            return {COMPANIES}
        case EventDid():
            return {f"event:{node.name}"}
        case OnList():
            return {f"list:{node.contact_list}"}
        case ConsentIs():
            return {f"consent:{node.channel}:{node.topic}"}
        case InSegment():
            return {segment_topic(node.segment), *_topics(node.rule)}
    return _of_registered(node) if isinstance(node, Registered) else set()


def _of_registered(node: Registered) -> set[str]:
    following = kind_following(node.kind)
    return set(following.topics(node.data)) if following else set()
