"""What a campaign should bring by when: `campaigns/{id}/expectations/`."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.campaigns import selectors, services
from apps.campaigns.api.base import IF_MATCH, CampaignPart
from apps.campaigns.errors import ExpectationRefused
from apps.campaigns.models import Campaign, Stakeholder
from apps.core import clock


class ExpectationPoint(serializers.Serializer[Any]):
    month = serializers.DateField(help_text="Its first day.")
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0)


class ExpectationMonth(serializers.Serializer[Any]):
    month = serializers.DateField()
    expected = serializers.DecimalField(max_digits=14, decimal_places=2)
    reached = serializers.DecimalField(max_digits=30, decimal_places=4, allow_null=True)


class StakeholderOut(serializers.ModelSerializer[Stakeholder]):
    class Meta:
        model = Stakeholder
        fields = ["id", "user", "asked_at", "reminded_at", "acknowledged_at"]


class ExpectationOut(serializers.Serializer[Any]):
    """`version` is 0 and `months` is empty while nobody has said what to expect."""

    version = serializers.IntegerField()
    alert_percent = serializers.IntegerField(allow_null=True)
    months = ExpectationMonth(many=True)
    expected = serializers.DecimalField(max_digits=30, decimal_places=4, allow_null=True)
    reached = serializers.DecimalField(max_digits=30, decimal_places=4, allow_null=True)
    is_short = serializers.BooleanField()
    sentence = serializers.CharField()
    stakeholders = StakeholderOut(many=True)


class ExpectationIn(serializers.Serializer[Any]):
    """Every month of the goal with what should have come by its end."""

    points = ExpectationPoint(many=True)
    alert_percent = serializers.IntegerField(min_value=1, max_value=100, default=20)


class StakeholderIn(serializers.Serializer[Any]):
    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.all())


_FOUR = Decimal("0.0001")
ONE = forced_singular_serializer(ExpectationOut)  # type: ignore[no-untyped-call]


class CampaignExpectationViewSet(CampaignPart[Campaign]):
    """The expectation of one campaign, and who acknowledges it."""

    queryset = Campaign.objects.all()
    permissions = {
        "expectations": "campaigns.view_expectation",
        "expectation_set": "campaigns.change_expectation",
        "acknowledge": "campaigns.view_expectation",
        "stakeholder_add": "campaigns.add_stakeholder",
        "stakeholder_remove": "campaigns.delete_stakeholder",
    }

    @extend_schema(responses=ONE)
    @action(detail=True, methods=["get"])
    def expectations(self, request: Request, pk: str) -> Response:
        return self._answer(self.get_object())

    @extend_schema(request=ExpectationIn, responses=ONE, parameters=[IF_MATCH])
    @expectations.mapping.post
    def expectation_set(self, request: Request, pk: str) -> Response:
        """Say what should come by when. Whoever acknowledged it is asked again."""
        campaign, told = self.get_object(), self.told(ExpectationIn)
        services.expectation_set(
            campaign=campaign,
            points={point["month"]: point["amount"] for point in told["points"]},
            alert_percent=told["alert_percent"],
            by=self.user,
            now=clock.now(),
            seen=self._seen(campaign),
        )
        return self._answer(campaign)

    @extend_schema(request=None, responses=ONE)
    @action(detail=True, methods=["post"], url_path="expectations/acknowledge")
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Acknowledge it as the person that the token is of, if they were asked."""
        campaign = self.get_object()
        own = next((one for one in selectors.stakeholders_of(campaign) if one.user_id == self.user.pk), None)
        if own is None:
            raise ExpectationRefused(_("Nobody has asked you to acknowledge this."))
        services.expectation_acknowledge(
            stakeholder=own, by=self.user, now=clock.now(), seen=self._seen(campaign)
        )
        return self._answer(campaign)

    @extend_schema(request=StakeholderIn, responses={201: StakeholderOut})
    @action(detail=True, methods=["post"], url_path="expectations/stakeholders")
    def stakeholder_add(self, request: Request, pk: str) -> Response:
        stakeholder = services.stakeholder_add(
            campaign=self.get_object(), by=self.user, now=clock.now(), **self.told(StakeholderIn)
        )
        return Response(StakeholderOut(stakeholder).data, status=201)

    @extend_schema(request=StakeholderIn, responses={204: None})
    @action(detail=True, methods=["post"], url_path="expectations/stakeholders/remove")
    def stakeholder_remove(self, request: Request, pk: str) -> Response:
        campaign, told = self.get_object(), self.told(StakeholderIn)
        for one in selectors.stakeholders_of(campaign):
            if one.user_id == told["user"].pk:
                services.stakeholder_remove(stakeholder=one, by=self.user, now=clock.now())
        return Response(status=204)

    def _seen(self, campaign: Campaign) -> int | None:
        expectation = selectors.expectation_of(campaign)
        return self.seen(expectation) if expectation else None

    def _answer(self, campaign: Campaign) -> Response:
        view = selectors.expectation_view(campaign, clock.now())
        told: dict[str, Any] = {
            "version": view.expectation.version if view else 0,
            "alert_percent": view.expectation.alert_percent if view else None,
            "months": view.standing.months if view else [],
            "expected": view.standing.expected.quantize(_FOUR) if view else None,
            "reached": view.standing.reached if view else None,
            "is_short": bool(view and view.standing.is_short),
            "sentence": view.sentence if view else "",
            "stakeholders": selectors.stakeholders_of(campaign),
        }
        return Response(ExpectationOut(told).data, headers={"ETag": f'"{told["version"]}"'})
