from django.contrib import admin

from apps.accounts.admin_base import LedgerAdmin
from apps.exports.models import Export, Schedule


@admin.register(Export)
class ExportAdmin(LedgerAdmin):
    """To be read: a file is started and fetched on the pages of exports."""

    list_display = ["id", "name", "kind", "format", "state", "rows_done", "created_at", "by"]
    list_select_related = ["by"]
    list_filter = ["state", "kind"]
    search_fields = ["=id"]
    exclude = ["file_name", "lease_token"]
    ordering = ["-id"]


@admin.register(Schedule)
class ScheduleAdmin(LedgerAdmin):
    """To be read: a schedule is changed on its page, where columns and places are checked."""

    list_display = ["id", "name", "kind", "format", "period", "is_active", "next_at", "by"]
    list_select_related = ["by"]
    search_fields = ["^name"]
    ordering = ["-id"]
