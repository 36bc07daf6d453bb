from apps.contacts.api.contacts import ContactViewSet
from apps.contacts.api.dictionary import AttributeViewSet
from apps.contacts.api.events import EventTypeViewSet, EventViewSet
from apps.contacts.api.import_mappings import ImportMappingViewSet
from apps.contacts.api.imports import ImportViewSet
from apps.contacts.api.suppressions import SuppressionViewSet
from apps.contacts.api.topics import TopicViewSet

__all__ = [
    "AttributeViewSet",
    "ContactViewSet",
    "EventTypeViewSet",
    "EventViewSet",
    "ImportMappingViewSet",
    "ImportViewSet",
    "SuppressionViewSet",
    "TopicViewSet",
]
