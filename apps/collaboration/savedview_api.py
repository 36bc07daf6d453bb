from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.collaboration import savedview_selectors as selectors
from apps.collaboration import savedview_services as services
from apps.collaboration.models import SavedView
from apps.core import clock


class SavedViewOut(serializers.ModelSerializer[SavedView]):
    url = serializers.SerializerMethodField()

    class Meta:
        model = SavedView
        fields = ["id", "list_key", "name", "query", "url", "owner", "is_shared", "created_at"]

    @extend_schema_field(str)
    def get_url(self, view: SavedView) -> str:
        return selectors.address_of(view) if selectors.list_named(view.list_key) else ""


class SavedViewIn(serializers.Serializer[Any]):
    list_key = serializers.CharField(max_length=100, help_text="A list by its URL: `campaigns:list`.")
    name = serializers.CharField(max_length=80)
    query = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class SavedViewNameIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)


class SavedViewShareIn(serializers.Serializer[Any]):
    is_shared = serializers.BooleanField()


class SavedViewFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    class Meta:
        model = SavedView
        fields = ["list_key", "is_shared"]


class SavedViewViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[SavedView]):
    """Lists with their filters, under a name: the caller's own, and shared ones of open lists."""

    queryset = SavedView.objects.order_by("name")
    serializer_class = SavedViewOut
    filterset_class = SavedViewFilter
    ordering_fields = ["name"]
    scope = "saved-views"
    permissions = {
        "list": "collaboration.view_savedview",
        "create": "collaboration.add_savedview",
        "retrieve": "collaboration.view_savedview",
        "partial_update": "collaboration.change_savedview",
        "destroy": "collaboration.delete_savedview",
        "share": "collaboration.share_savedview",
        "default": "collaboration.view_savedview",
    }

    def get_queryset(self) -> QuerySet[SavedView]:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        return selectors.saved_views(self.user)

    @extend_schema(request=SavedViewIn, responses={201: SavedViewOut})
    def create(self, request: Request) -> Response:
        told = {"query": "", **self.told(SavedViewIn)}
        return self.answer(services.view_save(by=self.user, now=clock.now(), **told), status=201)

    @extend_schema(request=SavedViewNameIn, responses=SavedViewOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        told = self.told(SavedViewNameIn)
        return self.answer(
            services.view_rename(view=self.get_object(), by=self.user, now=clock.now(), **told)
        )

    def destroy(self, request: Request, pk: str) -> Response:
        services.view_delete(view=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)

    @extend_schema(request=SavedViewShareIn, responses=SavedViewOut)
    @action(detail=True, methods=["post"])
    def share(self, request: Request, pk: str) -> Response:
        """Give it to everybody who may open its list, or keep it for its owner again. Leads may."""
        told = self.told(SavedViewShareIn)
        return self.answer(services.view_share(view=self.get_object(), by=self.user, now=clock.now(), **told))

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def default(self, request: Request, pk: str) -> Response:
        """Let the list open with this view for the caller."""
        services.default_set(view=self.get_object(), by=self.user)
        return Response(status=204)
