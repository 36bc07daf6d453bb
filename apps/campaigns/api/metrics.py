"""The catalogue of metrics, `metrics/`."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.campaigns import services
from apps.campaigns.api.base import IF_MATCH, CampaignPart
from apps.campaigns.api.serializers import PropertyCondition
from apps.campaigns.metrics import counted_text
from apps.campaigns.models import Metric, MetricVersion
from apps.core import clock

SAYS = [
    "name", "definition", "kind", "unit", "owner", "built_in", "event", "where", "measure", "value_property",
]  # fmt: skip


class MetricOut(serializers.ModelSerializer[Metric]):
    where = PropertyCondition(many=True)
    counted = serializers.SerializerMethodField(help_text="How it is counted, in words.")

    class Meta:
        model = Metric
        fields = ["id", *SAYS, "counted", "definition_number", "archived_at", "version", "updated_at"]

    @extend_schema_field(serializers.CharField())
    def get_counted(self, metric: Metric) -> str:
        return counted_text(metric.says)


class MetricIn(serializers.ModelSerializer[Metric]):
    where = PropertyCondition(many=True, required=False)

    class Meta:
        model = Metric
        fields = SAYS

    def get_validators(self) -> list[Any]:
        """Return none: the service says by field what the constraints would say of the whole."""
        return []


class MetricVersionOut(serializers.ModelSerializer[MetricVersion]):
    class Meta:
        model = MetricVersion
        fields = ["number", "says", "by", "at"]


class MetricViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, CampaignPart[Metric]):
    """What each figure means and how it is counted. KPIs are chosen from here. None is ever deleted."""

    scope = "metrics"
    queryset = Metric.objects.order_by("name")
    serializer_class = MetricOut
    filterset_fields = ["kind", "event", "built_in", "owner"]
    search_fields = ["name", "definition"]
    ordering_fields = ["name", "updated_at"]
    permissions = {
        "list": "campaigns.view_metric",
        "create": "campaigns.add_metric",
        "retrieve": "campaigns.view_metric",
        "partial_update": "campaigns.change_metric",
        "archive": "campaigns.archive_metric",
        "restore": "campaigns.archive_metric",
        "versions": "campaigns.view_metric",
    }
    parameters = {"versions": ("cursor", "limit")}

    @extend_schema(request=MetricIn, responses={201: MetricOut})
    def create(self, request: Request) -> Response:
        metric = services.metric_create(by=self.user, now=clock.now(), **self.told(MetricIn))
        return self.answer(metric, status=201)

    @extend_schema(request=MetricIn, responses=MetricOut, parameters=[IF_MATCH])
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what it says: a new version, and every signed set with it needs approval again."""
        metric = self.get_object()
        payload = MetricIn(metric, data=request.data, partial=True)
        payload.is_valid(raise_exception=True)
        metric = services.metric_update(
            metric=metric, by=self.user, now=clock.now(), seen=self.seen(metric), **payload.validated_data
        )
        return self.answer(metric)

    @extend_schema(request=None, responses=MetricOut)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Put it away: nobody can choose it any more, and whoever has chosen it keeps it."""
        return self.answer(services.metric_archive(metric=self.get_object(), by=self.user, now=clock.now()))

    @extend_schema(request=None, responses=MetricOut)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        return self.answer(services.metric_restore(metric=self.get_object(), by=self.user, now=clock.now()))

    @extend_schema(responses=MetricVersionOut(many=True))
    @action(detail=True, methods=["get"])
    def versions(self, request: Request, pk: str) -> Response:
        found: QuerySet[MetricVersion] = self.get_object().versions.order_by("-pk")
        return self.page(found, MetricVersionOut)
