import django_filters
from rest_framework import mixins, serializers

from apps.accounts.api import ApiViewSet
from apps.collaboration.models import AuditEvent


class AuditEventOut(serializers.ModelSerializer[AuditEvent]):
    class Meta:
        model = AuditEvent
        fields = ["id", "at", "by", "action", "subject", "within", "label", "details"]


class AuditEventFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    at_from = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    at_before = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")
    by = django_filters.NumberFilter(field_name="by_id")

    class Meta:
        model = AuditEvent
        fields = ["by", "action", "subject", "within"]


class AuditEventViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[AuditEvent]):
    """Everything that was done, by whom, to what; newest first. `by` is null where the schedule acted."""

    queryset = AuditEvent.objects.order_by("-at")
    serializer_class = AuditEventOut
    filterset_class = AuditEventFilter
    ordering_fields = ["at"]
    scope = "audit-events"
    permissions = {"list": "collaboration.view_auditevent", "retrieve": "collaboration.view_auditevent"}
