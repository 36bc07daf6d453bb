"""Use cases and what they rest on, by a person or a program."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.collaboration.stale import seen_check
from apps.contacts.attributes import key_is_valid
from apps.core.errors import DomainError
from apps.core.texts import name_check
from apps.usecases.kinds import KINDS, State
from apps.usecases.models import Part, UseCase

MOST, MOST_PARTS = 500, 30


class UseCaseRefused(DomainError):
    """The tracker says no; `field` is what it is about, if it is about one."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def use_case_create(*, by: User | None, now: datetime, **described: Any) -> UseCase:
    """
    Write a use case down. `described` are fields of `UseCase`.

    :raises ValidationError: by field; also a name that is taken
    :raises UseCaseRefused: there are too many
    """
    if UseCase.objects.count() >= MOST:
        raise UseCaseRefused(_("There are too many use cases. Delete those that are over first."))
    name_check(described.get("name", ""))
    use_case = UseCase(**described)
    _check(use_case)
    use_case.save()
    collaboration.audit_record(action="usecase.created", subject=use_case, by=by, now=now)
    return use_case


@transaction.atomic
def use_case_update(
    *, use_case: UseCase, by: User | None, now: datetime, seen_at: datetime | None = None, **changes: Any
) -> UseCase:
    """
    Change what is given. `seen_at` is how old was what the author read.

    :raises SavedSince: somebody has saved it since it was seen
    :raises ValidationError: by field
    """
    use_case = UseCase.objects.select_for_update(no_key=True).get(pk=use_case.pk)
    seen_check(use_case, seen_at)
    changed = {name: value for name, value in changes.items() if value != getattr(use_case, name)}
    name_check(changed.get("name", ""))
    for name, value in changed.items():
        setattr(use_case, name, value)
    _check(use_case)
    if changed:
        use_case.save()
        collaboration.audit_record(
            action="usecase.changed", subject=use_case, by=by, now=now, details={"fields": sorted(changed)}
        )
    return use_case


@transaction.atomic
def use_case_delete(*, use_case: UseCase, by: User | None, now: datetime) -> None:
    """Delete a use case; what it rests on stays."""
    use_case = UseCase.objects.select_for_update().get(pk=use_case.pk)
    collaboration.audit_record(
        action="usecase.deleted", subject=use_case, by=by, now=now, details={"name": use_case.name}
    )
    use_case.delete()


def part_add(
    *,
    use_case: UseCase,
    step: str,
    kind: str,
    by: User | None,
    now: datetime,
    object_id: int | None = None,
    key: str = "",
    url: str = "",
    enough_percent: int = 50,
) -> Part:
    """
    Say what a step of the use case rests on. An attribute or event may be named before it is there.

    :raises ValidationError: by field
    :raises UseCaseRefused: no such kind at this step, nothing named, not there, there already, too many
    """
    part = _named(use_case, step, kind, object_id=object_id, key=key.strip(), url=url)
    part.enough_percent = enough_percent
    part.clean_fields()
    if KINDS[kind].named_by == "object":
        (known,) = KINDS[kind].states([part], now).values()
        if known.state == State.GONE:
            raise UseCaseRefused(_("What it is to rest on is not there."), "object_id")
    try:
        with transaction.atomic():
            UseCase.objects.select_for_update(no_key=True).get(pk=use_case.pk)
            if Part.objects.filter(use_case=use_case).count() >= MOST_PARTS:
                raise UseCaseRefused(_("It rests on too much. Make two use cases of it."))
            part.save()
            _audit_part("usecase.part_added", part, by=by, now=now)
    except IntegrityError as error:
        raise UseCaseRefused(_("This stands here already.")) from error
    return part


@transaction.atomic
def part_remove(*, part: Part, by: User | None, now: datetime) -> None:
    """Say that the use case does not rest on this any more; the thing itself stays."""
    part = Part.objects.select_for_update().select_related("use_case").get(pk=part.pk)
    _audit_part("usecase.part_removed", part, by=by, now=now)
    part.delete()


def _named(use_case: UseCase, step: str, kind: str, *, object_id: int | None, key: str, url: str) -> Part:
    """Return the part with what its kind is named by, and nothing else."""
    if kind not in KINDS or step not in KINDS[kind].steps:
        raise UseCaseRefused(_("Choose what it rests on."), "kind")
    part = Part(use_case=use_case, step=step, kind=kind)
    match KINDS[kind].named_by:
        case "object":
            if object_id is None:
                raise UseCaseRefused(_("Choose what it rests on."), "object_id")
            part.object_id = object_id
        case "key":
            is_name = bool(key) if kind == "event" else key_is_valid(key)
            if not is_name:
                raise UseCaseRefused(_("Write the system name, such as last_order."), "key")
            part.key = key
        case "url":
            if not url:
                raise UseCaseRefused(_("Write the address of the page."), "url")
            part.key, part.url = key, url
    return part


def _audit_part(action: str, part: Part, *, by: User | None, now: datetime) -> None:
    details: dict[str, object] = {"step": part.step, "kind": part.kind}
    if part.object_id is not None:
        details["object_id"] = part.object_id
    if part.key:
        details["key"] = part.key
    collaboration.audit_record(action=action, subject=part.use_case, by=by, now=now, details=details)


def _check(use_case: UseCase) -> None:
    """:raises ValidationError: by field; that the name is taken is told of the name"""
    try:
        use_case.full_clean()
    except ValidationError as error:
        told = {("name" if field == "__all__" else field): why for field, why in error.message_dict.items()}
        raise ValidationError(told) from error
