"""What screens, endpoints and other rooms read about contacts."""

from apps.contacts.selectors.alike import Alike, contacts_alike
from apps.contacts.selectors.dictionary import attributes, attributes_alike, coverage
from apps.contacts.selectors.history import (
    BadCursor,
    TimelinePage,
    event_sources_lately,
    events,
    timeline_page,
)
from apps.contacts.selectors.imports import COUNTS as IMPORT_COUNTS
from apps.contacts.selectors.imports import (
    ImportProgress,
    OutcomeLine,
    import_as_data,
    import_errors,
    import_mappings_fitting,
    import_outcomes,
    import_progress,
)
from apps.contacts.selectors.merging import (
    MergePreview,
    contact_living,
    contact_merges,
    contacts_named,
    has_anonymous,
    merge_preview,
)
from apps.contacts.selectors.people import (
    NO_CONSENT,
    OPERATOR_LABELS,
    Condition,
    ContactAsk,
    Operator,
    Total,
    contact_profile,
    contacts,
    contacts_estimate,
    contacts_found,
    contacts_total,
    contacts_with_standing,
)
from apps.contacts.selectors.sending import contacts_as_data
from apps.contacts.selectors.suppressions import address_is_whole, suppressions
from apps.contacts.selectors.topics import topic_choices, topic_names, topics_public
from apps.contacts.selectors.undo import (
    import_kept,
    import_kept_lines,
    import_undo_begin,
    import_undo_preview,
    import_undo_refusal,
    import_undo_result,
    undo_as_data,
)

__all__ = [
    "IMPORT_COUNTS",
    "NO_CONSENT",
    "OPERATOR_LABELS",
    "Alike",
    "BadCursor",
    "Condition",
    "ContactAsk",
    "ImportProgress",
    "MergePreview",
    "Operator",
    "OutcomeLine",
    "TimelinePage",
    "Total",
    "address_is_whole",
    "attributes",
    "attributes_alike",
    "contact_living",
    "contact_merges",
    "contact_profile",
    "contacts",
    "contacts_alike",
    "contacts_as_data",
    "contacts_estimate",
    "contacts_found",
    "contacts_named",
    "contacts_total",
    "contacts_with_standing",
    "coverage",
    "event_sources_lately",
    "events",
    "has_anonymous",
    "import_as_data",
    "import_errors",
    "import_kept",
    "import_kept_lines",
    "import_mappings_fitting",
    "import_outcomes",
    "import_progress",
    "import_undo_begin",
    "import_undo_preview",
    "import_undo_refusal",
    "import_undo_result",
    "merge_preview",
    "suppressions",
    "timeline_page",
    "topic_choices",
    "topic_names",
    "topics_public",
    "undo_as_data",
]
