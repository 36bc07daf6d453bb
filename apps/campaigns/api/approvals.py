"""Approvals of a campaign's parts, `campaigns/{id}/approvals/`, and its rules, `campaigns/{id}/rules/`."""

from typing import Any

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.campaigns import services
from apps.campaigns.api.base import IF_MATCH, CampaignPart
from apps.campaigns.forms.approval import LONGEST_REVIEW
from apps.campaigns.models import Approval, Campaign
from apps.campaigns.readbacks import standings_read
from apps.campaigns.standings import Standing
from apps.core import clock


class ApprovalFactOut(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # a name DRF has too
    value = serializers.CharField()


class ApprovalChangeOut(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]
    old = serializers.CharField()
    new = serializers.CharField()


class ApprovalOut(serializers.ModelSerializer[Approval]):
    class Meta:
        model = Approval
        fields = ["id", "part", "state", "asked_by", "asked_at", "decided_by", "decided_at", "reason"]


class ApprovalStandingOut(serializers.Serializer[Standing]):
    """
    One part, in words for people. `digest` is of what is there now: approving names it. `changes` is since it
    was approved.
    """

    part = serializers.ChoiceField(choices=Approval.Part.choices)
    digest = serializers.CharField()
    is_approved = serializers.BooleanField()
    is_waiting = serializers.BooleanField()
    latest = ApprovalOut(allow_null=True)
    facts = ApprovalFactOut(many=True)
    changes = ApprovalChangeOut(many=True)


class ApprovalsOut(serializers.Serializer[Any]):
    parts = ApprovalStandingOut(many=True)


class ApprovalAskIn(serializers.Serializer[Any]):
    part = serializers.ChoiceField(choices=Approval.Part.choices)


class ApprovalGiveIn(ApprovalAskIn):
    digest = serializers.CharField(max_length=64)


class ApprovalSendBackIn(ApprovalAskIn):
    reason = serializers.CharField(max_length=1000)


class CampaignRules(serializers.ModelSerializer[Campaign]):
    """`review_hours` null: as the installation says."""

    review_hours = serializers.IntegerField(
        min_value=0, max_value=LONGEST_REVIEW, allow_null=True, required=False
    )

    class Meta:
        model = Campaign
        fields = ["asks_approvals", "review_hours"]


class CampaignApprovalsViewSet(CampaignPart[Campaign]):
    """How each part of a campaign stands with its approval, and the rules that the leads set."""

    queryset = Campaign.objects.all()
    permissions = {
        "approvals": "campaigns.view_approval",
        "ask": "campaigns.ask_approval",
        "approve": "campaigns.decide_approval",
        "send_back": "campaigns.decide_approval",
        "rules": "campaigns.view_rules",
        "rules_set": "campaigns.set_rules",
    }

    @extend_schema(responses=forced_singular_serializer(ApprovalsOut))  # type: ignore[no-untyped-call]
    @action(detail=True, methods=["get"])
    def approvals(self, request: Request, pk: str) -> Response:
        """Content, audience, schedule and goal, read now."""
        return Response(ApprovalsOut({"parts": standings_read(self.get_object())}).data)

    @extend_schema(request=ApprovalAskIn, responses=ApprovalStandingOut)
    @action(detail=True, methods=["post"], url_path="approvals/ask")
    def ask(self, request: Request, pk: str) -> Response:
        return self._do(services.approval_ask, ApprovalAskIn)

    @extend_schema(request=ApprovalGiveIn, responses=ApprovalStandingOut)
    @action(detail=True, methods=["post"], url_path="approvals/approve")
    def approve(self, request: Request, pk: str) -> Response:
        """Approve what has this `digest`; nobody approves what they edited last or asked for."""
        return self._do(services.approval_give, ApprovalGiveIn)

    @extend_schema(request=ApprovalSendBackIn, responses=ApprovalStandingOut)
    @action(detail=True, methods=["post"], url_path="approvals/send-back")
    def send_back(self, request: Request, pk: str) -> Response:
        return self._do(services.approval_send_back, ApprovalSendBackIn)

    @extend_schema(responses=CampaignRules)
    @action(detail=True, methods=["get"])
    def rules(self, request: Request, pk: str) -> Response:
        return Response(CampaignRules(self.get_object()).data)

    @extend_schema(request=CampaignRules, responses=CampaignRules, parameters=[IF_MATCH])
    @rules.mapping.patch
    def rules_set(self, request: Request, pk: str) -> Response:
        """Leads only."""
        campaign = self.get_object()
        campaign = services.campaign_rules_set(
            campaign=campaign,
            by=self.user,
            now=clock.now(),
            seen=self.seen(campaign),
            **self.told(CampaignRules, partial=True),
        )
        return Response(CampaignRules(campaign).data)

    def _do(self, act: Any, payload: type[serializers.Serializer[Any]]) -> Response:
        campaign, told = self.get_object(), self.told(payload)
        act(campaign=campaign, by=self.user, now=clock.now(), **told)
        standing = next(one for one in standings_read(campaign) if one.part == told["part"])
        return Response(ApprovalStandingOut(standing).data)
