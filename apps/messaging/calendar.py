"""What messaging adds to the calendar of campaigns: what goes out on a day, and to how many of a segment."""

from collections.abc import Collection, Iterable
from datetime import date

from django.db.models.functions import Coalesce, TruncDate
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.campaigns.calendar import Mark
from apps.messaging import sql
from apps.messaging.models import Message
from apps.messaging.models.recipient import UNFINISHED

MOST = 300  # messages that one calendar marks

# Of what is launched the ledger knows who gets it when. Of a draft with its hour, whoever is in one of its
# segments and in the one that is asked about is counted, before consent and caps.
EXPECTED = """
WITH planned AS (
    SELECT (recipient.due_at AT TIME ZONE %(zone)s)::date AS day, count(*) AS people
    FROM messaging_message message
    JOIN messaging_recipient recipient ON recipient.message_id = message.id
    JOIN segments_segmentmember member
        ON member.contact_id = recipient.contact_id AND member.segment_id = %(segment)s
    WHERE message.finished_at IS NULL AND message.state <> 'draft' AND recipient.state = ANY(%(states)s)
        AND recipient.due_at >= (%(first)s::timestamp AT TIME ZONE %(zone)s)
        AND recipient.due_at < ((%(last)s::date + 1)::timestamp AT TIME ZONE %(zone)s)
    GROUP BY 1
), drafted AS (
    SELECT COALESCE(message.local_date, (message.scheduled_at AT TIME ZONE %(zone)s)::date) AS day,
        (SELECT count(*) FROM segments_segmentmember member
         WHERE member.segment_id = %(segment)s AND EXISTS (
            SELECT 1 FROM messaging_message_segments chosen
            JOIN segments_segmentmember other ON other.segment_id = chosen.segment_id
            WHERE chosen.message_id = message.id AND other.contact_id = member.contact_id)) AS people
    FROM messaging_message message
    WHERE message.state = 'draft'
        AND COALESCE(message.local_date, (message.scheduled_at AT TIME ZONE %(zone)s)::date)
            BETWEEN %(first)s AND %(last)s
)
SELECT day, sum(people) FROM (SELECT * FROM planned UNION ALL SELECT * FROM drafted) expected GROUP BY day
"""


def marks(user: User, campaigns: Collection[int], first: date, last: date) -> Iterable[Mark]:
    """Mark each message on the day it goes out, by the clock of whoever looks; cancelled ones are not."""
    if not user.has_perm("messaging.view_message"):
        return
    hour = TruncDate(Coalesce("scheduled_at", "launched_at"), tzinfo=timezone.get_current_timezone())
    found = Message.objects.filter(campaign__in=campaigns).exclude(state=Message.State.CANCELLED)
    dated = (
        found.annotate(day=Coalesce("local_date", hour))
        .filter(day__range=(first, last))
        .order_by("day", "pk")
    )
    for day, campaign, kind, pk, name in dated.values_list("day", "campaign", "channel__kind", "pk", "name")[
        :MOST
    ]:
        yield Mark(day, campaign, kind, name, reverse("messaging:detail", args=[pk]), "send")


def pressure(segment: int, first: date, last: date) -> dict[date, int]:
    """Return by day how many messages people of this segment are to get from what is scheduled."""
    told = {
        "segment": segment,
        "first": first,
        "last": last,
        "zone": timezone.get_current_timezone_name(),
        "states": list(UNFINISHED),
    }
    return {day: int(people) for day, people in sql.rows(EXPECTED, told) if people}
