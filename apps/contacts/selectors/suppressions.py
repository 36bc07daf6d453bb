"""Suppressions as pages show them: by hash, so that an address can be looked for and never read."""

from django.db.models import QuerySet

from apps.contacts.addresses import AddressInvalid, address_hash, address_normalise
from apps.contacts.models import Channel, Suppression


def suppressions(*, address: str = "") -> QuerySet[Suppression]:
    """Return suppressions, those of one address where one is given; of something else, none."""
    found = Suppression.objects.all()
    return found.filter(address_hash__in=_hashes(address)) if address else found


def address_is_whole(told: str) -> bool:
    """Test if this can be looked for: an address of some channel, and not a part of one."""
    return bool(_hashes(told))


def _hashes(told: str) -> list[bytes]:
    hashes = []
    for channel in Channel:
        try:
            hashes.append(address_hash(address_normalise(channel, told)))
        except AddressInvalid:
            continue
    return hashes
