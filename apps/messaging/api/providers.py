from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.core import clock
from apps.messaging import services
from apps.messaging.channels import ways
from apps.messaging.models import Provider


class ProviderOut(serializers.ModelSerializer[Provider]):
    """
    Credentials are never shown. `check_fault` is what the last check found, '' if all was well; null
    `checked_at`: nobody has asked since the last change. It asked to hear nothing until `waits_until`.
    """

    settings = serializers.DictField(child=serializers.CharField())

    class Meta:
        model = Provider
        fields = [
            "id", "name", "kind", "settings", "is_active", "checked_at", "check_fault", "waits_until",
            "created_at", "updated_at",
        ]  # fmt: skip


class ProviderIn(serializers.Serializer[Any]):
    """`settings` and `credentials` by key, as the kind asks for them; what is left out stays as it is."""

    name = serializers.CharField(max_length=100)
    settings = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    credentials = serializers.DictField(
        child=serializers.CharField(allow_blank=True), required=False, write_only=True
    )
    is_active = serializers.BooleanField(required=False)

    def told(self) -> dict[str, str]:
        found: dict[str, Any] = self.validated_data
        return {**found.get("settings", {}), **found.get("credentials", {})}


class ProviderCreateIn(ProviderIn):
    kind = serializers.CharField(max_length=32)

    def validate_kind(self, kind: str) -> str:
        known = [way.key for way in ways().values() if way.is_configured]
        if kind not in known:
            raise serializers.ValidationError(f"One of: {', '.join(known)}.")
        return kind


class ProviderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[Provider]):
    """Accounts with those who carry messages; senders name one, or use the mail server of the settings."""

    queryset = Provider.objects.order_by("name")
    serializer_class = ProviderOut
    filterset_fields = ["kind", "is_active"]
    search_fields = ["name"]
    ordering_fields = ["name", "created_at"]
    scope = "senders"
    permissions = {
        "list": "messaging.view_provider",
        "retrieve": "messaging.view_provider",
        "create": "messaging.add_provider",
        "partial_update": "messaging.change_provider",
        "destroy": "messaging.delete_provider",
        "check": "messaging.check_provider",
    }

    @extend_schema(request=ProviderCreateIn, responses={201: ProviderOut})
    def create(self, request: Request) -> Response:
        payload = ProviderCreateIn(data=request.data)
        payload.is_valid(raise_exception=True)
        return Response(ProviderOut(self._save(Provider(), payload)).data, status=201)

    @extend_schema(request=ProviderIn, responses=ProviderOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        provider = self.get_object()
        payload = ProviderIn(data=request.data, partial=True)
        payload.is_valid(raise_exception=True)
        return Response(ProviderOut(self._save(provider, payload)).data)

    def _save(self, provider: Provider, payload: ProviderIn) -> Provider:
        for name in {"name", "kind", "is_active"} & payload.validated_data.keys():
            setattr(provider, name, payload.validated_data[name])
        try:
            return services.provider_save(
                provider=provider, told=payload.told(), by=self.user, now=clock.now()
            )
        except ValidationError as refusal:
            raise serializers.ValidationError(refusal.message_dict) from refusal

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a provider that no sender names; of others: 409."""
        services.provider_delete(provider=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)

    @extend_schema(request=None, responses=ProviderOut)
    @action(detail=True, methods=["post"])
    def check(self, request: Request, pk: str) -> Response:
        """Ask the provider if it is there and knows us. Nothing is sent."""
        provider = services.provider_check(provider=self.get_object(), by=self.user, now=clock.now())
        return Response(ProviderOut(provider).data)
