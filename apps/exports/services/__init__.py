"""What people, programs and the schedule do about exports."""

from apps.exports.services.exports import (
    ExportRefused,
    SensitiveColumn,
    export_cancel,
    export_hand_over,
    export_start,
)
from apps.exports.services.schedules import (
    ScheduleInvalid,
    schedule_change,
    schedule_create,
    schedule_delete,
    schedule_run,
    schedules_run,
)
from apps.exports.services.work import exports_run, exports_sweep

__all__ = [
    "ExportRefused",
    "ScheduleInvalid",
    "SensitiveColumn",
    "export_cancel",
    "export_hand_over",
    "export_start",
    "exports_run",
    "exports_sweep",
    "schedule_change",
    "schedule_create",
    "schedule_delete",
    "schedule_run",
    "schedules_run",
]
