from django.contrib import admin

from apps.accounts.admin_base import BookendAdmin, LedgerAdmin
from apps.messaging.models import (
    CapTally,
    DeliveryEvent,
    DeliveryReport,
    DomainFigure,
    Experiment,
    FrequencyCap,
    LedgerTally,
    Link,
    Message,
    Provider,
    QuietHours,
    RateLimit,
    RateTally,
    Recipient,
    RefusalFigure,
    RuleNote,
    Sender,
    SendingDomain,
    SendingHome,
    SendingPolicy,
    Settlement,
    Variant,
    WarmUp,
)


@admin.register(Sender)
class SenderAdmin(BookendAdmin):
    list_display = ["name", "email", "reply_to", "provider_id", "is_active"]
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


@admin.register(RateLimit)
class RateLimitAdmin(BookendAdmin):
    list_display = ["id", "sender", "domain", "most", "per", "is_active"]
    list_select_related = ["sender"]
    ordering = ["id"]


@admin.register(WarmUp)
class WarmUpAdmin(LedgerAdmin):  # looked at: a plan is checked on its own page
    list_display = ["id", "sender_id", "starts_on", "timezone", "is_active"]
    ordering = ["id"]


@admin.register(RateTally)
class RateTallyAdmin(LedgerAdmin):
    list_display = ["key", "used"]
    ordering = ["key"]


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


@admin.register(Provider)
class ProviderAdmin(LedgerAdmin):
    """To be read: a change is made, and noted, on its own page. Secrets are shown to nobody."""

    list_display = ["name", "kind", "is_active", "checked_at", "check_fault"]
    exclude = ["credentials", "hook_secret", "hook_hash"]
    ordering = ["name", "id"]


@admin.register(DomainFigure)
class DomainFigureAdmin(LedgerAdmin):
    list_display = ["id", "message_id", "sending_domain", "domain", "sent", "complained", "refreshed_at"]
    ordering = ["-id"]


@admin.register(RefusalFigure)
class RefusalFigureAdmin(LedgerAdmin):
    list_display = ["id", "message_id", "sending_domain", "domain", "code", "count"]
    ordering = ["-id"]


@admin.register(Settlement)
class SettlementAdmin(LedgerAdmin):
    list_display = ["id", "message_id", "recipient_id", "verdict", "by_id", "at"]
    ordering = ["-id"]


@admin.register(SendingHome)
class SendingHomeAdmin(LedgerAdmin):
    list_display = ["id", "database", "since", "by_id"]
    ordering = ["id"]


@admin.register(LedgerTally)
class LedgerTallyAdmin(LedgerAdmin):
    list_display = ["message_id", "counted_at"]
    ordering = ["message_id"]
