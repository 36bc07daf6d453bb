"""What of messages comes along in a replay: drafts with their words, and what experiments found best."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from apps.campaigns import replay
from apps.content import selectors as content
from apps.content import services as templates
from apps.content.models import Template
from apps.core.errors import DomainError
from apps.messaging.models import Message, Variant
from apps.messaging.selectors.experiments import variant_version
from apps.messaging.services.messages import MessageFields, message_create
from apps.segments.models import Segment

MOST = 100


def messages_bring(act: replay.Replay) -> list[str]:
    """Write each message of a channel that came along as a draft; what was won by an experiment is in it."""
    found = Message.objects.filter(campaign=act.parent, channel__in=list(act.channels))
    messages = found.select_related("sender", "template", "template_version", "experiment")
    notes = []
    for message in messages.prefetch_related("segments", "exclude_segments").order_by("pk")[:MOST]:
        try:
            fields = _fields(act, message)
            message_create(channel=act.channels[message.channel_id], fields=fields, by=act.by, now=act.now)
        except DomainError as refusal:
            told = _("“%(message)s” did not come along: %(why)s")
            notes.append(told % {"message": message.name, "why": refusal})
    return notes


def _fields(act: replay.Replay, message: Message) -> MessageFields:
    fields: MessageFields = {
        "name": message.name,
        "sender": message.sender if message.sender and message.sender.is_active else None,
        "template": _template(act, message),
        "text": message.text,
        "segments": _segments(act, message),
        "exclude_segments": [one for one in message.exclude_segments.all() if one.archived_at is None],
        "topic": message.topic,
        "holdout_percent": message.holdout_percent,
        "is_tracked": message.is_tracked,
        "priority": message.priority,
    }
    if moved := _moved(act, message.scheduled_at):
        fields["scheduled_at"] = moved
    if message.local_at and act.day(message.local_at.date()) and act.shift is not None:
        fields["local_at"] = message.local_at + act.shift
    return fields


def _segments(act: replay.Replay, message: Message) -> list[Segment]:
    """Return whom it goes to: where that was the campaign's audience, it is the new campaign's now."""
    found: list[Segment] = []
    for segment in message.segments.all():
        named = act.child.segment if segment.pk == act.parent.segment_id else segment
        if named is not None and named.archived_at is None:
            found.append(named)
    return found


def _moved(act: replay.Replay, moment: datetime | None) -> datetime | None:
    shift: timedelta | None = act.shift
    if moment is None or shift is None or moment + shift <= act.now:
        return None
    return moment + shift


def _template(act: replay.Replay, message: Message) -> Template | None:
    """
    Return the words of the next generation: the winner's, where an experiment has one.

    A winner that was another subject on the same template becomes a template of its own.
    """
    experiment = getattr(message, "experiment", None)
    if experiment is None or experiment.winner is None:
        return message.template
    rows = Variant.objects.filter(experiment=experiment, number=experiment.winner)
    winner = rows.select_related("template", "template_version").first()
    if winner is None or winner.is_control:
        return message.template
    if not winner.subject:
        return winner.template or message.template
    version = variant_version(winner, message)
    if version is None:
        return message.template
    source = replace(content.version_source(version), subject=winner.subject)
    name = _("%(message)s, the subject that won") % {"message": message.name[:160]}
    return templates.template_create(name=name, source=source, by=act.by, now=act.now)


def register() -> None:
    """Called from `AppConfig.ready`."""
    part = replay.Part(
        _l("Messages"),
        _l("As drafts; where an experiment has a winner, with what won."),
        replay.rows_of(Message.objects.all()),
        messages_bring,
        order=50,
    )
    replay.parts.register("messages", part)
