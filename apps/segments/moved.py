"""What becomes of memberships when two contacts are merged, or a person is erased."""

from dataclasses import dataclass

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from apps.contacts import registries
from apps.contacts.moves import Act, Move, Record
from apps.contacts.personal import Holding, Person
from apps.segments.models import ContactList, ContactListMember


@dataclass(frozen=True)
class ListMove(Move):
    """Places on lists. Where both were on one, the list counts them once until that is undone."""

    def merge(self, act: Act) -> Record:
        record = super().merge(act)
        left = list(ContactListMember.objects.filter(contact=act.gone).values_list("contact_list", flat=True))
        _resize(left, by=-1)
        return {**record, "left": left}

    def unmerge(self, act: Act, record: Record) -> None:
        super().unmerge(act, record)
        still = ContactListMember.objects.filter(contact=act.gone, contact_list__in=record["left"])
        _resize(list(still.values_list("contact_list", flat=True)), by=1)


class ListHolding(Holding):
    """Places on lists, of which each list keeps the number; those of merged contacts are not counted."""

    def erase(self, person: Person) -> int:
        counted = ContactListMember.objects.filter(
            contact__in=person.contacts, contact__merged_into=None
        ).values_list("contact_list", flat=True)
        _resize(list(counted), by=-1)
        return super().erase(person)


def _resize(lists: list[int], *, by: int) -> None:
    # In order, as everybody who locks several lists does.
    for pk in sorted(lists):
        ContactList.objects.filter(pk=pk).update(size=F("size") + by)


def register() -> None:
    registries.moves.register(
        "segments",
        Move(
            _("Segments"),
            "segments_segmentmember",
            key="segment_id",
            once=("segment_id",),
            goes_along=True,
        ),
    )
    registries.moves.register(
        "lists",
        ListMove(_("Lists"), "segments_contactlistmember", key="contact_list_id", once=("contact_list_id",)),
    )
    for holding in (
        Holding(_("Segments"), "segments_segmentmember"),
        ListHolding(_("Lists"), "segments_contactlistmember"),
    ):
        registries.holdings.register(holding.table, holding)
