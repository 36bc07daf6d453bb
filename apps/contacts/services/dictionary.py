"""The data dictionary: describe attributes, change them, take them away, and keep their indexes."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.collaboration.stale import seen_check
from apps.contacts import attributes as keys
from apps.contacts.models import Attribute, Company, Contact
from apps.contacts.registries import Use, attribute_uses, company_attribute_uses
from apps.contacts.retyping import SHOWN, retyping_plan, values_retype
from apps.core.errors import DomainError
from apps.core.queues import ring

logger = logging.getLogger(__name__)

SETTLE_TASK = "apps.contacts.tasks.attributes_settle"
STRIP_ROWS = 10_000  # contacts looked at in one statement when an attribute is taken away
Type = Attribute.Type
# How long values of an old type may still arrive, from imports that had begun before the type was changed.
RETYPED_FOR = timedelta(hours=1)
# When an index that could not be built is tried again: after a timeout or a full disk, and after a value that
# does not fit, which stays until somebody mends it.
INDEX_SOON_AGAIN = timedelta(minutes=1)
INDEX_FAULTY_AGAIN = timedelta(hours=1)
# Types whose values are kept alike: one can become the other, whatever contacts have.
_SAME_VALUES = ({Type.TEXT, Type.CHOICE}, {Type.NUMBER, Type.MONEY})


class AttributeRefused(DomainError):
    """The dictionary says no."""


def attribute_create(*, by: User | None, now: datetime, key: str, label: str, **described: Any) -> Attribute:
    """
    Describe a new attribute, of contacts if `applies_to` says nothing else. `described` are other fields of
    `Attribute`, such as type and definition.

    :raises ValidationError: by field; a key that is no system name comes with one that would be
    """
    if not keys.key_is_valid(key):
        sentence = _("Lower-case words joined by underscores, such as “%(better)s”.")
        raise ValidationError({"key": [sentence % {"better": keys.key_suggest(key or label)}]})
    attribute = Attribute(key=key, label=label, **described)
    _key_free_check(attribute)
    attribute.full_clean()
    try:
        with transaction.atomic():
            attribute.save()
            collaboration.audit_record(action="attribute.created", subject=attribute, by=by, now=now)
            ring(SETTLE_TASK)
    except IntegrityError as error:
        sentence = _("An attribute of this name is just being taken away. Try again in a minute.")
        raise ValidationError({"key": [sentence]}) from error
    return attribute


def _key_free_check(attribute: Attribute) -> None:
    if keys.key_is_built_in(attribute.key, attribute.applies_to):
        raise ValidationError({"key": [_("There is a field of this name already, without any attribute.")]})
    if Attribute.current.of(attribute.applies_to).filter(key=attribute.key).exists():
        raise ValidationError({"key": [_("An attribute with this system name already exists.")]})


@transaction.atomic
def attribute_update(
    *,
    attribute: Attribute,
    by: User | None,
    now: datetime,
    is_converted: bool = False,
    seen_at: datetime | None = None,
    **changes: Any,
) -> Attribute:
    """
    Change what is given. The key never changes. `seen_at` is how old was what the author read. Values follow
    another type where all of them can be read as it, nothing uses the attribute, and `is_converted` says that
    this is wanted.

    Whoever changes an attribute that came by itself has described it: the flag is gone.

    :raises SavedSince: somebody has saved it since it was seen
    :raises ValidationError: by field
    """
    attribute = Attribute.current.select_for_update(no_key=True).get(pk=attribute.pk)
    seen_check(attribute, seen_at)
    before = {name: getattr(attribute, name) for name in changes}
    kind = changes.get("type", attribute.type)
    if kind != attribute.type and attribute.is_computed:
        raise ValidationError({"type": [_("It is computed by its definition, which says yes or no.")]})
    is_other_kind = kind != attribute.type and not _same_values(kind, attribute.type)
    has_index = attribute.index_built_at is not None
    if kind != attribute.type:
        attribute.index_built_at = None  # the index is one of the old type's expression
    for name, value in changes.items():
        setattr(attribute, name, value)
    attribute.is_defined = True
    attribute.index_fault, attribute.index_due_at = "", None  # whatever was wrong may be mended by this
    attribute.full_clean()
    if is_other_kind and attribute_has_values(attribute):
        if has_index:  # its expression would fail on the first value of another type
            sentence = _("It has an index by its type. Take “quick to search” away, then wait a minute.")
            raise ValidationError({"type": [sentence]})
        _retype(attribute, by=by, now=now, is_converted=is_converted)
    attribute.save()
    changed = sorted(name for name, value in before.items() if value != getattr(attribute, name))
    collaboration.audit_record(
        action="attribute.changed", subject=attribute, by=by, now=now, details={"fields": changed}
    )
    ring(SETTLE_TASK)
    return attribute


def _retype(attribute: Attribute, *, by: User | None, now: datetime, is_converted: bool) -> None:
    """Turn the values into those of the type that it is to have."""
    kind = Type(attribute.type).label
    if places := attribute_places(attribute, user=by):
        sentence = _("Its values would change, and it is used by %(places)s. Take it out there first.")
        raise ValidationError({"type": [sentence % {"places": ", ".join(map(str, places[:5]))}]})
    plan = retyping_plan(attribute)
    if plan.is_too_much:
        sentence = _("There are too many different values to read anew. Make a new attribute instead.")
        raise ValidationError({"type": [sentence]})
    if plan.misfits:
        told = [_("Some values are not of the type “%(type)s”.") % {"type": kind}, *plan.told[:SHOWN]]
        raise ValidationError({"type": told})
    if not is_converted:
        sentence = ngettext(
            "%(n)s has a value, which can be read as “%(type)s”. Say so, and it becomes that.",
            "%(n)s have a value, and all of them can be read as “%(type)s”. Say so, and they become that.",
            plan.rows,
        )
        raise ValidationError({"is_converted": [sentence % {"n": f"{plan.rows:,}", "type": kind}]})
    values_retype(attribute, plan)
    attribute.retyped_at = now


@transaction.atomic
def attribute_index_again(*, attribute: Attribute, by: User | None, now: datetime) -> Attribute:
    """
    Have an index built at once that could not be built before.

    :raises AttributeRefused: nothing has gone wrong
    """
    attribute = Attribute.current.select_for_update(no_key=True).get(pk=attribute.pk)
    if not attribute.index_fault:
        raise AttributeRefused(_("There is no index here that could not be built."))
    attribute.index_fault, attribute.index_due_at = "", None
    attribute.save(update_fields=["index_fault", "index_due_at", "updated_at"])
    collaboration.audit_record(action="attribute.index_again", subject=attribute, by=by, now=now)
    ring(SETTLE_TASK)
    return attribute


@transaction.atomic
def attribute_delete(*, attribute: Attribute, by: User | None, now: datetime) -> None:
    """
    Take an attribute away, and its values from whoever has one; a worker does that, batch by batch.

    :raises AttributeRefused: something uses it; the sentence says what
    """
    attribute = Attribute.current.select_for_update().get(pk=attribute.pk)
    if places := attribute_places(attribute, user=by):
        raise AttributeRefused(
            _("“%(label)s” is used by %(places)s. Take it out there first.")
            % {
                "label": attribute.label,
                "places": ", ".join(map(str, places[:5])),
            }
        )
    attribute.removed_at = now
    attribute.save(update_fields=["removed_at", "updated_at"])
    collaboration.audit_record(action="attribute.deleted", subject=attribute, by=by, now=now)
    ring(SETTLE_TASK)


def attribute_places(attribute: Attribute, *, user: User | None) -> list[Use]:
    """Return where the attribute is used, as the higher floors say; no names of what `user` may not see."""
    is_of_contacts = attribute.applies_to == Attribute.Subject.CONTACT
    registry = attribute_uses if is_of_contacts else company_attribute_uses
    places = [use for uses in registry for use in uses(attribute.key)]
    hidden = {use.permission for use in places if use.permission}
    hidden -= {permission for permission in hidden if user is not None and user.has_perm(permission)}
    return [Use(use.kind, "") if use.permission in hidden else use for use in places]


def attribute_has_values(attribute: Attribute) -> bool:
    model = Contact if attribute.applies_to == Attribute.Subject.CONTACT else Company
    return model._default_manager.filter(attributes__has_key=attribute.key).exists()


def attributes_settle(*, now: datetime) -> None:
    """
    Build the indexes that the dictionary asks for, drop the others, strip what was taken away, and read anew
    what arrived by an old type while that was changed.

    Never inside a transaction: an index is built while contacts are being written.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('contacts.settle'))")
        if cursor.fetchone() != (True,):
            return  # another worker is at it
        try:
            for attribute in Attribute.current.filter(retyped_at__gt=now - RETYPED_FOR):
                values_retype(attribute, retyping_plan(attribute))
            for attribute in Attribute.all_objects.unsettled(at=now):
                _settle_or_log(attribute, now=now)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('contacts.settle'))")


def _settle_or_log(attribute: Attribute, *, now: datetime) -> None:
    """One attribute that cannot be settled holds up no other; it says why, and is tried again later."""
    try:
        _settle(attribute, now=now)
    except (DatabaseError, InterfaceError) as error:
        logger.exception("attribute %s could not be settled", attribute.pk)
        fault, wait = _index_fault(error, attribute)
        Attribute.all_objects.filter(pk=attribute.pk).update(index_fault=fault, index_due_at=now + wait)
        # A half-built index is of no use, but every writer would have to fill it.
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {_index_name(attribute)}")


def _index_fault(error: Exception, attribute: Attribute) -> tuple[str, timedelta]:
    """Return what to tell people, which is never the database's own sentence: that quotes a value."""
    if isinstance(error, (OperationalError, InterfaceError)):
        return _(
            "The database was busy, full or away. Nothing is wrong with the attribute."
        ), INDEX_SOON_AGAIN
    kind = Type(attribute.type).label
    sentence = _("Some values are not of the type “%(type)s”, so they cannot be put in order.")
    return sentence % {"type": kind}, INDEX_FAULTY_AGAIN


def _settle(attribute: Attribute, *, now: datetime) -> None:
    is_wanted = attribute.is_indexed and attribute.removed_at is None
    with connection.cursor() as cursor:
        # Also one that a killed worker left half built, which would never be used.
        cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {_index_name(attribute)}")
        if is_wanted:
            cursor.execute(keys.index_sql(attribute.key, attribute.type, attribute.applies_to))
            cursor.execute(f"ANALYZE {keys.TABLES[attribute.applies_to]}")
    if attribute.removed_at is not None:
        _strip(attribute.key, keys.TABLES[attribute.applies_to])
        Attribute.all_objects.filter(pk=attribute.pk).delete()
        return
    # Nothing, if somebody has changed it in the meantime: then it is settled again.
    unchanged = Attribute.all_objects.filter(
        pk=attribute.pk, type=attribute.type, is_indexed=attribute.is_indexed
    )
    unchanged.update(index_built_at=now if is_wanted else None, index_fault="", index_due_at=None)


def _index_name(attribute: Attribute) -> str:
    return keys.index_name(attribute.key, attribute.applies_to)


def _strip(key: str, table: str) -> None:
    """Take the key from all rows, some thousand at a time, so that no writer waits for long."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")  # noqa: S608  # one of two tables
        (last,) = cursor.fetchone()
        for start in range(0, last + 1, STRIP_ROWS):
            cursor.execute(
                f"UPDATE {table} SET attributes = attributes - %s, updated_at = now() "  # noqa: S608  # as above
                "WHERE id >= %s AND id < %s AND attributes ? %s",
                [key, start, start + STRIP_ROWS, key],
            )


def _same_values(one: str, other: str) -> bool:
    return any({one, other} <= alike for alike in _SAME_VALUES)
