from apps.segments.api.contacts import ContactSegmentsViewSet
from apps.segments.api.definitions import DefinitionVersionViewSet, DefinitionViewSet
from apps.segments.api.lists import ContactListViewSet
from apps.segments.api.segments import SegmentViewSet

__all__ = [
    "ContactListViewSet",
    "ContactSegmentsViewSet",
    "DefinitionVersionViewSet",
    "DefinitionViewSet",
    "SegmentViewSet",
]
