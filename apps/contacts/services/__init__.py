"""What people, programs and the schedule do to contacts, their consent, their events and the dictionary."""

from apps.contacts.consents import ConsentChange, consents_import
from apps.contacts.services.activity import (
    Activity,
    ActivityResult,
    activities_record,
    activity_months_ensure,
)
from apps.contacts.services.bulk import BulkRefused, ContactIn, UpsertResult, contacts_upsert
from apps.contacts.services.confirmations import (
    ConfirmationOver,
    confirmation_check,
    confirmation_confirm,
    confirmation_of,
    confirmation_request,
    confirmation_resend,
    confirmation_send,
)
from apps.contacts.services.consent import ConsentRefused, consent_record
from apps.contacts.services.contacts import (
    ContactChanged,
    ContactExists,
    ContactGone,
    contact_create,
    contact_update,
    field_text,
)
from apps.contacts.services.dictionary import (
    AttributeRefused,
    attribute_create,
    attribute_delete,
    attribute_places,
    attribute_update,
    attributes_settle,
)
from apps.contacts.services.erasure import (
    ContactErased,
    contact_erase,
    contact_export,
    erasures_reapply,
    erasures_sweep,
)
from apps.contacts.services.events import (
    EventIn,
    EventOutcome,
    EventResult,
    events_record,
)
from apps.contacts.services.identity import identity_add, identity_alias
from apps.contacts.services.import_files import imports_forget
from apps.contacts.services.import_mappings import (
    import_mapping_create,
    import_mapping_delete,
    import_mapping_rename,
    import_mapping_save,
    import_mapping_use,
)
from apps.contacts.services.import_undoing import import_undo, imports_undo
from apps.contacts.services.import_uploads import (
    import_discard,
    import_reread,
    import_sheet_choose,
    import_upload,
    workbook_read,
    workbooks_read,
)
from apps.contacts.services.import_work import import_run, imports_run
from apps.contacts.services.imports import ImportRefused, import_cancel, import_resume, import_start
from apps.contacts.services.merge import (
    ContactNotMergeable,
    MergeNeedsPerson,
    MergeNotUndoable,
    contact_merge,
    contact_unmerge,
    merges_sweep,
)
from apps.contacts.services.suppressions import (
    SuppressionCounts,
    SuppressionsRefused,
    suppression_add,
    suppression_lift,
    suppressions_import,
)
from apps.contacts.services.topics import (
    TopicRefused,
    TopicUnknown,
    topic_check,
    topic_create,
    topic_delete,
    topic_places,
    topic_update,
)

__all__ = [
    "Activity",
    "ActivityResult",
    "AttributeRefused",
    "BulkRefused",
    "ConfirmationOver",
    "ConsentChange",
    "ConsentRefused",
    "ContactChanged",
    "ContactErased",
    "ContactExists",
    "ContactGone",
    "ContactIn",
    "ContactNotMergeable",
    "EventIn",
    "EventOutcome",
    "EventResult",
    "ImportRefused",
    "MergeNeedsPerson",
    "MergeNotUndoable",
    "SuppressionCounts",
    "SuppressionsRefused",
    "TopicRefused",
    "TopicUnknown",
    "UpsertResult",
    "activities_record",
    "activity_months_ensure",
    "attribute_create",
    "attribute_delete",
    "attribute_places",
    "attribute_update",
    "attributes_settle",
    "confirmation_check",
    "confirmation_confirm",
    "confirmation_of",
    "confirmation_request",
    "confirmation_resend",
    "confirmation_send",
    "consent_record",
    "consents_import",
    "contact_create",
    "contact_erase",
    "contact_export",
    "contact_merge",
    "contact_unmerge",
    "contact_update",
    "contacts_upsert",
    "erasures_reapply",
    "erasures_sweep",
    "events_record",
    "field_text",
    "identity_add",
    "identity_alias",
    "import_cancel",
    "import_discard",
    "import_mapping_create",
    "import_mapping_delete",
    "import_mapping_rename",
    "import_mapping_save",
    "import_mapping_use",
    "import_reread",
    "import_resume",
    "import_run",
    "import_sheet_choose",
    "import_start",
    "import_undo",
    "import_upload",
    "imports_forget",
    "imports_run",
    "imports_undo",
    "merges_sweep",
    "suppression_add",
    "suppression_lift",
    "suppressions_import",
    "topic_check",
    "topic_create",
    "topic_delete",
    "topic_places",
    "topic_update",
    "workbook_read",
    "workbooks_read",
]
