"""How every act of this app changes a row: lock, compare, tell the second of two editors, write, audit."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import CharField, ForeignKey, Model
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns.errors import ChangedMeanwhile, PutAway, Refused
from apps.campaigns.models import Campaign
from apps.campaigns.models.version import Versioned
from apps.campaigns.wording import shown
from apps.collaboration import services as collaboration
from apps.collaboration.models import AuditEvent
from apps.core.texts import NOT_ONE_LINE, is_one_line
from apps.segments.rules import RuleInvalid, event_where

Row = TypeVar("Row", bound=Versioned)
# What things are called, on one line; reasons and notes may have several.
LINES = frozenset({"name", "title", "label", "vendor", "practice", "text"})


def campaign_lock(campaign: Campaign) -> Campaign:
    """
    Return the campaign as it is now, locked until the end of the transaction.

    Every act on a part of a campaign takes this lock first, so no two of them wait for each other in a ring.

    :raises PutAway: it is archived
    """
    locked = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    if locked.archived_at is not None:
        raise PutAway(_("This campaign has been put away. Bring it back before you change it."))
    return locked


def changes_of(row: Versioned, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the wanted values that are not there already: a request sent twice changes nothing."""
    return {name: value for name, value in wanted.items() if _differs(row, name, value)}


def row_edit(
    row: Row,
    changes: Mapping[str, Any],
    *,
    action: str,
    by: User | None,
    now: datetime,
    seen: int | None = None,
    details: Mapping[str, object] | None = None,
) -> Row:
    """
    Write the changes to a row that the caller has locked, and the audit event that says what they were.

    `seen` is the version that the editor looked at; None overwrites whatever is there.

    :raises ChangedMeanwhile: one of these fields was changed by somebody after that version
    :raises Refused: what is read on one line has nothing to read in it, or more than a line
    """
    seen_check(row, changes, seen=seen)
    lines_check(type(row), changes)
    told = {
        name: [shown(row, name, getattr(row, name)), shown(row, name, new)] for name, new in changes.items()
    }
    row.version += 1
    row.updated_at = now
    for name, value in changes.items():
        setattr(row, name, value)
    type(row)._default_manager.filter(pk=row.pk).update(**changes, version=row.version, updated_at=now)
    record = {"changes": told, "version": row.version, **(details or {})}
    within = getattr(row, "campaign", None)  # a part's act is told in the campaign's history too
    collaboration.audit_record(action=action, subject=row, by=by, now=now, details=record, within=within)
    return row


def seen_check(row: Versioned, changes: Mapping[str, Any], *, seen: int | None) -> None:
    """
    Refuse to overwrite what somebody else has written after version `seen`; None overwrites it.

    :raises ChangedMeanwhile: one of these fields was changed after that version
    """
    if seen is not None and seen != row.version:
        _refuse_overwriting(row, changes, seen=seen)


def lines_check(model: type[Model], values: Mapping[str, Any]) -> None:
    """Refuse a name, or another text of one line, in which there is nothing to read, or a break or a turn."""
    for name, value in values.items():
        is_line = name in LINES and isinstance(model._meta.get_field(name), CharField)
        if is_line and value and not is_one_line(str(value)):
            raise Refused(str(NOT_ONE_LINE), field=name)


def where_check(where: Sequence[object], *, field: str, now: datetime) -> None:
    """Refuse conditions on an event that the rule grammar does not know."""
    try:
        event_where("-", where, now=now)  # any name: the event's own is checked where it is typed
    except RuleInvalid as invalid:
        raise Refused(str(invalid), field=field) from invalid


def _differs(row: Versioned, name: str, value: Any) -> bool:
    field = row._meta.get_field(name)
    if isinstance(field, ForeignKey):
        return bool(getattr(row, field.attname) != (None if value is None else value.pk))
    return bool(getattr(row, name) != value)


def changed_since(row: Versioned, names: Collection[str], *, seen: int) -> dict[str, tuple[User | None, str]]:
    """Return who changed which of these fields last after version `seen`, and to what, as people read it."""
    key = f"{row._meta.label_lower}:{row.pk}"
    later = AuditEvent.objects.filter(subject=key, details__version__gt=seen).select_related("by")
    return {
        name: (event.by, new)
        for event in later.order_by("id")
        for name, (_old, new) in event.details.get("changes", {}).items()
        if name in names
    }


def _refuse_overwriting(row: Versioned, changes: Mapping[str, Any], *, seen: int) -> None:
    if found := changed_since(row, changes.keys(), seen=seen):
        theirs = {name: _told(by, new) for name, (by, new) in found.items()}
        raise ChangedMeanwhile(theirs, version=row.version)


def _told(by: User | None, new: str) -> str:
    said = {"who": str(by) if by else _("The schedule"), "text": new}
    if new:
        return _("%(who)s has changed this to “%(text)s”. Save again to keep what you wrote.") % said
    return _("%(who)s has emptied this. Save again to keep what you wrote.") % said
