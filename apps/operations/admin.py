from django.contrib import admin

from apps.accounts.admin_base import LedgerAdmin
from apps.operations.models import Heartbeat, Installation


@admin.register(Heartbeat)
class HeartbeatAdmin(LedgerAdmin):
    list_display = ["name", "at"]
    search_fields = ["^name"]


@admin.register(Installation)
class InstallationAdmin(LedgerAdmin):
    list_display = ["id", "demo"]
    search_fields = ["=id"]
