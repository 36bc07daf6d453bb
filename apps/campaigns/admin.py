"""
Campaigns in Django admin.

What is changed here goes through the same acts as everywhere: it is refused for the same reasons and tells
the same history. Stages, captains and overrides are changed on the campaign's own pages.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Model
from django.forms import Form
from django.http import HttpRequest

from apps.accounts.admin_base import BookendAdmin, LedgerAdmin
from apps.campaigns import services
from apps.campaigns.models import (
    BudgetLine,
    BudgetUpload,
    Campaign,
    Channel,
    Contributor,
    Expectation,
    GoalCount,
    Kpi,
    Override,
    Shortfall,
    Stakeholder,
    Task,
)
from apps.core import clock
from apps.core.errors import DomainError


class ActedAdmin(BookendAdmin):
    """Changes are written by `act`, which locks, checks and audits; nothing is added or deleted here."""

    act: ClassVar[Callable[..., object]]
    argument: ClassVar[str]

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Form, change: bool) -> None:
        fields = {name: form.cleaned_data[name] for name in form.changed_data}
        row = type(obj)._default_manager.get(pk=obj.pk)
        try:
            type(self).act(**{self.argument: row}, by=request.user, now=clock.now(), **fields)
        except DomainError as refusal:
            messages.error(request, str(refusal))

    def _audit(self, request: HttpRequest, obj: Model, verb: str, message: Any = None) -> None:
        """The act has told it already."""


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
    readonly_fields = ["campaign", "state", "done_at"]


@admin.register(Kpi)
class KpiAdmin(ActedAdmin):
    act = staticmethod(services.kpi_update)
    argument = "kpi"
    list_display = ["label", "campaign", "event", "target"]
    list_select_related = ["campaign"]
    search_fields = ["label", "=campaign__id"]
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
