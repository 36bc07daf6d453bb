"""What goes to successors when somebody is shut out, and comes back when they do."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.departures import estates
from apps.accounts.models import HandOver, User
from apps.core.errors import DomainError


class SuccessorNeeded(DomainError):
    """Something would be nobody's; `field` is the kind."""

    def __init__(self, sentence: str, *, kind: str) -> None:
        super().__init__(sentence)
        self.field = kind


def estate_hand_over(
    *, user: User, successors: Mapping[str, User], by: User, now: datetime
) -> list[HandOver]:
    """
    Give each kind of what somebody owns to the successor named for it. The caller's transaction holds it all.

    :raises SuccessorNeeded: nobody is named for a kind, or somebody who cannot take it
    """
    handed = []
    for kind, estate in estates.items():
        keys = list(estate.owned(user).values_list("pk", flat=True))
        if not keys:
            continue
        taker = successors.get(kind)
        if taker is None:
            told = _("Say who takes over: %(kind)s.") % {"kind": estate.label}
            raise SuccessorNeeded(told, kind=kind)
        if taker.pk == user.pk or not estate.heirs().filter(pk=taker.pk).exists():
            raise SuccessorNeeded(_("%(person)s cannot take this over.") % {"person": taker}, kind=kind)
        moved = estate.move(keys, giver=user, taker=taker, by=by, now=now)
        handed.append(HandOver(giver=user, taker=taker, kind=kind, keys=moved, by=by, at=now))
    return HandOver.objects.bulk_create(handed)


@transaction.atomic
def user_hand_back(*, user: User, by: User, now: datetime) -> int:
    """
    Give somebody who is back what they left and what is still the successors'; return how many things.

    :raises SuccessorNeeded: they have not been let in again
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not user.is_active:
        raise SuccessorNeeded(_("Let them in again first."), kind="")
    known = dict(estates.items())
    count = 0
    standing = user.hand_overs.standing().filter(kind__in=known).select_related("taker").order_by("pk")
    for handed in standing:
        moved = known[handed.kind].move(handed.keys, giver=handed.taker, taker=user, by=by, now=now)
        count += len(moved)
        handed.returned_by, handed.returned_at = by, now
        handed.save(update_fields=["returned_by", "returned_at"])
    if count:
        audit.record(action="user.handed_back", subject=user, by=by, now=now, details={"things": count})
    return count
