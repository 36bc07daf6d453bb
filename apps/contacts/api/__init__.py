from apps.contacts.api.companies import CompanyMemberViewSet, CompanyViewSet
from apps.contacts.api.contacts import ContactViewSet
from apps.contacts.api.dictionary import AttributeViewSet
from apps.contacts.api.events import EventViewSet
from apps.contacts.api.eventtypes import EventTypeViewSet
from apps.contacts.api.import_mappings import ImportMappingViewSet
from apps.contacts.api.imports import ImportViewSet
from apps.contacts.api.quality import (
    MergeSuggestionViewSet,
    QualityFindingViewSet,
    QualityMendViewSet,
    QualityRuleViewSet,
    QualityScanViewSet,
)
from apps.contacts.api.suppressions import SuppressionViewSet
from apps.contacts.api.systems import SystemViewSet
from apps.contacts.api.topics import TopicViewSet

__all__ = [
    "AttributeViewSet",
    "CompanyMemberViewSet",
    "CompanyViewSet",
    "ContactViewSet",
    "EventTypeViewSet",
    "EventViewSet",
    "ImportMappingViewSet",
    "ImportViewSet",
    "MergeSuggestionViewSet",
    "QualityFindingViewSet",
    "QualityMendViewSet",
    "QualityRuleViewSet",
    "QualityScanViewSet",
    "SuppressionViewSet",
    "SystemViewSet",
    "TopicViewSet",
]
