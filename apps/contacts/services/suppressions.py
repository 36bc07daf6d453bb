"""Suppression: addresses that are never written to, whoever has them. Kept by hash, lifted by people only."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts.addresses import AddressInvalid, address_hash, address_normalise
from apps.contacts.models import Channel, Suppression
from apps.contacts.services.consent import ConsentRefused
from apps.core.errors import DomainError

MOST_ROWS = 100_000
BATCH = 5_000
FAULTS_SHOWN = 20


class SuppressionsRefused(DomainError):
    pass


@dataclass
class SuppressionCounts:
    """How the rows of a list ended; the four sum to `rows_total`. `faults`: number and text of the first."""

    rows_total: int = 0
    added: int = 0
    known: int = 0  # suppressed before
    duplicate: int = 0  # twice in this list
    invalid: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)

    def as_data(self) -> dict[str, int]:
        return {name: value for name, value in vars(self).items() if name != "faults"}


@transaction.atomic
def suppression_add(
    *,
    address: str,
    reason: Suppression.Reason,
    by: User | None,
    now: datetime,
    channel: Channel = Channel.EMAIL,
    source: str = "",
) -> Suppression:
    """
    Never write to this address again. The first reason stays; to add it twice changes nothing. Only what a
    mend of the quality centre did gives way: undoing it must not lift what somebody has said since.

    The address is one as contacts keep it: what somebody types goes through `address_normalise` first, or
    nobody is kept from anything. It is not checked here, so that no unsubscribing ever fails by it.
    """
    suppression, is_new = Suppression.objects.get_or_create(
        channel=channel,
        address_hash=address_hash(address),
        defaults={"reason": reason, "at": now, "source": source[:200], "by": by},
    )
    if not is_new:
        _take_over([address_hash(address)], channel=channel, reason=reason, source=source, by=by, now=now)
    if is_new:
        collaboration.audit_record(
            action="suppression.added", subject=suppression, by=by, now=now, details={"reason": reason}
        )
    return suppression


@transaction.atomic
def suppressions_import(
    *,
    rows: Iterable[tuple[int, str]],
    by: User,
    now: datetime,
    channel: Channel = Channel.EMAIL,
    source: str = "",
) -> SuppressionCounts:
    """
    Suppress the addresses of a list, also those that nobody has; all of it or, refused, nothing.

    `rows` are (number, text). The audit log gets one line with the counts, and no address is kept.

    :raises SuppressionsRefused: too many rows, or none
    """
    counts, seen = SuppressionCounts(), set[bytes]()
    batch: list[bytes] = []
    for number, text in rows:
        counts.rows_total += 1
        if counts.rows_total > MOST_ROWS:
            raise SuppressionsRefused(_("At most %(n)s addresses at a time.") % {"n": f"{MOST_ROWS:,}"})
        try:
            hashed = address_hash(address_normalise(channel, text))
        except AddressInvalid:
            counts.invalid += 1
            if len(counts.faults) < FAULTS_SHOWN:
                counts.faults.append((number, text[:100]))
            continue
        if hashed in seen:
            counts.duplicate += 1
            continue
        seen.add(hashed)
        batch.append(hashed)
        if len(batch) == BATCH:
            _add(batch, counts, channel=channel, source=source, by=by, now=now)
            batch = []
    if not counts.rows_total:
        raise SuppressionsRefused(_("There is no address in this list."))
    _add(batch, counts, channel=channel, source=source, by=by, now=now)
    details: dict[str, object] = {**counts.as_data(), "channel": channel, "source": source[:200]}
    collaboration.audit_record(action="suppressions.imported", subject=by, by=by, now=now, details=details)
    return counts


def _add(
    hashes: list[bytes],
    counts: SuppressionCounts,
    *,
    channel: Channel,
    source: str,
    by: User,
    now: datetime,
) -> None:
    _take_over(hashes, channel=channel, reason=Suppression.Reason.IMPORTED, source=source, by=by, now=now)
    with connection.cursor() as cursor:
        # In order: two lists at once wait for each other, and not in a circle.
        cursor.execute(
            """
            INSERT INTO contacts_suppression (channel, address_hash, reason, at, source, by_id)
            SELECT %s, hash, %s, %s, %s, %s FROM unnest(%s::bytea[]) AS hash ORDER BY hash
            ON CONFLICT (address_hash, channel) DO NOTHING
            """,
            [channel, Suppression.Reason.IMPORTED, now, source[:200], by.pk, hashes],
        )
        counts.added += cursor.rowcount
        counts.known += len(hashes) - cursor.rowcount


def _take_over(
    hashes: list[bytes],
    *,
    channel: str,
    reason: str,
    source: str,
    by: User | None,
    now: datetime,
) -> None:
    mended = Suppression.objects.filter(
        channel=channel, address_hash__in=hashes, source__startswith=Suppression.MENDED
    )
    mended.update(reason=reason, at=now, source=source[:200], by=by)


@transaction.atomic
def suppression_lift(*, suppression: Suppression, why: str, by: User, now: datetime) -> None:
    """
    Allow an address again. Consent is not given back by it.

    :raises ConsentRefused: no reason told, or lifted in the meantime
    """
    if not why.strip():
        raise ConsentRefused(_("Say why this address may be written to again."))
    collaboration.audit_record(
        action="suppression.lifted", subject=suppression, by=by, now=now, details={"why": why}
    )
    deleted, _by_model = Suppression.objects.filter(pk=suppression.pk).delete()
    if not deleted:
        raise ConsentRefused(_("This suppression was lifted already."))
