"""What people, programs and the schedule do to contacts, their consent, their events and the dictionary."""

from apps.contacts.consents import ConsentChange, consents_import
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
from apps.contacts.services.events import (
    EventIn,
    EventOutcome,
    EventResult,
    events_record,
)
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
    "AttributeRefused",
    "BulkRefused",
    "ConfirmationOver",
    "ConsentChange",
    "ConsentRefused",
    "ContactChanged",
    "ContactExists",
    "ContactIn",
    "EventIn",
    "EventOutcome",
    "EventResult",
    "ImportRefused",
    "SuppressionCounts",
    "SuppressionsRefused",
    "TopicRefused",
    "TopicUnknown",
    "UpsertResult",
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
    "contact_update",
    "contacts_upsert",
    "events_record",
    "field_text",
    "import_cancel",
    "import_discard",
    "import_reread",
    "import_resume",
    "import_run",
    "import_start",
    "import_upload",
    "imports_run",
    "suppression_add",
    "suppression_lift",
    "suppressions_import",
    "topic_check",
    "topic_create",
    "topic_delete",
    "topic_places",
    "topic_update",
]
