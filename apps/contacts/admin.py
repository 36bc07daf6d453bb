from typing import Any

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from apps.accounts.admin_base import BookendAdmin, LedgerAdmin
from apps.contacts.identities import namespaces_known
from apps.contacts.models import (
    Attribute,
    Company,
    CompanyIdentity,
    CompanyMember,
    Confirmation,
    Consent,
    ConsentEvent,
    Contact,
    ContactMerge,
    Erasure,
    Event,
    EventSample,
    EventSchema,
    EventSchemaVersion,
    EventTally,
    EventType,
    EventViolation,
    HeldEvent,
    Identity,
    ImportFault,
    ImportFile,
    ImportMapping,
    QualityFinding,
    QualityMend,
    QualityPair,
    QualityResult,
    QualityRule,
    QualityScan,
    Suppression,
    System,
    SystemLink,
    Topic,
)


@admin.register(Contact)
class ContactAdmin(LedgerAdmin):
    """To be read: an edit here would pass by the identities and the consent ledger."""

    list_display = ["id", "email", "phone", "created_at", "updated_at"]
    search_fields = ["email"]
    ordering = ["-id"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by the beginning of an address: they are kept in lower case, and indexed as they stand."""
        return queryset.filter(email__startswith=search_term.strip().lower()), False


class IdentitySearchAdmin(LedgerAdmin):
    """Of identities, found by `crm:4711`, or by what stands behind the colon alone."""

    search_fields = ["=value"]
    ordering = ["-id"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Ask in each namespace: the index has the value behind it."""
        text = search_term.strip()
        namespace, _colon, value = text.partition(":")
        # Addresses are kept in lower case.
        wanted = Q(namespace__in=namespaces_known(self.model), value__in={text, text.lower()})
        return queryset.filter(wanted | Q(namespace=namespace, value__in={value, value.lower()})), False


@admin.register(Identity)
class IdentityAdmin(IdentitySearchAdmin):
    list_display = ["id", "namespace", "value", "contact_id"]


@admin.register(Attribute)
class AttributeAdmin(LedgerAdmin):
    list_display = [
        "key",
        "label",
        "applies_to",
        "type",
        "is_indexed",
        "is_defined",
        "is_computed",
        "removed_at",
    ]
    list_filter = ["applies_to", "type", "is_defined"]
    search_fields = ["^key", "^label"]


@admin.register(Company)
class CompanyAdmin(LedgerAdmin):
    """To be read, as contacts are: an edit here would pass by the dictionary."""

    list_display = ["id", "name", "domain", "created_at", "updated_at"]
    search_fields = ["^name", "^domain"]
    ordering = ["-id"]


@admin.register(CompanyIdentity)
class CompanyIdentityAdmin(IdentitySearchAdmin):
    list_display = ["id", "namespace", "value", "company_id"]


@admin.register(CompanyMember)
class CompanyMemberAdmin(LedgerAdmin):
    list_display = ["id", "company_id", "contact_id", "role", "is_primary", "since"]
    list_filter = ["role"]
    search_fields = ["=contact__id"]
    ordering = ["-id"]


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
    list_filter = ["channel", "reason"]
    search_fields = ["^source"]
    ordering = ["-id"]


@admin.register(Event)
class EventAdmin(LedgerAdmin):
    list_display = ["occurred_at", "received_at", "name", "contact_id", "source"]
    search_fields = ["=name"]
    ordering = ["-occurred_at", "-id"]


@admin.register(EventType)
class EventTypeAdmin(LedgerAdmin):
    list_display = ["name", "first_seen_at", "last_seen_at"]
    search_fields = ["^name"]


@admin.register(EventSchema)
class EventSchemaAdmin(LedgerAdmin):
    """To be looked at: schemas are changed on the page of their name, where every version is kept."""

    list_display = ["event_type", "label", "mode", "version", "owner", "updated_at"]
    list_select_related = ["event_type", "owner"]
    search_fields = ["^event_type__name"]


@admin.register(EventSchemaVersion)
class EventSchemaVersionAdmin(LedgerAdmin):
    list_display = ["id", "schema_id", "number", "mode", "by", "at"]
    list_select_related = ["by"]
    search_fields = ["=schema__id"]
    ordering = ["-id"]


@admin.register(EventViolation)
class EventViolationAdmin(LedgerAdmin):
    list_display = ["id", "event_type_id", "date", "field", "reason", "count"]
    search_fields = ["=event_type__id"]
    ordering = ["-id"]


@admin.register(EventSample)
class EventSampleAdmin(LedgerAdmin):
    list_display = ["id", "event_type_id", "field", "reason", "contact_id", "at"]
    search_fields = ["=event_type__id"]
    ordering = ["-id"]


@admin.register(HeldEvent)
class HeldEventAdmin(LedgerAdmin):
    """To be looked at: they are released and discarded on their page, in order and audited."""

    list_display = ["id", "event_type_id", "contact_id", "source", "received_at"]
    search_fields = ["=event_type__id"]
    ordering = ["-id"]


@admin.register(EventTally)
class EventTallyAdmin(LedgerAdmin):
    list_display = ["id", "at", "name", "source", "count", "late", "ahead"]
    search_fields = ["=name"]
    ordering = ["-id"]


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


@admin.register(QualityRule)
class QualityRuleAdmin(LedgerAdmin):
    """To be looked at: what a setting may be is asked where the rule is tuned."""

    list_display = ["key", "is_on", "weight", "updated_at"]
    search_fields = ["^key"]


@admin.register(QualityScan)
class QualityScanAdmin(LedgerAdmin):
    list_display = ["id", "state", "checked", "faultless", "score", "asked_at", "finished_at"]
    list_filter = ["state"]
    search_fields = ["=id"]
    ordering = ["-id"]


@admin.register(QualityResult)
class QualityResultAdmin(LedgerAdmin):
    list_display = ["scan_id", "rule", "found", "mended", "score"]
    search_fields = ["=rule"]
    ordering = ["-id"]


@admin.register(QualityFinding)
class QualityFindingAdmin(LedgerAdmin):
    list_display = ["id", "scan_id", "rule", "detail", "contact_id"]
    search_fields = ["=contact__id"]
    ordering = ["-id"]


@admin.register(QualityPair)
class QualityPairAdmin(LedgerAdmin):
    """To be looked at: they are merged, or said to be two people, in the queue."""

    list_display = ["id", "contact_id", "other_id", "reason", "likeness", "state"]
    list_filter = ["state"]
    search_fields = ["=contact__id", "=other__id"]
    ordering = ["-id"]


@admin.register(QualityMend)
class QualityMendAdmin(LedgerAdmin):
    list_display = ["id", "rule", "act", "state", "changed", "skipped", "by", "created_at"]
    list_select_related = ["by"]
    list_filter = ["state"]
    search_fields = ["=rule"]
    ordering = ["-id"]


@admin.register(System)
class SystemAdmin(LedgerAdmin):
    """To be read: its page says beside the fields what the data says."""

    list_display = ["name", "kind", "direction", "cadence", "synced_at", "sensitivity"]
    list_filter = ["kind", "direction"]
    search_fields = ["^name"]
    ordering = ["name"]


@admin.register(SystemLink)
class SystemLinkAdmin(LedgerAdmin):
    list_display = ["id", "system_id", "kind", "object_id", "at"]
    search_fields = ["=system__id", "=kind"]
    ordering = ["-id"]
