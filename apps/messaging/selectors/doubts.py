"""Recipients of whom nobody can know whether the mail was taken, for the person who settles them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from apps.messaging.models import DeliveryEvent, Message, Recipient, RecipientQuerySet, Settlement


@dataclass(frozen=True)
class Doubt:
    """
    Which of a message's unknown recipients: all, or those that fit everything that is given.

    `answer`: what stands on the row instead of a server's word; `search`: part of an address.
    """

    answer: str | None = None
    search: str = ""
    recipients: Sequence[int] | None = None

    @property
    def fits(self) -> Q:
        asked = Q()
        if self.answer is not None:
            asked &= Q(answer=self.answer)
        if self.search:
            asked &= Q(address__icontains=self.search)
        if self.recipients is not None:
            asked &= Q(pk__in=self.recipients)
        return asked


def doubtful(message: Message, doubt: Doubt, *, with_left: bool = True) -> RecipientQuerySet:
    """Return the unknown recipients of a message; without those that a person has left so, if asked."""
    found = message.recipients.filter(doubt.fits, state=Recipient.State.UNKNOWN)
    return found if with_left else found.exclude(_left(message))


def doubtful_arrived(rows: RecipientQuerySet) -> RecipientQuerySet:
    """Return those of the rows whose mail somebody, or some machine, has opened or clicked in: it arrived."""
    return rows.filter(Exists(_signs()))


def doubtful_silent(rows: RecipientQuerySet) -> RecipientQuerySet:
    """Return those of the rows of whose mail nothing was ever heard."""
    return rows.exclude(Exists(_signs()))


def _signs() -> QuerySet[DeliveryEvent]:
    return DeliveryEvent.objects.filter(recipient=OuterRef("pk")).order_by()


def doubt_answers(message: Message) -> list[tuple[str, int]]:
    """Return why nobody knows, the most frequent first, with how many there are."""
    rows = message.recipients.order_by().filter(state=Recipient.State.UNKNOWN).values_list("answer")
    return [(answer, count) for answer, count in rows.annotate(n=Count("pk")).order_by("-n", "answer")[:20]]


def doubts_left(message: Message) -> int:
    """Count the unknown recipients that a person has looked at and left as they are."""
    return message.recipients.filter(_left(message), state=Recipient.State.UNKNOWN).count()


def recipient_settlements(recipient: Recipient) -> list[Settlement]:
    """Return what people decided about a recipient, newest first."""
    found = Settlement.objects.filter(message=recipient.message_id, recipient=recipient.pk)
    return list(found.select_related("by").order_by("-at", "-pk")[:50])


def _left(message: Message) -> Exists:
    left = Settlement.objects.filter(message=message.pk, verdict=Settlement.Verdict.LEFT)
    return Exists(left.filter(recipient=OuterRef("pk")))
