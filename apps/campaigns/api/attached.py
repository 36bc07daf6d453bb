"""Files of a campaign and of its parts: read and added to below each."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.campaigns.api.base import Commented, M
from apps.collaboration import attaching
from apps.collaboration.models import Attachment
from apps.core import clock


class CampaignFileOut(serializers.ModelSerializer[Attachment]):
    """A file of a campaign, a channel or a task; its content is at `attachments/{id}/file/`."""

    class Meta:
        model = Attachment
        fields = ["id", "name", "media_type", "size", "by", "at"]


class CampaignFileIn(serializers.Serializer[Any]):
    file = serializers.FileField(max_length=255, allow_empty_file=True)


class Attached(Commented[M]):
    """Adds `attachments/`: the files of the object in the URL. They have scopes of their own."""

    scopes = Commented.scopes | {"attachments": "attachments", "attachment_add": "attachments"}

    @extend_schema(responses=CampaignFileOut(many=True))
    @action(detail=True, methods=["get"], parser_classes=[MultiPartParser])
    def attachments(self, request: Request, pk: str) -> Response:
        return self.page(Attachment.objects.about(self.get_object()), CampaignFileOut)

    @extend_schema(request={"multipart/form-data": CampaignFileIn}, responses={201: CampaignFileOut})
    @attachments.mapping.post
    def attachment_add(self, request: Request, pk: str) -> Response:
        """Attach a file. Its kind is told by its content; what lies about its kind is refused."""
        attachment = attaching.attachment_add(
            subject=self.get_object(), by=self.user, now=clock.now(), **self.told(CampaignFileIn)
        )
        return Response(CampaignFileOut(attachment).data, status=201)
