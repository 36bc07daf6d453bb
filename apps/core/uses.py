"""Where a thing is used, for programs that are to know before they change or delete it."""

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response


class UseOut(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # hides what only fields have
    url = serializers.URLField(allow_null=True, help_text="Its page; null where the caller may not open it.")


class UsesOut(serializers.Serializer[Any]):
    """All of them in one answer, without pages."""

    results = UseOut(many=True)


def uses_answer(request: Request, uses: Iterable[tuple[str, str]]) -> Response:
    """Answer with uses: of each a label, and the path of its page or nothing."""
    told = [{"label": label, "url": request.build_absolute_uri(url) if url else None} for label, url in uses]
    return Response(UsesOut({"results": told}).data)
