from apps.exports.views.exports import (
    export_cancel,
    export_create,
    export_detail,
    export_download,
    export_list,
)
from apps.exports.views.schedules import (
    schedule_change,
    schedule_create,
    schedule_delete,
    schedule_detail,
    schedule_list,
    schedule_run,
)

__all__ = [
    "export_cancel",
    "export_create",
    "export_detail",
    "export_download",
    "export_list",
    "schedule_change",
    "schedule_create",
    "schedule_delete",
    "schedule_detail",
    "schedule_list",
    "schedule_run",
]
