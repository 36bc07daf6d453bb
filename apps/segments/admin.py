from django.contrib import admin

from apps.accounts.admin_base import LedgerAdmin
from apps.segments.models import ContactList, Segment, SegmentSize


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
    list_display = ["segment", "at", "size"]
    list_select_related = ["segment"]
