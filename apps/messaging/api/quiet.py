from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.core import clock
from apps.messaging import services
from apps.messaging.api.serializers import HourField
from apps.messaging.models import QuietHours

FIELDS = ["channel", "starts", "ends", "is_active"]


class QuietHoursOut(serializers.ModelSerializer[QuietHours]):
    starts = HourField()
    ends = HourField()

    class Meta:
        model = QuietHours
        fields = ["id", *FIELDS, "created_at", "updated_at"]


class QuietHoursIn(serializers.ModelSerializer[QuietHours]):
    """Times such as `21:00`; over midnight where `starts` is the later one."""

    starts = HourField()
    ends = HourField()

    class Meta:
        model = QuietHours
        fields = FIELDS
        validators = ()  # the service asks


class QuietHoursViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[QuietHours]):
    """When people are not written to, by the clock where they are. What comes due then waits for the end."""

    queryset = QuietHours.objects.all()
    serializer_class = QuietHoursOut
    filterset_fields = ["channel", "is_active"]
    ordering_fields = ["created_at"]
    scope = "sending-rules"
    permissions = {
        "list": "messaging.view_quiethours",
        "retrieve": "messaging.view_quiethours",
        "create": "messaging.add_quiethours",
        "partial_update": "messaging.change_quiethours",
        "destroy": "messaging.delete_quiethours",
    }

    @extend_schema(request=QuietHoursIn, responses={201: QuietHoursOut})
    def create(self, request: Request) -> Response:
        return Response(QuietHoursOut(self._save(QuietHours())).data, status=201)

    @extend_schema(request=QuietHoursIn, responses=QuietHoursOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        return Response(QuietHoursOut(self._save(self.get_object())).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.quiet_delete(quiet=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)

    def _save(self, quiet: QuietHours) -> QuietHours:
        payload = QuietHoursIn(quiet, data=self.request.data, partial=quiet.pk is not None)
        payload.is_valid(raise_exception=True)
        for name, value in payload.validated_data.items():
            setattr(quiet, name, value)
        return services.quiet_save(quiet=quiet, by=self.user, now=clock.now())
