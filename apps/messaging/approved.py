"""What a campaign's messages add to what somebody approves of it: content, audience and schedule."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from django.utils import formats
from django.utils.translation import gettext as _

from apps.campaigns.approvals import EDITS, Edit, Fact, Reading, sources
from apps.campaigns.models import Approval, Campaign
from apps.collaboration.models import AuditEvent
from apps.messaging.models import Message
from apps.segments.models import Segment

Part = Approval.Part
# Whose change is an edit of which part.
FIELDS = {
    Part.CONTENT: {"sender", "template", "text", "experiment"},
    Part.AUDIENCE: {"segments", "exclude_segments", "topic", "holdout_percent"},
    Part.SCHEDULE: {"scheduled_at", "local_at", "not_after"},
}


def _read(campaign: Campaign) -> Reading:
    drafts = _drafts(campaign)
    facts: dict[str, list[Fact]] = {
        part: [
            Fact(_group(message.pk), key, f"{message.name}: {label}", value)
            for message in drafts
            for key, label, value in rows(message)
        ]
        for part, rows in ((Part.CONTENT, _content), (Part.AUDIENCE, _audience), (Part.SCHEDULE, _schedule))
    }
    launched = Message.objects.launched().filter(campaign=campaign).values_list("pk", flat=True)
    return Reading(facts, _edits(drafts), frozenset(_group(pk) for pk in launched))


def _drafts(campaign: Campaign) -> list[Message]:
    found = Message.objects.filter(campaign=campaign, state=Message.State.DRAFT)
    related = found.select_related("sender", "template__current", "channel")
    return list(related.prefetch_related("segments", "exclude_segments").order_by("pk"))


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
    ]


def _audience(message: Message) -> list[tuple[str, str, str]]:
    return [
        ("segments", _("To"), _segments(message.segments.all())),
        ("exclude", _("Not to"), _segments(message.exclude_segments.all())),
        ("topic", _("Topic"), message.topic),
        ("holdout", _("Held out, in percent"), str(message.holdout_percent)),
    ]


def _segments(found: Iterable[Segment]) -> str:
    """Return each with its rule: under the same name it may be of other people by now."""
    rows = sorted(found, key=lambda segment: segment.pk)
    return "\n".join(f"{segment} {json.dumps(segment.rule, sort_keys=True)}" for segment in rows)


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


def _edits(drafts: list[Message]) -> dict[str, Edit]:
    """Return the last change of the drafts' own fields, and of the templates that they would send."""
    events = AuditEvent.objects.filter(
        subject__in=[f"messaging.message:{message.pk}" for message in drafts],
        action__in=["message.created", "message.changed"],
    )
    edits: dict[str, Edit] = {}
    for at, by_id, fields in events.order_by("-at", "-pk").values_list("at", "by", "details__fields")[:EDITS]:
        for part, own in FIELDS.items():
            if fields is None or not own.isdisjoint(fields):
                edits.setdefault(part, Edit(at, by_id))
    versions = [message.template.current for message in drafts if message.template]
    saved = [Edit(version.at, version.by_id) for version in versions if version]
    written = [edit for edit in (*saved, edits.get(Part.CONTENT)) if edit]
    return edits | ({Part.CONTENT: max(written, key=lambda edit: edit.at)} if written else {})


def register() -> None:
    """Called from `AppConfig.ready`."""
    sources.register("messages", _read)
