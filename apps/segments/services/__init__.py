"""What people and the schedule do with segments and lists."""

from apps.segments.services.changes import changes_apply
from apps.segments.services.lists import (
    ListInvalid,
    Pasted,
    Rejected,
    list_change,
    list_delete,
    list_freeze,
    list_paste,
    list_remove,
)
from apps.segments.services.membership import (
    segment_refresh,
    segment_time_pass,
    segments_refresh,
    segments_time_pass,
)
from apps.segments.services.segments import (
    SegmentInvalid,
    segment_archive,
    segment_change,
    segment_create,
    segment_delete,
    segment_duplicate,
    segment_restore,
)
from apps.segments.services.used import StillUsed

__all__ = [
    "ListInvalid",
    "Pasted",
    "Rejected",
    "SegmentInvalid",
    "StillUsed",
    "changes_apply",
    "list_change",
    "list_delete",
    "list_freeze",
    "list_paste",
    "list_remove",
    "segment_archive",
    "segment_change",
    "segment_create",
    "segment_delete",
    "segment_duplicate",
    "segment_refresh",
    "segment_restore",
    "segment_time_pass",
    "segments_refresh",
    "segments_time_pass",
]
