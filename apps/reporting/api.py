from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.campaigns.models import Campaign
from apps.reporting import selectors


class EstimateOut(serializers.Serializer[Any]):
    """A figure with the bounds of its 95 % interval."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class FiguresOut(serializers.Serializer[Any]):
    """`audience` = `sent` + `waiting` + `excluded` + `lost`; `delivered` = `sent` less `bounced`."""

    audience = serializers.IntegerField()
    sent = serializers.IntegerField()
    waiting = serializers.IntegerField()
    excluded = serializers.IntegerField()
    lost = serializers.IntegerField()
    delivered = serializers.IntegerField()
    bounced = serializers.IntegerField()
    opened = serializers.IntegerField()
    opened_machine = serializers.IntegerField()
    clicked = serializers.IntegerField()
    clicked_machine = serializers.IntegerField()
    unsubscribed = serializers.IntegerField()
    complained = serializers.IntegerField()
    tracked = serializers.IntegerField(help_text="Delivered with opens and clicks counted.")
    conversions = serializers.IntegerField()
    value = serializers.DecimalField(max_digits=30, decimal_places=4)


class MessageFiguresOut(FiguresOut):
    message = serializers.IntegerField()
    name = serializers.CharField()


class ArmOut(serializers.Serializer[Any]):
    people = serializers.IntegerField()
    converted = serializers.IntegerField()
    conversions = serializers.IntegerField()
    value = serializers.DecimalField(max_digits=30, decimal_places=4)
    rate = EstimateOut(allow_null=True)
    per_head = EstimateOut(allow_null=True)


class ComparisonOut(serializers.Serializer[Any]):
    """
    One message and one measure against the people held out of that message, and, for what all messages
    together do, against those of its audience in the control group.
    """

    message = serializers.IntegerField(source="message.pk")
    measure = serializers.CharField(source="measure.key")
    event = serializers.CharField(source="measure.event")
    sent = ArmOut()
    holdout = ArmOut(allow_null=True)
    control = ArmOut(allow_null=True)
    difference = EstimateOut(allow_null=True)
    lift = EstimateOut(allow_null=True)
    per_head_difference = EstimateOut(allow_null=True)
    control_difference = EstimateOut(allow_null=True)
    control_lift = EstimateOut(allow_null=True)


class CampaignResultsOut(serializers.Serializer[Any]):
    """What a campaign found. The messages sum to `total`; null: not counted yet, or too few to say."""

    campaign = serializers.IntegerField(source="campaign.pk")
    currency = serializers.CharField(source="campaign.currency")
    counted_at = serializers.DateTimeField(source="result.refreshed_at", default=None, allow_null=True)
    is_final = serializers.BooleanField(source="result.is_final", default=False)
    goal_done = serializers.DecimalField(
        source="result.goal_done", max_digits=30, decimal_places=4, default=None, allow_null=True
    )
    total = FiguresOut()
    messages = serializers.SerializerMethodField()
    comparisons = serializers.SerializerMethodField()

    @extend_schema_field(MessageFiguresOut(many=True))
    def get_messages(self, results: selectors.CampaignResults) -> list[dict[str, Any]]:
        return [
            {"message": message.pk, "name": message.name, **FiguresOut(figures).data}
            for message, figures in results.messages
        ]

    @extend_schema_field(ComparisonOut(many=True))
    def get_comparisons(self, results: selectors.CampaignResults) -> list[dict[str, Any]]:
        rows = [comparison for findings in results.findings for comparison in findings.comparisons]
        return [dict(ComparisonOut(row).data) for row in rows]


class CampaignResultsViewSet(ApiViewSet[Campaign]):
    """The results of one campaign, at `campaigns/{id}/results/`."""

    queryset = Campaign.objects.all()
    serializer_class = CampaignResultsOut
    scope = "results"
    permissions = {"results": "reporting.view_results"}

    @extend_schema(operation_id="campaigns_results_retrieve")
    @action(detail=True)
    def results(self, request: Request, pk: str) -> Response:
        return Response(CampaignResultsOut(selectors.campaign_results(self.get_object())).data)
