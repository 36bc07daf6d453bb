from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.contacts import services
from apps.contacts.fieldrules import FieldRule
from apps.contacts.models import ImportFile, ImportMapping
from apps.core import clock


class ImportMappingOut(serializers.ModelSerializer[ImportMapping]):
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
            "created_at",
            "updated_at",
        ]


class ImportMappingChangeIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)


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

    @extend_schema(request=ImportMappingIn, responses={201: ImportMappingOut})
    def create(self, request: Request) -> Response:
        payload = ImportMappingIn(data=request.data)
        payload.is_valid(raise_exception=True)
        told = {"rules": {}, **payload.validated_data}
        mapping = services.import_mapping_create(**told, by=self.user, now=clock.now())
        return self.answer(mapping, 201)

    @extend_schema(request=ImportMappingChangeIn, responses=ImportMappingOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Give it another name."""
        mapping = services.import_mapping_rename(
            mapping=self.get_object(), **self.told(ImportMappingChangeIn), by=self.user, now=clock.now()
        )
        return self.answer(mapping)

    def perform_destroy(self, mapping: ImportMapping) -> None:
        services.import_mapping_delete(mapping=mapping, by=self.user, now=clock.now())
