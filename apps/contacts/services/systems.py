"""The register of systems: write one down, link it to what Bookend knows of it, take it out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.collaboration.stale import seen_check
from apps.contacts import registries
from apps.contacts.models import Attribute, System, SystemLink
from apps.contacts.selectors.systems import system_attributes, system_is_linked
from apps.core.errors import DomainError
from apps.core.texts import name_check

NAMED = 5  # attributes that a refusal names


class SystemRefused(DomainError):
    """The register says no; `field` is what it is about, if it is about one."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def system_create(*, by: User | None, now: datetime, **described: Any) -> System:
    """
    Write a system down. `described` are fields of `System`.

    :raises ValidationError: by field; also a name that is taken, and a sync that is yet to come
    """
    name_check(described.get("name", ""))
    system = System(**described)
    _check(system, now=now)
    with transaction.atomic():
        system.save()
        collaboration.audit_record(action="system.created", subject=system, by=by, now=now)
    return system


@transaction.atomic
def system_update(
    *, system: System, by: User | None, now: datetime, seen_at: datetime | None = None, **changes: Any
) -> System:
    """
    Change what is given. Attributes that name the system follow it to its new name. `seen_at` is how old was
    what the author read.

    :raises SavedSince: somebody has saved it since it was seen
    :raises ValidationError: by field
    :raises SystemRefused: a sync is typed of a system of which the data says it
    """
    system = System.objects.select_for_update(no_key=True).get(pk=system.pk)
    seen_check(system, seen_at)
    was = system.name
    changed = {name: value for name, value in changes.items() if value != getattr(system, name)}
    if "synced_at" in changed and system_is_linked(system):
        raise SystemRefused(
            _("When it was last in step is taken from what it is linked to, and is not typed."), "synced_at"
        )
    name_check(changed.get("name", ""))
    for name, value in changed.items():
        setattr(system, name, value)
    _check(system, now=now)
    if changed:
        system.save()
        if "name" in changed:
            Attribute.current.filter(source__iexact=was).update(source=system.name, updated_at=now)
        collaboration.audit_record(
            action="system.changed", subject=system, by=by, now=now, details={"fields": sorted(changed)}
        )
    return system


@transaction.atomic
def system_delete(*, system: System, by: User | None, now: datetime) -> None:
    """
    Take a system out of the register, with its links; what they lead to stays.

    :raises SystemRefused: attributes name it as their source; the sentence says which
    """
    system = System.objects.select_for_update().get(pk=system.pk)
    if named := list(system_attributes(system)[:NAMED]):
        raise SystemRefused(
            _("“%(name)s” is the source of %(attributes)s. Give them another one in the dictionary first.")
            % {"name": system.name, "attributes": ", ".join(f"“{one.label}”" for one in named)}
        )
    collaboration.audit_record(
        action="system.deleted", subject=system, by=by, now=now, details={"name": system.name}
    )
    system.delete()


def system_link(*, system: System, kind: str, object_id: int, by: User | None, now: datetime) -> SystemLink:
    """
    Say that the system is at the other end of a source, a saved mapping, a schedule…

    :raises SystemRefused: there is no such thing, or it is linked already
    """
    feed = dict(registries.feeds.items()).get(kind)
    if feed is None or object_id not in feed.things([object_id]):
        raise SystemRefused(_("What it is to be linked to is not there."), "object_id")
    try:
        with transaction.atomic():
            link = SystemLink.objects.create(system=system, kind=kind, object_id=object_id, at=now)
            _audit_link("system.linked", link, by=by, now=now)
    except IntegrityError as error:
        raise SystemRefused(_("It is linked to this already.")) from error
    return link


@transaction.atomic
def system_unlink(*, link: SystemLink, by: User | None, now: datetime) -> None:
    """Take a link away; what it led to stays."""
    link = SystemLink.objects.select_for_update().select_related("system").get(pk=link.pk)
    _audit_link("system.unlinked", link, by=by, now=now)
    link.delete()


@transaction.atomic
def systems_set(
    *, kind: str, object_id: int, systems: Sequence[System], by: User | None, now: datetime
) -> None:
    """
    Have these systems, and no others, stand at the other end of a source, a saved mapping, a schedule…

    :raises SystemRefused: there is no such thing
    """
    wanted = {system.pk: system for system in systems}
    links = SystemLink.objects.filter(kind=kind, object_id=object_id)
    for link in links.exclude(system__in=wanted).order_by("pk"):
        system_unlink(link=link, by=by, now=now)
    for pk in sorted(wanted.keys() - set(links.values_list("system", flat=True))):
        system_link(system=wanted[pk], kind=kind, object_id=object_id, by=by, now=now)


def _audit_link(action: str, link: SystemLink, *, by: User | None, now: datetime) -> None:
    details: dict[str, object] = {"kind": link.kind, "object_id": link.object_id}
    collaboration.audit_record(action=action, subject=link.system, by=by, now=now, details=details)


def _check(system: System, *, now: datetime) -> None:
    """:raises ValidationError: by field; that the name is taken is told of the name"""
    if system.synced_at is not None and system.synced_at > now:
        raise ValidationError({"synced_at": [_("This is yet to come.")]})
    try:
        system.full_clean()
    except ValidationError as error:
        told = error.message_dict
        raise ValidationError(
            {("name" if field == "__all__" else field): told[field] for field in told}
        ) from error
