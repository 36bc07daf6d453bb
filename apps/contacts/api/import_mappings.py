from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.contacts import feeds, selectors, services
from apps.contacts.fieldrules import FieldRule
from apps.contacts.models import ImportFile, ImportMapping, System
from apps.core import clock


class ImportMappingOut(serializers.ModelSerializer[ImportMapping]):
    systems = serializers.ListField(
        source="system_ids",
        child=serializers.IntegerField(),
        allow_null=True,
        read_only=True,
        help_text="Of the register; null for whom may not see it.",
    )

    class Meta:
        model = ImportMapping
        fields = [
            "id",
            "name",
            "about",
            "columns",
            "mapping",
            "rules",
            "key",
            "mode",
            "systems",
            "created_at",
            "updated_at",
        ]


class ImportMappingChangeIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    systems = serializers.PrimaryKeyRelatedField(
        queryset=System.objects.all(),
        many=True,
        required=False,
        help_text="Of the register: all it belongs to.",
    )


class ImportMappingIn(ImportMappingChangeIn):
    mapping = serializers.DictField(
        child=serializers.CharField(allow_null=True, max_length=200), help_text="As for an import."
    )
    rules = serializers.DictField(child=serializers.ChoiceField(FieldRule.choices), required=False)
    about = serializers.ChoiceField(ImportFile.About.choices, default=ImportFile.About.CONTACTS)
    key = serializers.CharField(default="", allow_blank=True, max_length=40)
    mode = serializers.ChoiceField(ImportFile.Mode.choices, default=ImportFile.Mode.UPSERT)


class ImportMappingViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, ApiViewSet[ImportMapping]
):
    """What the columns of a kind of file mean, under a name; `saved_mapping` of an import names one by id."""

    queryset = ImportMapping.objects.all()
    serializer_class = ImportMappingOut
    filterset_fields = ["about", "key"]
    search_fields = ["name"]
    ordering_fields = ["name"]
    scope = "imports"
    permissions = {
        "list": "contacts.view_importmapping",
        "retrieve": "contacts.view_importmapping",
        "create": "contacts.add_importmapping",
        "partial_update": "contacts.change_importmapping",
        "destroy": "contacts.delete_importmapping",
    }

    def get_queryset(self) -> QuerySet[ImportMapping]:
        is_seen = self.may("contacts.view_system", "systems:read")
        return selectors.with_systems(super().get_queryset(), feeds.MAPPING, is_seen=is_seen)

    @extend_schema(request=ImportMappingIn, responses={201: ImportMappingOut})
    @transaction.atomic
    def create(self, request: Request) -> Response:
        payload = ImportMappingIn(data=request.data)
        payload.is_valid(raise_exception=True)
        told = {"rules": {}, **payload.validated_data}
        systems = self._systems(told)
        mapping = services.import_mapping_create(**told, by=self.user, now=clock.now())
        return self._answer(mapping, systems, 201)

    @extend_schema(request=ImportMappingChangeIn, responses=ImportMappingOut)
    @transaction.atomic
    def partial_update(self, request: Request, pk: str) -> Response:
        """Give it another name, or say which systems of the register such files come from."""
        told = self.told(ImportMappingChangeIn, partial=True)
        systems, mapping = self._systems(told), self.get_object()
        if told:
            mapping = services.import_mapping_rename(mapping=mapping, **told, by=self.user, now=clock.now())
        return self._answer(mapping, systems)

    def _systems(self, told: dict[str, Any]) -> Sequence[System] | None:
        """
        Take the systems out of what was told; None: nothing was.

        :raises PermissionDenied: the caller may not change the register
        """
        if "systems" in told:
            self.demand("contacts.change_system", "systems:write")
        systems: Sequence[System] | None = told.pop("systems", None)
        return systems

    def _answer(
        self, mapping: ImportMapping, systems: Sequence[System] | None, status: int = 200
    ) -> Response:
        if systems is not None:
            services.systems_set(
                kind=feeds.MAPPING, object_id=mapping.pk, systems=systems, by=self.user, now=clock.now()
            )
        return self.answer(self.get_queryset().get(pk=mapping.pk), status)

    def perform_destroy(self, mapping: ImportMapping) -> None:
        services.import_mapping_delete(mapping=mapping, by=self.user, now=clock.now())
