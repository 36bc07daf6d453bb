"""
What readers and their machines do with a mail: one append per hit, nothing else in the request.

A hit is one prepared statement and a commit of its own: it reads the database's clock itself, so that a hit
costs one way to the database and back.
"""

from contextlib import nullcontext
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from apps.contacts import services as contacts
from apps.contacts.models import ConsentStatus, Contact, Suppression
from apps.contacts.models.contact import ADDRESS_FIELDS
from apps.contacts.services import ConsentChange
from apps.core import prepared
from apps.core.partitions import month_after, month_of, month_partition_ensure
from apps.messaging import sql
from apps.messaging.machines import BURST_LINKS, BURST_TIME, TOO_FAST
from apps.messaging.models import DeliveryEvent, Message, Recipient
from apps.messaging.tracked import Destination

Kind = DeliveryEvent.Kind
TABLE = DeliveryEvent._meta.db_table
CLOCK = "(SELECT coalesce(%(now)s::timestamptz, statement_timestamp()) AS at)"
# Until the server has answered there is no `finished_at`, and nobody but its scanner has the mail.
MACHINE_REASON = f"""
    CASE WHEN %(reason)s::text = ''
        AND (finished_at IS NULL OR finished_at > clock.at - interval '{TOO_FAST.total_seconds()} seconds')
        THEN 'too_fast'
    ELSE %(reason)s::text END
"""
OPEN = f"""
    INSERT INTO messaging_deliveryevent (recipient_id, message_id, contact_id, kind, at, machine_reason)
    SELECT id, message_id, contact_id, 'opened', clock.at, {MACHINE_REASON}
    FROM {CLOCK} AS clock, messaging_recipient WHERE id = %(recipient)s::bigint RETURNING id
"""
CLICK = f"""
    WITH found AS (
        SELECT r.id, r.message_id, r.contact_id, r.finished_at, link.id AS link_id, link.url,
            campaign.name AS campaign, message.name AS message
        FROM messaging_recipient AS r
        JOIN messaging_link AS link
            ON link.message_id = r.message_id AND link.position = %(position)s::smallint
        JOIN messaging_message AS message ON message.id = r.message_id
        JOIN campaigns_campaign AS campaign ON campaign.id = message.campaign_id
        WHERE r.id = %(recipient)s::bigint
    ), hit AS (
        INSERT INTO messaging_deliveryevent
            (recipient_id, message_id, contact_id, kind, at, link_id, machine_reason)
        SELECT id, message_id, contact_id, 'clicked', clock.at, link_id, {MACHINE_REASON}
        FROM found, {CLOCK} AS clock
    )
    SELECT url, contact_id, campaign, message FROM found
"""


def open_record(*, recipient_id: int, machine_reason: str, now: datetime | None = None) -> None:
    """
    Append an open. A recipient who is gone leaves no trace, and nobody is made by it. Without `now` it is the
    database's.
    """
    _append(OPEN, {"recipient": recipient_id, "reason": machine_reason, "now": now})


def click_record(
    *, recipient_id: int, position: int, machine_reason: str, now: datetime | None = None
) -> Destination | None:
    """Append a click and return where it leads; None where there is no such recipient or link."""
    hit = {"recipient": recipient_id, "position": position, "reason": machine_reason, "now": now}
    found = _append(CLICK, hit)
    return Destination(*found[0]) if found else None


def partitions_ensure(*, now: datetime) -> None:
    """Make room for the events of this month and the next, so that no reader's request has to."""
    month = month_of(now)
    for one in (month, month_after(month)):
        month_partition_ensure(TABLE, one)


def _append(statement: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    # A statement alone is its own transaction; within one, it must not spoil it.
    within = transaction.atomic() if connection.in_atomic_block else nullcontext()
    try:
        with within:
            return prepared.execute_first(statement, params)
    except IntegrityError:
        # The first hit of a month whose partition nobody made ahead.
        [(at,)] = sql.rows(f"SELECT at FROM {CLOCK} AS clock", params)
        month_partition_ensure(TABLE, month_of(at))
        return prepared.execute_first(statement, params)


@transaction.atomic
def recipient_unsubscribe(
    *, recipient: Recipient, basis: str, now: datetime, network: str | None = None
) -> None:
    """
    Stop writing to this person, at once and for good: consent withdrawn, address suppressed.

    Repeating it changes nothing. `basis` says how they did it, and `network` from where, for the consent
    ledger.
    """
    contact = Contact.objects.select_for_update(no_key=True).get(pk=recipient.contact_id)
    source = _("message %(id)s") % {"id": recipient.message_id}
    channel = recipient.message.way
    change = ConsentChange(status=ConsentStatus.UNSUBSCRIBED, channel=channel, basis=basis, source=source)
    contacts.consent_record(contact=contact, change=change, by=None, now=now, network=network)
    for address in {recipient.address, address_of(contact, recipient.message)} - {""}:
        contacts.suppression_add(
            address=address,
            channel=channel,
            reason=Suppression.Reason.UNSUBSCRIBED,
            by=None,
            now=now,
            source=source,
        )
    done = DeliveryEvent.objects.filter(recipient=recipient, kind=Kind.UNSUBSCRIBED)
    if not done.exists():
        month_partition_ensure(TABLE, month_of(now))
        DeliveryEvent.objects.create(
            recipient=recipient,
            message_id=recipient.message_id,
            contact_id=recipient.contact_id,
            kind=Kind.UNSUBSCRIBED,
            at=now,
        )


def address_of(contact: Contact, message: Message) -> str:
    """Return where the contact gets messages like this one now; '' for nowhere."""
    return str(getattr(contact, ADDRESS_FIELDS[message.way][0]))


def bursts_mark(*, now: datetime) -> int:
    """
    Mark clicks on many links within seconds as a machine's, also those that came before it was plain.

    Looks at the last minutes, by the primary key of a partition (`at` comes first); run every minute. Return
    how many were marked.
    """
    # Windows and no joins: a flood of clicks costs as much as it has clicks, and not the square of that.
    return sql.run(
        """
        WITH recent AS (
            SELECT id, at, recipient_id, array_agg(link_id) OVER (
                PARTITION BY recipient_id ORDER BY at RANGE BETWEEN CURRENT ROW AND %(time)s FOLLOWING
            ) AS links
            FROM messaging_deliveryevent
            WHERE kind = 'clicked' AND machine_reason = '' AND at > %(since)s AND at <= %(now)s
        ), judged AS (
            SELECT *, (SELECT count(DISTINCT link) FROM unnest(links) AS link) >= %(links)s AS begins_burst
            FROM recent
        ), marked AS (
            SELECT id, at, bool_or(begins_burst) OVER (
                PARTITION BY recipient_id ORDER BY at RANGE BETWEEN %(time)s PRECEDING AND CURRENT ROW
            ) AS is_machine
            FROM judged
        )
        UPDATE messaging_deliveryevent AS event SET machine_reason = 'all_links'
        FROM marked WHERE marked.is_machine AND event.id = marked.id AND event.at = marked.at
        """,
        {"since": now - 60 * BURST_TIME, "now": now, "time": BURST_TIME, "links": BURST_LINKS},
    )
