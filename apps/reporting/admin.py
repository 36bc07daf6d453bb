from django.contrib import admin

from apps.accounts.admin_base import LedgerAdmin
from apps.reporting.models import ArmResult, CampaignResult, Conversion, MessageResult


@admin.register(Conversion)
class ConversionAdmin(LedgerAdmin):
    list_display = [
        "id", "message_id", "measure", "is_holdout", "is_control", "is_credited", "occurred_at", "value",
    ]  # fmt: skip
    ordering = ["-id"]


@admin.register(ArmResult)
class ArmResultAdmin(LedgerAdmin):
    list_display = ["id", "message_id", "arm", "measure", "people", "converted", "conversions", "value"]
    ordering = ["-id"]


@admin.register(MessageResult)
class MessageResultAdmin(LedgerAdmin):
    list_display = ["id", "message_id", "audience", "sent", "excluded", "lost", "refreshed_at"]
    ordering = ["-id"]


@admin.register(CampaignResult)
class CampaignResultAdmin(LedgerAdmin):
    list_display = ["id", "campaign_id", "goal_done", "refreshed_at", "tried_at", "due_at", "is_final"]
    ordering = ["-id"]
