"""The KPIs' way to a signature: `campaigns/{id}/kpi-set/…` and `campaigns/{id}/signoffs/`."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.campaigns import selectors, services
from apps.campaigns.api.base import CampaignPart
from apps.campaigns.models import Campaign, KpiReview, KpiSet, SignOff
from apps.core import clock


class KpiChange(serializers.Serializer[Any]):
    kpi = serializers.CharField()
    field = serializers.CharField()
    old = serializers.CharField()
    new = serializers.CharField()


class KpiSetOut(serializers.Serializer[Any]):
    """Where the KPIs stand. `changes`: what differs from what was signed last; `digest`: of the set now."""

    state = serializers.ChoiceField(choices=KpiSet.State.choices)
    digest = serializers.CharField()
    only_tactical = serializers.BooleanField(source="is_only_tactical")
    changes = KpiChange(many=True)


class KpiReviewIn(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=KpiReview.Verdict.choices)
    text = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    seen = serializers.CharField(max_length=64, help_text="The `digest` of the set that was read.")


class KpiReviewOut(serializers.ModelSerializer[KpiReview]):
    class Meta:
        model = KpiReview
        fields = ["id", "by", "at", "verdict", "text", "digest"]


class SignOffIn(serializers.Serializer[Any]):
    text = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    seen = serializers.CharField(max_length=64, help_text="The `digest` of the set that was read.")


class SignOffOut(serializers.ModelSerializer[SignOff]):
    class Meta:
        model = SignOff
        fields = ["id", "by", "at", "text", "digest", "snapshot"]


SIGNOFF_PERMISSIONS = {
    "kpi_set": "campaigns.view_kpi",
    "kpis_ask": "campaigns.ask_signoff",
    "kpi_reviews": "campaigns.view_signoff",
    "kpis_review": "campaigns.review_signoff",
    "signoffs": "campaigns.view_signoff",
    "kpis_sign": "campaigns.sign_signoff",
}


class SignOffs(CampaignPart[Campaign]):
    """What is said of a campaign's KPIs."""

    @extend_schema(responses=KpiSetOut)
    @action(detail=True, methods=["get"], url_path="kpi-set")
    def kpi_set(self, request: Request, pk: str) -> Response:
        """Where the KPIs stand on their way to a signature."""
        return Response(KpiSetOut(selectors.kpi_set_now(self.get_object())).data)

    @extend_schema(request=None, responses=KpiSetOut)
    @action(detail=True, methods=["post"], url_path="kpi-set/ask")
    def kpis_ask(self, request: Request, pk: str) -> Response:
        """Ask sales for their word, and an executive for a signature after that."""
        campaign = self.get_object()
        services.kpis_ask(campaign=campaign, by=self.user, now=clock.now())
        return Response(KpiSetOut(selectors.kpi_set_now(campaign)).data)

    @extend_schema(responses=KpiReviewOut(many=True))
    @action(detail=True, methods=["get"], url_path="kpi-reviews")
    def kpi_reviews(self, request: Request, pk: str) -> Response:
        return self.page(self.get_object().kpi_reviews.order_by("-at"), KpiReviewOut)

    @extend_schema(request=KpiReviewIn, responses={201: KpiReviewOut})
    @kpi_reviews.mapping.post
    def kpis_review(self, request: Request, pk: str) -> Response:
        """Agree for sales, or ask a question in words."""
        review = services.kpis_review(
            campaign=self.get_object(), by=self.user, now=clock.now(), **self.told(KpiReviewIn)
        )
        return Response(KpiReviewOut(review).data, status=201)

    @extend_schema(responses=SignOffOut(many=True))
    @action(detail=True, methods=["get"])
    def signoffs(self, request: Request, pk: str) -> Response:
        """Signatures under the KPIs, newest first, each with the set as it was."""
        return self.page(self.get_object().signoffs.order_by("-at"), SignOffOut)

    @extend_schema(request=SignOffIn, responses={201: SignOffOut})
    @signoffs.mapping.post
    def kpis_sign(self, request: Request, pk: str) -> Response:
        """Sign the whole set, as an executive."""
        signoff = services.kpis_sign(
            campaign=self.get_object(), by=self.user, now=clock.now(), **self.told(SignOffIn)
        )
        return Response(SignOffOut(signoff).data, status=201)
