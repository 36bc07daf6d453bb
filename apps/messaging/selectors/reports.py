"""What came back: the list of reports, and how often in a row an address could not be reached."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from apps.messaging.models import DeliveryEvent, DeliveryReport, Recipient, Verdict

# Mail systems try for so long before they give up (RFC 5321, 4.5.4.1): no report until then is a delivery.
GIVES_UP_AFTER = timedelta(days=5)
LOOK_BACK = 50  # mails to one address, the latest
Kind = DeliveryEvent.Kind


def reports(*, verdict: str = "") -> QuerySet[DeliveryReport]:
    found = DeliveryReport.objects.all()
    if verdict:
        found = found.filter(verdict=verdict)
    return found.select_related("recipient", "message")


def soft_bounces_in_a_row(recipient: Recipient, *, now: datetime) -> int:
    """
    Return how many of the latest mails to this address came back as they may again, with no delivery between.

    A delivery is a mail that was opened, whose delivery was reported, or of which nothing came back in time.
    """
    told = DeliveryReport.objects.filter(recipient=OuterRef("pk"))
    seen = DeliveryEvent.objects.filter(
        recipient=OuterRef("pk"), kind__in=[Kind.OPENED, Kind.CLICKED], machine_reason=""
    )
    mails = Recipient.objects.filter(
        contact=recipient.contact_id, address=recipient.address, state=Recipient.State.SENT
    ).annotate(
        is_soft=Exists(told.filter(verdict=Verdict.SOFT)),
        has_failed=Exists(told.filter(verdict__in=[Verdict.HARD, Verdict.OURS])),
        has_arrived=Exists(told.filter(verdict=Verdict.DELIVERED)) | Exists(seen),
    )
    count = 0
    latest = mails.order_by("-finished_at", "-pk").values_list(
        "finished_at", "is_soft", "has_failed", "has_arrived"
    )
    for finished_at, is_soft, has_failed, has_arrived in latest[:LOOK_BACK]:
        if has_arrived or (
            not (is_soft or has_failed) and finished_at and finished_at < now - GIVES_UP_AFTER
        ):
            break
        count += is_soft
    return count
