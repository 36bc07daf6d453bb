"""Definitions: what is computed of contacts by a rule, and what another rule would change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.contacts.models import Attribute
from apps.core.navigation import Found
from apps.segments.live import replaceable
from apps.segments.models import Definition, DefinitionQuerySet, DefinitionVersion
from apps.segments.rules import AttributeIs, Node, Op, RuleInvalid, Term
from apps.segments.rules.sentence import rule_sentence
from apps.segments.selectors.counts import EXACT_LIMIT
from apps.segments.selectors.rules import rule_contacts, rule_read
from apps.segments.thresholds import Threshold, thresholds_read

State = DefinitionVersion.State
SAMPLE = 5

_EFFECT = """
    WITH before (id) AS MATERIALIZED ({before}),
    after (id) AS MATERIALIZED ({after}),
    enter AS MATERIALIZED (
        SELECT id FROM after WHERE NOT EXISTS (SELECT FROM before WHERE before.id = after.id)
    ),
    leave AS MATERIALIZED (
        SELECT id FROM before WHERE NOT EXISTS (SELECT FROM after WHERE after.id = before.id)
    ),
    stay AS (SELECT id FROM before WHERE EXISTS (SELECT FROM after WHERE after.id = before.id))
    SELECT (SELECT count(*) FROM before), (SELECT count(*) FROM after),
           (SELECT count(*) FROM enter), (SELECT count(*) FROM leave),
           ARRAY(SELECT id FROM enter ORDER BY id DESC LIMIT %s),
           ARRAY(SELECT id FROM leave ORDER BY id DESC LIMIT %s),
           ARRAY(SELECT id FROM stay ORDER BY id DESC LIMIT %s)
"""


@dataclass(frozen=True)
class Effect:
    """
    What a rule would change: for how many contacts the answer is yes, before and after.

    `after == before + enter - leave`. Of those who enter, leave and stay, some ids.
    """

    before: int
    after: int
    enter: int
    leave: int
    entering: tuple[int, ...] = ()
    leaving: tuple[int, ...] = ()
    staying: tuple[int, ...] = ()

    def as_json(self) -> dict[str, int]:
        """Return the numbers, without anybody."""
        return {"before": self.before, "after": self.after, "enter": self.enter, "leave": self.leave}


@dataclass(frozen=True)
class ThresholdChange:
    """`before` or `after` is None where there is no such threshold."""

    name: str
    before: Threshold | None
    after: Threshold | None

    @property
    def is_changed(self) -> bool:
        values = [one.value if one else None for one in (self.before, self.after)]
        return values[0] != values[1]


def definitions(*, search: str = "", state: str = "") -> DefinitionQuerySet:
    """
    Return definitions, each with its living versions; `state` is "proposed" (something waits for approval),
    "in_force", or empty for all.
    """
    found = Definition.objects.select_related("attribute").prefetch_related(
        Prefetch("versions", DefinitionVersion.objects.living().order_by("number"), to_attr="living")
    )
    if search:
        found = found.filter(Q(attribute__label__icontains=search) | Q(attribute__key__icontains=search))
    if state:
        with_it = DefinitionVersion.objects.filter(state=state).values("definition")
        found = found.filter(pk__in=with_it)
    return found


def definition_search(user: User, text: str) -> Found | None:
    """Return what the search box of the top bar finds here."""
    if not user.has_perm("segments.view_definition"):
        return None
    found = definitions(search=text).order_by("attribute__label")
    return Found(_("Definition"), found, "segments:definition_detail", label="attribute__label")


def definition_versions(definition: Definition) -> QuerySet[DefinitionVersion]:
    """Return the versions, latest first, with who proposed and who decided."""
    return definition.versions.select_related("by", "decided_by").order_by("-number")


def version_in_force(definition: Definition) -> DefinitionVersion | None:
    return definition.versions.filter(state=State.IN_FORCE).first()


def version_proposed(definition: Definition) -> DefinitionVersion | None:
    return definition.versions.filter(state=State.PROPOSED).select_related("by").first()


def definition_rule_read(rule: object, *, definition: Definition, is_new: bool = False) -> Node:
    """
    Return the tree of a rule of this definition.

    :raises RuleInvalid: with every fault; also where the rule rests on what it computes
    """
    return rule_read(rule, definition=definition.attribute.key, is_new=is_new)


def version_sentence(version: DefinitionVersion) -> str:
    """Return the rule in words, or why it cannot be used any more."""
    try:
        node = definition_rule_read(version.rule, definition=version.definition)
    except RuleInvalid as refusal:
        return _("This rule cannot be used any more: %(fault)s") % {"fault": refusal}
    return rule_sentence(node)


def version_thresholds(version: DefinitionVersion | None) -> list[Threshold]:
    return thresholds_read(version.rule, version.thresholds) if version else []


def thresholds_compared(before: Sequence[Threshold], after: Sequence[Threshold]) -> list[ThresholdChange]:
    """Return what each threshold was and would be, in the order of the new ones; then those that are gone."""
    old, new = {one.name: one for one in before}, {one.name: one for one in after}
    return [ThresholdChange(name, old.get(name), new.get(name)) for name in dict.fromkeys([*new, *old])]


def definition_effect(
    node: Node, *, definition: Definition | None, now: datetime, editor: str = ""
) -> Effect:
    """
    Return what this rule would change, counted exactly: against the rule in force, asked at the same moment.

    Where that cannot be used any more, against what it said last; where nothing is in force, against nobody.
    `editor` as for `rule_preview`.

    :raises Replaced: ended by a newer question of the same editor
    :raises TookTooLong: it was not counted within a minute
    """
    now_said = _in_force_node(definition) if definition else None
    after, after_params = _ids(node, now=now)
    before, before_params = _ids(now_said, now=now) if now_said else ("SELECT 0::bigint WHERE false", ())
    statement = _EFFECT.format(before=before, after=after)
    settings = {"enable_nestloop": "off"}  # sets of which the planner knows no sizes are compared by hash
    with replaceable(editor, limit=EXACT_LIMIT, settings=settings), connection.cursor() as cursor:
        cursor.execute(statement, [*before_params, *after_params, SAMPLE, SAMPLE, SAMPLE])
        before_n, after_n, enter, leave, *some = cursor.fetchone()
    entering, leaving, staying = (tuple(ids) for ids in some)
    return Effect(before_n, after_n, enter, leave, entering, leaving, staying)


def _in_force_node(definition: Definition) -> Node | None:
    version = version_in_force(definition)
    if version is None:
        return None
    try:
        return definition_rule_read(version.rule, definition=definition)
    except RuleInvalid:
        key, label = definition.attribute.key, definition.attribute.label
        return AttributeIs(Term(key, label, Attribute.Type.BOOLEAN), Op.EQ, value=True)


def _ids(node: Node, *, now: datetime) -> tuple[str, tuple[Any, ...]]:
    return rule_contacts(node, now=now).order_by().values("pk").query.sql_with_params()
