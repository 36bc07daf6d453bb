"""The mend that merges: pairs that contradict nothing become one contact each, and are taken apart again."""

from django.db import transaction
from django.db.models import BigIntegerField, F
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from apps.contacts import selectors
from apps.contacts.models import (
    ContactMerge,
    QualityFinding,
    QualityMend,
    QualityMendRow,
    QualityPair,
)
from apps.contacts.quality import ACTS
from apps.contacts.quality.mending import MERGE
from apps.contacts.services.merge import (
    ContactNotMergeable,
    MergeNotUndoable,
    contact_merge,
    contact_unmerge,
)
from apps.contacts.services.quality_lease import Hold

REASONS = ACTS[MERGE].details


@transaction.atomic
def merge_next(hold: Hold[QualityMend]) -> bool:
    """
    Merge the next pair of the mend; False once there is none. Who started the mend has confirmed it.

    The pair is asked for as it is now: one contact may stand in several, and has more to say after each.
    """
    mend = hold.row
    waiting = selectors.pairs_mergeable(scan=mend.scan_id, reasons=REASONS)
    pair = waiting.filter(pk__gt=mend.position).order_by("pk").select_related("contact", "other").first()
    if pair is None:
        return False
    done = _merge(hold, pair)
    hold.write(position=pair.pk, changed=F("changed") + done, skipped=F("skipped") + 1 - done)
    mend.position, mend.changed, mend.skipped = pair.pk, mend.changed + done, mend.skipped + 1 - done
    return True


def _merge(hold: Hold[QualityMend], pair: QualityPair) -> int:
    """Return how many merges it was: one, or none where the two cannot be merged now."""
    mend = hold.row
    try:
        with transaction.atomic():
            merge = contact_merge(
                keep=pair.contact, gone=pair.other, by=mend.by, now=hold.now, is_confirmed=True
            )
    except ContactNotMergeable:
        return 0
    QualityMendRow.objects.create(
        mend=mend, contact=pair.other, before={"reason": pair.reason}, after={"merge": merge.pk}
    )
    found = QualityFinding.objects.filter(scan=mend.scan_id, rule=mend.rule)
    found.filter(contact=pair.other).delete()
    still = QualityPair.objects.waiting().filter(scan=mend.scan_id)
    if not (still.filter(contact=pair.contact_id) | still.filter(other=pair.contact_id)).exists():
        found.filter(contact=pair.contact_id).delete()
    return 1


@transaction.atomic
def unmerge_next(hold: Hold[QualityMend]) -> bool:
    """Take the last of the mend's merges apart that is left; False once there is none."""
    mend = hold.row
    rows = QualityMendRow.objects.filter(mend=mend).alias(merge=Cast(KT("after__merge"), BigIntegerField()))
    row = rows.order_by("-merge").first()
    if row is None:
        return False
    done = _unmerge(hold, row)
    QualityMendRow.objects.filter(mend=mend, contact=row.contact_id).delete()
    hold.write(given_back=F("given_back") + done, kept=F("kept") + 1 - done)
    mend.given_back, mend.kept = mend.given_back + done, mend.kept + 1 - done
    return True


def _unmerge(hold: Hold[QualityMend], row: QualityMendRow) -> int:
    """Return how many were taken apart: one, or none where the merge cannot be undone any more."""
    mend = hold.row
    merge = ContactMerge.objects.filter(pk=row.after["merge"]).first()
    if merge is None:  # the person was erased, and with them what an undoing needs
        return 0
    try:
        with transaction.atomic():
            contact_unmerge(merge=merge, by=mend.undone_by, now=hold.now)
    except MergeNotUndoable:
        return 0
    QualityFinding.objects.bulk_create(
        [
            QualityFinding(
                scan_id=mend.scan_id, rule=mend.rule, detail=row.before["reason"], contact_id=contact
            )
            for contact in (merge.contact_id, merge.gone_id)
        ],
        ignore_conflicts=True,
    )
    return 1
