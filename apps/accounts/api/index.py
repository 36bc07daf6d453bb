"""The root of the API: which resources there are, for this caller."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework.fields import DictField, URLField
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import ViewSetMixin

from apps.accounts.api.base import ApiViewSet
from apps.accounts.models import User

Registration = tuple[str, type[ViewSetMixin], str]  # as a router keeps it: path, viewset, name


class IndexOut(Serializer[dict[str, Any]]):
    resources = DictField(child=URLField())


class IndexViewSet(ApiViewSet[User]):
    """The resources that the caller may list, each with its address."""

    queryset = User.objects.none()
    pagination_class = None
    filter_backends = ()
    permissions = {"list": "accounts.view_home"}
    registry: Iterable[Registration] = ()

    @extend_schema(
        operation_id="index",
        responses=forced_singular_serializer(IndexOut),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request) -> Response:
        resources = {
            path: request.build_absolute_uri(reverse(f"api:{name}-list"))
            for path, viewset, name in sorted(self.registry, key=lambda one: one[0])
            if path and issubclass(viewset, ApiViewSet) and self._may_list(viewset)
        }
        return Response({"resources": resources})

    def _may_list(self, viewset: type[ApiViewSet[Any]]) -> bool:
        if not hasattr(viewset, "list"):
            return False
        scope = viewset.scopes.get("list", viewset.scope)
        return self.may(viewset.permissions["list"], f"{scope}:read" if scope else "")


def index_of(registry: Iterable[Registration]) -> type[IndexViewSet]:
    """Return the index of what a router has, whatever is registered after it."""
    return type("IndexViewSet", (IndexViewSet,), {"registry": registry, "__doc__": IndexViewSet.__doc__})
