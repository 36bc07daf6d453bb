import uuid
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import TrigramExtension
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models
from django.db.models.functions import Lower, Upper

from apps.campaigns import shipped
from apps.campaigns.migrations import _shipped_metrics
from apps.campaigns.models.calendar import weekend
from apps.core.tables import TablesCreate


def plan_templates_ship(apps, schema_editor):
    shipped.load(apps.get_model("campaigns", "PlanTemplate"), apps.get_model("campaigns", "PlanTemplateItem"))


def week_make(apps, schema_editor):
    apps.get_model("campaigns", "WorkWeek").objects.create(pk=1)


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("campaigns", "0001_initial"),
        ("campaigns", "0002_goal_reached_without_bounds"),
        ("campaigns", "0003_goal_count"),
        ("campaigns", "0004_metric_catalogue"),
        ("campaigns", "0005_kpis_become_metrics"),
        ("campaigns", "0006_kpi_of_metric"),
        ("campaigns", "0007_kpi_signoff"),
        ("campaigns", "0008_shipped_metrics"),
        ("campaigns", "0009_working_days"),
        ("campaigns", "0010_plan_template"),
        ("campaigns", "0011_task_schedule"),
        ("campaigns", "0012_task_dependency"),
        ("campaigns", "0013_plan_move"),
        ("campaigns", "0014_task_ends_after_start"),
        ("campaigns", "0015_shipped_plan_templates"),
        ("campaigns", "0016_task_place"),
        ("campaigns", "0017_checklist"),
        ("campaigns", "0018_recurrence"),
        ("campaigns", "0019_challenges"),
        ("campaigns", "0020_approvals_and_stage_rules"),
        ("campaigns", "0021_stage_since"),
        ("campaigns", "0022_budget"),
        ("campaigns", "0023_strategy"),
        ("campaigns", "0024_lessons"),
        ("campaigns", "0025_element_owners"),
        ("campaigns", "0026_lineage"),
        ("campaigns", "0027_calendar_feed"),
        ("campaigns", "0028_task_title_search"),
        ("campaigns", "0029_expectations"),
        ("campaigns", "0030_the_working_week"),
    ]
    dependencies = [
        ("collaboration", "0001_squashed_0005_savedview"),
        ("segments", "0001_squashed_0006_what_segments_watch"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        TrigramExtension(),
        migrations.RunSQL("CREATE SEQUENCE campaigns_task_place", "DROP SEQUENCE campaigns_task_place"),
        TablesCreate(
            [
                migrations.CreateModel(
                    name="Campaign",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("version", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                        ("name", models.CharField(max_length=200, verbose_name="name")),
                        (
                            "stage",
                            models.CharField(
                                choices=[
                                    ("idea", "Idea"),
                                    ("planning", "Planning"),
                                    ("building", "Building"),
                                    ("review", "Review"),
                                    ("ready", "Ready"),
                                    ("live", "Live"),
                                    ("reporting", "Reporting"),
                                    ("closed", "Closed"),
                                ],
                                default="idea",
                                max_length=16,
                                verbose_name="stage",
                            ),
                        ),
                        ("outcome", models.TextField(blank=True, max_length=2000, verbose_name="desired outcome")),
                        ("goal_event", models.CharField(blank=True, max_length=128, verbose_name="goal event")),
                        ("goal_where", models.JSONField(blank=True, default=list, verbose_name="only where")),
                        (
                            "goal_measure",
                            models.CharField(
                                choices=[("people", "People who did it"), ("events", "Times it happened"), ("value", "Value of what happened")],
                                default="people",
                                max_length=8,
                                verbose_name="counted as",
                            ),
                        ),
                        ("value_property", models.CharField(blank=True, max_length=128, verbose_name="property with the value")),
                        ("goal_target", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, validators=[MinValueValidator(Decimal("0"))], verbose_name="target")),
                        ("goal_date", models.DateField(blank=True, null=True, verbose_name="by")),
                        ("conversion_window_days", models.PositiveSmallIntegerField(default=14, validators=[MinValueValidator(1)], verbose_name="conversion window in days")),
                        ("currency", models.CharField(default="USD", max_length=3, verbose_name="currency")),
                        ("idea", models.TextField(blank=True, max_length=2000, verbose_name="big idea")),
                        ("audience_note", models.TextField(blank=True, max_length=2000, verbose_name="who they are")),
                        ("start_date", models.DateField(blank=True, null=True, verbose_name="starts")),
                        ("launch_date", models.DateField(blank=True, null=True, verbose_name="launch")),
                        ("wizard_step", models.CharField(blank=True, max_length=16)),
                        ("archived_at", models.DateTimeField(blank=True, null=True)),
                        ("goal_reached", models.DecimalField(blank=True, decimal_places=4, max_digits=30, null=True)),
                        ("blockers", models.PositiveSmallIntegerField(blank=True, null=True)),
                        ("watched_at", models.DateTimeField(blank=True, null=True)),
                        ("creation_key", models.UUIDField(blank=True, editable=False, null=True, unique=True)),
                        ("captain", models.ForeignKey(on_delete=models.PROTECT, related_name="captained", to=settings.AUTH_USER_MODEL, verbose_name="captain")),
                        ("segment", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="campaigns", to="segments.segment", verbose_name="audience")),
                        ("asks_approvals", models.BooleanField(db_default=False, default=False, verbose_name="asks for approvals")),
                        ("review_hours", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="least time of review, in hours")),
                        ("stage_at", models.DateTimeField(blank=True, null=True)),
                        ("year_goal", models.ForeignKey(blank=True, null=True, on_delete=models.SET_NULL, related_name="campaigns", to="campaigns.yeargoal", verbose_name="goal of the year")),
                        ("generation", models.PositiveSmallIntegerField(db_default=1, default=1, editable=False)),
                        ("parent", models.ForeignKey(blank=True, editable=False, null=True, on_delete=models.PROTECT, related_name="replays", to="campaigns.campaign")),
                    ],
                    options={
                        "indexes": [models.Index(fields=["-updated_at", "-id"], name="campaigns_campaign_updated")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("stage", "idea"), models.Q(models.Q(("idea", ""), _negated=True), models.Q(("outcome", ""), _negated=True)), _connector="OR"),
                                name="campaigns_campaign_both_bookends",
                                violation_error_message="A campaign needs both bookends to leave the first stage.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("start_date__isnull", True), ("goal_date__isnull", True), ("start_date__lte", models.F("goal_date")), _connector="OR"),
                                name="campaigns_campaign_ends_after_start",
                                violation_error_message="The outcome's date is before the start.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(models.Q(("generation", 1), ("parent", None)), models.Q(("generation__gt", 1), ("parent__isnull", False)), _connector="OR"),
                                name="campaigns_campaign_generation_of_parent",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("parent", None), models.Q(("parent", models.F("id")), _negated=True), _connector="OR"), name="campaigns_campaign_not_own_parent"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Channel",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("version", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                        (
                            "kind",
                            models.CharField(
                                choices=[("email", "E-mail"), ("social", "Social"), ("ads", "Ads"), ("web", "Web"), ("sms", "SMS"), ("events", "Events")], max_length=16, verbose_name="channel"
                            ),
                        ),
                        ("why", models.TextField(blank=True, max_length=2000, verbose_name="why this channel")),
                        ("expected_result", models.CharField(blank=True, max_length=500, verbose_name="expected result")),
                        ("campaign", models.ForeignKey(on_delete=models.CASCADE, related_name="channels", to="campaigns.campaign")),
                        ("owner", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="owned_channels", to=settings.AUTH_USER_MODEL, verbose_name="channel owner")),
                        ("justification", models.TextField(blank=True, max_length=2000, verbose_name="why in spite of the strategy")),
                    ],
                    options={
                        "ordering": ["id"],
                        "constraints": [models.UniqueConstraint(fields=("campaign", "kind"), name="campaigns_channel_once", violation_error_message="This campaign has that channel already.")],
                    },
                ),
                migrations.CreateModel(
                    name="Contributor",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("added_at", models.DateTimeField()),
                        ("campaign", models.ForeignKey(on_delete=models.CASCADE, related_name="contributors", to="campaigns.campaign")),
                        ("user", models.ForeignKey(on_delete=models.CASCADE, related_name="contributions", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("campaign", "user"), name="campaigns_contributor_once")],
                    },
                ),
                migrations.CreateModel(
                    name="Kpi",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("version", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                        ("reason", models.CharField(blank=True, max_length=500, verbose_name="why it carries the story")),
                        ("target", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, validators=[MinValueValidator(0)], verbose_name="target")),
                        ("position", models.PositiveSmallIntegerField(default=0)),
                        ("campaign", models.ForeignKey(on_delete=models.CASCADE, related_name="kpis", to="campaigns.campaign")),
                        ("metric", models.ForeignKey(on_delete=models.PROTECT, related_name="kpis", to="campaigns.metric", verbose_name="metric")),
                        ("reached", models.DecimalField(blank=True, decimal_places=4, editable=False, max_digits=30, null=True)),
                        ("reached_at", models.DateTimeField(blank=True, editable=False, null=True)),
                    ],
                    options={
                        "ordering": ["position", "id"],
                        "constraints": [models.UniqueConstraint(fields=("campaign", "metric"), name="campaigns_kpi_metric_once", violation_error_message="This campaign has that KPI already.")],
                    },
                ),
                migrations.CreateModel(
                    name="Override",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("check_name", models.CharField(max_length=64)),
                        ("reason", models.CharField(max_length=500)),
                        ("at", models.DateTimeField()),
                        ("by", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("campaign", models.ForeignKey(on_delete=models.CASCADE, related_name="overrides", to="campaigns.campaign")),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("campaign", "check_name"), name="campaigns_override_once"),
                            models.CheckConstraint(condition=models.Q(("reason", ""), _negated=True), name="campaigns_override_has_reason"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Task",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("version", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                        ("title", models.CharField(max_length=200, verbose_name="task")),
                        ("description", models.TextField(blank=True, max_length=10000, verbose_name="description")),
                        ("due_date", models.DateField(blank=True, null=True, verbose_name="due")),
                        ("state", models.CharField(choices=[("todo", "To do"), ("doing", "In progress"), ("done", "Done")], default="todo", max_length=8, verbose_name="state")),
                        ("done_at", models.DateTimeField(blank=True, null=True)),
                        ("creation_key", models.UUIDField(blank=True, editable=False, null=True, unique=True)),
                        ("assignee", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="tasks", to=settings.AUTH_USER_MODEL, verbose_name="assignee")),
                        ("campaign", models.ForeignKey(on_delete=models.CASCADE, related_name="tasks", to="campaigns.campaign")),
                        ("channel", models.ForeignKey(blank=True, null=True, on_delete=models.SET_NULL, related_name="tasks", to="campaigns.channel")),
                        ("anchor", models.CharField(blank=True, choices=[("launch", "Launch"), ("outcome", "Outcome's date")], db_default="", default="", max_length=8, verbose_name="counted from")),
                        ("duration_days", models.PositiveSmallIntegerField(db_default=1, default=1, validators=[MinValueValidator(1), MaxValueValidator(250)], verbose_name="working days it takes")),
                        ("is_milestone", models.BooleanField(db_default=False, default=False, verbose_name="milestone")),
                        ("is_pinned", models.BooleanField(db_default=False, default=False, verbose_name="pinned")),
                        ("offset_days", models.SmallIntegerField(db_default=0, default=0, validators=[MinValueValidator(-750), MaxValueValidator(750)], verbose_name="working days from it")),
                        ("start_date", models.DateField(blank=True, null=True, verbose_name="start")),
                        ("template_item", models.ForeignKey(blank=True, editable=False, null=True, on_delete=models.SET_NULL, related_name="+", to="campaigns.plantemplateitem")),
                        (
                            "place",
                            models.TextField(
                                db_collation="C", db_default=models.Func(output_field=models.TextField(), template="(lpad(to_hex(nextval('campaigns_task_place')), 12, '0') || '8')"), editable=False
                            ),
                        ),
                        ("occurrence", models.PositiveSmallIntegerField(blank=True, editable=False, null=True)),
                        ("recurrence", models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=models.SET_NULL, related_name="tasks", to="campaigns.recurrence")),
                    ],
                    options={
                        "ordering": ["due_date", "id"],
                        "indexes": [
                            models.Index(condition=models.Q(("state", "done"), _negated=True), fields=["assignee", "due_date"], name="campaigns_task_open"),
                            models.Index(fields=["state", "place"], name="campaigns_task_column"),
                            GinIndex(OpClass(Upper("title"), "gin_trgm_ops"), name="campaigns_task_title"),
                        ],
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("state", "done"), ("done_at__isnull", True), _connector="XOR"), name="campaigns_task_done_at_when_done"),
                            models.CheckConstraint(
                                condition=models.Q(("start_date__isnull", True), ("due_date__isnull", True), ("start_date__lte", models.F("due_date")), _connector="OR"),
                                name="campaigns_task_ends_after_start",
                                violation_error_message="The task ends before it begins.",
                            ),
                            models.UniqueConstraint(fields=("recurrence", "occurrence"), name="campaigns_task_occurrence_once"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="GoalCount",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("counted_by", models.JSONField()),
                        ("horizon", models.DateTimeField()),
                        ("days", models.JSONField()),
                        ("campaign", models.OneToOneField(on_delete=models.CASCADE, related_name="goal_count", to="campaigns.campaign")),
                    ],
                ),
                migrations.CreateModel(
                    name="Metric",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("version", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        ("definition", models.TextField(max_length=2000, verbose_name="what it means")),
                        ("kind", models.CharField(choices=[("value", "Value"), ("tactical", "Tactical")], default="tactical", max_length=8, verbose_name="label")),
                        ("unit", models.CharField(max_length=24, verbose_name="unit")),
                        ("built_in", models.CharField(blank=True, max_length=32, verbose_name="counted by")),
                        ("event", models.CharField(blank=True, max_length=128, verbose_name="event")),
                        ("where", models.JSONField(blank=True, default=list, verbose_name="only where")),
                        (
                            "measure",
                            models.CharField(
                                choices=[("people", "People who did it"), ("events", "Times it happened"), ("value", "Value of what happened")],
                                default="people",
                                max_length=8,
                                verbose_name="counted as",
                            ),
                        ),
                        ("value_property", models.CharField(blank=True, max_length=128, verbose_name="property with the value")),
                        ("definition_number", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                        ("archived_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="put away")),
                        ("owner", models.ForeignKey(blank=True, null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="owner")),
                    ],
                    options={
                        "verbose_name": "metric",
                        "verbose_name_plural": "metrics",
                        "ordering": ["name", "id"],
                        "constraints": [
                            models.UniqueConstraint(Lower("name"), name="campaigns_metric_name_once", violation_error_message="There is a metric of that name already."),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("built_in", ""), models.Q(("event", ""), _negated=True)), models.Q(models.Q(("built_in", ""), _negated=True), ("event", "")), _connector="OR"
                                ),
                                name="campaigns_metric_counted_one_way",
                                violation_error_message="A metric is counted from an event, or it is built in.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("measure", "value"), _negated=True), models.Q(("value_property", ""), _negated=True), models.Q(("built_in", ""), _negated=True), _connector="OR"
                                ),
                                name="campaigns_metric_value_has_property",
                                violation_error_message="A value needs the property that carries it.",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MetricVersion",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("number", models.PositiveIntegerField()),
                        ("says", models.JSONField()),
                        ("at", models.DateTimeField()),
                        ("by", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("metric", models.ForeignKey(on_delete=models.CASCADE, related_name="versions", to="campaigns.metric")),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("metric", "number"), name="campaigns_metricversion_once")],
                    },
                ),
                migrations.CreateModel(
                    name="KpiReview",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("at", models.DateTimeField()),
                        ("verdict", models.CharField(choices=[("agreed", "Agreed"), ("question", "Question")], max_length=8)),
                        ("text", models.CharField(blank=True, max_length=1000, verbose_name="in words")),
                        ("digest", models.CharField(max_length=64)),
                        ("by", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("campaign", models.ForeignKey(on_delete=models.CASCADE, related_name="kpi_reviews", to="campaigns.campaign")),
                    ],
                    options={
                        "verbose_name": "KPI review",
                        "verbose_name_plural": "KPI reviews",
                        "indexes": [models.Index(fields=["campaign", "-at", "-id"], name="campaigns_kpireview_history")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(models.Q(("verdict", "question"), _negated=True), models.Q(("text", ""), _negated=True), _connector="OR"),
                                name="campaigns_kpireview_question_has_words",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="KpiSet",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("draft", "Nobody has been asked"),
                                    ("review", "With sales"),
                                    ("questioned", "Sales has a question"),
                                    ("signature", "Awaits signature"),
                                    ("signed", "Signed"),
                                    ("changed", "Needs approval"),
                                ],
                                default="draft",
                                max_length=12,
                                verbose_name="state",
                            ),
                        ),
                        ("editors", ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, size=None)),
                        ("asked_at", models.DateTimeField(blank=True, null=True)),
                        ("waiting_since", models.DateTimeField(blank=True, null=True)),
                        ("reminded_at", models.DateTimeField(blank=True, null=True)),
                        ("asked_by", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("campaign", models.OneToOneField(on_delete=models.CASCADE, related_name="kpi_set", to="campaigns.campaign")),
                    ],
                    options={
                        "verbose_name": "KPI set",
                        "verbose_name_plural": "KPI sets",
                        "indexes": [models.Index(condition=models.Q(("state__in", ["review", "signature", "changed"])), fields=["state", "waiting_since"], name="campaigns_kpiset_open")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(models.Q(("state__in", ["review", "signature"]), _negated=True), ("waiting_since__isnull", False), _connector="OR"),
                                name="campaigns_kpiset_waits_since",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SignOff",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("at", models.DateTimeField()),
                        ("text", models.CharField(blank=True, max_length=1000, verbose_name="remark")),
                        ("snapshot", models.JSONField()),
                        ("digest", models.CharField(max_length=64)),
                        ("by", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("campaign", models.ForeignKey(on_delete=models.CASCADE, related_name="signoffs", to="campaigns.campaign")),
                    ],
                    options={
                        "verbose_name": "sign-off",
                        "verbose_name_plural": "sign-offs",
                        "indexes": [models.Index(fields=["campaign", "-at", "-id"], name="campaigns_signoff_history")],
                    },
                ),
                migrations.CreateModel(
                    name="Holiday",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("date", models.DateField(unique=True, verbose_name="day")),
                        ("name", models.CharField(max_length=100, verbose_name="name")),
                    ],
                    options={
                        "ordering": ["date"],
                    },
                ),
                migrations.CreateModel(
                    name="WorkWeek",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("version", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                        (
                            "weekend",
                            ArrayField(
                                base_field=models.PositiveSmallIntegerField(choices=[(0, "Monday"), (1, "Tuesday"), (2, "Wednesday"), (3, "Thursday"), (4, "Friday"), (5, "Saturday"), (6, "Sunday")]),
                                blank=True,
                                default=weekend,
                                size=None,
                                verbose_name="free days",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("pk", 1)), name="campaigns_workweek_only_one"),
                            models.CheckConstraint(condition=models.Q(("weekend__len__lte", 6)), name="campaigns_workweek_has_a_workday"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PlanTemplate",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("version", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                        ("name", models.CharField(error_messages={"unique": "There is a template of this name already."}, max_length=120, unique=True, verbose_name="name")),
                        ("description", models.TextField(blank=True, max_length=2000, verbose_name="what it is for")),
                        ("key", models.SlugField(blank=True, editable=False)),
                    ],
                    options={
                        "ordering": ["name"],
                        "constraints": [models.UniqueConstraint(condition=models.Q(("key", ""), _negated=True), fields=("key",), name="campaigns_plantemplate_key")],
                    },
                ),
                migrations.CreateModel(
                    name="PlanTemplateItem",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("version", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                        ("position", models.PositiveSmallIntegerField(default=0)),
                        ("title", models.CharField(max_length=200, verbose_name="task")),
                        ("description", models.TextField(blank=True, max_length=10000, verbose_name="description")),
                        (
                            "channel",
                            models.CharField(
                                blank=True,
                                choices=[("email", "E-mail"), ("social", "Social"), ("ads", "Ads"), ("web", "Web"), ("sms", "SMS"), ("events", "Events")],
                                max_length=16,
                                verbose_name="channel",
                            ),
                        ),
                        ("anchor", models.CharField(choices=[("launch", "Launch"), ("outcome", "Outcome's date")], default="launch", max_length=8, verbose_name="counted from")),
                        ("offset_days", models.SmallIntegerField(default=0, validators=[MinValueValidator(-750), MaxValueValidator(750)], verbose_name="working days from it")),
                        ("duration_days", models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(250)], verbose_name="working days it takes")),
                        ("is_milestone", models.BooleanField(default=False, verbose_name="milestone")),
                        (
                            "assign_to",
                            models.CharField(choices=[("nobody", "Nobody yet"), ("captain", "Captain"), ("owner", "Channel owner")], default="nobody", max_length=8, verbose_name="assigned to"),
                        ),
                        ("template", models.ForeignKey(on_delete=models.CASCADE, related_name="items", to="campaigns.plantemplate")),
                        ("waits_for", models.ManyToManyField(blank=True, related_name="holds_up", to="campaigns.plantemplateitem", verbose_name="waits for")),
                    ],
                    options={
                        "ordering": ["position", "id"],
                    },
                ),
                migrations.CreateModel(
                    name="TaskDependency",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("predecessor", models.ForeignKey(on_delete=models.CASCADE, related_name="holds_up", to="campaigns.task")),
                        ("successor", models.ForeignKey(on_delete=models.CASCADE, related_name="waits_for", to="campaigns.task")),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("successor", "predecessor"), name="campaigns_taskdependency_once"),
                            models.CheckConstraint(condition=models.Q(("predecessor", models.F("successor")), _negated=True), name="campaigns_taskdependency_of_two"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PlanMove",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("at", models.DateTimeField()),
                        ("launch_before", models.DateField(null=True)),
                        ("launch_after", models.DateField(null=True)),
                        ("goal_before", models.DateField(null=True)),
                        ("goal_after", models.DateField(null=True)),
                        ("tasks", models.JSONField(default=list)),
                        ("undone_at", models.DateTimeField(blank=True, null=True)),
                        ("by", models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("campaign", models.ForeignKey(on_delete=models.CASCADE, related_name="plan_moves", to="campaigns.campaign")),
                    ],
                    options={
                        "indexes": [models.Index(fields=["campaign", "-id"], name="campaigns_planmove_latest")],
                    },
                ),
                migrations.CreateModel(
                    name="ChecklistItem",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("text", models.CharField(max_length=300, verbose_name="item")),
                        ("position", models.PositiveSmallIntegerField(default=0)),
                        ("done_at", models.DateTimeField(blank=True, null=True)),
                        ("done_by", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("task", models.ForeignKey(on_delete=models.CASCADE, related_name="checklist", to="campaigns.task")),
                    ],
                    options={
                        "verbose_name": "checklist item",
                        "verbose_name_plural": "checklist items",
                        "ordering": ["position", "id"],
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("done_at__isnull", True), ("done_by__isnull", False), _connector="XOR"), name="campaigns_checklistitem_done_by_someone")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Recurrence",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("version", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                        ("every", models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(366)], verbose_name="every")),
                        ("unit", models.CharField(choices=[("day", "Days"), ("week", "Weeks"), ("month", "Months")], max_length=8, verbose_name="unit")),
                        ("first_date", models.DateField()),
                        ("ends_date", models.DateField(blank=True, null=True, verbose_name="until")),
                        ("times", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="times")),
                        ("made", models.PositiveSmallIntegerField(default=1)),
                        ("stopped_at", models.DateTimeField(blank=True, null=True)),
                        ("campaign", models.ForeignKey(on_delete=models.CASCADE, related_name="recurrences", to="campaigns.campaign")),
                    ],
                    options={
                        "verbose_name": "recurrence",
                        "verbose_name_plural": "recurrences",
                        "constraints": [models.CheckConstraint(condition=models.Q(("every__gte", 1), ("every__lte", 366)), name="campaigns_recurrence_every_so_often")],
                    },
                ),
                migrations.CreateModel(
                    name="Challenge",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("object_id", models.BigIntegerField()),
                        ("stage", models.CharField(blank=True, max_length=16, verbose_name="stage")),
                        ("about", models.CharField(max_length=200, verbose_name="about")),
                        ("question", models.TextField(max_length=2000, verbose_name="question")),
                        ("asked_at", models.DateTimeField()),
                        ("resolution", models.CharField(blank=True, choices=[("accepted", "Accepted"), ("withdrawn", "Withdrawn")], max_length=16, verbose_name="resolution")),
                        ("decision", models.TextField(blank=True, max_length=2000, verbose_name="what was decided")),
                        ("resolved_at", models.DateTimeField(blank=True, null=True)),
                        ("creation_key", models.UUIDField(blank=True, editable=False, null=True, unique=True)),
                        ("asked_by", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("campaign", models.ForeignKey(on_delete=models.CASCADE, related_name="challenges", to="campaigns.campaign")),
                        ("content_type", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="contenttypes.contenttype")),
                        ("pursued_by", models.ForeignKey(on_delete=models.PROTECT, related_name="challenges_pursued", to=settings.AUTH_USER_MODEL)),
                        ("resolved_by", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["campaign", "-asked_at", "-id"], name="campaigns_challenge_list"),
                            models.Index(condition=models.Q(("resolved_at__isnull", True)), fields=["campaign"], name="campaigns_challenge_open"),
                            models.Index(fields=["content_type", "object_id"], name="campaigns_challenge_thing"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("resolution", ""), ("resolved_at__isnull", True), ("resolved_by__isnull", True)),
                                    models.Q(models.Q(("resolution", ""), _negated=True), ("resolved_at__isnull", False), ("resolved_by__isnull", False)),
                                    _connector="OR",
                                ),
                                name="campaigns_challenge_resolved_as_a_whole",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(models.Q(("resolution", "accepted"), _negated=True), models.Q(("decision", ""), _negated=True), _connector="OR"),
                                name="campaigns_challenge_accepted_says_what",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ChallengeAnswer",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("text", models.TextField(max_length=5000, verbose_name="answer")),
                        ("at", models.DateTimeField()),
                        ("by", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("challenge", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="answers", to="campaigns.challenge")),
                    ],
                    options={
                        "ordering": ["at", "id"],
                        "indexes": [models.Index(fields=["challenge", "at", "id"], name="campaigns_answer_thread")],
                    },
                ),
                migrations.CreateModel(
                    name="Challenger",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("added_at", models.DateTimeField()),
                        ("campaign", models.ForeignKey(on_delete=models.CASCADE, related_name="challengers", to="campaigns.campaign")),
                        ("user", models.ForeignKey(on_delete=models.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("campaign", "user"), name="campaigns_challenger_once")],
                    },
                ),
                migrations.CreateModel(
                    name="Approval",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("part", models.CharField(choices=[("content", "Content"), ("audience", "Audience"), ("schedule", "Schedule"), ("goal", "Goal")], max_length=16, verbose_name="part")),
                        (
                            "state",
                            models.CharField(choices=[("asked", "Waits for approval"), ("approved", "Approved"), ("sent_back", "Sent back")], default="asked", max_length=16, verbose_name="state"),
                        ),
                        ("digest", models.CharField(max_length=64)),
                        ("snapshot", models.JSONField(default=list)),
                        ("asked_at", models.DateTimeField()),
                        ("decided_at", models.DateTimeField(blank=True, null=True)),
                        ("reason", models.CharField(blank=True, max_length=1000, verbose_name="reason")),
                        ("asked_by", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("campaign", models.ForeignKey(on_delete=models.CASCADE, related_name="approvals", to="campaigns.campaign")),
                        ("decided_by", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["campaign", "part", "-id"], name="campaigns_approval_latest"),
                            models.Index(condition=models.Q(("state", "asked")), fields=["asked_at"], name="campaigns_approval_waiting"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(condition=models.Q(("state", "asked")), fields=("campaign", "part"), name="campaigns_approval_asked_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("decided_at__isnull", True), ("decided_by__isnull", True), ("state", "asked")),
                                    models.Q(models.Q(("state", "asked"), _negated=True), ("decided_at__isnull", False), ("decided_by__isnull", False)),
                                    _connector="OR",
                                ),
                                name="campaigns_approval_decided_as_a_whole",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(models.Q(("state", "sent_back"), _negated=True), models.Q(("reason", ""), _negated=True), _connector="OR"),
                                name="campaigns_approval_sent_back_says_why",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BudgetLine",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("version", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                        ("month", models.DateField(verbose_name="month")),
                        ("label", models.CharField(max_length=200, verbose_name="what for")),
                        ("vendor", models.CharField(blank=True, max_length=200, verbose_name="vendor")),
                        (
                            "planned",
                            models.DecimalField(db_default=Decimal("0"), decimal_places=2, default=Decimal("0"), max_digits=14, validators=[MinValueValidator(Decimal("0"))], verbose_name="planned"),
                        ),
                        (
                            "committed",
                            models.DecimalField(db_default=Decimal("0"), decimal_places=2, default=Decimal("0"), max_digits=14, validators=[MinValueValidator(Decimal("0"))], verbose_name="committed"),
                        ),
                        (
                            "actual",
                            models.DecimalField(db_default=Decimal("0"), decimal_places=2, default=Decimal("0"), max_digits=14, validators=[MinValueValidator(Decimal("0"))], verbose_name="actual"),
                        ),
                        ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                        ("removed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("creation_key", models.UUIDField(blank=True, editable=False, null=True, unique=True)),
                        ("campaign", models.ForeignKey(on_delete=models.CASCADE, related_name="budget_lines", to="campaigns.campaign")),
                        ("channel", models.ForeignKey(blank=True, null=True, on_delete=models.SET_NULL, related_name="budget_lines", to="campaigns.channel", verbose_name="channel")),
                    ],
                    options={
                        "ordering": ["month", "id"],
                        "indexes": [models.Index(condition=models.Q(("removed_at__isnull", True)), fields=["campaign", "month", "id"], name="campaigns_budgetline_standing")],
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("month__day", 1)), name="campaigns_budgetline_month_is_first_day"),
                            models.CheckConstraint(condition=models.Q(("planned__gte", 0), ("committed__gte", 0), ("actual__gte", 0)), name="campaigns_budgetline_not_below_zero"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BudgetUpload",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("at", models.DateTimeField()),
                        ("file_name", models.CharField(max_length=200)),
                        ("rows", models.JSONField()),
                        ("unread", models.JSONField(default=list)),
                        ("applied_at", models.DateTimeField(blank=True, null=True)),
                        ("by", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("campaign", models.ForeignKey(on_delete=models.CASCADE, related_name="budget_uploads", to="campaigns.campaign")),
                    ],
                    options={
                        "indexes": [models.Index(condition=models.Q(("applied_at__isnull", True)), fields=["at"], name="campaigns_budgetupload_waiting")],
                    },
                ),
                migrations.CreateModel(
                    name="NotDoing",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("version", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                        ("year", models.PositiveSmallIntegerField(validators=[MinValueValidator(2000), MaxValueValidator(2100)], verbose_name="year")),
                        (
                            "kind",
                            models.CharField(
                                blank=True,
                                choices=[("email", "E-mail"), ("social", "Social"), ("ads", "Ads"), ("web", "Web"), ("sms", "SMS"), ("events", "Events")],
                                max_length=16,
                                verbose_name="channel",
                            ),
                        ),
                        ("practice", models.CharField(blank=True, max_length=200, verbose_name="practice")),
                        ("reason", models.CharField(max_length=500, verbose_name="why not")),
                    ],
                    options={
                        "ordering": ["-year", "id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("kind", ""), ("practice", ""), _connector="XOR"),
                                name="campaigns_notdoing_channel_or_practice",
                                violation_error_message="Name a channel or a practice, one of the two.",
                            ),
                            models.CheckConstraint(condition=models.Q(("reason", ""), _negated=True), name="campaigns_notdoing_has_reason"),
                            models.UniqueConstraint(fields=("year", "kind", "practice"), name="campaigns_notdoing_once", violation_error_message="This is on the year's list already."),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="YearGoal",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("version", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                        ("year", models.PositiveSmallIntegerField(validators=[MinValueValidator(2000), MaxValueValidator(2100)], verbose_name="year")),
                        ("name", models.CharField(max_length=200, verbose_name="goal")),
                        ("why", models.TextField(blank=True, max_length=2000, verbose_name="why")),
                        ("metric", models.CharField(blank=True, max_length=200, verbose_name="measured by")),
                        ("target", models.CharField(blank=True, max_length=200, verbose_name="target")),
                        ("position", models.PositiveSmallIntegerField(default=0)),
                        ("owner", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="year_goals", to=settings.AUTH_USER_MODEL, verbose_name="owner")),
                    ],
                    options={
                        "ordering": ["-year", "position", "id"],
                        "constraints": [models.UniqueConstraint(fields=("year", "name"), name="campaigns_yeargoal_name_once", violation_error_message="This year has a goal of that name already.")],
                    },
                ),
                migrations.CreateModel(
                    name="Lesson",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("version", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                        ("text", models.TextField(max_length=2000, verbose_name="what was learnt")),
                        (
                            "kind",
                            models.CharField(
                                blank=True,
                                choices=[("email", "E-mail"), ("social", "Social"), ("ads", "Ads"), ("web", "Web"), ("sms", "SMS"), ("events", "Events")],
                                max_length=16,
                                verbose_name="channel",
                            ),
                        ),
                        (
                            "element",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("audience", "Audience"),
                                    ("persona", "Persona"),
                                    ("idea", "Idea"),
                                    ("content", "Content"),
                                    ("channel", "Channel"),
                                    ("metric", "Metric"),
                                    ("timing", "Timing"),
                                ],
                                max_length=16,
                                verbose_name="element",
                            ),
                        ),
                        ("evidence_key", models.CharField(blank=True, max_length=64, verbose_name="evidence")),
                        ("evidence_text", models.CharField(blank=True, max_length=500, verbose_name="evidence")),
                        ("evidence_n", models.BigIntegerField(blank=True, null=True)),
                        ("evidence_low", models.FloatField(blank=True, null=True)),
                        ("evidence_value", models.FloatField(blank=True, null=True)),
                        ("evidence_high", models.FloatField(blank=True, null=True)),
                        ("evidence_at", models.DateTimeField(blank=True, null=True)),
                        ("archived_at", models.DateTimeField(blank=True, null=True)),
                        ("applied_in", models.ManyToManyField(blank=True, related_name="lessons_applied", to="campaigns.campaign")),
                        ("by", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("campaign", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="lessons", to="campaigns.campaign", verbose_name="learnt in")),
                        ("segment", models.ForeignKey(blank=True, null=True, on_delete=models.SET_NULL, related_name="+", to="segments.segment", verbose_name="segment")),
                    ],
                    options={
                        "indexes": [models.Index(fields=["-created_at", "-id"], name="campaigns_lesson_created")],
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("text", ""), _negated=True), name="campaigns_lesson_says_something"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("evidence_at", None), ("evidence_key", ""), ("evidence_n", None)),
                                    models.Q(("evidence_at__isnull", False), ("evidence_n__isnull", False), models.Q(("evidence_key", ""), _negated=True)),
                                    _connector="OR",
                                ),
                                name="campaigns_lesson_evidence_is_whole",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ElementOwner",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("version", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                        (
                            "element",
                            models.CharField(
                                choices=[("audience", "Audience"), ("persona", "Persona"), ("idea", "Idea"), ("content", "Content"), ("channel", "Channel"), ("metric", "Metric")],
                                max_length=16,
                                verbose_name="element",
                            ),
                        ),
                        ("campaign", models.ForeignKey(on_delete=models.CASCADE, related_name="element_owners", to="campaigns.campaign")),
                        ("data_owner", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="data owner")),
                        ("marketing_owner", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="marketing owner")),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("campaign", "element"), name="campaigns_elementowner_once")],
                    },
                ),
                migrations.CreateModel(
                    name="CalendarFeed",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("key", models.UUIDField(default=uuid.uuid4, editable=False)),
                        ("made_at", models.DateTimeField(verbose_name="made")),
                        ("user", models.OneToOneField(on_delete=models.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="whose")),
                        ("view", models.ForeignKey(blank=True, null=True, on_delete=models.SET_NULL, related_name="+", to="collaboration.savedview", verbose_name="campaigns of the view")),
                    ],
                    options={
                        "verbose_name": "calendar feed",
                        "verbose_name_plural": "calendar feeds",
                    },
                ),
                migrations.CreateModel(
                    name="Expectation",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("version", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                        ("points", models.JSONField()),
                        (
                            "alert_percent",
                            models.PositiveSmallIntegerField(default=20, validators=[MinValueValidator(1), MaxValueValidator(100)], verbose_name="tell the captain from … per cent below"),
                        ),
                        ("campaign", models.OneToOneField(on_delete=models.CASCADE, related_name="expectation", to="campaigns.campaign")),
                    ],
                    options={
                        "constraints": [models.CheckConstraint(condition=models.Q(("alert_percent__range", (1, 100))), name="campaigns_expectation_alert_is_a_share")],
                    },
                ),
                migrations.CreateModel(
                    name="Shortfall",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("month", models.DateField()),
                        ("at", models.DateTimeField()),
                        ("expected", models.DecimalField(decimal_places=4, max_digits=30)),
                        ("reached", models.DecimalField(decimal_places=4, max_digits=30)),
                        ("campaign", models.ForeignKey(on_delete=models.CASCADE, related_name="shortfalls", to="campaigns.campaign")),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("campaign", "month"), name="campaigns_shortfall_once_a_month")],
                    },
                ),
                migrations.CreateModel(
                    name="Stakeholder",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("asked_at", models.DateTimeField()),
                        ("reminded_at", models.DateTimeField(blank=True, null=True)),
                        ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                        ("campaign", models.ForeignKey(on_delete=models.CASCADE, related_name="stakeholders", to="campaigns.campaign")),
                        ("user", models.ForeignKey(on_delete=models.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "ordering": ["id"],
                        "indexes": [models.Index(condition=models.Q(("acknowledged_at__isnull", True)), fields=["user"], name="campaigns_stakeholder_waiting")],
                        "constraints": [models.UniqueConstraint(fields=("campaign", "user"), name="campaigns_stakeholder_once")],
                    },
                ),
            ],
        ),
        migrations.RunPython(_shipped_metrics.metrics_ship, migrations.RunPython.noop),
        migrations.RunPython(plan_templates_ship, migrations.RunPython.noop),
        migrations.RunPython(week_make, migrations.RunPython.noop),
    ]
