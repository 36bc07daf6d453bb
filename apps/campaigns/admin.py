"""
Campaigns in Django admin.

What is changed here goes through the same acts as everywhere: it is refused for the same reasons and tells
the same history. Stages, captains and overrides are changed on the campaign's own pages.
"""

from django.contrib import admin

from apps.accounts.admin_base import LedgerAdmin
from apps.campaigns import services
from apps.campaigns.acted import ActedAdmin
from apps.campaigns.models import (
    Approval,
    BudgetLine,
    BudgetUpload,
    CalendarFeed,
    Campaign,
    Challenge,
    ChallengeAnswer,
    Challenger,
    Channel,
    ChecklistItem,
    Contributor,
    ElementOwner,
    Expectation,
    GoalCount,
    Holiday,
    Kpi,
    KpiReview,
    KpiSet,
    Lesson,
    Metric,
    MetricVersion,
    NotDoing,
    Override,
    PlanMove,
    PlanTemplate,
    PlanTemplateItem,
    Recurrence,
    Shortfall,
    SignOff,
    Stakeholder,
    Task,
    TaskDependency,
    WorkWeek,
    YearGoal,
)


@admin.register(Campaign)
class CampaignAdmin(ActedAdmin):
    act = staticmethod(services.campaign_update)
    argument = "campaign"
    list_display = ["name", "stage", "captain", "goal_event", "goal_date", "updated_at"]
    list_select_related = ["captain"]
    list_filter = ["stage"]
    search_fields = ["name"]
    ordering = ["-updated_at", "-id"]
    readonly_fields = [
        "captain",
        "stage",
        "stage_at",
        "review_hours",
        "asks_approvals",
        "wizard_step",
        "archived_at",
        "goal_reached",
        "blockers",
        "watched_at",
    ]


@admin.register(Channel)
class ChannelAdmin(ActedAdmin):
    act = staticmethod(services.channel_update)
    argument = "channel"
    list_display = ["campaign", "kind", "owner"]
    list_select_related = ["campaign", "owner"]
    search_fields = ["=campaign__id"]
    readonly_fields = ["campaign", "kind"]


@admin.register(Task)
class TaskAdmin(ActedAdmin):
    act = staticmethod(services.task_update)
    argument = "task"
    list_display = ["title", "campaign", "assignee", "due_date", "state"]
    list_select_related = ["campaign", "assignee"]
    search_fields = ["title", "=campaign__id"]
    ordering = ["-id"]
    readonly_fields = [
        "campaign",
        "state",
        "done_at",
        "duration_days",
        "anchor",
        "offset_days",
        "is_pinned",
        "template_item",
    ]


@admin.register(ChecklistItem)
class ChecklistItemAdmin(LedgerAdmin):
    list_display = ["text", "task", "position", "done_at", "done_by"]
    list_select_related = ["task", "done_by"]
    search_fields = ["=task__id"]


@admin.register(Recurrence)
class RecurrenceAdmin(LedgerAdmin):
    list_display = ["campaign", "rhythm", "made", "ends_date", "times", "stopped_at"]
    list_select_related = ["campaign"]
    search_fields = ["=campaign__id"]


@admin.register(Kpi)
class KpiAdmin(ActedAdmin):
    act = staticmethod(services.kpi_update)
    argument = "kpi"
    list_display = ["metric", "campaign", "target", "reached"]
    list_select_related = ["campaign", "metric"]
    search_fields = ["metric__name", "=campaign__id"]
    readonly_fields = ["campaign", "position"]


@admin.register(Contributor)
class ContributorAdmin(LedgerAdmin):
    list_display = ["campaign", "user", "added_at"]
    list_select_related = ["campaign", "user"]
    search_fields = ["=campaign__id", "=user__email"]


@admin.register(GoalCount)
class GoalCountAdmin(LedgerAdmin):
    list_display = ["campaign", "horizon"]
    list_select_related = ["campaign"]
    search_fields = ["=campaign__id"]


@admin.register(Override)
class OverrideAdmin(LedgerAdmin):
    list_display = ["campaign", "check_name", "reason", "by", "at"]
    list_select_related = ["campaign", "by"]
    search_fields = ["=campaign__id", "=check_name"]


@admin.register(YearGoal)
class YearGoalAdmin(ActedAdmin):
    act = staticmethod(services.year_goal_update)
    argument = "goal"
    list_display = ["name", "year", "owner", "position"]
    list_select_related = ["owner"]
    list_filter = ["year"]
    search_fields = ["name"]
    readonly_fields = ["year", "position"]


@admin.register(NotDoing)
class NotDoingAdmin(ActedAdmin):
    act = staticmethod(services.not_doing_update)
    argument = "entry"
    list_display = ["__str__", "year", "reason"]
    list_filter = ["year"]
    search_fields = ["practice"]
    readonly_fields = ["year"]


@admin.register(Lesson)
class LessonAdmin(ActedAdmin):
    act = staticmethod(services.lesson_update)
    argument = "lesson"
    list_display = ["__str__", "campaign", "element", "kind", "created_at"]
    list_select_related = ["campaign"]
    list_filter = ["element", "kind"]
    search_fields = ["=campaign__id"]
    exclude = ["applied_in"]
    readonly_fields = [
        "by",
        "campaign",
        "evidence_text",
        "evidence_n",
        "evidence_low",
        "evidence_value",
        "evidence_high",
        "evidence_at",
        "archived_at",
    ]


@admin.register(ElementOwner)
class ElementOwnerAdmin(LedgerAdmin):
    list_display = ["campaign", "element", "marketing_owner", "data_owner"]
    list_select_related = ["campaign", "marketing_owner", "data_owner"]
    search_fields = ["=campaign__id"]


# Plans. Dependencies, moves and days are made where their rules are asked: on the pages and over the API.


@admin.register(PlanTemplate)
class PlanTemplateAdmin(ActedAdmin):
    act = staticmethod(services.plan_template_update)
    argument = "template"
    list_display = ["name", "key", "updated_at"]
    search_fields = ["name"]
    ordering = ["name"]
    readonly_fields = ["key"]


@admin.register(PlanTemplateItem)
class PlanTemplateItemAdmin(ActedAdmin):
    act = staticmethod(services.template_item_update)
    argument = "item"
    list_display = ["title", "template", "anchor", "offset_days", "duration_days"]
    list_select_related = ["template"]
    search_fields = ["title", "=template__id"]
    readonly_fields = ["template", "position", "waits_for"]


@admin.register(TaskDependency)
class TaskDependencyAdmin(LedgerAdmin):
    list_display = ["successor", "predecessor"]
    list_select_related = ["successor", "predecessor"]
    search_fields = ["=successor__id", "=predecessor__id"]


@admin.register(PlanMove)
class PlanMoveAdmin(LedgerAdmin):
    list_display = ["campaign", "by", "at", "launch_after", "goal_after", "undone_at"]
    list_select_related = ["campaign", "by"]
    search_fields = ["=campaign__id"]


@admin.register(Holiday)
class HolidayAdmin(LedgerAdmin):
    list_display = ["date", "name"]
    search_fields = ["name"]


@admin.register(WorkWeek)
class WorkWeekAdmin(LedgerAdmin):
    list_display = ["id", "weekend", "updated_at"]


@admin.register(CalendarFeed)
class CalendarFeedAdmin(LedgerAdmin):
    list_display = ["user", "view", "made_at"]
    list_select_related = ["user", "view"]
    search_fields = ["=user__email"]


@admin.register(BudgetLine)
class BudgetLineAdmin(ActedAdmin):
    act = staticmethod(services.budget_line_update)
    argument = "line"
    list_display = ["label", "campaign", "month", "planned", "committed", "actual", "removed_at"]
    list_select_related = ["campaign"]
    search_fields = ["label", "=campaign__id"]
    ordering = ["-id"]
    readonly_fields = ["campaign"]


@admin.register(BudgetUpload)
class BudgetUploadAdmin(LedgerAdmin):
    list_display = ["file_name", "campaign", "by", "at", "applied_at"]
    list_select_related = ["campaign", "by"]


@admin.register(Challenge)
class ChallengeAdmin(LedgerAdmin):
    """Read here: a question is answered and resolved on its own page, by those whom it concerns."""

    list_display = ["about", "campaign", "asked_by", "asked_at", "resolution", "resolved_at"]
    list_select_related = ["campaign", "asked_by"]
    list_filter = ["resolution"]
    search_fields = ["=campaign__id", "about"]


@admin.register(ChallengeAnswer)
class ChallengeAnswerAdmin(LedgerAdmin):
    list_display = ["challenge", "by", "at"]
    list_select_related = ["challenge", "by"]
    search_fields = ["=challenge__id"]


@admin.register(Challenger)
class ChallengerAdmin(LedgerAdmin):
    list_display = ["campaign", "user", "added_at"]
    list_select_related = ["campaign", "user"]
    search_fields = ["=campaign__id", "=user__email"]


@admin.register(Approval)
class ApprovalAdmin(LedgerAdmin):
    """Read here: what is approved is looked at, and approved, on the campaign's page."""

    list_display = ["part", "campaign", "state", "asked_by", "asked_at", "decided_by", "decided_at"]
    list_select_related = ["campaign", "asked_by", "decided_by"]
    list_filter = ["state", "part"]


@admin.register(Metric)
class MetricAdmin(ActedAdmin):
    act = staticmethod(services.metric_update)
    argument = "metric"
    list_display = ["name", "kind", "unit", "built_in", "event", "owner"]
    list_select_related = ["owner"]
    list_filter = ["kind"]
    search_fields = ["name"]
    ordering = ["name", "id"]


@admin.register(MetricVersion)
class MetricVersionAdmin(LedgerAdmin):
    list_display = ["metric", "number", "by", "at"]
    list_select_related = ["metric", "by"]
    search_fields = ["=metric__id"]


@admin.register(KpiSet)
class KpiSetAdmin(LedgerAdmin):
    list_display = ["campaign", "state", "asked_by", "waiting_since", "reminded_at"]
    list_select_related = ["campaign", "asked_by"]
    search_fields = ["=campaign__id"]


@admin.register(KpiReview)
class KpiReviewAdmin(LedgerAdmin):
    list_display = ["campaign", "verdict", "by", "at"]
    list_select_related = ["campaign", "by"]
    search_fields = ["=campaign__id"]


@admin.register(SignOff)
class SignOffAdmin(LedgerAdmin):
    list_display = ["campaign", "by", "at", "digest"]
    list_select_related = ["campaign", "by"]
    search_fields = ["=campaign__id"]


@admin.register(Expectation)
class ExpectationAdmin(LedgerAdmin):
    list_display = ["campaign", "alert_percent", "version", "updated_at"]
    list_select_related = ["campaign"]
    search_fields = ["=campaign__id"]


@admin.register(Stakeholder)
class StakeholderAdmin(LedgerAdmin):
    list_display = ["campaign", "user", "asked_at", "reminded_at", "acknowledged_at"]
    list_select_related = ["campaign", "user"]
    search_fields = ["=campaign__id", "=user__email"]


@admin.register(Shortfall)
class ShortfallAdmin(LedgerAdmin):
    list_display = ["campaign", "month", "expected", "reached", "at"]
    list_select_related = ["campaign"]
    search_fields = ["=campaign__id"]
