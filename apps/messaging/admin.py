from django.contrib import admin

from apps.accounts.admin_base import BookendAdmin, LedgerAdmin
from apps.messaging.models import DeliveryEvent, Link, Message, Recipient, Sender


@admin.register(Sender)
class SenderAdmin(BookendAdmin):
    list_display = ["name", "email", "reply_to", "is_active"]
    search_fields = ["^email"]
    ordering = ["name", "id"]


@admin.register(Message)
class MessageAdmin(LedgerAdmin):
    list_display = ["id", "name", "campaign_id", "priority", "state", "launched_at", "finished_at"]
    ordering = ["-id"]


@admin.register(Recipient)
class RecipientAdmin(LedgerAdmin):
    list_display = ["id", "message_id", "contact_id", "state", "reason", "due_at", "finished_at"]
    ordering = ["-id"]


@admin.register(Link)
class LinkAdmin(LedgerAdmin):
    list_display = ["id", "message_id", "position", "url"]
    ordering = ["-id"]


@admin.register(DeliveryEvent)
class DeliveryEventAdmin(LedgerAdmin):
    list_display = ["id", "message_id", "contact_id", "kind", "at", "machine_reason"]
    ordering = ["-at", "-id"]  # the primary key of each partition
