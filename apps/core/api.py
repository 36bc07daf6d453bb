"""What every endpoint shares: pages by key, ordering from a list, and what it may raise."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend, SearchFilter
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

from apps.core.pagination import BadCursor, keyset_page_strict
from apps.core.problems import (
    Conflict,
    PreconditionFailed,
    TooLarge,
    Unprocessable,
    problem_details,
)

__all__ = [
    "Conflict",
    "CursorPages",
    "Ordering",
    "PreconditionFailed",
    "Search",
    "TooLarge",
    "Unprocessable",
    "problem_details",
]


class CursorPages(BasePagination):
    """`?cursor=&limit=` giving `{"results": […], "next": url|null, "previous": url|null}`."""

    default_limit = 50
    max_limit = 200
    parameters = ("cursor", "limit")

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        self.url = request.build_absolute_uri()
        limit = self._limit(request.query_params.get("limit", ""))
        try:
            self.page = keyset_page_strict(
                queryset,
                ordering=queryset.query.order_by or ["-pk"],
                cursor=request.query_params.get("cursor", ""),
                size=limit,
            )
        except BadCursor as error:
            raise ValidationError({"cursor": [_("This cursor is not one of this list.")]}) from error
        return self.page.rows

    def _limit(self, text: str) -> int:
        if not text:
            return self.default_limit
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= self.max_limit):
            raise ValidationError({"limit": [_("A number from 1 to %(most)s.") % {"most": self.max_limit}]})
        return int(text)

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {"results": data, "next": self._link(self.page.older), "previous": self._link(self.page.newer)}
        )

    def _link(self, cursor: str) -> str | None:
        if not cursor:
            return None
        return replace_query_param(remove_query_param(self.url, "cursor"), "cursor", cursor)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {"results": schema, "next": link, "previous": link},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        limits = {"type": "integer", "minimum": 1, "maximum": self.max_limit, "default": self.default_limit}
        return [
            _parameter("cursor", {"type": "string"}, "Where the page begins: follow `next` and `previous`."),
            _parameter("limit", limits, "How many results a page has."),
        ]


class Ordering(BaseFilterBackend):
    """`?ordering=-created_at`: only what the viewset's `ordering_fields` lists; anything else is refused."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        wanted = request.query_params.get("ordering", "")
        if not wanted:
            return queryset
        allowed = getattr(view, "ordering_fields", ())
        names = wanted.split(",")
        if unknown := [name for name in names if name.removeprefix("-") not in allowed]:
            sentence = _("Cannot order by “%(name)s”. Known: %(known)s.")
            raise ValidationError(
                {"ordering": [sentence % {"name": unknown[0], "known": ", ".join(allowed)}]}
            )
        return queryset.order_by(*names)

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        allowed = list(getattr(view, "ordering_fields", ()))
        if not allowed:
            return []
        choices = [name for field in allowed for name in (field, f"-{field}")]
        return [
            _parameter("ordering", {"type": "string", "enum": choices}, "Which comes first; `-` turns it.")
        ]


class Search(SearchFilter):
    """`?search=`, described only where the viewset has `search_fields`: anywhere else it is refused."""

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        described: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        return described if getattr(view, "search_fields", None) else []


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
