"""Consent of many contacts at once. Services call this."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from apps.accounts.models import User
from apps.contacts.models import Channel, ConsentStatus


@dataclass(frozen=True)
class ConsentChange:
    """
    What is said about consent, and on what ground.

    `basis` is the legal ground or the act ("form", "contract", "one-click unsubscribe"), `source` the place,
    `wording` what the person agreed to. Topic '' is the channel as a whole.
    """

    status: ConsentStatus
    channel: Channel = Channel.EMAIL
    topic: str = ""
    basis: str = ""
    source: str = ""
    wording: str = ""


# `refused`: whoever said no to the topic or to the channel as a whole; no file ever says yes for them.
_IMPORT_CONSENT = """
    WITH changed AS (
        INSERT INTO contacts_consent (contact_id, channel, topic, status, changed_at)
        SELECT wanted.id, %(channel)s, %(topic)s, %(status)s, %(now)s
        FROM unnest(%(ids)s::bigint[]) AS wanted(id)
        WHERE %(status)s = 'unsubscribed' OR NOT EXISTS (
            SELECT FROM contacts_consent AS refused
            WHERE refused.contact_id = wanted.id AND refused.channel = %(channel)s
              AND refused.topic IN ('', %(topic)s) AND refused.status = 'unsubscribed'
        )
        ORDER BY wanted.id
        ON CONFLICT (contact_id, channel, topic) DO UPDATE
            SET status = EXCLUDED.status, changed_at = EXCLUDED.changed_at
            WHERE contacts_consent.status <> EXCLUDED.status
              AND (contacts_consent.status <> 'unsubscribed' OR EXCLUDED.status = 'unsubscribed')
              AND EXCLUDED.status <> 'pending'
        RETURNING contact_id
    )
    INSERT INTO contacts_consentevent (contact_id, channel, topic, status, at, basis, source, wording, by_id)
    SELECT contact_id, %(channel)s, %(topic)s, %(status)s, %(now)s, %(basis)s, %(source)s, %(wording)s, %(by)s
    FROM changed
"""


def consents_import(*, ids: Sequence[int], change: ConsentChange, by: User | None, now: datetime) -> None:
    """
    Record the same consent for many contacts in one statement, inside the caller's transaction.

    Never subscribes again somebody who unsubscribed, and writes nothing for those who stand there already.
    “Pending” is for those who have not said anything yet.
    """
    parameters = {**vars(change), "ids": list(ids), "by": by.pk if by else None, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_IMPORT_CONSENT, parameters)
