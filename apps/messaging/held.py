"""What a challenge of the campaign means for its messages: what can be asked about, and what stops."""

from datetime import datetime

from django.db.models import Model, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.campaigns.challenges import Challengeable, challengeables, stops
from apps.campaigns.models import Campaign
from apps.content.models import TemplateVersion
from apps.messaging.models import Message
from apps.messaging.services import message_pause


def messages_stop(*, campaign: Campaign, thing: Model, by: User, now: datetime, reason: str) -> None:
    """
    Pause what a new challenge holds: the messages that it is about, and those that have not begun.

    Every message that is not finished is locked, drafts too: a launch that is under way at this moment
    either waits, and finds the challenge, or is waited for, and is paused.
    """
    unfinished = Message.objects.filter(campaign=campaign, finished_at__isnull=True)
    locked = unfinished.select_related("channel", "template_version").order_by("pk")
    for message in locked.select_for_update(no_key=True, of=("self",)):
        if message.is_running and (_is_about(thing, message) or _has_not_begun(message, now)):
            message_pause(message=message, by=by, now=now, reason=reason[:500])


def _is_about(thing: Model, message: Message) -> bool:
    return thing in {message, message.channel, message.template_version}


def _has_not_begun(message: Message, now: datetime) -> bool:
    return any(moment and moment > now for moment in (message.scheduled_at, message.undo_until))


def _versions(mine: Q) -> QuerySet[TemplateVersion]:
    """Return the versions that messages were launched with, or would be if they were now."""
    messages = Message.objects.filter(mine).order_by()
    sent = Q(pk__in=messages.exclude(template_version=None).values("template_version"))
    drafts = messages.filter(template_version=None, template__isnull=False)
    return TemplateVersion.objects.filter(sent | Q(pk__in=drafts.values("template__current")))


def register() -> None:
    """Called from `AppConfig.ready`."""
    for one in (
        Challengeable(
            model=Message,
            kind=gettext_lazy("Message"),
            of=lambda campaign: Message.objects.filter(campaign=campaign),
            owners=lambda message: [message.channel.owner],
            owned_by=lambda user: Message.objects.filter(channel__owner=user),
            url=lambda message: reverse("messaging:detail", args=[message.pk]),
        ),
        Challengeable(
            model=TemplateVersion,
            kind=gettext_lazy("Asset version"),
            of=lambda campaign: _versions(Q(campaign=campaign)).select_related("template"),
            owners=lambda version: [version.by],
            owned_by=lambda user: TemplateVersion.objects.filter(by=user),
            url=lambda version: reverse("content:detail", args=[version.template_id]),
        ),
    ):
        challengeables.register(one.model._meta.label_lower, one)
    stops.register("messages", messages_stop)
