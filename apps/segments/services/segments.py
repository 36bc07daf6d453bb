"""What people do with segments."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.collaboration.stale import seen_check
from apps.core.errors import DomainError
from apps.core.queues import ring
from apps.core.texts import is_one_line
from apps.segments import selectors
from apps.segments.models import Segment, SegmentChange
from apps.segments.rules.needs import segment_topic
from apps.segments.services.used import StillUsed

REFRESH_TASK = "apps.segments.tasks.segments_refresh"
MAX_NAME = 200


class SegmentInvalid(DomainError):
    """The segment cannot be kept like this; `field` is what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def segment_create(
    *, name: str, rule: object, by: User | None, now: datetime, description: str = ""
) -> Segment:
    """
    Keep a new segment, and have its members found.

    :raises RuleInvalid: the rule cannot be used
    :raises SegmentInvalid: no name, or one that is taken
    """
    selectors.rule_read(rule, is_new=True)
    segment = Segment(name=_name(name), description=description.strip(), rule=rule, by=by)
    _keep(segment, action="segment.created", by=by, now=now, details={"rule": rule})
    return segment


def segment_change(
    *,
    segment: Segment,
    by: User | None,
    now: datetime,
    name: str | None = None,
    description: str | None = None,
    rule: object = None,
    seen_at: datetime | None = None,
) -> Segment:
    """
    Change what is given. Another rule has the members found anew, here and in the segments that refer to this
    one; until then they are those of the old rule. `seen_at` is how old was what the author read.

    :raises SavedSince: somebody has saved it since it was seen
    :raises RuleInvalid: the rule cannot be used, or refers back to this segment
    :raises SegmentInvalid: no name, or one that is taken
    """
    if rule is not None:
        selectors.rule_read(rule, segment=segment, is_new=True)
    with transaction.atomic():
        segment = Segment.objects.select_for_update(no_key=True).get(pk=segment.pk)
        seen_check(segment, seen_at)
        before = {"name": segment.name, "description": segment.description, "rule": segment.rule}
        segment.name = segment.name if name is None else _name(name)
        segment.description = segment.description if description is None else description.strip()
        segment.rule = segment.rule if rule is None else rule
        segment.is_stale = segment.is_stale or segment.rule != before["rule"]
        after = {"name": segment.name, "description": segment.description, "rule": segment.rule}
        changed: dict[str, object] = {
            key: [before[key], after[key]] for key in after if after[key] != before[key]
        }
        if changed:
            _keep(segment, action="segment.changed", by=by, now=now, details=changed)
        if "rule" in changed:
            # Those who refer to it, directly or through others, have another rule now as well.
            SegmentChange.objects.create(at=now, topics=[segment_topic(segment.pk)])
    return segment


def segment_duplicate(*, segment: Segment, by: User, now: datetime) -> Segment:
    """
    Make another segment with the same rule.

    :raises RuleInvalid: the rule cannot be used any more
    """
    return segment_create(
        name=_free_name(segment.name), description=segment.description, rule=segment.rule, by=by, now=now
    )


@transaction.atomic
def segment_archive(*, segment: Segment, by: User | None, now: datetime) -> Segment:
    """
    Put a segment away: it is kept as it is, offered nowhere, and no longer refreshed.

    :raises StillUsed: something needs it
    """
    segment = Segment.objects.select_for_update(no_key=True).get(pk=segment.pk)
    _check_unused(segment, by)
    if segment.archived_at is None:
        segment.archived_at = now
        segment.save(update_fields=["archived_at", "updated_at"])
        collaboration.audit_record(action="segment.archived", subject=segment, by=by, now=now)
    return segment


@transaction.atomic
def segment_restore(*, segment: Segment, by: User | None, now: datetime) -> Segment:
    """Take a segment out of the archive, and have its members found anew."""
    segment = Segment.objects.select_for_update(no_key=True).get(pk=segment.pk)
    if segment.archived_at is not None:
        # What it watches was not noted meanwhile: see `SECOND_LOOK`.
        segment.archived_at, segment.is_stale, segment.watches = None, True, []
        _keep(segment, action="segment.restored", by=by, now=now)
    return segment


@transaction.atomic
def segment_delete(*, segment: Segment, by: User | None, now: datetime) -> None:
    """
    Delete a segment with its members and history. The contacts stay.

    :raises StillUsed: something needs it
    """
    segment = Segment.objects.select_for_update().get(pk=segment.pk)
    _check_unused(segment, by)
    collaboration.audit_record(
        action="segment.deleted", subject=segment, by=by, now=now, details={"rule": segment.rule}
    )
    segment.delete()


def _check_unused(segment: Segment, by: User | None) -> None:
    if uses := selectors.segment_uses([segment.pk], user=by)[segment.pk]:
        raise StillUsed(uses)


def _name(name: str) -> str:
    name = name.strip()
    if not name:
        raise SegmentInvalid("name", _("A segment needs a name."))
    if len(name) > MAX_NAME or not is_one_line(name):
        raise SegmentInvalid("name", _("A name of at most %(n)s letters, please.") % {"n": MAX_NAME})
    return name


def _free_name(name: str) -> str:
    taken = set(Segment.objects.filter(name__startswith=name[:150]).values_list("name", flat=True))
    names = (_("%(name)s (copy %(n)s)") % {"name": name[: MAX_NAME - 20], "n": n} for n in range(1, 10_000))
    return next(copy for copy in names if copy not in taken)


def _keep(
    segment: Segment,
    *,
    action: str,
    by: User | None,
    now: datetime,
    details: dict[str, object] | None = None,
) -> None:
    try:
        with transaction.atomic():
            segment.save()
            collaboration.audit_record(action=action, subject=segment, by=by, now=now, details=details)
            ring(REFRESH_TASK)
    except IntegrityError as error:
        taken = _("There is a segment “%(name)s” already.") % {"name": segment.name}
        raise SegmentInvalid("name", taken) from error
