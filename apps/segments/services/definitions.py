"""What people do with definitions: describe, propose another rule, decide on it, delete."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts import services as contacts
from apps.contacts.models import Attribute
from apps.core.errors import DomainError
from apps.core.queues import ring
from apps.segments import selectors
from apps.segments.live import TookTooLong
from apps.segments.models import Definition, DefinitionVersion
from apps.segments.rules import Node
from apps.segments.services.computing import COMPUTE_TASK, definition_lock
from apps.segments.thresholds import thresholds_read

State = DefinitionVersion.State
MAX_TEXT = 1_000
# As in `permissions`: who may approve is told that something waits.
APPROVERS = (User.Role.ADMINISTRATOR, User.Role.MARKETING_LEAD, User.Role.DATA_LEAD)
Thresholds = Sequence[Mapping[str, str]]


class DefinitionInvalid(DomainError):
    """The definition cannot be kept like this; `field` is what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class DefinitionRefused(DomainError):
    """What became of the definition or its version says no."""


def definition_create(
    *,
    key: str,
    label: str,
    rule: object,
    reason: str,
    by: User | None,
    now: datetime,
    thresholds: Thresholds = (),
    definition: str = "",
    uses: Sequence[str] | None = None,
) -> Definition:
    """
    Put a computed attribute into the dictionary, and propose the first rule for it.

    It has no values before somebody else has approved that.

    :raises ValidationError: by field: a system name that is none, or taken
    :raises RuleInvalid: the rule cannot be used
    :raises ThresholdInvalid: see `thresholds_read`
    :raises DefinitionInvalid: no reason
    """
    node = selectors.rule_read(rule, definition=key, is_new=True)
    thresholds_read(rule, thresholds)
    reason = _text("reason", reason)
    effect = _effect(node, None, now=now)
    with transaction.atomic():
        attribute = contacts.attribute_create(
            by=by,
            now=now,
            key=key,
            label=label,
            type=Attribute.Type.BOOLEAN,
            is_computed=True,
            definition=definition,
            owner=by,
            uses=list(Attribute.Use) if uses is None else list(uses),
        )
        made = Definition.objects.create(attribute=attribute, by=by)
        collaboration.audit_record(action="definition.created", subject=made, by=by, now=now)
        _propose(made, rule=rule, thresholds=thresholds, reason=reason, effect=effect, by=by, now=now)
    return made


def definition_propose(
    *,
    definition: Definition,
    rule: object,
    reason: str,
    by: User | None,
    now: datetime,
    thresholds: Thresholds = (),
) -> DefinitionVersion:
    """
    Propose another rule. The one in force stays so until somebody else has approved this one.

    :raises RuleInvalid: the rule cannot be used, or rests on what it computes
    :raises ThresholdInvalid: see `thresholds_read`
    :raises DefinitionInvalid: no reason
    :raises DefinitionRefused: another proposal waits, or nothing is different
    """
    node = selectors.definition_rule_read(rule, definition=definition, is_new=True)
    thresholds_read(rule, thresholds)
    reason = _text("reason", reason)
    effect = _effect(node, definition, now=now)
    with transaction.atomic():
        definition = _locked(definition)
        if waiting := selectors.version_proposed(definition):
            sentence = _("Version %(n)s waits for approval. It is decided on or withdrawn first.")
            raise DefinitionRefused(sentence % {"n": waiting.number})
        in_force = selectors.version_in_force(definition)
        if in_force and (in_force.rule, in_force.thresholds) == (rule, list(thresholds)):
            raise DefinitionRefused(_("Nothing is different from the rule in force."))
        return _propose(
            definition, rule=rule, thresholds=thresholds, reason=reason, effect=effect, by=by, now=now
        )


@transaction.atomic
def version_approve(
    *, version: DefinitionVersion, by: User, now: datetime, note: str = ""
) -> DefinitionVersion:
    """
    Put a proposed rule into force in the place of the old one, and have everybody's answer computed.

    :raises DefinitionRefused: decided already, or proposed by the same person
    :raises DefinitionInvalid: the note is too long
    :raises RuleInvalid: the rule cannot be used any more, or rests by now on what it computes
    """
    definition, version = _undecided(version)
    if version.by_id == by.pk:
        raise DefinitionRefused(_("You have proposed this yourself: somebody else has to approve it."))
    selectors.definition_rule_read(version.rule, definition=definition)
    definition.versions.filter(state=State.IN_FORCE).update(state=State.REPLACED, ended_at=now)
    _decide(version, State.IN_FORCE, by=by, now=now, note=note)
    definition.is_stale, definition.due_at = True, now
    definition.save(update_fields=["is_stale", "due_at", "updated_at"])
    _tell_proposer(version, _("“%(name)s”: version %(n)s is approved and in force."), by=by, now=now)
    ring(COMPUTE_TASK)
    return version


@transaction.atomic
def version_refuse(*, version: DefinitionVersion, by: User, now: datetime, note: str) -> DefinitionVersion:
    """
    Refuse a proposed rule; the one in force stays.

    :raises DefinitionRefused: decided already
    :raises DefinitionInvalid: it is not said why
    """
    _definition, version = _undecided(version)
    _text("note", note)
    _decide(version, State.REFUSED, by=by, now=now, note=note)
    _tell_proposer(version, _("“%(name)s”: version %(n)s is refused."), by=by, now=now)
    return version


@transaction.atomic
def version_withdraw(*, version: DefinitionVersion, by: User, now: datetime) -> DefinitionVersion:
    """
    Take one's own proposal back.

    :raises DefinitionRefused: decided already, or somebody else's
    """
    _definition, version = _undecided(version)
    if version.by_id != by.pk:
        raise DefinitionRefused(_("Only who proposed it takes it back. Who may approve it may refuse it."))
    return _decide(version, State.WITHDRAWN, by=by, now=now, note="")


@transaction.atomic
def definition_recompute(*, definition: Definition, by: User, now: datetime) -> Definition:
    """
    Have everybody's answer computed anew, without waiting for the schedule.

    :raises DefinitionRefused: no rule is in force
    """
    definition = _locked(definition)
    if selectors.version_in_force(definition) is None:
        raise DefinitionRefused(_("There is nothing to compute before a rule is approved."))
    definition.is_stale = True
    definition.save(update_fields=["is_stale", "updated_at"])
    collaboration.audit_record(action="definition.recompute", subject=definition, by=by, now=now)
    ring(COMPUTE_TASK)
    return definition


@transaction.atomic
def definition_delete(*, definition: Definition, by: User | None, now: datetime) -> None:
    """
    Delete a definition with its versions, its attribute, and what that says of everybody.

    :raises DefinitionRefused: it is being computed at this moment
    :raises AttributeRefused: something uses it; the sentence says what
    """
    definition = Definition.objects.select_for_update().select_related("attribute").get(pk=definition.pk)
    if not definition_lock(definition.pk):
        # What is being computed would be written after the values were stripped.
        raise DefinitionRefused(_("It is being computed at this moment. Try again in a minute."))
    in_force = selectors.version_in_force(definition)
    details: dict[str, object] = {"key": definition.attribute.key, "rule": in_force and in_force.rule}
    collaboration.audit_record(
        action="definition.deleted", subject=definition, by=by, now=now, details=details
    )
    attribute = definition.attribute
    definition.delete()
    contacts.attribute_delete(attribute=attribute, by=by, now=now)


def _locked(definition: Definition) -> Definition:
    rows = Definition.objects.select_for_update(no_key=True, of=("self",)).select_related("attribute")
    return rows.get(pk=definition.pk)


def _undecided(version: DefinitionVersion) -> tuple[Definition, DefinitionVersion]:
    definition = _locked(version.definition)
    version = DefinitionVersion.objects.select_related("by", "definition__attribute").get(pk=version.pk)
    if version.state != State.PROPOSED:
        sentence = _("Version %(n)s is decided already: “%(state)s”.")
        raise DefinitionRefused(sentence % {"n": version.number, "state": version.get_state_display()})
    return definition, version


def _propose(
    definition: Definition,
    *,
    rule: object,
    thresholds: Thresholds,
    reason: str,
    effect: dict[str, int],
    by: User | None,
    now: datetime,
) -> DefinitionVersion:
    last = definition.versions.aggregate(last=Max("number"))["last"] or 0
    version = DefinitionVersion.objects.create(
        definition=definition,
        number=last + 1,
        rule=rule,
        thresholds=[{"name": one["name"].strip(), "path": one["path"]} for one in thresholds],
        reason=reason,
        effect=effect,
        by=by,
        at=now,
    )
    definition.save(update_fields=["updated_at"])
    details: dict[str, object] = {"version": version.number, "rule": rule, "effect": effect}
    collaboration.audit_record(
        action="definition.proposed", subject=definition, by=by, now=now, details=details
    )
    approvers = User.objects.filter(is_active=True, role__in=APPROVERS)
    text = _("“%(name)s”: version %(n)s waits for approval.")
    collaboration.notify(
        users=[one for one in approvers if one != by],
        text=text % {"name": definition.attribute.label, "n": version.number},
        url=_url(version),
        now=now,
        kind="definition",
    )
    return version


def _decide(
    version: DefinitionVersion, state: DefinitionVersion.State, *, by: User, now: datetime, note: str
) -> DefinitionVersion:
    if len(note) > MAX_TEXT:
        raise DefinitionInvalid("note", _("At most %(n)s characters, please.") % {"n": MAX_TEXT})
    version.state, version.decided_by, version.decided_at, version.note = state, by, now, note.strip()
    version.save(update_fields=["state", "decided_by", "decided_at", "note"])
    acts = {State.IN_FORCE: "approved", State.REFUSED: "refused", State.WITHDRAWN: "withdrawn"}
    collaboration.audit_record(
        action=f"definition.{acts[state]}",
        subject=version.definition,
        by=by,
        now=now,
        details={"version": version.number},
    )
    return version


def _tell_proposer(version: DefinitionVersion, sentence: str, *, by: User, now: datetime) -> None:
    if version.by and version.by != by:
        told = sentence % {"name": version.definition.name, "n": version.number}
        collaboration.notify(users=[version.by], text=told, url=_url(version), now=now, kind="definition")


def _url(version: DefinitionVersion) -> str:
    return reverse("segments:definition_version", args=[version.pk])


def _effect(node: Node, definition: Definition | None, *, now: datetime) -> dict[str, int]:
    try:
        return selectors.definition_effect(node, definition=definition, now=now).as_json()
    except TookTooLong:
        return {}


def _text(field: str, text: str) -> str:
    text = text.strip()
    if not text:
        raise DefinitionInvalid(field, _("Say why, for those who read it later."))
    if len(text) > MAX_TEXT:
        raise DefinitionInvalid(field, _("At most %(n)s characters, please.") % {"n": MAX_TEXT})
    return text
