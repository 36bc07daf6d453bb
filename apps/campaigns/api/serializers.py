from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.accounts.models import User
from apps.campaigns import dates
from apps.campaigns.models import Campaign, Channel, Contributor, Kpi, Override, Task
from apps.collaboration.models import AuditEvent, Comment

PLAN = [
    "name", "outcome", "goal_event", "goal_where", "goal_measure", "value_property", "goal_target",
    "goal_date", "conversion_window_days", "currency", "idea", "segment", "audience_note", "start_date",
    "launch_date", "year_goal",
]  # fmt: skip


class PropertyCondition(serializers.Serializer[Any]):
    """As `where` of an event in a segment rule."""

    property = serializers.CharField()
    op = serializers.CharField()
    value = serializers.JSONField(required=False)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        return dict(super().to_internal_value(data))  # plain: it is stored as JSON


class CampaignOut(serializers.ModelSerializer[Campaign]):
    goal_where = PropertyCondition(many=True)

    class Meta:
        model = Campaign
        fields = [
            "id", *PLAN, "captain", "stage", "wizard_step", "parent", "generation", "version",
            "archived_at", "created_at", "updated_at",
        ]  # fmt: skip


class CampaignIn(serializers.ModelSerializer[Campaign]):
    goal_where = PropertyCondition(many=True, required=False)

    class Meta:
        model = Campaign
        fields = PLAN

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        now: Campaign = self.instance or Campaign()
        problems = dates.dates_problems(
            start=attrs.get("start_date", now.start_date),
            launch=attrs.get("launch_date", now.launch_date),
            goal=attrs.get("goal_date", now.goal_date),
        )
        if found := {field: [sentence] for field, sentence in problems}:
            raise serializers.ValidationError(found)
        return attrs


class CampaignCreateIn(CampaignIn):
    """`captain` is the caller unless named."""

    captain = serializers.PrimaryKeyRelatedField(queryset=User.objects.active(), required=False)

    class Meta(CampaignIn.Meta):
        fields = [*PLAN, "captain"]


class CaptainIn(serializers.Serializer[Any]):
    captain = serializers.PrimaryKeyRelatedField(queryset=User.objects.all())
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class AdvanceIn(serializers.Serializer[Any]):
    stage = serializers.ChoiceField(choices=Campaign.Stage.choices)
    override_reason = serializers.CharField(required=False, allow_blank=True, max_length=500)


class ProgressDay(serializers.Serializer[Any]):
    date = serializers.DateField()
    reached = serializers.DecimalField(max_digits=30, decimal_places=4)


class ProgressOut(serializers.Serializer[Any]):
    """What has been reached of the goal, counted from events at this moment."""

    goal_measure = serializers.ChoiceField(choices=Campaign.GoalMeasure.choices)
    reached = serializers.DecimalField(max_digits=30, decimal_places=4)
    target = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    ratio = serializers.FloatField(allow_null=True)
    expected = serializers.DecimalField(max_digits=30, decimal_places=4, allow_null=True)
    first_date = serializers.DateField()
    last_date = serializers.DateField(allow_null=True)
    at = serializers.DateTimeField()
    days = ProgressDay(many=True)


class ChannelOut(serializers.ModelSerializer[Channel]):
    class Meta:
        model = Channel
        fields = [
            "id", "campaign", "kind", "owner", "why", "expected_result", "justification", "version",
            "updated_at",
        ]  # fmt: skip


class ChannelIn(serializers.ModelSerializer[Channel]):
    class Meta:
        model = Channel
        fields = ["owner", "why", "expected_result", "justification"]


class ChannelChangeIn(ChannelIn):
    """`note` is a word to the new owner."""

    note = serializers.CharField(max_length=500, required=False, allow_blank=True)

    class Meta(ChannelIn.Meta):
        fields = [*ChannelIn.Meta.fields, "note"]


class ChannelAddIn(ChannelIn):
    class Meta(ChannelIn.Meta):
        fields = ["kind", "owner", "why", "expected_result", "justification"]


class TaskOut(serializers.ModelSerializer[Task]):
    """`waits_for` are the ids of tasks that must be done before this one begins."""

    waits_for = serializers.SerializerMethodField()

    class Meta:
        model = Task
        fields = [
            "id", "campaign", "channel", "title", "description", "assignee", "start_date", "due_date",
            "duration_days", "anchor", "offset_days", "is_pinned", "is_milestone", "waits_for", "state",
            "done_at", "recurrence", "occurrence", "version", "updated_at",
        ]  # fmt: skip

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_waits_for(self, task: Task) -> list[int]:
        return sorted(one.predecessor_id for one in task.waits_for.all())


class TaskIn(serializers.ModelSerializer[Task]):
    class Meta:
        model = Task
        fields = ["title", "description", "channel", "assignee", "start_date", "due_date", "is_milestone"]


class TaskMoveIn(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=Task.State.choices)
    above = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        help_text="The task above which its card shall stand.",
    )
    below = serializers.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, help_text="In place of it, the task below which."
    )


class KpiOut(serializers.ModelSerializer[Kpi]):
    label = serializers.CharField(read_only=True)  # type: ignore[assignment]  # a name DRF has too

    class Meta:
        model = Kpi
        fields = [
            "id", "campaign", "metric", "label", "target", "reason", "reached", "reached_at", "position",
            "version",
        ]  # fmt: skip


class KpiIn(serializers.ModelSerializer[Kpi]):
    class Meta:
        model = Kpi
        fields = ["metric", "target", "reason"]
        extra_kwargs = {"target": {"min_value": 0}}


class KpiMoveIn(serializers.Serializer[Any]):
    position = serializers.IntegerField(min_value=0, help_text="0 is the first place.")


class ContributorOut(serializers.ModelSerializer[Contributor]):
    class Meta:
        model = Contributor
        fields = ["id", "campaign", "user", "added_at"]


class ContributorIn(serializers.Serializer[Any]):
    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.all())


class OverrideOut(serializers.ModelSerializer[Override]):
    check = serializers.CharField(source="check_name")

    class Meta:
        model = Override
        fields = ["id", "check", "reason", "by", "at"]


class OverrideIn(serializers.Serializer[Any]):
    check = serializers.CharField(max_length=64)
    reason = serializers.CharField(max_length=500)


class OverrideRemoveIn(serializers.Serializer[Any]):
    check = serializers.CharField(max_length=64)


class CheckOut(serializers.Serializer[Any]):
    """One live check, asked at this moment."""

    name = serializers.CharField(source="check.name")
    label = serializers.CharField(source="check.label")  # type: ignore[assignment]  # a name DRF has too
    group = serializers.SerializerMethodField()
    required = serializers.BooleanField(source="check.is_required")  # type: ignore[assignment]
    ok = serializers.BooleanField(source="finding.ok")
    sentence = serializers.CharField(source="finding.sentence")
    blocks = serializers.BooleanField()
    override = OverrideOut(allow_null=True)

    @extend_schema_field(serializers.CharField())
    def get_group(self, line: Any) -> str:
        return str(line.check.group.name).lower()


class ReadinessOut(serializers.Serializer[Any]):
    is_ready = serializers.BooleanField()
    checks = CheckOut(many=True)


class CommentOut(serializers.ModelSerializer[Comment]):
    mentions: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        many=True, read_only=True, slug_field="user_id", help_text="The people whom it names."
    )

    class Meta:
        model = Comment
        fields = ["id", "by", "at", "edited_at", "text", "mentions"]


class CommentIn(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=10_000)


class ActivityOut(serializers.ModelSerializer[AuditEvent]):
    class Meta:
        model = AuditEvent
        fields = ["id", "at", "by", "action", "subject", "label", "details"]
