from datetime import datetime
from typing import Any

import django_filters
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.contacts import services
from apps.contacts.models import Event
from apps.contacts.services import EventIn, EventOutcome
from apps.core import clock

MAX_EVENTS = 1_000
BOUNDS = {"received_after", "received_before"}
ARRIVAL = {"ordering", "cursor", "limit", *BOUNDS}  # what goes together with the order of arrival


class EventOut(serializers.ModelSerializer[Event]):
    event = serializers.CharField(source="name")
    contact = serializers.IntegerField(source="contact_id")
    properties = serializers.DictField()

    class Meta:
        model = Event
        fields = ["id", "event", "contact", "properties", "occurred_at", "received_at", "source"]


class EventContactIn(serializers.Serializer[Any]):
    """Who it was: an id of ours, an address, or an identity. One of them."""

    id = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    email = serializers.CharField(required=False, max_length=254)
    namespace = serializers.CharField(required=False, max_length=32)
    value = serializers.CharField(required=False, max_length=254)

    def validate(self, told: dict[str, Any]) -> dict[str, Any]:
        if not ({"id"} <= told.keys() or {"email"} <= told.keys() or {"namespace", "value"} <= told.keys()):
            raise ValidationError("Give id, or email, or namespace and value.")
        return told


class EventPostIn(serializers.Serializer[Any]):
    """`identity` is short for the contact: “email:ann@example.com”, “crm:4711”."""

    message_id = serializers.CharField(
        required=False, max_length=255, help_text="The same id is taken once. Without one, give occurred_at."
    )
    event = serializers.CharField(max_length=128)
    contact = EventContactIn(required=False)
    identity = serializers.CharField(required=False, max_length=300)
    properties = serializers.DictField(required=False)
    occurred_at = serializers.DateTimeField(
        required=False, help_text="Left out, it is now; then give message_id."
    )

    def validate(self, told: dict[str, Any]) -> dict[str, Any]:
        if ("contact" in told) == ("identity" in told):
            raise ValidationError("Give either contact or identity.")
        if "identity" in told and ":" not in told["identity"]:
            raise ValidationError({"identity": ["Write namespace:value, such as crm:4711."]})
        if not told.get("message_id") and "occurred_at" not in told:
            # The time of arrival tells nothing apart: the same call, sent twice, would count twice.
            raise ValidationError({"message_id": ["Give message_id or occurred_at, to know a repeat by."]})
        return told


class EventRowOut(serializers.Serializer[Any]):
    status = serializers.ChoiceField([outcome.value for outcome in EventOutcome], source="outcome")
    contact = serializers.IntegerField(source="contact_id", allow_null=True)
    reason = serializers.CharField()


class EventPostOut(serializers.Serializer[Any]):
    recorded = serializers.IntegerField()
    quarantined = serializers.IntegerField(help_text="Taken, and kept apart: they do not fit their schema.")
    duplicate = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = EventRowOut(many=True)


class EventFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    event = django_filters.CharFilter(field_name="name")
    contact = django_filters.NumberFilter(field_name="contact_id", min_value=1, max_value=2**63 - 1)
    occurred_after = django_filters.IsoDateTimeFilter(field_name="occurred_at", lookup_expr="gte")
    occurred_before = django_filters.IsoDateTimeFilter(field_name="occurred_at", lookup_expr="lt")
    received_after = django_filters.IsoDateTimeFilter(field_name="received_at", lookup_expr="gte")
    received_before = django_filters.IsoDateTimeFilter(field_name="received_at", lookup_expr="lt")

    class Meta:
        model = Event
        fields = ["source"]


class EventViewSet(mixins.ListModelMixin, ApiViewSet[Event]):
    """
    What contacts did: the latest to have happened first.

    `?ordering=-received_at` is what arrived last first, however long ago it happened: of everything, or
    between `received_after` and `received_before`, which are for this order alone.
    """

    queryset = Event.objects.order_by("-occurred_at", "-id")
    serializer_class = EventOut
    filterset_class = EventFilter
    ordering_fields = ["occurred_at", "received_at"]
    scope = "events"
    permissions = {"list": "contacts.view_event", "create": "contacts.add_event"}

    def filter_queryset(self, queryset: Any) -> Any:
        asked = {name for name, value in self.request.query_params.items() if value}
        is_by_arrival = self.request.query_params.get("ordering", "").removeprefix("-") == "received_at"
        if is_by_arrival and (others := asked - ARRIVAL):
            # The index of arrivals knows nothing else of an event: it would be walked to its end.
            raise ValidationError({key: [_("Not together with the order of arrival.")] for key in others})
        if not is_by_arrival and (bounds := asked & BOUNDS):
            raise ValidationError({key: [_("Give ordering=received_at, or -received_at.")] for key in bounds})
        return super().filter_queryset(queryset)

    @extend_schema(
        request=EventPostIn(many=True),
        responses={202: EventPostOut},
        description="Up to 1,000 events a call.",
    )
    def create(self, request: Request) -> Response:
        if not isinstance(request.data, list):
            raise ValidationError({"non_field_errors": ["Send a list of events."]})
        if not 0 < len(request.data) <= MAX_EVENTS:
            raise ValidationError({"non_field_errors": [f"Send 1 to {MAX_EVENTS:,} events."]})
        payload = EventPostIn(data=request.data, many=True)
        payload.is_valid(raise_exception=True)
        now = clock.now()
        results = services.events_record(
            events=[_event(told, now) for told in payload.validated_data], source="api", now=now
        )
        counts = {outcome.value: 0 for outcome in EventOutcome}
        for result in results:
            counts[result.outcome] += 1
        return Response({**counts, "results": EventRowOut(results, many=True).data}, status=202)


def _event(told: dict[str, Any], now: datetime) -> EventIn:
    contact = told.get("contact", {})
    identity: tuple[str, str] | None = None
    if "identity" in told:
        namespace, _colon, value = told["identity"].partition(":")
        identity = (namespace, value)
    elif "email" in contact:
        identity = ("email", contact["email"])
    elif "namespace" in contact:
        identity = (contact["namespace"], contact["value"])
    return EventIn(
        name=told["event"],
        occurred_at=told.get("occurred_at", now),
        identity=None if "id" in contact else identity,
        contact_id=contact.get("id"),
        properties=told.get("properties", {}),
        message_id=told.get("message_id", ""),
    )
