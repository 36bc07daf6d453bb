from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.core import clock
from apps.messaging import services
from apps.messaging.bounces import LARGEST
from apps.messaging.models import DeliveryReport


class DeliveryReportOut(serializers.ModelSerializer[DeliveryReport]):
    """`recipient`, `message` and `contact` are null where nothing in the report is signed by us."""

    class Meta:
        model = DeliveryReport
        fields = ["id", "recipient", "message", "contact", "source", "verdict", "status", "answer", "at"]


class DeliveryReportIn(serializers.Serializer[Any]):
    """`raw`: one mail as it came to a return path, headers and all."""

    raw = serializers.CharField(max_length=LARGEST, trim_whitespace=False)


class DeliveryReportTakenOut(serializers.Serializer[Any]):
    """`is_new` false: it had been taken in before, and nothing was done."""

    report = DeliveryReportOut()
    is_new = serializers.BooleanField()


class DeliveryReportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[DeliveryReport]):
    """What mail systems said of mails afterwards: bounces and complaints."""

    queryset = DeliveryReport.objects.order_by("-at", "-id")
    serializer_class = DeliveryReportOut
    filterset_fields = ["verdict"]
    scope = "delivery-reports"
    permissions = {
        "list": "messaging.view_report",
        "retrieve": "messaging.view_report",
        "create": "messaging.add_report",
    }

    @extend_schema(request=DeliveryReportIn, responses={201: DeliveryReportTakenOut})
    def create(self, request: Request) -> Response:
        """Take in one mail that came back, with all that follows from it; the same one twice is one."""
        payload = DeliveryReportIn(data=request.data)
        payload.is_valid(raise_exception=True)
        raw = payload.validated_data["raw"].encode("utf-8", "surrogateescape")
        taken = services.report_take(raw=raw, source=DeliveryReport.Source.API, by=self.user, now=clock.now())
        told: dict[str, Any] = {"report": taken.report, "is_new": taken.is_new}
        return Response(DeliveryReportTakenOut(told).data, status=201)
