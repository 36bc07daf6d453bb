from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.collaboration import attaching
from apps.collaboration.models import Attachment
from apps.collaboration.views.attachments import file_response
from apps.core import clock


class AttachmentOut(serializers.ModelSerializer[Attachment]):
    subject = serializers.SerializerMethodField(help_text="As in the audit log: `campaigns.task:12`.")

    class Meta:
        model = Attachment
        fields = ["id", "subject", "name", "media_type", "size", "by", "at"]

    def get_subject(self, attachment: Attachment) -> str:
        kind = attachment.content_type
        return f"{kind.app_label}.{kind.model}:{attachment.object_id}"


class AttachmentViewSet(mixins.RetrieveModelMixin, ApiViewSet[Attachment]):
    """One file that is attached to something. Whoever may see the thing may fetch it."""

    queryset = Attachment.objects.select_related("content_type")
    serializer_class = AttachmentOut
    scope = "attachments"
    permissions = {
        "retrieve": "collaboration.view_attachment",
        "destroy": "collaboration.delete_attachment",
        "file": "collaboration.view_attachment",
    }

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def file(self, request: Request, pk: str) -> FileResponse:
        response = file_response(self.get_object())
        response.headers["Content-Type"] = "application/octet-stream"  # as the schema says, whatever it is
        return response

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        attaching.attachment_remove(attachment=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)
