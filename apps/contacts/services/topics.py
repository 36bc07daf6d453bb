"""Topics: what people can agree to be written to about."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.collaboration.stale import seen_check
from apps.contacts import attributes as keys
from apps.contacts.models import Channel, Consent, ConsentEvent, ConsentStatus, ImportFile, Topic
from apps.contacts.registries import Use, topic_uses
from apps.core.errors import DomainError
from apps.core.texts import name_check

UNFINISHED = (ImportFile.State.PENDING, ImportFile.State.RUNNING, ImportFile.State.FAILED)


class TopicRefused(DomainError):
    pass


class TopicUnknown(DomainError):
    """Nobody described such a topic, or it is none of this channel."""


def topic_create(*, by: User | None, now: datetime, key: str, name: str, **described: Any) -> Topic:
    """
    Add a topic. `described` are other fields of `Topic`.

    :raises ValidationError: by field; a key that is no system name comes with one that would be
    """
    if not keys.key_is_valid(key):
        sentence = _("Lower-case words joined by underscores, such as “%(better)s”.")
        raise ValidationError({"key": [sentence % {"better": keys.key_suggest(key or name)}]})
    name_check(name)
    topic = Topic(key=key, name=name, **described)
    topic.full_clean()
    with transaction.atomic():
        topic.save()
        collaboration.audit_record(action="topic.created", subject=topic, by=by, now=now)
    return topic


@transaction.atomic
def topic_update(
    *, topic: Topic, by: User | None, now: datetime, seen_at: datetime | None = None, **changes: Any
) -> Topic:
    """
    Change what is given; the key never changes, for it is how everything names the topic. `seen_at` is how
    old was what the author read.

    :raises SavedSince: somebody has saved it since it was seen
    :raises ValidationError: by field
    """
    topic = Topic.objects.select_for_update(no_key=True).get(pk=topic.pk)
    seen_check(topic, seen_at)
    changed = {name: value for name, value in changes.items() if value != getattr(topic, name)}
    name_check(changed.get("name", ""))
    for name, value in changed.items():
        setattr(topic, name, value)
    topic.full_clean()
    if changed:
        topic.save()
        collaboration.audit_record(
            action="topic.changed", subject=topic, by=by, now=now, details={"fields": sorted(changed)}
        )
    return topic


@transaction.atomic
def topic_delete(*, topic: Topic, by: User | None, now: datetime) -> None:
    """
    Delete a topic that nothing speaks of.

    :raises TopicRefused: somebody agreed to it or refused it, or something uses it; the sentence says what
    """
    topic = Topic.objects.select_for_update().get(pk=topic.pk)
    if Consent.objects.filter(topic=topic.key).exists() or _is_in_the_ledger(topic):
        raise TopicRefused(
            _("People have said yes or no to “%(name)s”, which stays on record. Make it not public instead.")
            % {"name": topic.name}
        )
    if places := topic_places(topic=topic, user=by):
        names = ", ".join(f"{use.kind} “{use.label}”" for use in places[:5])
        raise TopicRefused(
            _("“%(name)s” is used by %(places)s. Take it out there first.")
            % {"name": topic.name, "places": names}
        )
    collaboration.audit_record(
        action="topic.deleted", subject=topic, by=by, now=now, details={"key": topic.key}
    )
    topic.delete()


def topic_places(*, topic: Topic, user: User | None) -> list[Use]:
    """Return where the topic is used, for `user` to read: imports on their way, and what is above."""
    imports = ImportFile.objects.filter(state__in=UNFINISHED, consent__topic=topic.key).order_by("-pk")[:5]
    return [
        *(
            Use(_("Import"), one.file_name, reverse("contacts:import-detail", args=[one.pk]))
            for one in imports
        ),
        *(use for uses in topic_uses for use in uses(topic.key, user)),
    ]


def topic_check(*, topic: str, channel: Channel, status: ConsentStatus = ConsentStatus.SUBSCRIBED) -> None:
    """
    Refuse a topic that nobody can agree to. To say no, it is enough that it is known.

    :raises TopicUnknown: not described, or not of this channel
    """
    if not topic:
        return
    found = Topic.objects.filter(key=topic)
    if status != ConsentStatus.UNSUBSCRIBED:
        found = found.on_channel(channel)
    if not found.exists():
        raise TopicUnknown(
            _("There is no topic “%(topic)s” for %(channel)s.")
            % {"topic": topic[:64], "channel": channel.label}
        )


def _is_in_the_ledger(topic: Topic) -> bool:
    return ConsentEvent.objects.filter(topic=topic.key).exists()
