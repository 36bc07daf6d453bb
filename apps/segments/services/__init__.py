"""What people and the schedule do with segments and lists."""

from apps.segments.services.changes import changes_apply
from apps.segments.services.computing import definition_compute, definitions_compute
from apps.segments.services.definitions import (
    DefinitionInvalid,
    DefinitionRefused,
    definition_create,
    definition_delete,
    definition_propose,
    definition_recompute,
    version_approve,
    version_refuse,
    version_withdraw,
)
from apps.segments.services.lists import (
    ListInvalid,
    Pasted,
    Rejected,
    list_change,
    list_delete,
    list_freeze,
    list_of_findings,
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
    "DefinitionInvalid",
    "DefinitionRefused",
    "ListInvalid",
    "Pasted",
    "Rejected",
    "SegmentInvalid",
    "StillUsed",
    "changes_apply",
    "definition_compute",
    "definition_create",
    "definition_delete",
    "definition_propose",
    "definition_recompute",
    "definitions_compute",
    "list_change",
    "list_delete",
    "list_freeze",
    "list_of_findings",
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
    "version_approve",
    "version_refuse",
    "version_withdraw",
]
