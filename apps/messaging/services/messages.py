"""Acts on a message before and after its launch. What happens in between is in `launch` and `sending`."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypedDict

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns import challenges, dates
from apps.campaigns.models import Channel
from apps.collaboration import services as collaboration
from apps.collaboration.stale import seen_check
from apps.contacts import services as contacts
from apps.content.models import Template
from apps.core.errors import DomainError
from apps.core.queues import ring
from apps.core.texts import NOT_ONE_LINE, is_one_line
from apps.messaging import ledger
from apps.messaging.models import Message, Sender
from apps.messaging.services.variants import ExperimentFields, experiment_put
from apps.segments.models import Segment

SEND_TASK = "apps.messaging.tasks.messages_send"
SENT_BY = {Channel.Kind.EMAIL, Channel.Kind.SMS}
HOURS = {"scheduled_at", "local_at", "not_after"}


class MessageRefused(DomainError):
    """The message's state says no, or one of its fields does: `field` names it."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class MessageFields(TypedDict, total=False):
    """What a person fills in, a step at a time; only what is given is changed."""

    name: str
    sender: Sender | None
    template: Template | None
    text: str  # by SMS, instead of a template
    segments: Sequence[Segment]
    exclude_segments: Sequence[Segment]
    topic: str
    holdout_percent: int
    is_tracked: bool
    priority: str
    scheduled_at: datetime | None
    local_at: datetime | None  # of no zone: by each person's own clock, instead of `scheduled_at`
    not_after: datetime | None
    experiment: ExperimentFields | None


@transaction.atomic
def message_create(*, channel: Channel, fields: MessageFields, by: User, now: datetime) -> Message:
    """
    Start a draft in a channel of a campaign: e-mail or SMS.

    :raises MessageRefused: the channel is not one that Bookend sends on, or the hours cannot be
    :raises TopicUnknown: nobody described this topic of e-mail
    :raises VariantsRefused: an experiment with too few variants, or too many
    """
    if channel.kind not in SENT_BY:
        kind = channel.get_kind_display()
        told = _("Messages are sent by e-mail or SMS; this channel is “%(kind)s”.")
        raise MessageRefused(told % {"kind": kind})
    message = Message(campaign_id=channel.campaign_id, channel=channel, created_at=now, updated_at=now)
    _fields_set(message, fields)
    message_audit(message, "created", by=by, now=now)
    return message


@transaction.atomic
def message_update(
    *, message: Message, fields: MessageFields, by: User, now: datetime, seen_at: datetime | None = None
) -> Message:
    """
    Change a draft. `seen_at` is how old was what the author read: who works at another step stands in
    nobody's way.

    :raises SavedSince: somebody has saved one of these fields since it was seen
    :raises MessageRefused: it has been launched: what was promised then must stay true; or the hours cannot
        be
    :raises TopicUnknown: nobody described this topic of e-mail
    :raises VariantsRefused: an experiment with too few variants, or too many
    """
    message = message_lock(message)
    if not message.is_draft:
        raise MessageRefused(_("A message that was launched cannot be changed any more."))
    seen_check(message, seen_at, only=fields)
    before = _values(message, fields)
    _fields_set(message, fields)
    after = _values(message, fields)
    if changed := sorted(name for name in fields if name not in before or before[name] != after[name]):
        message_audit(message, "changed", by=by, now=now, details={"fields": changed})
    return message


def _values(message: Message, fields: Iterable[str]) -> dict[str, Any]:
    """Return what it says now of these; of an experiment, which is written anew each time, nothing."""
    values = {name: getattr(message, name) for name in fields if name != "experiment"}
    sets = values.keys() & {"segments", "exclude_segments"}
    return values | {name: set(values[name].values_list("pk", flat=True)) for name in sets}


def _fields_set(message: Message, fields: MessageFields) -> None:
    plain: dict[str, Any] = dict(fields)
    if (name := plain.get("name")) and name != message.name and not is_one_line(name):
        raise MessageRefused(str(NOT_ONE_LINE), field="name")
    contacts.topic_check(topic=plain.get("topic", ""), channel=message.way)
    sets = {name: plain.pop(name) for name in ("segments", "exclude_segments") if name in plain}
    trial = {"fields": plain.pop("experiment")} if "experiment" in plain else {}
    is_timed = bool(HOURS & plain.keys())
    if "local_at" in plain:
        told = plain.pop("local_at")
        message.local_date, message.local_time = (told.date(), told.time()) if told else (None, None)
    for name, value in plain.items():
        setattr(message, name, value)
    if is_timed:
        _schedule_check(message)
    message.save()
    for name, value in sets.items():
        getattr(message, name).set(value)
    if trial:
        experiment_put(message, **trial)


def moment_check(moment: datetime | None, *, field: str) -> None:
    """
    Refuse an hour nobody can mean: results reckon with the days after it, which the calendar has to have.

    :raises MessageRefused: it lies outside the years that plans know; of `field`
    """
    if moment and (told := dates.range_problem(moment.date())):
        raise MessageRefused(told, field=field)


def _schedule_check(message: Message) -> None:
    for field in sorted(HOURS):
        moment_check(getattr(message, field), field=field)
    if message.scheduled_at and message.local_at:
        raise MessageRefused(
            _("Either one moment for all, or an hour by each person's own clock."), field="scheduled_at"
        )
    last = message.sent_latest_at
    if last and message.not_after and message.not_after <= last:
        told = _("This must be later than the time of sending, in the last time zone that has it (UTC−12).")
        if not message.local_at:
            told = _("This must be later than the time of sending.")
        raise MessageRefused(told, field="not_after")


@transaction.atomic
def message_delete(*, message: Message, by: User, now: datetime) -> None:
    """
    Throw a draft away.

    :raises MessageRefused: it has been launched: its ledger is never deleted
    :raises HeldByChallenge: it is challenged: the question would go with it
    """
    message = message_lock(message)
    if not message.is_draft:
        raise MessageRefused(_("A message that was launched stays on record. Cancel what is still unsent."))
    challenges.hold_check(message)
    message_audit(message, "deleted", by=by, now=now)
    message.delete()


@transaction.atomic
def message_pause(*, message: Message, by: User | None, now: datetime, reason: str = "") -> Message:
    """
    Hold what has not left yet; at most one sub-batch per worker is past stopping. `by=None`: by itself.

    :raises MessageRefused: it is not running
    """
    message = message_lock(message)
    if not message.is_running:
        raise _wrong_state(message, _("Only a running message can be paused; this one is “%(state)s”."))
    _move(message, Message.State.PAUSED, now=now, pause_reason=reason)
    details: dict[str, object] = {"reason": reason} if reason else {}
    message_audit(message, "paused", by=by, now=now, details=details)
    return message


@transaction.atomic
def message_resume(*, message: Message, by: User, now: datetime) -> Message:
    """
    Go on where the pause began; nobody is written to again.

    :raises MessageRefused: it is not paused
    :raises HeldByChallenge: something in the campaign is challenged
    """
    message = message_lock(message)
    if message.state != Message.State.PAUSED:
        raise _wrong_state(message, _("Only a paused message can go on; this one is “%(state)s”."))
    challenges.launch_check(message.campaign)
    fresh = {"pause_reason": "", "recent_answers": 0, "recent_refusals": 0, "connections_failed": 0}
    fresh |= {"bounces": 0, "complaints": 0, "spiked_at": None}  # whoever lets it go on has seen those
    _move(message, Message.State.RUNNING, now=now, resumed_at=now, **fresh)
    message_audit(message, "resumed", by=by, now=now)
    ring(SEND_TASK)
    return message


@transaction.atomic
def message_cancel(*, message: Message, by: User, now: datetime) -> Message:
    """
    Close everything that has not left yet, for good.

    What a worker holds at this moment follows at its next step; large ledgers are swept by the doorbell.

    :raises MessageRefused: there is nothing left to cancel
    """
    message = message_lock(message)
    if not message.is_open:
        raise _wrong_state(message, _("There is nothing to cancel: this message is “%(state)s”."))
    _move(message, Message.State.CANCELLED, now=now, pause_reason="")
    ledger.cancel(now=now)
    message_audit(message, "cancelled", by=by, now=now)
    ring(SEND_TASK)
    return message


@transaction.atomic
def message_retry_failed(
    *, message: Message, by: User, now: datetime, answer: str | None = None
) -> tuple[Message, int]:
    """
    Put failed recipients back in line, and return how many.

    Those whose failure may pass; with `answer` those whom the server told exactly this, because a person
    chose them. Never an unknown one: it may have been sent.

    :raises MessageRefused: nobody can be retried, or it is too late to
    :raises HeldByChallenge: it has finished, and would start again while something is challenged
    """
    message = message_lock(message)
    if message.state not in {Message.State.RUNNING, Message.State.PAUSED, Message.State.FINISHED}:
        raise _wrong_state(message, _("Nothing can be retried: this message is “%(state)s”."))
    if message.not_after and message.not_after <= now:
        raise MessageRefused(_("This message must not go out any more: its last moment has passed."))
    chosen = Q(is_retryable=True) if answer is None else Q(answer=answer)
    count = ledger.retry(message, chosen=chosen, now=now)
    if not count:
        raise MessageRefused(_("Nobody is left to retry."))
    message_reopen(message, now=now)
    message_audit(message, "retried", by=by, now=now, details={"recipients": count})
    ring(SEND_TASK)
    return message, count


def message_reopen(message: Message, *, now: datetime) -> None:
    """
    Let a finished message, locked and with somebody in line again, go on; others go on anyway.

    :raises HeldByChallenge: something in the campaign is challenged
    """
    if message.state == Message.State.FINISHED:
        challenges.launch_check(message.campaign)
        fresh = {"finished_at": None, "recent_answers": 0, "recent_refusals": 0}
        _move(message, Message.State.RUNNING, now=now, **fresh)


def message_audit(
    message: Message, act: str, *, by: User | None, now: datetime, details: dict[str, object] | None = None
) -> None:
    """Write the act down, in the message's history and in its campaign's."""
    collaboration.audit_record(
        action=f"message.{act}", subject=message, by=by, now=now, within=message.campaign, details=details
    )


def message_tell(message: Message, told: str, *, now: datetime) -> None:
    """Tell those who answer for the message: the campaign's captain and the channel's owner."""
    people = {message.campaign.captain, *([message.channel.owner] if message.channel.owner else [])}
    url = reverse("messaging:detail", args=[message.pk])
    collaboration.notify(users=people, text=told, url=url, now=now, kind="sending", within=message.campaign)


def message_lock(message: Message) -> Message:
    """Return the message as it is now, held until the transaction ends; the argument may be stale."""
    return Message.objects.select_for_update(no_key=True).get(pk=message.pk)


def _move(message: Message, state: Message.State, *, now: datetime, **also: object) -> None:
    message.state = state
    message.updated_at = now
    for name, value in also.items():
        setattr(message, name, value)
    message.save(update_fields=["state", "updated_at", *also])


def _wrong_state(message: Message, sentence: str) -> MessageRefused:
    return MessageRefused(sentence % {"state": message.get_state_display()})
