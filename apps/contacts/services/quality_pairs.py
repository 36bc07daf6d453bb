"""Two contacts that a scan takes for one person: merged, or said to be two, by somebody who has looked."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts.models import Contact, ContactMerge, QualityPair
from apps.contacts.services.merge import contact_merge
from apps.contacts.services.quality import QualityRefused

State = QualityPair.State


class PairDecided(QualityRefused):
    """Somebody was faster."""


@transaction.atomic
def pair_dismiss(*, pair: QualityPair, by: User | None, now: datetime) -> QualityPair:
    """
    Say that these are two people. No scan suggests them again.

    :raises PairDecided: decided already, or one of the two is gone
    """
    pair = _waiting(pair)
    pair.state, pair.decided_at, pair.decided_by = State.DISMISSED, now, by
    pair.save(update_fields=["state", "decided_at", "decided_by"])
    collaboration.audit_record(
        action="quality.pair_dismissed",
        subject=pair,
        by=by,
        now=now,
        details={"contacts": [pair.contact_id, pair.other_id]},
    )
    return pair


@transaction.atomic
def pair_reopen(*, pair: QualityPair, by: User | None, now: datetime) -> QualityPair:
    """
    Take it back that these are two people.

    :raises PairDecided: nobody has said so
    """
    pair = QualityPair.objects.select_for_update(no_key=True).get(pk=pair.pk)
    if pair.state != State.DISMISSED:
        raise PairDecided(_("Nobody has said that these are two people."))
    pair.state, pair.decided_at, pair.decided_by = State.OPEN, None, None
    pair.save(update_fields=["state", "decided_at", "decided_by"])
    collaboration.audit_record(action="quality.pair_reopened", subject=pair, by=by, now=now)
    return pair


@transaction.atomic
def pair_merge(*, pair: QualityPair, keep: Contact, by: User | None, now: datetime) -> ContactMerge:
    """
    Make one contact of the two, as somebody who has compared them says; `contact_unmerge` takes them apart.

    :raises PairDecided: decided already, or one of the two is gone
    :raises QualityRefused: `keep` is neither of them
    :raises ContactNotMergeable: see `contact_merge`
    """
    pair = _waiting(pair)
    if keep.pk not in (pair.contact_id, pair.other_id):
        refusal = QualityRefused(_("Keep one of the two."))
        refusal.field = "keep"
        raise refusal
    gone = pair.other if keep.pk == pair.contact_id else pair.contact
    return contact_merge(keep=keep, gone=gone, by=by, now=now, is_confirmed=True)


def _waiting(pair: QualityPair) -> QualityPair:
    # Not joined: a lock on the contacts is for the merge to take, in its own order.
    pair = QualityPair.objects.select_for_update(no_key=True).get(pk=pair.pk)
    if not QualityPair.objects.waiting().filter(pk=pair.pk).exists():
        raise PairDecided(_("This has been decided already, or one of the two is not there any more."))
    return pair
