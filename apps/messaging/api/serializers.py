from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Channel
from apps.contacts.models import Exclusion
from apps.content.models import Template
from apps.core.texts import is_one_line
from apps.messaging.models import VARIANTS_MOST, Experiment, Message, Recipient, Sender, Settlement, Variant
from apps.messaging.selectors import Cause
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


class VariantOut(serializers.ModelSerializer[Variant]):
    """Number 0 is the control: the message as it is. What is empty is as in the message."""

    letter = serializers.CharField(read_only=True)

    class Meta:
        model = Variant
        fields = ["number", "letter", "subject", "template", "template_version"]


class ExperimentOut(serializers.ModelSerializer[Experiment]):
    """`winner` is a variant's number; null once `decided_at` is there: the rest gets nothing."""

    variants = VariantOut(many=True)

    class Meta:
        model = Experiment
        fields = [
            "sample_percent", "metric", "wait_minutes", "confidence", "otherwise", "variants", "decide_at",
            "decided_at", "winner", "has_won",
        ]  # fmt: skip


EXPERIMENT_DEFAULTS = {
    "sample_percent": 20,
    "wait_minutes": 240,
    "confidence": Experiment.Confidence.NONE.value,
    "otherwise": Experiment.Otherwise.BEST.value,
}


class VariantIn(serializers.Serializer[Any]):
    """Beside the message itself, with its own subject or template, or both."""

    subject = serializers.CharField(max_length=500, required=False, allow_blank=True)
    template = serializers.PrimaryKeyRelatedField(
        queryset=Template.objects.filter(archived_at__isnull=True),
        required=False,
        allow_null=True,
    )


class ExperimentIn(serializers.Serializer[Any]):
    """
    What a sample tries out, written as a whole. `confidence` in percent, 0 for plainly the best; `otherwise`:
    what the rest gets if no variant wins.
    """

    sample_percent = serializers.IntegerField(min_value=1, max_value=100, required=False)
    metric = serializers.ChoiceField(choices=Experiment.Metric.choices)
    wait_minutes = serializers.IntegerField(min_value=1, max_value=30 * 24 * 60, required=False)
    confidence = serializers.ChoiceField(choices=Experiment.Confidence.choices, required=False)
    otherwise = serializers.ChoiceField(choices=Experiment.Otherwise.choices, required=False)
    variants = serializers.ListField(child=VariantIn(), min_length=1, max_length=VARIANTS_MOST - 1)

    def to_internal_value(self, data: Any) -> Any:
        """Take it as a whole also where only a part of its message is changed."""
        told = super().to_internal_value(data)
        missing = {
            name: [_("This field is required.")] for name in ("metric", "variants") if name not in told
        }
        if missing:
            raise serializers.ValidationError(missing)
        told["variants"] = [{"subject": "", "template": None, **one} for one in told["variants"]]
        return {**EXPERIMENT_DEFAULTS, **told}


class ExperimentDecideIn(serializers.Serializer[Any]):
    """`variant`: the number that the rest gets; null: it gets nothing."""

    variant = serializers.IntegerField(min_value=0, max_value=VARIANTS_MOST - 1, allow_null=True)


class ShareOut(serializers.Serializer[Any]):
    """At 95 %; shares and their differences as fractions."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class VariantFindingOut(serializers.Serializer[Any]):
    """`hits`: of those `sent`, who did what is counted; `difference`: of its `rate` to the control's."""

    variant = serializers.IntegerField(source="variant.number")
    subject = serializers.CharField()
    people = serializers.IntegerField(source="sampled.people")
    sent = serializers.IntegerField(source="sampled.sent")
    hits = serializers.IntegerField()
    machine_hits = serializers.IntegerField(allow_null=True)
    rate = ShareOut(allow_null=True)
    difference = ShareOut(allow_null=True)


class ExperimentFindingsOut(serializers.Serializer[Any]):
    """`sample` and `rest` sum to who was to get it. `is_clear`: the leader is ahead of all others, surely."""

    experiment = ExperimentOut()
    sample = serializers.IntegerField()
    rest = serializers.IntegerField()
    awaiting = serializers.IntegerField()
    leader = serializers.IntegerField(source="leader.number", allow_null=True, default=None)
    is_clear = serializers.BooleanField()
    variants = VariantFindingOut(many=True, source="lines")


class MessageOut(serializers.ModelSerializer[Message]):
    schedule = serializers.SerializerMethodField()
    experiment = serializers.SerializerMethodField()

    class Meta:
        model = Message
        fields = [
            "id", "name", "campaign", "channel", "sender", "template", "template_version", "text", "segments",
            "exclude_segments", "topic", "holdout_percent", "is_tracked", "priority", "schedule",
            "experiment", "state", "pause_reason", "launched_at", "finished_at", "created_at", "updated_at",
        ]  # fmt: skip

    @extend_schema_field(ExperimentOut(allow_null=True))
    def get_experiment(self, message: Message) -> Any:
        found = getattr(message, "experiment", None)
        return ExperimentOut(found).data if found else None

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
    experiment = ExperimentIn(required=False, allow_null=True)

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
    """
    `promised`: launch only if so many people would get it. `undo_seconds`: for so long nothing leaves, and
    `undo/` makes it a draft again.
    """

    send_at = serializers.DateTimeField(required=False)
    promised = serializers.IntegerField(min_value=0, required=False)
    undo_seconds = serializers.IntegerField(min_value=0, max_value=3600, required=False)


class MessagePauseIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


class MessageRetryIn(serializers.Serializer[Any]):
    """`answer`: those whom the server told exactly this; without it, those whose failure may pass."""

    answer = serializers.CharField(max_length=500, required=False, trim_whitespace=False)


class MessageRetryOut(serializers.Serializer[Any]):
    retried = serializers.IntegerField()


class MessageSettleIn(serializers.Serializer[Any]):
    """
    Which unknown recipients, all if nothing is given, and what is true of them.

    `answer`: those on whose row exactly this stands; `search`: part of an address.
    """

    verdict = serializers.ChoiceField(choices=Settlement.Verdict.choices)
    reason = serializers.CharField(max_length=500)
    answer = serializers.CharField(max_length=500, required=False, trim_whitespace=False)
    search = serializers.CharField(max_length=254, required=False)
    recipients = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False, min_length=1, max_length=1000
    )


class MessageSettleOut(serializers.Serializer[Any]):
    settled = serializers.IntegerField()


class MessageTestIn(serializers.Serializer[Any]):
    """To people of the team; `contact`: as this one would get it."""

    people = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True), many=True)
    contact = serializers.IntegerField(required=False, min_value=1)
    variant = serializers.IntegerField(required=False, min_value=0, help_text="Of the message's experiment.")


class NotSentOut(serializers.Serializer[Any]):
    email = serializers.EmailField()
    answer = serializers.CharField()


class MessageTestOut(serializers.Serializer[Any]):
    """Who got it, and who did not, with what the mail server said."""

    sent_to = serializers.ListField(child=serializers.EmailField())
    not_sent = NotSentOut(many=True)


CAUSES = [(cause.value, cause.value) for cause in Cause]


class DelayOut(serializers.Serializer[Any]):
    """
    So many people who wait for one thing, the first until `until`, the last until `latest`; null: nobody can
    say. `detail` names the rule, the provider, or what the mail server said to them.
    """

    cause = serializers.ChoiceField(choices=CAUSES)
    people = serializers.IntegerField()
    until = serializers.DateTimeField(allow_null=True)
    latest = serializers.DateTimeField(allow_null=True)
    detail = serializers.CharField()


class LedgerOut(serializers.Serializer[Any]):
    """The states sum to the audience. Somebody may wait for more than one thing, and is in both `delays`."""

    audience = serializers.IntegerField()
    states = serializers.DictField(child=serializers.IntegerField())
    excluded = serializers.DictField(child=serializers.IntegerField())
    retryable = serializers.IntegerField()
    delays = DelayOut(many=True, help_text="Who is put off, until when and why; none of a paused message.")


class BrakeOut(serializers.Serializer[Any]):
    """A limit or a warm-up, and when the last one leaves because of it; null: in more than ten years."""

    sentence = serializers.CharField()
    done_at = serializers.DateTimeField(allow_null=True)


class DomainReachedOut(serializers.Serializer[Any]):
    """The recipients at one mailbox provider, and the limit that makes theirs take longest, or null."""

    domain = serializers.CharField()
    count = serializers.IntegerField()
    brake = BrakeOut(allow_null=True)


class ReachOut(serializers.Serializer[Any]):
    """What a launch now would do."""

    audience = serializers.IntegerField()
    recipients = serializers.IntegerField()
    sample = serializers.IntegerField(help_text="Of the recipients: who try an experiment's variants out.")
    awaiting = serializers.IntegerField(help_text="Of the recipients: who wait for its winner.")
    late = serializers.IntegerField(help_text="Of the recipients: whose hour has passed where they are.")
    held = serializers.IntegerField(help_text="Of the recipients: who wait for the end of quiet hours.")
    expiring = serializers.IntegerField(help_text="Of the recipients: whose turn comes after `not_after`.")
    excluded = serializers.DictField(child=serializers.IntegerField())
    domains = DomainReachedOut(
        many=True, help_text="Of e-mail: the largest, and all that a limit holds back; the largest first."
    )
    other_domains = serializers.IntegerField(help_text="Recipients who are at none of `domains`.")
    slowest = BrakeOut(allow_null=True, help_text="Whatever ends last, the sender's limits included.")


class WaitOut(serializers.Serializer[Any]):
    """What one recipient waits for. `until` null: until there is room. `detail`: the rule, or the answer."""

    cause = serializers.ChoiceField(choices=CAUSES)
    until = serializers.DateTimeField(allow_null=True)
    detail = serializers.CharField()


class RecipientOut(serializers.ModelSerializer[Recipient]):
    """`delay`: what a planned one waits for; null: it is not put off. `waits` of the context has a page's."""

    reason = serializers.ChoiceField(choices=REASONS)
    delay = serializers.SerializerMethodField()

    class Meta:
        model = Recipient
        fields = [
            "id", "contact", "occurrence", "address", "state", "reason", "due_at", "delay", "attempts",
            "is_retryable", "answer", "mail_id", "finished_at", "variant", "is_sample",
        ]  # fmt: skip

    @extend_schema_field(WaitOut(allow_null=True))
    def get_delay(self, recipient: Recipient) -> Any:
        wait = self.context["waits"].get(recipient.pk)
        return WaitOut(wait).data if wait else None


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
        if not is_one_line(name):
            raise serializers.ValidationError(_("A name is one line, with something to read in it."))
        return name
