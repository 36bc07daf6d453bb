"""The roll-up of what became of mails, by mailbox provider."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from apps.messaging import sql
from apps.messaging.channels import way_of
from apps.messaging.models import DeliveryEvent, DomainFigure, Message, RefusalFigure
from apps.messaging.selectors import DELIVERABILITY_SPAN

AT_A_TIME = 20
REFRESHED_EVERY = timedelta(minutes=5)
LARGEST = 50  # domains of one message that are told apart
COUNT = """
    INSERT INTO messaging_domainfigure
        (message_id, sending_domain, domain, sent, hard, soft, ours, complained, unknown, refreshed_at)
    WITH told AS (
        SELECT recipient_id, max(bounce_class) AS bounce, bool_or(kind = 'complained') AS complained
        FROM messaging_deliveryevent
        WHERE message_id = %(message)s AND kind IN ('bounced', 'complained') GROUP BY 1
    ), at_domain AS (
        SELECT lower(split_part(r.address, '@', -1)) AS domain,
               count(*) FILTER (WHERE r.state = 'sent') AS sent,
               count(*) FILTER (WHERE told.bounce = 'hard') AS hard,
               count(*) FILTER (WHERE told.bounce = 'soft') AS soft,
               count(*) FILTER (WHERE told.bounce = 'ours') AS ours,
               count(*) FILTER (WHERE told.complained) AS complained,
               count(*) FILTER (WHERE r.state = 'unknown') AS unknown
        FROM messaging_recipient AS r LEFT JOIN told ON told.recipient_id = r.id
        WHERE r.message_id = %(message)s AND r.state IN ('sent', 'unknown') GROUP BY 1
    ), ranked AS (
        SELECT *, row_number() OVER (ORDER BY sent DESC, domain) AS place FROM at_domain
    )
    SELECT %(message)s, %(sending)s, CASE WHEN place <= %(largest)s THEN domain ELSE '' END,
           sum(sent), sum(hard), sum(soft), sum(ours), sum(complained), sum(unknown), %(now)s
    FROM ranked GROUP BY 3
"""
# What servers said while they were spoken to: such answers begin with their code.
REFUSED = """
    INSERT INTO messaging_refusalfigure
        (message_id, sending_domain, domain, code, count, sample, other_sample)
    WITH told AS (
        SELECT lower(split_part(address, '@', -1)) AS domain,
               replace(substring(answer from %(code)s), '-', ' ') AS code,
               regexp_replace(answer, %(address)s, '…', 'g') COLLATE "C" AS answer
        FROM messaging_recipient WHERE message_id = %(message)s AND state = 'failed' AND answer ~ %(code)s
    ), said AS (
        SELECT domain, code, count(*) AS count, min(answer) AS first, max(answer) AS last
        FROM told GROUP BY 1, 2
    ), ranked AS (
        SELECT *, row_number() OVER (ORDER BY count DESC, domain, code) AS place FROM said
    )
    SELECT %(message)s, %(sending)s, CASE WHEN place <= %(largest)s THEN domain ELSE '' END, code,
           sum(count), min(first), max(last)
    FROM ranked GROUP BY 3, 4
"""
CODE = r"^[45][0-9][0-9](?:[ -][45]\.[0-9]{1,3}\.[0-9]{1,3})?(?![0-9])"
ADDRESS = r"[^\s<>@]+@[^\s<>@]+"


def domain_figures_refresh(*, now: datetime) -> int:
    """
    Count anew the messages of which something may have changed, a bounded number; return how many.

    Each is a transaction of its own, and counts only its own rows. Repeating it changes nothing.
    """
    due = list(_due(now).values_list("pk", flat=True)[:AT_A_TIME])
    for message in Message.objects.filter(pk__in=due).select_related("sender__provider", "channel"):
        _refresh(message, now=now)
    return len(due)


def _due(now: datetime) -> QuerySet[Message]:
    """Messages that are open, or of which something was heard since they were counted; the oldest first."""
    begun = Coalesce("scheduled_at", "launched_at")
    heard = DeliveryEvent.objects.filter(
        message=OuterRef("pk"), kind__in=["bounced", "complained"], at__gte=OuterRef("counted_at")
    )
    # All rows of a message are as old as each other.
    counted = Subquery(DomainFigure.objects.filter(message=OuterRef("pk")).values("refreshed_at")[:1])
    # A text has no mailbox provider.
    found = (
        Message.objects.launched().exclude(channel__kind="sms").annotate(begun_at=begun, counted_at=counted)
    )
    found = found.filter(begun_at__gt=now - DELIVERABILITY_SPAN)
    is_new = Q(counted_at__isnull=True)
    is_moving = Q(finished_at__isnull=True) | Q(finished_at__gte=Coalesce("counted_at", "finished_at"))
    rested = Q(counted_at__lte=now - REFRESHED_EVERY)
    return found.filter(is_new | rested & (is_moving | Exists(heard))).order_by("counted_at", "pk")


@transaction.atomic
def _refresh(message: Message, *, now: datetime) -> None:
    # Two workers count one message one after the other.
    Message.objects.select_for_update(no_key=True).get(pk=message.pk)
    DomainFigure.objects.filter(message=message).delete()
    RefusalFigure.objects.filter(message=message).delete()
    assert message.sender
    sending = message.sender.email.rpartition("@")[2].lower()
    told = {"message": message.pk, "sending": sending, "largest": LARGEST}
    sql.run(COUNT, {**told, "now": now})
    if way_of(message)[0].speaks_smtp:
        sql.run(REFUSED, {**told, "code": CODE, "address": ADDRESS})
