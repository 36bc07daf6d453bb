from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Channel
from apps.contacts.models import Exclusion
from apps.content.models import Template
from apps.messaging.models import Message, Recipient, Sender
from apps.messaging.smstext import MOST
from apps.segments.models import Segment

REASONS = [("", ""), *Exclusion.choices]  # none where a row was not left out


HOUR, LOCAL = "%H:%M", "%Y-%m-%dT%H:%M"


# JSON Schema's own times have an offset; these are of whatever clock there is where a person is.
@extend_schema_field({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$", "example": "21:00"})
class HourField(serializers.TimeField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format=HOUR, input_formats=[HOUR], **kwargs)


@extend_schema_field(
    {"type": ["string", "null"], "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d$", "example": "2026-03-05T09:00"}
)
class LocalTimeField(serializers.DateTimeField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format=LOCAL, input_formats=[LOCAL], default_timezone=None, **kwargs)


class Schedule(serializers.Serializer[Any]):
    """
    `send_at` null: as soon as it is launched. `local_time` instead, such as `2026-03-05T09:00`: when each
    person's own clock shows it. What is still unsent `not_after` expires.
    """

    send_at = serializers.DateTimeField(allow_null=True, required=False)
    local_time = LocalTimeField(allow_null=True, required=False)
    not_after = serializers.DateTimeField(allow_null=True, required=False)


class MessageOut(serializers.ModelSerializer[Message]):
    schedule = serializers.SerializerMethodField()

    class Meta:
        model = Message
        fields = [
            "id", "name", "campaign", "channel", "sender", "template", "template_version", "text", "segments",
            "exclude_segments", "topic", "holdout_percent", "is_tracked", "priority", "schedule", "state",
            "pause_reason", "launched_at", "finished_at", "created_at", "updated_at",
        ]  # fmt: skip

    def get_schedule(self, message: Message) -> dict[str, Any]:
        told = {"send_at": message.scheduled_at, "local_time": message.local_at}
        return Schedule({**told, "not_after": message.not_after}).data


class MessageIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200)
    sender = serializers.PrimaryKeyRelatedField(
        queryset=Sender.objects.filter(is_active=True), required=False, allow_null=True
    )
    template = serializers.PrimaryKeyRelatedField(
        queryset=Template.objects.filter(archived_at__isnull=True), required=False, allow_null=True
    )
    text = serializers.CharField(
        max_length=MOST, required=False, allow_blank=True, help_text="By SMS, instead of a template."
    )
    segments = serializers.PrimaryKeyRelatedField(
        queryset=Segment.objects.filter(archived_at__isnull=True), many=True, required=False
    )
    exclude_segments = serializers.PrimaryKeyRelatedField(
        queryset=Segment.objects.filter(archived_at__isnull=True), many=True, required=False
    )
    topic = serializers.CharField(max_length=64, required=False, allow_blank=True)
    holdout_percent = serializers.IntegerField(min_value=0, max_value=90, required=False)
    is_tracked = serializers.BooleanField(required=False)
    priority = serializers.ChoiceField(choices=Message.Priority.choices, required=False)
    schedule = Schedule(required=False)

    def to_fields(self) -> Any:
        """Return what the service takes: the schedule is two fields there."""
        fields = dict(self.validated_data)
        schedule = fields.pop("schedule", {})
        for told, field in (
            ("send_at", "scheduled_at"),
            ("local_time", "local_at"),
            ("not_after", "not_after"),
        ):
            if told in schedule:
                fields[field] = schedule[told]
        return fields


class MessageCreateIn(MessageIn):
    """
    `channel` may be left out: the campaign's e-mail channel.

    Campaigns that `user` of the context may not know are not there.
    """

    campaign = serializers.PrimaryKeyRelatedField(queryset=Campaign.objects.all())
    channel = serializers.PrimaryKeyRelatedField(queryset=Channel.objects.all(), required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        if "user" in self.context:  # or it is only described
            known = Campaign.objects.visible_to(self.context["user"])
            fields["campaign"].queryset = known  # type: ignore[attr-defined]  # a related field's
            fields["channel"].queryset = Channel.objects.filter(campaign__in=known)  # type: ignore[attr-defined]
        return fields


class MessageLaunchIn(serializers.Serializer[Any]):
    """`promised`: launch only if so many people would get it."""

    send_at = serializers.DateTimeField(required=False)
    promised = serializers.IntegerField(min_value=0, required=False)


class MessagePauseIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


class MessageRetryIn(serializers.Serializer[Any]):
    """`answer`: those whom the server told exactly this; without it, those whose failure may pass."""

    answer = serializers.CharField(max_length=500, required=False, trim_whitespace=False)


class MessageRetryOut(serializers.Serializer[Any]):
    retried = serializers.IntegerField()


class MessageTestIn(serializers.Serializer[Any]):
    """To people of the team; `contact`: as this one would get it."""

    people = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True), many=True)
    contact = serializers.IntegerField(required=False, min_value=1)


class NotSentOut(serializers.Serializer[Any]):
    email = serializers.EmailField()
    answer = serializers.CharField()


class MessageTestOut(serializers.Serializer[Any]):
    """Who got it, and who did not, with what the mail server said."""

    sent_to = serializers.ListField(child=serializers.EmailField())
    not_sent = NotSentOut(many=True)


class LedgerOut(serializers.Serializer[Any]):
    """The states sum to the audience."""

    audience = serializers.IntegerField()
    states = serializers.DictField(child=serializers.IntegerField())
    excluded = serializers.DictField(child=serializers.IntegerField())
    retryable = serializers.IntegerField()


class ReachOut(serializers.Serializer[Any]):
    """What a launch now would do."""

    audience = serializers.IntegerField()
    recipients = serializers.IntegerField()
    late = serializers.IntegerField(help_text="Of the recipients: whose hour has passed where they are.")
    held = serializers.IntegerField(help_text="Of the recipients: who wait for the end of quiet hours.")
    excluded = serializers.DictField(child=serializers.IntegerField())


class RecipientOut(serializers.ModelSerializer[Recipient]):
    reason = serializers.ChoiceField(choices=REASONS)

    class Meta:
        model = Recipient
        fields = [
            "id", "contact", "occurrence", "address", "state", "reason", "due_at", "attempts",
            "is_retryable", "answer", "mail_id", "finished_at",
        ]  # fmt: skip


class SenderOut(serializers.ModelSerializer[Sender]):
    class Meta:
        model = Sender
        fields = [
            "id",
            "name",
            "email",
            "reply_to",
            "provider",
            "phone",
            "sms_provider",
            "is_active",
            "created_at",
            "updated_at",
        ]


class SenderIn(serializers.ModelSerializer[Sender]):
    class Meta:
        model = Sender
        fields = ["name", "email", "reply_to", "provider", "phone", "sms_provider", "is_active"]

    def validate_name(self, name: str) -> str:
        if not name.isprintable():
            raise serializers.ValidationError("A name has no line breaks.")
        return name
