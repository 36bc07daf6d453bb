from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.accounts.api import ApiViewSet
from apps.campaigns.api.serializers import CommentIn, CommentOut
from apps.collaboration import services as collaboration
from apps.collaboration.models import Comment
from apps.core import clock
from apps.core.api import PreconditionFailed

M = TypeVar("M", bound=Model)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `version` that was read, to change no other one.",
)


class CampaignPart(ApiViewSet[M]):
    """What the endpoints of campaigns and of their parts share: pages of a part, versions, comments."""

    scope = "campaigns"

    def page(self, rows: QuerySet[Any], serializer: type[BaseSerializer[Any]]) -> Response:
        """Answer with one page of what belongs to the object in the URL."""
        found = self.paginate_queryset(rows)
        assert found is not None
        return self.get_paginated_response(serializer(found, many=True).data)

    def seen(self, row: Any) -> int | None:
        """
        Return the version that the caller read, by `If-Match`; None: whatever is there is overwritten.

        :raises PreconditionFailed: it is not the version of now
        """
        told = self.request.headers.get("If-Match", "").strip().strip('"')
        if not told or told == "*":
            return None
        if told != str(row.version):
            raise PreconditionFailed(_("This has been changed since you read it. Read it again."))
        return int(told)


class Commented(CampaignPart[M]):
    """Adds `comments/`: what people say about the object in the URL. They have scopes of their own."""

    scopes = {"comments": "comments", "comment_add": "comments"}

    @extend_schema(responses=CommentOut(many=True))
    @action(detail=True, methods=["get"])
    def comments(self, request: Request, pk: str) -> Response:
        return self.page(Comment.objects.about(self.get_object()).prefetch_related("mentions"), CommentOut)

    @extend_schema(request=CommentIn, responses={201: CommentOut})
    @comments.mapping.post
    def comment_add(self, request: Request, pk: str) -> Response:
        comment = collaboration.comment_add(
            subject=self.get_object(), by=self.user, now=clock.now(), **self.told(CommentIn)
        )
        return Response(CommentOut(comment).data, status=201)
