from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.contacts import selectors as contacts
from apps.contacts.models import Attribute, Contact, ContactQuerySet
from apps.core.together import read_together
from apps.segments.models import ContactList, DefinitionVersion, Segment
from apps.segments.registry import Clock
from apps.segments.rules import (
    Group,
    InSegment,
    Match,
    Node,
    SegmentTerm,
    Term,
    Vocabulary,
    rule_parse,
)
from apps.segments.rules.expression import RuleHolds

# Of an attribute, in the order of `_term`.
TERM_FIELDS = ("key", "label", "type", "choices", "index_built_at", "uses")


def vocabulary() -> Vocabulary:
    """Return what a rule may speak of now, read in one query. An entry of the dictionary hides a built-in."""
    entries, living, segments, lists, topics, events = read_together(
        Attribute.current.values_list("applies_to", *TERM_FIELDS),
        _rules_living(),
        Segment.objects.values_list("pk", "name", "rule", "archived_at"),
        ContactList.objects.values_list("pk", "name"),
        contacts.topics_named(),
        contacts.events_labelled(),
    )
    rules = _by_key(living)
    built_in = [
        Term("email", _("E-mail address"), Attribute.Type.TEXT, column="email"),
        Term("phone", _("Phone number"), Attribute.Type.TEXT, column="phone"),
        Term("timezone", _("Time zone"), Attribute.Type.TEXT, column="timezone"),
    ]
    of_companies = [
        Term("name", _("Name"), Attribute.Type.TEXT, column="name"),
        Term("domain", _("Domain"), Attribute.Type.TEXT, column="domain"),
    ]
    return Vocabulary(
        attributes=_terms(built_in, entries, Attribute.Subject.CONTACT, rules),
        companies=_terms(of_companies, entries, Attribute.Subject.COMPANY, {}),
        segments={
            pk: SegmentTerm(name, rule, is_archived=archived_at is not None)
            for pk, name, rule, archived_at in segments
        },
        lists=dict(lists),
        topics=dict(topics),
        events=dict(events),
    )


def _rules_living() -> QuerySet[DefinitionVersion, tuple[str, object]]:
    return DefinitionVersion.objects.living().values_list("definition__attribute__key", "rule")


def _by_key(living: Iterable[tuple[Any, ...]]) -> dict[str, tuple[object, ...]]:
    """Return by key of the computed attribute the rules that say, or are to say, who has it."""
    found: dict[str, tuple[object, ...]] = {}
    for key, rule in living:
        found[key] = (*found.get(key, ()), rule)
    return found


def _terms(
    built_in: Sequence[Term],
    entries: Iterable[tuple[Any, ...]],
    subject: str,
    rules: Mapping[str, tuple[object, ...]],
) -> dict[str, Term]:
    described = [_term(*told, rules=rules) for applies_to, *told in entries if applies_to == subject]
    return {term.key: term for term in [*built_in, *described]}


def _term(
    key: str,
    label: str,
    kind: str,
    choices: Sequence[str],
    index_built_at: str | None,
    uses: Sequence[str],
    *,
    rules: Mapping[str, tuple[object, ...]],
) -> Term:
    return Term(
        key=key,
        label=label,
        type=Attribute.Type(kind),
        choices=tuple(choices),
        # Only then every stored value passes the casts of its expression.
        is_indexed=index_built_at is not None,
        is_for_targeting=Attribute.Use.TARGETING in uses,
        rules=rules.get(key, ()),
    )


def rule_read(
    raw: object, *, segment: Segment | None = None, definition: str = "", is_new: bool = False
) -> Node:
    """
    Return the tree of a rule as JSON, read with today's dictionary. The rest is as for `rule_parse`.

    :raises RuleInvalid: with every fault and its path
    """
    pk = segment.pk if segment else None
    return rule_parse(raw, vocabulary(), segment=pk, definition=definition, is_new=is_new)


def rule_contacts(node: Node, *, now: datetime, among: Sequence[int] | None = None) -> ContactQuerySet:
    """Return the contacts a rule holds for, erased ones left out; of these ids only, with `among`."""
    return _contacts(node, Clock(now, tuple(among) if among is not None else None))


def rule_panel(node: Node, *, now: datetime, ids: Sequence[int]) -> ContactQuerySet:
    """Return those of a panel for whom a rule holds: each is looked up, whatever there is of others."""
    return _contacts(node, Clock(now, tuple(ids), is_panel=True))


def _contacts(node: Node, clock: Clock) -> ContactQuerySet:
    return Contact.objects.known().filter(RuleHolds(node, clock))


def segment_contacts(segment: Segment, *, now: datetime) -> ContactQuerySet:
    """
    Return who is in a segment by its rule, at this moment.

    :raises RuleInvalid: the rule speaks of something that is gone
    """
    return rule_contacts(rule_read(segment.rule, segment=segment), now=now)


def audience(*, include: Sequence[Segment], exclude: Sequence[Segment], now: datetime) -> ContactQuerySet:
    """
    Return who is in any segment of `include` and in none of `exclude`, by their rules at this moment.

    One query, each contact once: `audience(…).query.sql_with_params()` may feed an INSERT … SELECT.

    :raises RuleInvalid: a rule speaks of something that is gone
    """
    words = vocabulary()

    def member(segment: Segment) -> InSegment:
        node = rule_parse(segment.rule, words, segment=segment.pk)
        return InSegment(segment.pk, segment.name, node, member=True)

    wanted = Group(Match.ANY, tuple(member(segment) for segment in include))
    unwanted = Group(Match.NONE, tuple(member(segment) for segment in exclude))
    return rule_contacts(Group(Match.ALL, (wanted, unwanted)), now=now)
