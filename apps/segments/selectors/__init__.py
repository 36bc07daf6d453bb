"""What screens, endpoints and other rooms read about segments and lists."""

from apps.segments.selectors.checks import (
    Checked,
    PersonChecked,
    people_checked,
    person_by_address,
    rule_check,
    rule_shares,
)
from apps.segments.selectors.counts import Count, Preview, Reach, rule_count, rule_preview
from apps.segments.selectors.following import changes_age, segments_behind
from apps.segments.selectors.known import events_known, values_known
from apps.segments.selectors.pages import (
    contact_lists,
    contact_segments,
    list_people,
    segment_history,
    segment_people,
    segment_search,
    segment_sparks,
    segments,
)
from apps.segments.selectors.rules import audience, rule_contacts, rule_read, segment_contacts, vocabulary
from apps.segments.selectors.uses import (
    attribute_uses,
    company_attribute_uses,
    event_uses,
    list_uses,
    segment_uses,
    topic_uses,
)

__all__ = [
    "Checked",
    "Count",
    "PersonChecked",
    "Preview",
    "Reach",
    "attribute_uses",
    "audience",
    "changes_age",
    "company_attribute_uses",
    "contact_lists",
    "contact_segments",
    "event_uses",
    "events_known",
    "list_people",
    "list_uses",
    "people_checked",
    "person_by_address",
    "rule_check",
    "rule_contacts",
    "rule_count",
    "rule_preview",
    "rule_read",
    "rule_shares",
    "segment_contacts",
    "segment_history",
    "segment_people",
    "segment_search",
    "segment_sparks",
    "segment_uses",
    "segments",
    "segments_behind",
    "topic_uses",
    "values_known",
    "vocabulary",
]
