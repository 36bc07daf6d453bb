"""What people, programs and the schedule do to contacts, their consent, their events and the dictionary."""

from apps.contacts.consents import ConsentChange, consents_import
from apps.contacts.services.activity import (
    Activity,
    ActivityResult,
    activities_record,
    activity_months_ensure,
)
from apps.contacts.services.bulk import BulkRefused, ContactIn, UpsertResult, contacts_upsert
from apps.contacts.services.consent import (
    ConsentRefused,
    consent_record,
    suppression_add,
    suppression_lift,
)
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
from apps.contacts.services.import_work import import_run, imports_run
from apps.contacts.services.imports import (
    ImportRefused,
    import_cancel,
    import_discard,
    import_reread,
    import_resume,
    import_start,
    import_upload,
)
from apps.contacts.services.merge import (
    ContactNotMergeable,
    MergeNeedsPerson,
    MergeNotUndoable,
    contact_merge,
    contact_unmerge,
    merges_sweep,
)

__all__ = [
    "Activity",
    "ActivityResult",
    "AttributeRefused",
    "BulkRefused",
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
    "UpsertResult",
    "activities_record",
    "activity_months_ensure",
    "attribute_create",
    "attribute_delete",
    "attribute_places",
    "attribute_update",
    "attributes_settle",
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
    "import_reread",
    "import_resume",
    "import_run",
    "import_start",
    "import_upload",
    "imports_run",
    "merges_sweep",
    "suppression_add",
    "suppression_lift",
]
