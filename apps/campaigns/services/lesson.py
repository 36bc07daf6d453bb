"""Acts on lessons: written down, mended, put away."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns import evidence
from apps.campaigns.errors import Refused
from apps.campaigns.models import Campaign, Lesson
from apps.campaigns.services.edit import changes_of, row_edit
from apps.collaboration import services as collaboration


@transaction.atomic
def lesson_add(
    *,
    text: str,
    by: User,
    now: datetime,
    campaign: Campaign | None = None,
    evidence_key: str = "",
    **fields: Any,
) -> Lesson:
    """
    Write down what was learnt; `fields` are segment, kind and element.

    With `evidence_key`, one of the campaign's results, it is quoted as it reads now.

    :raises Refused: nothing is said, or the campaign has no such result
    """
    _text_check(text)
    lesson = Lesson(text=text, by=by, campaign=campaign, **fields, **_quoted(campaign, evidence_key, now))
    lesson.save(force_insert=True)
    collaboration.audit_record(action="lesson.added", subject=lesson, by=by, now=now, within=campaign)
    return lesson


@transaction.atomic
def lesson_update(
    *, lesson: Lesson, by: User, now: datetime, seen: int | None = None, **fields: Any
) -> Lesson:
    """
    Change a lesson; another `evidence_key` quotes that result as it reads now.

    :raises ChangedMeanwhile: somebody changed one of these fields after version `seen`
    :raises Refused: as `lesson_add`, or it has been put away
    """
    lesson = Lesson.objects.select_for_update(no_key=True, of=("self",)).get(pk=lesson.pk)
    if lesson.archived_at is not None:
        raise Refused(_("This lesson has been put away. Bring it back before you change it."))
    changes = changes_of(lesson, fields)
    if "text" in changes:
        _text_check(changes["text"])
    if "evidence_key" in changes:
        changes |= _quoted(lesson.campaign, changes["evidence_key"], now)
    if not changes:
        return lesson
    return row_edit(lesson, changes, action="lesson.changed", by=by, now=now, seen=seen)


def lesson_archive(*, lesson: Lesson, by: User, now: datetime) -> Lesson:
    """Put a lesson away: it leaves the library and the wizard, and can be brought back."""
    return _archived_set(lesson, now, action="lesson.archived", by=by, now=now)


def lesson_restore(*, lesson: Lesson, by: User, now: datetime) -> Lesson:
    return _archived_set(lesson, None, action="lesson.restored", by=by, now=now)


@transaction.atomic
def _archived_set(lesson: Lesson, at: datetime | None, *, action: str, by: User, now: datetime) -> Lesson:
    moved = Lesson.objects.filter(pk=lesson.pk, archived_at__isnull=at is not None)
    if moved.update(archived_at=at, updated_at=now):
        lesson.archived_at = at
        collaboration.audit_record(action=action, subject=lesson, by=by, now=now, within=lesson.campaign)
    return lesson


def _text_check(text: str) -> None:
    if not text.strip():
        raise Refused(_("Say what was learnt."), field="text")


def _quoted(campaign: Campaign | None, key: str, now: datetime) -> dict[str, Any]:
    """Return the fields that quote a result of the campaign, as it reads now; all empty without a key."""
    if not key:
        names = ["n", "low", "value", "high", "at"]
        return {"evidence_key": "", "evidence_text": "", **{f"evidence_{name}": None for name in names}}
    known = evidence.results_of(campaign) if campaign else []
    result = next((result for result in known if result.key == key), None)
    if result is None:
        raise Refused(_("The campaign has no such result."), field="evidence_key")
    return {
        "evidence_key": key,
        "evidence_text": result.sentence[:500],
        "evidence_n": result.people,
        "evidence_low": result.estimate.low,
        "evidence_value": result.estimate.value,
        "evidence_high": result.estimate.high,
        "evidence_at": now,
    }
