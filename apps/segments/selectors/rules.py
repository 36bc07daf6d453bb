from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _

from apps.contacts.models import Attribute, Contact, ContactQuerySet, EventSchema, Topic
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

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def vocabulary() -> Vocabulary:
    """Return what a rule may speak of now; one query. An entry of the dictionary hides a built-in."""
    return vocabulary_of(read_together(vocabulary_rows()))


def vocabulary_rows() -> dict[str, QuerySet[Any, Any]]:
    """
    Return what a vocabulary is made of: by name, statements for rows of one object each.

    Whoever asks something else at the same time takes them along (`ArraySubquery`), and hands what came to
    `vocabulary_of`.
    """
    is_indexed = ExpressionWrapper(Q(index_built_at__isnull=False), output_field=BooleanField())
    is_archived = ExpressionWrapper(Q(archived_at__isnull=False), output_field=BooleanField())
    entries = JSONObject(
        key="key",
        label="label",
        type="type",
        choices="choices",
        uses="uses",
        applies_to="applies_to",
        is_indexed=is_indexed,
    )
    segments = JSONObject(pk="pk", name="name", rule="rule", is_archived=is_archived)
    events = JSONObject(key="event_type__name", name="label")
    return {
        "attributes": Attribute.current.values_list(entries),
        "rules": DefinitionVersion.objects.living().values_list(
            JSONObject(key="definition__attribute__key", rule="rule")
        ),
        "segments": Segment.objects.values_list(segments),
        "lists": ContactList.objects.values_list(JSONObject(key="pk", name="name")),
        "topics": Topic.objects.values_list(JSONObject(key="key", name="name")),
        "events": EventSchema.objects.exclude(label="").values_list(events),
    }


def vocabulary_of(found: Rows) -> Vocabulary:
    """Return what these rows, as `vocabulary_rows` names them, allow a rule to speak of."""
    rules: dict[str, tuple[object, ...]] = {}
    for row in found["rules"]:
        rules[row["key"]] = (*rules.get(row["key"], ()), row["rule"])
    built_in = [
        Term("email", _("E-mail address"), Attribute.Type.TEXT, column="email"),
        Term("phone", _("Phone number"), Attribute.Type.TEXT, column="phone"),
        Term("timezone", _("Time zone"), Attribute.Type.TEXT, column="timezone"),
    ]
    of_companies = [
        Term("name", _("Name"), Attribute.Type.TEXT, column="name"),
        Term("domain", _("Domain"), Attribute.Type.TEXT, column="domain"),
    ]
    entries = found["attributes"]
    return Vocabulary(
        attributes=_terms(built_in, entries, Attribute.Subject.CONTACT, rules),
        companies=_terms(of_companies, entries, Attribute.Subject.COMPANY, {}),
        segments={
            row["pk"]: SegmentTerm(row["name"], row["rule"], is_archived=row["is_archived"])
            for row in found["segments"]
        },
        lists=_names(found["lists"]),
        topics=_names(found["topics"]),
        events=_names(found["events"]),
    )


def _names(rows: Iterable[Mapping[str, Any]]) -> dict[Any, str]:
    return {row["key"]: row["name"] for row in rows}


def _terms(
    built_in: Sequence[Term],
    entries: Iterable[Mapping[str, Any]],
    subject: str,
    rules: Mapping[str, tuple[object, ...]],
) -> dict[str, Term]:
    described = [
        _term(entry, rules.get(entry["key"], ())) for entry in entries if entry["applies_to"] == subject
    ]
    return {term.key: term for term in [*built_in, *described]}


def _term(entry: Mapping[str, Any], rules: tuple[object, ...]) -> Term:
    return Term(
        key=entry["key"],
        label=entry["label"],
        type=Attribute.Type(entry["type"]),
        choices=tuple(entry["choices"]),
        # Only then every stored value passes the casts of its expression.
        is_indexed=entry["is_indexed"],
        is_for_targeting=Attribute.Use.TARGETING in entry["uses"],
        rules=rules,
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


def segment_contacts(segment: Segment, *, now: datetime, words: Vocabulary | None = None) -> ContactQuerySet:
    """
    Return who is in a segment by its rule, at this moment; `words` where they have been read already.

    :raises RuleInvalid: the rule speaks of something that is gone
    """
    node = rule_parse(segment.rule, words or vocabulary(), segment=segment.pk)
    return rule_contacts(node, now=now)


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
