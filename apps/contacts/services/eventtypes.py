"""What people say of the names of events: what they mean, their fields, and what becomes of misfits."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts import eventcatalogue, schemas
from apps.contacts.eventfields import MAX_FIELD_NAME, MAX_FIELDS, Field
from apps.contacts.models import EventSchema, EventSchemaVersion, EventType, HeldEvent
from apps.contacts.registries import Use, event_uses
from apps.core.errors import DomainError

Mode = EventSchema.Mode
# Until every process has heard that a name is not checked any more, and has finished what it was at.
HEEDED_AFTER = timedelta(minutes=1)


class EventTypeRefused(DomainError):
    """The catalogue of events says no."""


class SchemaChanged(DomainError):
    """Somebody else has saved a newer version than the one that was being edited."""


@transaction.atomic
def event_type_describe(
    *, event_type: EventType, by: User | None, now: datetime, **changes: Any
) -> EventSchema:
    """
    Say what a name of events means: `label`, `description`, `owner`. Its system name never changes.

    :raises ValidationError: by field
    """
    schema = _schema_locked(event_type)
    changed = {name: value for name, value in changes.items() if value != getattr(schema, name)}
    for name, value in changed.items():
        setattr(schema, name, value)
    schema.full_clean()
    if changed:
        schema.save()
        collaboration.audit_record(
            action="eventtype.described",
            subject=event_type,
            by=by,
            now=now,
            details={"fields": sorted(changed)},
        )
    return schema


@transaction.atomic
def event_schema_change(
    *,
    event_type: EventType,
    mode: str,
    fields: Sequence[Field],
    by: User | None,
    now: datetime,
    version: int | None = None,
) -> EventSchema:
    """
    Make a new version of the schema, unless it is as it was. What comes from now on is held against it.

    `version` is the one that was edited; None overwrites whatever there is.

    :raises ValidationError: by field
    :raises SchemaChanged: there is a newer version than `version`
    """
    schema = _schema_locked(event_type)
    if version is not None and version != schema.version:
        raise SchemaChanged(
            _("Somebody has saved version %(n)s in the meantime. Look at it, then say yours again.")
            % {"n": schema.version}
        )
    _fields_check(fields, mode=mode)
    told = [field.as_data() for field in fields]
    if schema.version and (schema.mode, schema.fields) == (mode, told):
        return schema
    schema.mode, schema.fields, schema.version = mode, told, schema.version + 1
    schema.full_clean()
    schema.save()
    EventSchemaVersion.objects.create(
        schema=schema, number=schema.version, mode=mode, fields=told, by=by, at=now
    )
    collaboration.audit_record(
        action="eventschema.changed",
        subject=event_type,
        by=by,
        now=now,
        details={"version": schema.version, "mode": mode},
    )
    schemas.forget()
    return schema


@transaction.atomic
def event_type_delete(*, event_type: EventType, by: User | None, now: datetime) -> None:
    """
    Take a name out of the catalogue, with what was said of it. Events stay with their contacts.

    :raises EventTypeRefused: something uses it, events wait in quarantine, or it is still being checked
    """
    event_type = EventType.objects.select_for_update().get(pk=event_type.pk)
    if places := event_type_places(event_type=event_type, user=by):
        names = ", ".join(f"{use.kind} “{use.label}”" for use in places[:5])
        raise EventTypeRefused(
            _("“%(name)s” is used by %(places)s. Take it out there first.")
            % {"name": event_type.name, "places": names}
        )
    versions = EventSchemaVersion.objects.filter(schema__event_type=event_type)
    is_checked = EventSchema.objects.filter(event_type=event_type).exclude(mode=Mode.OFF).exists()
    if is_checked or versions.filter(at__gt=now - HEEDED_AFTER).exists():
        raise EventTypeRefused(_("Its events are being checked. Stop that first, then wait a minute."))
    if HeldEvent.objects.filter(event_type=event_type).exists():
        raise EventTypeRefused(_("Events wait in quarantine. Release or discard them first."))
    collaboration.audit_record(
        action="eventtype.deleted",
        subject=event_type,
        by=by,
        now=now,
        details={"name": event_type.name},
    )
    event_type.delete()
    eventcatalogue.forget()


def event_type_places(*, event_type: EventType, user: User | None) -> list[Use]:
    """Return where the name is used, for `user` to read, as the higher floors say."""
    return [use for uses in event_uses for use in uses(event_type.name, user)]


def _schema_locked(event_type: EventType) -> EventSchema:
    """Return the schema, new if there is none, with the name locked against who else would make one."""
    event_type = EventType.objects.select_for_update(no_key=True).get(pk=event_type.pk)
    return EventSchema.objects.filter(event_type=event_type).first() or EventSchema(event_type=event_type)


def _fields_check(fields: Sequence[Field], *, mode: str) -> None:
    """:raises ValidationError: at `fields`, with the first thing that is wrong"""
    if mode != Mode.OFF and not fields:
        raise ValidationError({"fields": [_("Say at least one field before events are held against it.")]})
    if len(fields) > MAX_FIELDS:
        raise ValidationError({"fields": [_("A schema has at most %(n)s fields.") % {"n": MAX_FIELDS}]})
    seen: set[str] = set()
    for field in fields:
        if not field.name.isprintable() or not 0 < len(field.name) <= MAX_FIELD_NAME:
            raise ValidationError(
                {"fields": [_("A field has a name of 1 to %(n)s characters.") % {"n": MAX_FIELD_NAME}]}
            )
        if field.name in seen:
            raise ValidationError({"fields": [_("“%(name)s” is said twice.") % {"name": field.name}]})
        seen.add(field.name)
