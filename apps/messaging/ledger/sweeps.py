"""What time and people do to rows that no worker holds, in bounded sets, until none is left."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Greatest

from apps.messaging.models import WAITING, Experiment, Message, Recipient, RecipientQuerySet

SWEEP_SIZE = 20_000
State = Recipient.State


def queue_due(*, now: datetime) -> int:
    """Put rows in line whose hour has come."""
    due = Recipient.objects.planned().filter(
        due_at__lte=now, waits_for__isnull=True, message__state=Message.State.RUNNING
    )
    return _move(due, state=State.QUEUED)


def expire(*, now: datetime) -> int:
    """Close what is still waiting when its message may no longer come."""
    late = Message.objects.open().filter(not_after__lte=now)
    return _move(_waiting(late.values_list("pk", flat=True)), state=State.EXPIRED, finished_at=now)


def cancel(*, now: datetime) -> int:
    """Close what is still waiting of cancelled messages."""
    cancelled = Message.objects.open().filter(state=Message.State.CANCELLED)
    return _move(_waiting(cancelled.values_list("pk", flat=True)), state=State.CANCELLED, finished_at=now)


def roll_out(*, now: datetime) -> int:
    """
    Give those who await a winner what was decided, at their hour or at once; return how many were moved.

    If no variant is sent to them, they are closed: nobody writes to them any more.
    """
    open_messages = Message.objects.open().exclude(state=Message.State.CANCELLED)
    moved = 0
    for experiment in Experiment.objects.decided().filter(message__in=open_messages).order_by("pk"):
        rows = Recipient.objects.filter(message=experiment.pk, state=State.AWAITING)
        if experiment.winner is None:
            moved += _move(rows, state=State.CANCELLED, finished_at=now)
            continue
        moved += _move(
            rows,
            variant=experiment.winner,
            state=Case(When(due_at__lte=now, then=Value(State.QUEUED)), default=Value(State.PLANNED)),
            due_at=Greatest(F("due_at"), now),
        )
    return moved


def retry(message: Message, *, chosen: Q, now: datetime) -> int:
    """
    Put failed rows back in line: those of `chosen`. Never an unknown one.

    Who has no variant of an experiment yet, because only its original has written to them, awaits a winner.
    """
    failed = message.recipients.filter(chosen, state=State.FAILED)
    state: Value | Case = Value(State.QUEUED)
    if Experiment.objects.filter(message=message).exists():
        state = Case(When(variant=None, then=Value(State.AWAITING)), default=state)
    return failed.update(
        state=state, is_retryable=False, attempts=0, mail_id="", due_at=now, finished_at=None
    )


@transaction.atomic
def finish(*, now: datetime) -> list[Message]:
    """
    Close the messages that have no unfinished row left, and return them.

    The message is locked first and its rows are looked at again afterwards: meanwhile someone may have put
    failed ones back in line.
    """
    spent = Message.objects.spent().select_for_update(skip_locked=True, no_key=True, of=("self",))
    locked = list(spent.values_list("pk", flat=True))
    finished = list(Message.objects.spent().filter(pk__in=locked))
    for message in finished:
        if message.state != Message.State.CANCELLED:
            message.state = Message.State.FINISHED
        message.finished_at = message.updated_at = now
    Message.objects.bulk_update(finished, ["state", "finished_at", "updated_at"])
    return finished


def _waiting(messages: Iterable[int]) -> RecipientQuerySet:
    # The ids first: a handful of messages, each with its own small index of waiting rows.
    return Recipient.objects.filter(message__in=list(messages), state__in=WAITING)


def _move(rows: RecipientQuerySet, **values: object) -> int:
    """Update at most `SWEEP_SIZE` rows, none that is locked; return how many."""
    with transaction.atomic():
        free = rows.select_for_update(skip_locked=True, no_key=True, of=("self",)).values_list(
            "pk", flat=True
        )
        return Recipient.objects.filter(pk__in=list(free[:SWEEP_SIZE])).update(**values)
