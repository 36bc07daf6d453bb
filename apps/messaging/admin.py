from django.contrib import admin

from apps.accounts.admin_base import BookendAdmin, LedgerAdmin
from apps.messaging.models import (
    CapTally,
    DeliveryEvent,
    DeliveryReport,
    DomainFigure,
    Experiment,
    FrequencyCap,
    Link,
    Message,
    QuietHours,
    Recipient,
    RuleNote,
    Sender,
    SendingDomain,
    SendingPolicy,
    Variant,
)


@admin.register(Sender)
class SenderAdmin(BookendAdmin):
    list_display = ["name", "email", "reply_to", "is_active"]
    search_fields = ["^email"]
    ordering = ["name", "id"]


@admin.register(SendingPolicy)
class SendingPolicyAdmin(LedgerAdmin):  # looked at: a change is made, and noted, on its own page
    list_display = ["id", "control_percent", "control_seed", "timezone", "updated_at"]
    ordering = ["id"]


@admin.register(FrequencyCap)
class FrequencyCapAdmin(BookendAdmin):
    list_display = ["id", "most", "days", "channel", "topic", "is_active"]
    ordering = ["id"]


@admin.register(QuietHours)
class QuietHoursAdmin(BookendAdmin):
    list_display = ["id", "channel", "starts", "ends", "is_active"]
    ordering = ["id"]


@admin.register(RuleNote)
class RuleNoteAdmin(LedgerAdmin):
    list_display = ["id", "recipient_id", "contact_id", "rule", "at", "until"]
    ordering = ["-id"]


@admin.register(CapTally)
class CapTallyAdmin(LedgerAdmin):
    list_display = ["contact_id", "entries"]
    ordering = ["contact_id"]


@admin.register(Message)
class MessageAdmin(LedgerAdmin):
    list_display = ["id", "name", "campaign_id", "priority", "state", "launched_at", "finished_at"]
    ordering = ["-id"]


@admin.register(Experiment)
class ExperimentAdmin(LedgerAdmin):
    list_display = ["message_id", "metric", "sample_percent", "decide_at", "decided_at", "winner"]
    ordering = ["-message_id"]


@admin.register(Variant)
class VariantAdmin(LedgerAdmin):
    list_display = ["id", "experiment_id", "number", "subject", "template_id", "first_link"]
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


@admin.register(DeliveryReport)
class DeliveryReportAdmin(LedgerAdmin):
    list_display = ["id", "recipient_id", "message_id", "source", "verdict", "status", "at"]
    ordering = ["-at", "-id"]


@admin.register(SendingDomain)
class SendingDomainAdmin(LedgerAdmin):
    """To be read: what changes here is typed on its page, where DNS is asked."""

    list_display = ["name", "return_path", "tracking_host", "is_signing", "checked_at"]
    exclude = ["private_key"]
    ordering = ["name", "id"]


@admin.register(DomainFigure)
class DomainFigureAdmin(LedgerAdmin):
    list_display = ["id", "message_id", "sending_domain", "domain", "sent", "complained", "refreshed_at"]
    ordering = ["-id"]
