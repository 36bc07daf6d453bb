"""What a campaign's messages add to what somebody approves of it: content, audience and schedule."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from apps.campaigns.approvals import Edit, Fact, Reading, Trail, sources
from apps.campaigns.models import Approval, Campaign
from apps.campaigns.readbacks import readbacks, segments_words
from apps.content.words import mail_words
from apps.messaging.models import Message, Variant
from apps.messaging.selectors import draft_variants, variant_version
from apps.messaging.together import campaign_messages

Part = Approval.Part
# Whose change is an edit of which part.
FIELDS: dict[str, set[str]] = {
    Part.CONTENT: {"sender", "template", "text", "experiment"},
    Part.AUDIENCE: {"segments", "exclude_segments", "topic", "holdout_percent"},
    Part.SCHEDULE: {"scheduled_at", "local_at", "not_after"},
}


def _read(campaign: Campaign) -> Reading:
    messages = campaign_messages(campaign)
    drafts = [message for message in messages if message.is_draft]
    facts: dict[str, list[Fact]] = {
        part: [
            Fact(_group(message.pk), key, f"{message.name}: {label}", value)
            for message in drafts
            for key, label, value in rows(message)
        ]
        for part, rows in ((Part.CONTENT, _content), (Part.AUDIENCE, _audience), (Part.SCHEDULE, _schedule))
    }
    launched = frozenset(_group(message.pk) for message in messages if not message.is_draft)
    trail = Trail(
        subjects=[f"messaging.message:{message.pk}" for message in drafts],
        actions=["message.created", "message.changed"],
        key="fields",
        fields=FIELDS,
        known=_written(drafts),
    )
    return Reading(facts, trail, launched)


def _group(pk: int) -> str:
    return f"message:{pk}"


def _content(message: Message) -> list[tuple[str, str, str]]:
    rows = [("sender", _("Sender"), str(message.sender or ""))]
    if message.is_text:
        return [*rows, ("text", _("Text"), message.text)]
    version = message.template.current if message.template else None
    if version is None:
        return [*rows, ("template", _("Template"), "")]
    return [
        *rows,
        ("subject", _("Subject"), version.subject),
        ("preheader", _("Preheader"), version.preheader),
        ("mjml", _("Mail"), version.mjml),
        ("plain", _("Plain text"), version.text),
        *(
            row
            for variant in draft_variants(message)
            if not variant.is_control
            for row in _variant(variant, message)
        ),
    ]


def _variant(variant: Variant, message: Message) -> list[tuple[str, str, str]]:
    """Return what one variant of an experiment says in place of the message."""
    told = {"letter": variant.letter}
    version = variant_version(variant, message)
    rows = [
        (f"subject-{variant.number}", _("Subject of %(letter)s") % told, version.subject if version else "")
    ]
    if version and variant.template_id:  # without one it is the message's mail under another subject
        rows.append((f"mjml-{variant.number}", _("Mail of %(letter)s") % told, version.mjml))
    return rows


def _audience(message: Message) -> list[tuple[str, str, str]]:
    return [
        ("segments", _("To"), _segments(message.wanted or ())),
        ("exclude", _("Not to"), _segments(message.unwanted or ())),
        ("topic", _("Topic"), message.topic),
        ("holdout", _("Held out, in percent"), str(message.holdout_percent)),
    ]


def _segments(found: Iterable[Mapping[str, Any]]) -> str:
    """Return each with its rule: under the same name it may be of other people by now."""
    return "\n".join(f"{one['name']} {json.dumps(one['rule'], sort_keys=True)}" for one in found)


def _schedule(message: Message) -> list[tuple[str, str, str]]:
    local = message.local_at
    return [
        ("at", _("Goes out"), _moment(message.scheduled_at)),
        ("local", _("By each person's own clock"), _moment(local)),
        ("not_after", _("Not after"), _moment(message.not_after)),
    ]


def _moment(moment: datetime | None) -> str:
    if moment is None:
        return ""
    # In UTC, whoever looks: the same moment must read the same, or it would seem another.
    return formats.date_format(moment.astimezone(UTC) if moment.tzinfo else moment, "j F Y, H:i")


def _written(drafts: Iterable[Message]) -> dict[str, Edit]:
    """Return the last change of the templates that they would send: it is no edit of a message."""
    versions = [message.template.current for message in drafts if message.template]
    saved = [Edit(version.at, version.by_id) for version in versions if version]
    return {Part.CONTENT: max(saved, key=lambda edit: edit.at)} if saved else {}


def register() -> None:
    """Called from `AppConfig.ready`."""
    sources.register("messages", _read)
    for key in ("segments", "exclude"):
        readbacks.register(key, segments_words)
    for key in ("at", "not_after"):
        readbacks.register(key, lambda value, _words: _("%(moment)s UTC") % {"moment": value})
    readbacks.register("topic", lambda value, words: words.vocabulary.topics.get(value, value))
    readbacks.register("mjml", lambda value, _words: mail_words(value))
