from django.contrib import admin

from apps.accounts.admin_base import BookendAdmin, LedgerAdmin
from apps.collaboration.models import (
    Attachment,
    AuditEvent,
    Comment,
    Mention,
    Notification,
    NotificationSettings,
    SavedView,
)


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


@admin.register(Attachment)
class AttachmentAdmin(LedgerAdmin):
    list_display = ["at", "by", "name", "media_type", "size", "content_type", "object_id"]
    list_select_related = ["by", "content_type"]
    search_fields = ["=object_id"]
    exclude = ["file"]  # it is fetched where its subject is seen


@admin.register(Mention)
class MentionAdmin(LedgerAdmin):
    list_display = ["comment", "user"]
    list_select_related = ["comment", "user"]
    search_fields = ["=comment__id"]


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
