from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.core import clock
from apps.messaging import services
from apps.messaging.api import serializers as out
from apps.messaging.models import Sender


class SenderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[Sender]):
    """Who messages come from."""

    queryset = Sender.objects.order_by("name")
    serializer_class = out.SenderOut
    filterset_fields = ["is_active", "email"]
    search_fields = ["name", "email"]
    ordering_fields = ["name", "email", "created_at"]
    scope = "senders"
    permissions = {
        "list": "messaging.view_sender",
        "retrieve": "messaging.view_sender",
        "create": "messaging.add_sender",
        "partial_update": "messaging.change_sender",
        "destroy": "messaging.delete_sender",
    }

    @extend_schema(request=out.SenderIn, responses={201: out.SenderOut})
    def create(self, request: Request) -> Response:
        payload = out.SenderIn(data=request.data)
        payload.is_valid(raise_exception=True)
        sender = services.sender_save(sender=Sender(**payload.validated_data), by=self.user, now=clock.now())
        return Response(out.SenderOut(sender).data, status=201)

    @extend_schema(request=out.SenderIn, responses=out.SenderOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        sender = self.get_object()
        payload = out.SenderIn(sender, data=request.data, partial=True)
        payload.is_valid(raise_exception=True)
        for name, value in payload.validated_data.items():
            setattr(sender, name, value)
        sender = services.sender_save(sender=sender, by=self.user, now=clock.now())
        return Response(out.SenderOut(sender).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a sender that no message names; others are taken out of use: 409."""
        services.sender_delete(sender=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)
