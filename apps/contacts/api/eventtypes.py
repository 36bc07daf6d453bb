from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Coalesce
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.accounts.models import User
from apps.contacts import selectors, services
from apps.contacts.eventfields import MAX_FIELD_NAME, Field, FieldType, Reason
from apps.contacts.models import EventSchema, EventSchemaVersion, EventType, EventViolation, HeldEvent
from apps.core import clock
from apps.core.uses import UsesOut, uses_answer

MAX_SETTLED = 1_000  # named one by one
MAX_SILENT = 3_650


class EventTypeOut(serializers.ModelSerializer[EventType]):
    label = serializers.CharField(  # type: ignore[assignment]  # hides what only fields have
        help_text="Empty: nobody has described it yet."
    )
    description = serializers.CharField()
    owner = serializers.IntegerField(allow_null=True)
    mode = serializers.ChoiceField(EventSchema.Mode.choices)
    properties = serializers.DictField(help_text="Names of properties seen, each with the type last seen.")

    class Meta:
        model = EventType
        fields = [
            "id",
            "name",
            "label",
            "description",
            "owner",
            "mode",
            "first_seen_at",
            "last_seen_at",
            "properties",
        ]


class EventTypeIn(serializers.Serializer[Any]):
    label = serializers.CharField(  # type: ignore[assignment]  # hides what only fields have
        max_length=100, required=False, allow_blank=True
    )
    description = serializers.CharField(max_length=2_000, required=False, allow_blank=True)
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.all(), required=False, allow_null=True)


class FieldIO(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=MAX_FIELD_NAME, trim_whitespace=False)
    type = serializers.ChoiceField(FieldType.choices)
    required = serializers.BooleanField(default=False)  # type: ignore[assignment]  # hides what only fields have


class SchemaOut(serializers.Serializer[Any]):
    version = serializers.IntegerField(help_text="0: nobody has said any; the fields are those seen.")
    mode = serializers.ChoiceField(EventSchema.Mode.choices)
    fields = FieldIO(many=True)  # type: ignore[assignment]  # hides the fields of the serializer itself


class SchemaIn(serializers.Serializer[Any]):
    version = serializers.IntegerField(
        required=False, min_value=0, help_text="The version that was edited: a newer one is not overwritten."
    )
    mode = serializers.ChoiceField(EventSchema.Mode.choices)
    fields = FieldIO(many=True)  # type: ignore[assignment]  # hides the fields of the serializer itself


class SchemaVersionOut(serializers.ModelSerializer[EventSchemaVersion]):
    class Meta:
        model = EventSchemaVersion
        fields = ["number", "mode", "fields", "by", "at"]


class ViolationOut(serializers.Serializer[Any]):
    date = serializers.DateField(help_text="In UTC.")
    field = serializers.CharField()
    reason = serializers.ChoiceField(Reason.choices)
    count = serializers.IntegerField()


class SampleOut(serializers.Serializer[Any]):
    field = serializers.CharField()
    reason = serializers.ChoiceField(Reason.choices)
    at = serializers.DateTimeField()
    contact = serializers.IntegerField(source="contact_id")
    source = serializers.CharField()  # type: ignore[assignment]  # hides what only fields have
    properties = serializers.DictField()


class ViolationsOut(serializers.Serializer[Any]):
    """Counts by day, for 90 days; samples of events that were kept, few and for a week."""

    counts = ViolationOut(many=True)
    samples = SampleOut(many=True)


class ArrivedOut(serializers.Serializer[Any]):
    """`late` and `ahead` are of the week: a day and more after they happened, ahead of our clock."""

    source = serializers.CharField()  # type: ignore[assignment]  # hides what only fields have
    hour = serializers.IntegerField()
    day = serializers.IntegerField()
    week = serializers.IntegerField()
    late = serializers.IntegerField()
    ahead = serializers.IntegerField()


class ArrivedBySourceOut(serializers.Serializer[Any]):
    sources = ArrivedOut(many=True)


class HeldOut(serializers.ModelSerializer[HeldEvent]):
    contact = serializers.IntegerField(source="contact_id")
    properties = serializers.DictField()
    faults = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))

    class Meta:
        model = HeldEvent
        fields = ["id", "contact", "occurred_at", "received_at", "source", "properties", "faults"]


class SettleIn(serializers.Serializer[Any]):
    """Either some events by id, or all that wait."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False,
        allow_empty=False,
        max_length=MAX_SETTLED,
    )
    all = serializers.BooleanField(required=False, default=False)

    def validate(self, told: dict[str, Any]) -> dict[str, Any]:
        if ("ids" in told) == told["all"]:
            raise ValidationError("Give either ids, or all: true.")
        return told


class SettledOut(serializers.Serializer[Any]):
    settled = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="How many of the name still wait: ask again for the rest.")


class EventTypeFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    name = django_filters.CharFilter()
    state = django_filters.ChoiceFilter(
        choices=[(one, one) for one in selectors.EVENT_STATES], method="by_state"
    )
    silent_days = django_filters.NumberFilter(min_value=1, max_value=MAX_SILENT, method="by_silence")

    class Meta:
        model = EventType
        fields = ["name"]

    def by_state(self, found: QuerySet[EventType], _name: str, value: str) -> QuerySet[EventType]:
        return found.filter(pk__in=selectors.event_types(now=clock.now(), state=value).values("pk"))

    def by_silence(self, found: QuerySet[EventType], _name: str, value: Decimal) -> QuerySet[EventType]:
        return found.filter(last_seen_at__lt=clock.now() - timedelta(days=int(value)))


class EventTypeViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, ApiViewSet[EventType]
):
    """The names of events that have been seen: what they mean, their fields, and what did not fit."""

    # What a name without a schema answers is said here: it has none to ask.
    queryset = EventType.objects.annotate(
        label=Coalesce("schema__label", Value("")),
        description=Coalesce("schema__description", Value(""), output_field=TextField()),
        owner=F("schema__owner_id"),
        mode=Coalesce("schema__mode", Value(EventSchema.Mode.OFF.value)),
    ).order_by("name")
    serializer_class = EventTypeOut
    filterset_class = EventTypeFilter
    search_fields = ["name", "schema__label"]
    ordering_fields = ["name", "last_seen_at"]
    scope = "events"
    permissions = {
        "list": "contacts.view_eventtype",
        "retrieve": "contacts.view_eventtype",
        "partial_update": "contacts.change_eventtype",
        "destroy": "contacts.delete_eventtype",
        "arrived": "contacts.view_eventtype",
        "used_by": "contacts.view_eventtype",
        "fields_asked": "contacts.view_eventtype",
        "fields_change": "contacts.change_eventschema",
        "versions": "contacts.view_eventtype",
        "violations": "contacts.view_event",
        "quarantine": "contacts.view_event",
        "release": "contacts.change_heldevent",
        "discard": "contacts.change_heldevent",
    }
    parameters = {"versions": ("cursor", "limit"), "quarantine": ("cursor", "limit")}

    @extend_schema(request=EventTypeIn, responses=EventTypeOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Say what the name means; the name itself is the sender's."""
        services.event_type_describe(
            event_type=self.get_object(),
            **self.told(EventTypeIn, partial=True),
            by=self.user,
            now=clock.now(),
        )
        return Response(EventTypeOut(self.get_queryset().get(pk=pk)).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take a name out of the catalogue that nothing uses; its events stay with their contacts."""
        services.event_type_delete(event_type=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)

    @extend_schema(responses=UsesOut, filters=False)
    @action(detail=True, pagination_class=None, url_path="used-by")
    def used_by(self, request: Request, pk: str) -> Response:
        """Say what asks for events of this name, and keeps it in the catalogue."""
        event_type = self.get_object()
        places = services.event_type_places(event_type=event_type, user=self.user)
        return uses_answer(request, ((str(use), use.url) for use in places))

    @extend_schema(responses=ArrivedBySourceOut, filters=False)
    @action(detail=True, pagination_class=None)
    def arrived(self, request: Request, pk: str) -> Response:
        """What came in the last hour, day and week, by source; counted once a minute."""
        found = selectors.event_arrived_by_source(self.get_object().name, now=clock.now())
        rows = [{"source": source, **vars(count)} for source, count in found.items()]
        return Response(ArrivedBySourceOut({"sources": rows}).data)

    @extend_schema(responses=SchemaOut, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, url_path="schema", url_name="schema")
    def fields_asked(self, request: Request, pk: str) -> Response:
        """The fields its events should have; before anybody has said so, those that the latest have."""
        return Response(self._schema(self.get_object()))

    @extend_schema(request=SchemaIn, responses=SchemaOut)
    @fields_asked.mapping.put
    def fields_change(self, request: Request, pk: str) -> Response:
        """Put a new version into force, in all processes within seconds."""
        payload = SchemaIn(data=request.data)
        payload.is_valid(raise_exception=True)
        told = payload.validated_data
        services.event_schema_change(
            event_type=self.get_object(),
            mode=told["mode"],
            fields=[Field.of_data(one) for one in told["fields"]],
            version=told.get("version"),
            by=self.user,
            now=clock.now(),
        )
        return Response(self._schema(self.get_object()))

    @extend_schema(responses=SchemaVersionOut(many=True), filters=False)
    @action(detail=True, url_path="schema/versions")
    def versions(self, request: Request, pk: str) -> Response:
        """Every version of the schema, the latest first."""
        found = EventSchemaVersion.objects.filter(schema__event_type=self.get_object())
        return self._page(found.order_by("-number"), SchemaVersionOut)

    @extend_schema(responses=ViolationsOut, filters=False)
    @action(detail=True, pagination_class=None)
    def violations(self, request: Request, pk: str) -> Response:
        """What did not fit: how often, by day and field, and some events that show it."""
        event_type, now = self.get_object(), clock.now()
        told = {
            "counts": selectors.event_violations_by_day(event_type, since=now - EventViolation.KEPT_FOR),
            "samples": selectors.event_samples(event_type, now=now),
        }
        return Response(ViolationsOut(told).data)

    @extend_schema(responses=HeldOut(many=True), filters=False)
    @action(detail=True, methods=["get"])
    def quarantine(self, request: Request, pk: str) -> Response:
        """The events that are kept apart, in the order in which they will be released."""
        return self._page(selectors.held_events(self.get_object()).order_by("pk"), HeldOut)

    @extend_schema(request=SettleIn, responses=SettledOut)
    @action(detail=True, methods=["post"], url_path="quarantine/release")
    def release(self, request: Request, pk: str) -> Response:
        """Make them events of their contacts, in order, each once; at most 5,000 a call."""
        return self._settle(request, services.held_release)

    @extend_schema(request=SettleIn, responses=SettledOut)
    @action(detail=True, methods=["post"], url_path="quarantine/discard")
    def discard(self, request: Request, pk: str) -> Response:
        """Throw them away; their message ids stay taken. At most 5,000 a call."""
        return self._settle(request, services.held_discard)

    def _settle(self, request: Request, act: Callable[..., int]) -> Response:
        event_type = self.get_object()
        settled = act(
            event_type=event_type, ids=self.told(SettleIn).get("ids"), by=self.user, now=clock.now()
        )
        return Response({"settled": settled, "waiting": selectors.held_count(event_type)})

    def _schema(self, event_type: EventType) -> dict[str, Any]:
        schema = EventSchema.objects.filter(event_type=event_type).first()
        fields, version = selectors.event_fields(event_type)
        return {
            "version": version,
            "mode": schema.mode if schema else EventSchema.Mode.OFF,
            "fields": [field.as_data() for field in fields],
        }

    def _page(self, found: QuerySet[Any], serializer: type[serializers.BaseSerializer[Any]]) -> Response:
        return self.get_paginated_response(serializer(self.paginate_queryset(found), many=True).data)
