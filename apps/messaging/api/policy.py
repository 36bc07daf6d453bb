from typing import Any

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.core import clock
from apps.messaging import services
from apps.messaging.models import SendingPolicy


class SendingPolicyOut(serializers.ModelSerializer[SendingPolicy]):
    class Meta:
        model = SendingPolicy
        fields = ["control_percent", "control_seed", "timezone"]


class SendingPolicyIn(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    control_percent = serializers.IntegerField(
        min_value=0, max_value=SendingPolicy.CONTROL_MAX, required=False
    )
    control_seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    timezone = serializers.CharField(max_length=64, required=False)


class SendingPolicyViewSet(ApiViewSet[SendingPolicy]):
    """What holds for every message: the control group, and the time zone of contacts without one."""

    queryset = SendingPolicy.objects.all()
    serializer_class = SendingPolicyOut
    pagination_class = None
    filter_backends = ()
    scope = "sending-rules"
    permissions = {
        "list": "messaging.view_sendingpolicy",
        "general": "messaging.change_sendingpolicy",
    }

    @extend_schema(
        operation_id="sending_policy_retrieve",
        responses=forced_singular_serializer(SendingPolicyOut),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request) -> Response:
        return Response(SendingPolicyOut(SendingPolicy.objects.current()).data)

    @extend_schema(request=SendingPolicyIn, responses=SendingPolicyOut)
    @action(detail=False, methods=["patch"])
    def general(self, request: Request) -> Response:
        """Change the control group or the zone. It holds from the next launch on."""
        payload = SendingPolicyIn(data=request.data)
        payload.is_valid(raise_exception=True)
        policy = services.policy_update(by=self.user, now=clock.now(), **payload.validated_data)
        return Response(SendingPolicyOut(policy).data)
