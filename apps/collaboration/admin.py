from django.contrib import admin

from apps.accounts.admin_base import BookendAdmin, LedgerAdmin
from apps.collaboration.models import AuditEvent, Comment, Notification, NotificationSettings, SavedView


@admin.register(AuditEvent)
class AuditEventAdmin(LedgerAdmin):
    list_display = ["at", "by", "action", "subject", "label"]
    list_select_related = ["by"]
    search_fields = ["=subject", "=action"]
    ordering = ["-at", "-id"]


@admin.register(Comment)
class CommentAdmin(LedgerAdmin):
    list_display = ["at", "by", "content_type", "object_id", "edited_at"]
    list_select_related = ["by", "content_type"]
    search_fields = ["=object_id"]


@admin.register(Notification)
class NotificationAdmin(LedgerAdmin):
    list_display = ["at", "user", "kind", "text", "read_at", "mailed_at"]
    list_select_related = ["user"]
    search_fields = ["=user__email"]


@admin.register(NotificationSettings)
class NotificationSettingsAdmin(LedgerAdmin):
    list_display = ["user", "digest", "hour", "next_digest_at"]
    list_select_related = ["user"]
    search_fields = ["=user__email"]


@admin.register(SavedView)
class SavedViewAdmin(BookendAdmin):
    list_display = ["name", "list_key", "owner", "is_shared", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["=list_key"]
