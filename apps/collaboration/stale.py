"""Two who edit the same thing at once: what the first has saved, the second does not take back unseen."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _

from apps.collaboration.models import AuditEvent, subject_key
from apps.core.errors import SavedSince
from apps.core.models import TimeStamped

LATEST = 50  # acts of which the sentence is made


def seen_check(row: TimeStamped, seen_at: datetime | None, *, only: Collection[str] = ()) -> None:
    """
    Test a row, locked, against what its author read; None: nobody asks.

    Where the log keeps the `fields` of each change and the edit writes `only` these, others do not stand in
    its way.

    :raises SavedSince: it was saved since; the sentence says by whom, and what of it
    """
    if seen_at is None or row.updated_at == seen_at:
        return
    acts = AuditEvent.objects.filter(subject=subject_key(row), at__gt=seen_at).select_related("by")
    later = list(acts.order_by("-at", "-pk")[:LATEST])
    told = [event for event in later if not only or set(only) & _fields(event)]
    # Without any act on record the row alone says that it was saved.
    if told or not later:
        raise SavedSince(_sentence(row, told, only=only), saved_at=row.updated_at)


def saved_check(row: TimeStamped, seen_at: datetime | None) -> None:
    """
    Test what is about to be saved over its row in the same way; the row stays locked until it is.

    :raises SavedSince: as above
    """
    if row.pk is None or seen_at is None:
        return
    current = (
        type(row)._default_manager.select_for_update(no_key=True, of=("self",)).filter(pk=row.pk).first()
    )
    if current is None:
        raise SavedSince(_("Somebody has deleted this since you opened it."), saved_at=seen_at)
    seen_check(current, seen_at)


def _fields(event: AuditEvent) -> set[str]:
    return set(event.details.get("fields", ()))


def _sentence(row: TimeStamped, told: Sequence[AuditEvent], *, only: Collection[str]) -> str:
    person = told[0].by if told else None
    if person is None:
        return _(
            "This was saved in the meantime, by somebody else or in another tab. Look at it there first; "
            "save again to overwrite it."
        )
    changed = set[str]().union(*(_fields(event) for event in told))
    names = sorted(_name(row, field) for field in (changed & set(only) if only else changed))
    if not names:
        said = _(
            "%(who)s has saved this since you opened it. Look at it in another tab first; save again to "
            "overwrite it."
        )
        return said % {"who": person}
    said = _(
        "%(who)s has saved this since you opened it: %(what)s. Look at it in another tab first; save again "
        "to overwrite it."
    )
    return said % {"who": person, "what": ", ".join(names)}


def _name(row: TimeStamped, field: str) -> str:
    """Return what people call the field; what is none of the row's own is called by its name."""
    try:
        return str(getattr(row._meta.get_field(field), "verbose_name", field))
    except FieldDoesNotExist:
        return field.replace("_", " ")
