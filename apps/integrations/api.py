from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.contacts import selectors as contacts
from apps.contacts.models import System
from apps.contacts.services import systems_set
from apps.core import clock
from apps.integrations import feeds, selectors, services
from apps.integrations.models import IdentityScheme, Source


class SourceOut(serializers.ModelSerializer[Source]):
    systems = serializers.ListField(
        source="system_ids",
        child=serializers.IntegerField(),
        allow_null=True,
        read_only=True,
        help_text="Of the register; null for whom may not see it.",
    )

    class Meta:
        model = Source
        fields = ["id", "name", "prefix", "heard_at", "revoked_at", "systems", "created_at"]


class SourceMadeOut(SourceOut):
    write_key = serializers.CharField(help_text="Shown this once.")

    class Meta(SourceOut.Meta):
        fields = [*SourceOut.Meta.fields, "write_key"]


class SourceChangeIn(serializers.Serializer[Any]):
    systems = serializers.PrimaryKeyRelatedField(
        queryset=System.objects.all(),
        many=True,
        required=False,
        help_text="Of the register: all it belongs to.",
    )


class SourceIn(SourceChangeIn):
    name = serializers.CharField(max_length=64)


class SchemeOut(serializers.ModelSerializer[IdentityScheme]):
    """What tells people apart who come in through sources: the namespace of their user ids."""

    class Meta:
        model = IdentityScheme
        fields = ["namespace", "by", "at"]


class SchemeIn(serializers.Serializer[Any]):
    namespace = serializers.CharField(max_length=32)


class WindowOut(serializers.Serializer[Any]):
    hour = serializers.IntegerField()
    day = serializers.IntegerField()
    week = serializers.IntegerField()


class ArrivalsOut(serializers.Serializer[Any]):
    """Messages by how they ended; `faults` counts messages with each fault, of which one may have several."""

    kept = WindowOut()
    quarantined = WindowOut()
    repeated = WindowOut()
    refused = WindowOut()
    by_call = serializers.DictField(child=WindowOut())
    faults = serializers.DictField(child=WindowOut())


class SourceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[Source]):
    """Shops, sites, apps and systems that send events to `/v1/…` with a write key."""

    queryset = Source.objects.all()
    serializer_class = SourceOut
    filterset_fields = ["name"]
    search_fields = ["name"]
    ordering_fields = ["name", "created_at"]
    scope = "event-sources"
    permissions = {
        "list": "integrations.view_source",
        "retrieve": "integrations.view_source",
        "arrivals": "integrations.view_source",
        "scheme": "integrations.view_identityscheme",
        "scheme_choose": "integrations.change_identityscheme",
        "create": "integrations.add_source",
        "partial_update": "integrations.add_source",
        "revoke": "integrations.revoke_source",
    }
    secret_actions = frozenset({"create"})

    def get_queryset(self) -> QuerySet[Source]:
        is_seen = self.may("contacts.view_system", "systems:read")
        return contacts.with_systems(super().get_queryset(), feeds.SOURCE, is_seen=is_seen)

    @extend_schema(request=SourceIn, responses={201: SourceMadeOut})
    def create(self, request: Request) -> Response:
        told = self.told(SourceIn)
        if told.get("systems"):
            self.demand("contacts.change_system", "systems:write")
        with transaction.atomic():
            source, key = services.source_create(name=told["name"], by=self.user, now=clock.now())
            self._place(source, told)
        made = self.get_queryset().get(pk=source.pk)
        return Response({**SourceOut(made).data, "write_key": key}, status=201)

    @extend_schema(request=SourceChangeIn, responses=SourceOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Say which systems of the register it belongs to; its name stands in what it has told, and stays."""
        told, source = self.told(SourceChangeIn, partial=True), self.get_object()
        if "systems" in told:
            self.demand("contacts.change_system", "systems:write")
        self._place(source, told)
        return self.answer(self.get_queryset().get(pk=source.pk))

    def _place(self, source: Source, told: dict[str, Any]) -> None:
        if "systems" in told:
            systems_set(
                kind=feeds.SOURCE,
                object_id=source.pk,
                systems=told["systems"],
                by=self.user,
                now=clock.now(),
            )

    @extend_schema(responses=SchemeOut, filters=False)
    @action(detail=False, methods=["get"], pagination_class=None, filter_backends=())
    def scheme(self, request: Request) -> Response:
        """Say what tells people apart; 404 while nobody has chosen, and `/v1/…` answers 409."""
        chosen = selectors.scheme()
        if chosen is None:
            raise NotFound
        return Response(SchemeOut(chosen).data)

    @extend_schema(request=SchemeIn, responses=SchemeOut)
    @scheme.mapping.put
    def scheme_choose(self, request: Request) -> Response:
        """Choose it, before the first source is heard; afterwards another one is refused with 409."""
        chosen = services.scheme_choose(**self.told(SchemeIn), by=self.user, now=clock.now())
        return Response(SchemeOut(chosen).data)

    @extend_schema(responses=ArrivalsOut)
    @action(detail=True, methods=["get"])
    def arrivals(self, request: Request, pk: str) -> Response:
        """Say what arrived in the last hour, day and week."""
        source = self.get_object()
        return Response(ArrivalsOut(selectors.arrivals([source], now=clock.now())[source.pk]).data)

    @extend_schema(request=None, responses=SourceOut)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        """Make the write key worthless from now on."""
        source = services.source_revoke(source=self.get_object(), by=self.user, now=clock.now())
        return self.answer(self.get_queryset().get(pk=source.pk))
