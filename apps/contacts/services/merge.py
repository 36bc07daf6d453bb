"""Two contacts that are one person: merged, and taken apart again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts import registries, selectors
from apps.contacts.models import Contact, ContactMerge
from apps.contacts.moves import Act, Record, records_join
from apps.core.errors import DomainError

# How long after a merge rows may still arrive for the contact that is gone, from work that had begun before.
SWEPT_FOR = timedelta(hours=1)
SWEPT_AT_ONCE = 500
# What is kept of an address beside it, to find it among those that are suppressed.
HASHES = {"email": "email_hash", "phone": "phone_hash"}


class ContactNotMergeable(DomainError):
    """These two cannot be one, or not now."""


class MergeNeedsPerson(ContactNotMergeable):
    """Both are known people: a person must have looked at both and said that they are one."""


class MergeNotUndoable(DomainError):
    pass


@transaction.atomic
def contact_merge(
    *, keep: Contact, gone: Contact, by: User | None, now: datetime, is_confirmed: bool = False
) -> ContactMerge:
    """
    Make one contact of two: everything that is known of `gone` comes to `keep`.

    What `keep` says wins, what it leaves blank is filled from `gone`. Two known people are only merged where
    somebody (`by`) has seen what comes together and confirms it. Rows that cannot follow, since `keep` has
    them already, stay with the hidden row of `gone`; `contact_unmerge` gives everything back.

    :raises MergeNeedsPerson: both are known, and nobody has confirmed
    :raises ContactNotMergeable: the same contact twice, one that is not there any more, or one that a
        message is being sent to at this moment
    """
    keep, gone = _lock(keep, gone)
    act = Act(keep=keep.pk, gone=gone.pk, by=by, now=now)
    if not (is_confirmed and by) and not selectors.has_anonymous(keep, gone):
        raise MergeNeedsPerson(
            _("Both are known people. Compare them, and confirm that they are one and the same.")
        )
    for move in registries.moves:
        move.check(act)
    filled = _fill(keep, gone)
    moved = {name: move.merge(act) for name, move in registries.moves.items()}
    Contact.objects.filter(pk=gone.pk).update(erased_at=now, merged_into=keep.pk, updated_at=now)
    merge = ContactMerge.objects.create(contact=keep, gone=gone, at=now, by=by, filled=filled, moved=moved)
    details: dict[str, object] = {
        "kept": keep.pk,
        "gone": gone.pk,
        "filled": filled,
        "moved": {name: len(record["keys"]) for name, record in moved.items() if record["keys"]},
    }
    collaboration.audit_record_many(
        action="contact.merged", subjects=[keep, gone], by=by, now=now, details=details
    )
    return merge


@transaction.atomic
def contact_unmerge(*, merge: ContactMerge, by: User | None, now: datetime) -> Contact:
    """
    Take two contacts apart again, and return the one that comes back.

    Every row goes where it was. What arrived or was edited since stays with the kept contact; a refusal
    since then holds for both.

    :raises MergeNotUndoable: undone already, something was merged since (the last comes first), or erased
    """
    keep, gone = _both(merge.contact_id, merge.gone_id)
    merge = ContactMerge.objects.select_for_update(no_key=True).get(pk=merge.pk)
    if merge.undone_at:
        raise MergeNotUndoable(_("This was undone already."))
    if keep.merged_into:
        raise MergeNotUndoable(_("This contact was merged into another one since. Undo that first."))
    if keep.erased_at or gone.merged_into != keep.pk:
        raise MergeNotUndoable(_("This person was erased. There is nothing to give back."))
    if ContactMerge.objects.standing().filter(contact=keep, pk__gt=merge.pk).exists():
        raise MergeNotUndoable(_("Somebody else was merged into this contact since. Undo that first."))
    act = Act(keep=keep.pk, gone=gone.pk, by=by, now=now, since=merge.at)
    for move in registries.moves:
        move.check(act)
    for name, move in registries.moves.items():
        if name in merge.moved:
            move.unmerge(act, merge.moved[name])
    _empty(keep, gone, merge.filled)
    Contact.objects.filter(pk=gone.pk).update(erased_at=None, merged_into=None, updated_at=now)
    merge.undone_at, merge.undone_by = now, by
    merge.save(update_fields=["undone_at", "undone_by"])
    details: dict[str, object] = {"kept": keep.pk, "gone": gone.pk}
    collaboration.audit_record_many(
        action="contact.unmerged", subjects=[keep, gone], by=by, now=now, details=details
    )
    gone.refresh_from_db()
    return gone


def merges_sweep(*, now: datetime) -> int:
    """
    Move what has arrived for contacts who were merged a moment before; return how many merges had any.

    Events and deliveries take no lock on their contact, and imports look names up before they write: what was
    being written while the contact was merged is found under the old number. Doing this again does no harm.
    """
    recent = ContactMerge.objects.standing().filter(at__gt=now - SWEPT_FOR).order_by("-at")
    return sum(_sweep(merge, now=now) for merge in recent[:SWEPT_AT_ONCE])


@transaction.atomic
def _sweep(merge: ContactMerge, *, now: datetime) -> bool:
    # With the rows locked, nobody undoes it meanwhile.
    _both(merge.contact_id, merge.gone_id)
    merge = ContactMerge.objects.select_for_update(no_key=True).get(pk=merge.pk)
    if merge.undone_at:
        return False
    act = Act(keep=merge.contact_id, gone=merge.gone_id, by=None, now=now)
    late: dict[str, Record] = {
        name: move.sweep(act, merge.moved.get(name, {}))
        for name, move in registries.moves.items()
        if move.is_swept
    }
    late = {name: record for name, record in late.items() if any(record.values())}
    if not late:
        return False
    for name, record in late.items():
        merge.moved[name] = records_join(merge.moved.get(name, {}), record)
    merge.save(update_fields=["moved"])
    return True


def _lock(keep: Contact, gone: Contact) -> tuple[Contact, Contact]:
    if keep.pk == gone.pk:
        raise ContactNotMergeable(_("A contact cannot be merged with itself."))
    keep, gone = _both(keep.pk, gone.pk)
    if keep.erased_at or gone.erased_at:
        raise ContactNotMergeable(_("One of the two was erased or merged in the meantime."))
    return keep, gone


def _both(keep: int, gone: int) -> tuple[Contact, Contact]:
    """Lock both rows, in the order of their numbers: of two merges at once, one waits."""
    found = Contact.objects.select_for_update(no_key=True).order_by("pk").in_bulk([keep, gone])
    return found[keep], found[gone]


def _fill(keep: Contact, gone: Contact) -> list[str]:
    """Give `keep` what it leaves blank; return the names of it."""
    filled = [
        name for name in ("email", "phone", "timezone") if not getattr(keep, name) and getattr(gone, name)
    ]
    for name in filled:
        setattr(keep, name, getattr(gone, name))
        if name in HASHES:
            setattr(keep, HASHES[name], getattr(gone, HASHES[name]))
    new = sorted(gone.attributes.keys() - keep.attributes.keys())
    keep.attributes |= {key: gone.attributes[key] for key in new}
    filled += [f"attributes.{key}" for key in new]
    if filled:
        keep.save()
    return filled


def _empty(keep: Contact, gone: Contact, filled: Sequence[str]) -> None:
    """Take back what `_fill` gave, but for what was edited since."""
    for name in filled:
        _attributes, dot, key = name.partition(".")
        if dot:
            if keep.attributes.get(key) == gone.attributes.get(key):
                keep.attributes.pop(key, None)
        elif getattr(keep, name) == getattr(gone, name):
            setattr(keep, name, "")
            if name in HASHES:
                setattr(keep, HASHES[name], None)
    if filled:
        keep.save()
