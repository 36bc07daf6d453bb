from django.contrib import admin

from apps.accounts.admin_base import LedgerAdmin
from apps.usecases.models import Part, UseCase


@admin.register(UseCase)
class UseCaseAdmin(LedgerAdmin):
    """To be read: its page says beside it how far it is."""

    list_display = ["name", "priority", "status", "created_at", "updated_at"]
    list_filter = ["priority", "status"]
    search_fields = ["^name"]
    ordering = ["name"]


@admin.register(Part)
class PartAdmin(LedgerAdmin):
    list_display = ["id", "use_case_id", "step", "kind", "object_id", "key"]
    list_filter = ["step"]
    search_fields = ["=use_case__id", "^key"]
    ordering = ["-id"]
