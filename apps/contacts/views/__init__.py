from apps.contacts.views.attributes import (
    attribute_alike,
    attribute_change,
    attribute_create,
    attribute_delete,
    attribute_detail,
    attribute_list,
)
from apps.contacts.views.contacts import contact_csv, contact_list
from apps.contacts.views.erasure import contact_erase, contact_export
from apps.contacts.views.events import event_list
from apps.contacts.views.eventtypes import (
    event_schema_change,
    event_type_change,
    event_type_delete,
    event_type_detail,
    event_type_list,
)
from apps.contacts.views.imports import (
    import_cancel,
    import_columns,
    import_create,
    import_detail,
    import_errors,
    import_list,
    import_read,
    import_resume,
    import_run,
)
from apps.contacts.views.merging import contact_alike, contact_identity, contact_merge, contact_unmerge
from apps.contacts.views.profile import (
    confirmation_again,
    contact_change,
    contact_consent,
    contact_create,
    contact_detail,
    contact_lift,
    contact_suppress,
    contact_timeline,
)
from apps.contacts.views.quarantine import held_discard, held_list, held_release
from apps.contacts.views.suppressions import (
    suppression_add,
    suppression_detail,
    suppression_lift,
    suppression_list,
)
from apps.contacts.views.topics import topic_change, topic_create, topic_delete, topic_list

__all__ = [
    "attribute_alike",
    "attribute_change",
    "attribute_create",
    "attribute_delete",
    "attribute_detail",
    "attribute_list",
    "confirmation_again",
    "contact_alike",
    "contact_change",
    "contact_consent",
    "contact_create",
    "contact_csv",
    "contact_detail",
    "contact_erase",
    "contact_export",
    "contact_identity",
    "contact_lift",
    "contact_list",
    "contact_merge",
    "contact_suppress",
    "contact_timeline",
    "contact_unmerge",
    "event_list",
    "event_schema_change",
    "event_type_change",
    "event_type_delete",
    "event_type_detail",
    "event_type_list",
    "held_discard",
    "held_list",
    "held_release",
    "import_cancel",
    "import_columns",
    "import_create",
    "import_detail",
    "import_errors",
    "import_list",
    "import_read",
    "import_resume",
    "import_run",
    "suppression_add",
    "suppression_detail",
    "suppression_lift",
    "suppression_list",
    "topic_change",
    "topic_create",
    "topic_delete",
    "topic_list",
]
