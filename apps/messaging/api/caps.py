from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.core import clock
from apps.messaging import services
from apps.messaging.models import FrequencyCap

FIELDS = ["channel", "topic", "most", "days", "is_active"]


class FrequencyCapOut(serializers.ModelSerializer[FrequencyCap]):
    class Meta:
        model = FrequencyCap
        fields = ["id", *FIELDS, "created_at", "updated_at"]


class FrequencyCapIn(serializers.ModelSerializer[FrequencyCap]):
    """An empty channel or topic is every one; `days` are the person's calendar days, today included."""

    class Meta:
        model = FrequencyCap
        fields = FIELDS
        validators = ()  # the service asks


class FrequencyCapViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[FrequencyCap]):
    """How often one person is written to at most. Whoever has had as many is left out: `capped`."""

    queryset = FrequencyCap.objects.all()
    serializer_class = FrequencyCapOut
    filterset_fields = ["channel", "topic", "is_active"]
    ordering_fields = ["created_at"]
    scope = "sending-rules"
    permissions = {
        "list": "messaging.view_frequencycap",
        "retrieve": "messaging.view_frequencycap",
        "create": "messaging.add_frequencycap",
        "partial_update": "messaging.change_frequencycap",
        "destroy": "messaging.delete_frequencycap",
    }

    @extend_schema(request=FrequencyCapIn, responses={201: FrequencyCapOut})
    def create(self, request: Request) -> Response:
        return Response(FrequencyCapOut(self._save(FrequencyCap())).data, status=201)

    @extend_schema(request=FrequencyCapIn, responses=FrequencyCapOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        return Response(FrequencyCapOut(self._save(self.get_object())).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.cap_delete(cap=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)

    def _save(self, cap: FrequencyCap) -> FrequencyCap:
        payload = FrequencyCapIn(cap, data=self.request.data, partial=cap.pk is not None)
        payload.is_valid(raise_exception=True)
        for name, value in payload.validated_data.items():
            setattr(cap, name, value)
        return services.cap_save(cap=cap, by=self.user, now=clock.now())
