from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from apps.accounts.admin_base import BookendAdmin, LedgerAdmin
from apps.contacts.models import (
    Attribute,
    Confirmation,
    Consent,
    ConsentEvent,
    Contact,
    ContactMerge,
    Erasure,
    Event,
    EventType,
    Identity,
    ImportFault,
    ImportFile,
    ImportMapping,
    Suppression,
    Topic,
)


@admin.register(Contact)
class ContactAdmin(LedgerAdmin):
    """To be read: an edit here would pass by the identities and the consent ledger."""

    list_display = ["id", "email", "phone", "created_at", "updated_at"]
    search_fields = ["^email"]
    ordering = ["-id"]


@admin.register(Identity)
class IdentityAdmin(LedgerAdmin):
    list_display = ["id", "namespace", "value", "contact_id"]
    search_fields = ["=value"]
    ordering = ["-id"]


@admin.register(Attribute)
class AttributeAdmin(LedgerAdmin):
    list_display = ["key", "label", "type", "is_indexed", "is_defined", "removed_at"]
    list_filter = ["type", "is_defined"]
    search_fields = ["^key", "^label"]


@admin.register(Consent)
class ConsentAdmin(LedgerAdmin):
    list_display = ["contact_id", "channel", "topic", "status", "changed_at"]
    search_fields = ["=contact__id"]
    ordering = ["-id"]


@admin.register(ConsentEvent)
class ConsentEventAdmin(LedgerAdmin):
    list_display = ["at", "contact_id", "channel", "topic", "status", "basis", "source"]
    search_fields = ["=contact__id"]
    ordering = ["-id"]


@admin.register(Topic)
class TopicAdmin(BookendAdmin):
    """Names and places only: keys are how everything names a topic, and deleting asks what uses it."""

    list_display = ["key", "name", "channels", "is_public", "position"]
    list_filter = ["is_public"]
    search_fields = ["^key", "^name"]
    readonly_fields = ["key"]
    ordering = ["position", "name", "id"]

    def _may_write(self, request: HttpRequest, verb: str, obj: Model | None) -> bool:
        return verb == "change" and super()._may_write(request, verb, obj)


@admin.register(Confirmation)
class ConfirmationAdmin(LedgerAdmin):
    list_display = ["asked_at", "contact_id", "topic", "mails", "sent_at", "expires_at", "confirmed_at"]
    search_fields = ["=contact__id"]
    ordering = ["-id"]


@admin.register(Suppression)
class SuppressionAdmin(LedgerAdmin):
    list_display = ["at", "channel", "reason", "source"]
    search_fields = ["^source"]
    ordering = ["-id"]


@admin.register(Event)
class EventAdmin(LedgerAdmin):
    list_display = ["occurred_at", "name", "contact_id", "source"]
    search_fields = ["=name"]
    ordering = ["-occurred_at", "-id"]


@admin.register(EventType)
class EventTypeAdmin(LedgerAdmin):
    list_display = ["name", "first_seen_at", "last_seen_at"]
    search_fields = ["^name"]


@admin.register(ImportFile)
class ImportFileAdmin(LedgerAdmin):
    list_display = ["id", "file_name", "state", "rows_total", "created_at", "by"]
    list_select_related = ["by"]
    list_filter = ["state"]
    search_fields = ["^file_name"]
    ordering = ["-id"]


@admin.register(ImportMapping)
class ImportMappingAdmin(LedgerAdmin):
    list_display = ["name", "key", "mode", "by", "updated_at"]
    list_select_related = ["by"]
    search_fields = ["^name"]


@admin.register(ImportFault)
class ImportFaultAdmin(LedgerAdmin):
    list_display = ["id", "import_file_id", "row", "column", "reason"]
    search_fields = ["=import_file__id"]
    ordering = ["-id"]


@admin.register(ContactMerge)
class ContactMergeAdmin(LedgerAdmin):
    """To be looked at: contacts are merged and taken apart on their profile."""

    list_display = ["at", "contact_id", "gone_id", "by", "undone_at"]
    list_select_related = ["by"]
    search_fields = ["=contact__id", "=gone__id"]
    ordering = ["-id"]


@admin.register(Erasure)
class ErasureAdmin(LedgerAdmin):
    """To be looked at: the log of erasures is what is applied again after a restore."""

    list_display = ["at", "contact_id", "by", "why", "logged_at"]
    list_select_related = ["by"]
    search_fields = ["=contact__id"]
    ordering = ["-id"]
