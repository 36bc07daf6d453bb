from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.core import clock
from apps.messaging import services
from apps.messaging.models import RateLimit, Sender, WarmUp

LIMIT_FIELDS = ["sender", "domain", "most", "per", "is_active"]


class RateLimitOut(serializers.ModelSerializer[RateLimit]):
    class Meta:
        model = RateLimit
        fields = ["id", *LIMIT_FIELDS, "created_at", "updated_at"]


class RateLimitIn(serializers.ModelSerializer[RateLimit]):
    """Of one `sender`, or to one `domain` of recipients: `most` in any second, minute, hour or day."""

    class Meta:
        model = RateLimit
        fields = LIMIT_FIELDS
        validators = ()  # the service asks


class RateLimitViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[RateLimit]):
    """How many mails leave in a time at most. What is over a limit waits in line."""

    queryset = RateLimit.objects.order_by("id")
    serializer_class = RateLimitOut
    filterset_fields = ["sender", "domain", "per", "is_active"]
    ordering_fields = ["created_at"]
    scope = "senders"
    permissions = {
        "list": "messaging.view_ratelimit",
        "retrieve": "messaging.view_ratelimit",
        "create": "messaging.add_ratelimit",
        "partial_update": "messaging.change_ratelimit",
        "destroy": "messaging.delete_ratelimit",
    }

    @extend_schema(request=RateLimitIn, responses={201: RateLimitOut})
    def create(self, request: Request) -> Response:
        return Response(RateLimitOut(self._save(RateLimit())).data, status=201)

    @extend_schema(request=RateLimitIn, responses=RateLimitOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        return Response(RateLimitOut(self._save(self.get_object())).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.rate_limit_delete(limit=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)

    def _save(self, limit: RateLimit) -> RateLimit:
        payload = RateLimitIn(limit, data=self.request.data, partial=limit.pk is not None)
        payload.is_valid(raise_exception=True)
        for name, value in payload.validated_data.items():
            setattr(limit, name, value)
        return services.rate_limit_save(limit=limit, by=self.user, now=clock.now())


class WarmUpOut(serializers.ModelSerializer[WarmUp]):
    ceilings = serializers.ListField(child=serializers.IntegerField())

    class Meta:
        model = WarmUp
        fields = [
            "id",
            "sender",
            "starts_on",
            "timezone",
            "ceilings",
            "is_active",
            "created_at",
            "updated_at",
        ]


class WarmUpIn(serializers.Serializer[Any]):
    """Without `ceilings` the plan is the usual one; each is that of a day, the first one first."""

    sender = serializers.PrimaryKeyRelatedField(queryset=Sender.objects.all())
    starts_on = serializers.DateField()
    timezone = serializers.CharField(max_length=64, required=False)
    ceilings = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=RateLimit.MOST),
        min_length=1,
        max_length=WarmUp.DAYS,
        required=False,
    )
    is_active = serializers.BooleanField(required=False)


class WarmUpViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[WarmUp]):
    """How many mails a new sender sends on each calendar day; one plan for a sender."""

    queryset = WarmUp.objects.order_by("id")
    serializer_class = WarmUpOut
    filterset_fields = ["sender", "is_active"]
    ordering_fields = ["created_at"]
    scope = "senders"
    permissions = {
        "list": "messaging.view_warmup",
        "retrieve": "messaging.view_warmup",
        "create": "messaging.add_warmup",
        "partial_update": "messaging.change_warmup",
        "destroy": "messaging.delete_warmup",
    }

    @extend_schema(request=WarmUpIn, responses={201: WarmUpOut})
    def create(self, request: Request) -> Response:
        return Response(WarmUpOut(self._save(WarmUp(ceilings=list(WarmUp.DEFAULT)))).data, status=201)

    @extend_schema(request=WarmUpIn, responses=WarmUpOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        return Response(WarmUpOut(self._save(self.get_object())).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.warm_up_delete(sender=self.get_object().sender, by=self.user, now=clock.now())
        return Response(status=204)

    def _save(self, plan: WarmUp) -> WarmUp:
        payload = WarmUpIn(data=self.request.data, partial=plan.pk is not None)
        payload.is_valid(raise_exception=True)
        for name, value in payload.validated_data.items():
            setattr(plan, name, value)
        return services.warm_up_save(plan=plan, by=self.user, now=clock.now())
