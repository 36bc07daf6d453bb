from django.contrib import admin

from apps.accounts.admin_base import LedgerAdmin
from apps.segments.models import (
    ContactList,
    Definition,
    DefinitionVersion,
    Segment,
    SegmentChange,
    SegmentSize,
)


@admin.register(Segment)
class SegmentAdmin(LedgerAdmin):
    """Read here, change in the builder: rules are checked there, and what uses a segment is asked."""

    list_display = ["name", "size", "refreshed_at", "is_stale", "fault", "archived_at"]
    list_filter = ["is_stale"]
    search_fields = ["name"]


@admin.register(ContactList)
class ContactListAdmin(LedgerAdmin):
    list_display = ["name", "size", "frozen_from", "updated_at"]
    list_select_related = ["frozen_from"]
    search_fields = ["name"]


@admin.register(SegmentSize)
class SegmentSizeAdmin(LedgerAdmin):
    list_display = ["segment", "at", "size", "entered", "left"]
    list_select_related = ["segment"]
    search_fields = ["=segment__id"]
    ordering = ["-id"]


@admin.register(SegmentChange)
class SegmentChangeAdmin(LedgerAdmin):
    """What members have yet to follow: a row lives for seconds."""

    list_display = ["id", "at", "topics", "segment_id"]
    search_fields = ["=segment_id"]
    ordering = ["id"]


@admin.register(Definition)
class DefinitionAdmin(LedgerAdmin):
    """Read here: another rule is proposed by one and approved by another, in the product."""

    list_display = ["attribute", "size", "computed_at", "is_stale", "fault"]
    list_select_related = ["attribute"]
    list_filter = ["is_stale"]
    search_fields = ["^attribute__key"]


@admin.register(DefinitionVersion)
class DefinitionVersionAdmin(LedgerAdmin):
    list_display = ["definition", "number", "state", "by", "at", "decided_by", "decided_at"]
    list_select_related = ["definition", "by", "decided_by"]
    list_filter = ["state"]
    search_fields = ["^definition__attribute__key"]
    ordering = ["-id"]
