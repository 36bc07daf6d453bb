from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.campaigns import readiness, selectors, services
from apps.campaigns.api import serializers as out
from apps.campaigns.api.attached import Attached
from apps.campaigns.api.base import IF_MATCH
from apps.campaigns.api.element import Elements
from apps.campaigns.api.parts import Collections
from apps.campaigns.api.replay import Replays
from apps.campaigns.api.schedule import PlanActions
from apps.campaigns.api.signoff import SIGNOFF_PERMISSIONS, SignOffs
from apps.campaigns.models import Campaign
from apps.core import clock

PAGED = ("cursor", "limit")


class CampaignFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    captain = django_filters.NumberFilter(field_name="captain_id")
    segment = django_filters.NumberFilter(field_name="segment_id")
    archived = django_filters.BooleanFilter(field_name="archived_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Campaign
        fields = ["stage", "captain", "segment", "goal_event"]


class CampaignViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    SignOffs,
    Collections,
    Elements,
    Replays,
    PlanActions,
    Attached[Campaign],
):
    """
    Campaigns. Each stands between two bookends: `idea` and `outcome`.

    Deleting one puts it away: it leaves the lists, and everything in it is kept.
    """

    queryset = Campaign.objects.order_by("-updated_at")
    serializer_class = out.CampaignOut
    filterset_class = CampaignFilter
    search_fields = ["name", "outcome"]
    ordering_fields = ["updated_at", "name", "goal_date"]
    permissions = {
        "list": "campaigns.view_campaign",
        "create": "campaigns.add_campaign",
        "retrieve": "campaigns.view_campaign",
        "partial_update": "campaigns.change_campaign",
        "destroy": "campaigns.delete_campaign",
        "restore": "campaigns.delete_campaign",
        "captain": "campaigns.change_campaign",
        "advance": "campaigns.advance_campaign",
        "progress": "campaigns.view_campaign",
        "activity": "campaigns.view_campaign",
        "readiness": "campaigns.view_readiness",
        "overrides": "campaigns.view_override",
        "override_add": "campaigns.override_readiness",
        "override_remove": "campaigns.override_readiness",
        "attachments": "campaigns.view_campaign",
        "attachment_add": "campaigns.attach_campaign",
        "comments": "campaigns.view_campaign",
        "comment_add": "campaigns.comment_campaign",
        "channels": "campaigns.view_channel",
        "channel_add": "campaigns.add_channel",
        "tasks": "campaigns.view_task",
        "task_add": "campaigns.add_task",
        "milestones": "campaigns.view_task",
        "milestone_add": "campaigns.add_task",
        "schedule": "campaigns.view_task",
        "apply_template": "campaigns.change_campaign",
        "reschedule": "campaigns.change_campaign",
        "kpis": "campaigns.view_kpi",
        "kpi_add": "campaigns.add_kpi",
        "contributors": "campaigns.view_contributor",
        "contributor_add": "campaigns.add_contributor",
        "replay": "campaigns.replay_campaign",
        "lineage": "campaigns.view_campaign",
        "elements": "campaigns.view_elementowner",
        "element_set": "campaigns.change_elementowner",
        **SIGNOFF_PERMISSIONS,
    }
    parameters = dict.fromkeys(
        [
            "activity",
            "attachments",
            "comments",
            "channels",
            "tasks",
            "milestones",
            "kpis",
            "contributors",
            "overrides",
            "signoffs",
            "kpi_reviews",
        ],
        PAGED,
    )

    @extend_schema(request=out.CampaignCreateIn, responses={201: out.CampaignOut})
    def create(self, request: Request) -> Response:
        campaign = services.campaign_create(by=self.user, now=clock.now(), **self.told(out.CampaignCreateIn))
        return self._answer(campaign, status=201)

    @extend_schema(request=out.CampaignIn, responses=out.CampaignOut, parameters=[IF_MATCH])
    def partial_update(self, request: Request, pk: str) -> Response:
        campaign = self.get_object()
        payload = out.CampaignIn(campaign, data=request.data, partial=True)
        payload.is_valid(raise_exception=True)
        campaign = services.campaign_update(
            campaign=campaign,
            by=self.user,
            now=clock.now(),
            seen=self.seen(campaign),
            **payload.validated_data,
        )
        return self._answer(campaign)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.campaign_archive(campaign=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)

    @extend_schema(request=None, responses=out.CampaignOut)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        return self._answer(
            services.campaign_restore(campaign=self.get_object(), by=self.user, now=clock.now())
        )

    @extend_schema(request=out.CaptainIn, responses=out.CampaignOut)
    @action(detail=True, methods=["post"])
    def captain(self, request: Request, pk: str) -> Response:
        campaign = services.captain_change(
            campaign=self.get_object(), by=self.user, now=clock.now(), **self.told(out.CaptainIn)
        )
        return self._answer(campaign)

    @extend_schema(request=out.AdvanceIn, responses=out.CampaignOut)
    @action(detail=True, methods=["post"])
    def advance(self, request: Request, pk: str) -> Response:
        """Move to a stage. Without its entry criteria, or leaving stages out, only with `override_reason`."""
        told = self.told(out.AdvanceIn)
        campaign = services.campaign_advance(
            campaign=self.get_object(),
            stage=told["stage"],
            reason=told.get("override_reason", ""),
            by=self.user,
            now=clock.now(),
        )
        return self._answer(campaign)

    @extend_schema(responses=out.ProgressOut)
    @action(detail=True, methods=["get"])
    def progress(self, request: Request, pk: str) -> Response:
        campaign = self.get_object()
        progress = selectors.goal_progress(campaign, clock.now())
        told = {
            "goal_measure": campaign.goal_measure,
            "reached": progress.reached,
            "target": progress.target,
            "ratio": progress.ratio,
            "expected": progress.expected,
            "first_date": progress.period.first,
            "last_date": progress.period.last,
            "at": progress.at,
            "days": [{"date": day, "reached": reached} for day, reached in progress.days],
        }
        return Response(out.ProgressOut(told).data)

    @extend_schema(responses=out.ActivityOut(many=True))
    @action(detail=True, methods=["get"])
    def activity(self, request: Request, pk: str) -> Response:
        """What happened to the campaign and to all that belongs to it, newest first."""
        return self.page(selectors.history(self.get_object()).order_by("-at"), out.ActivityOut)

    @extend_schema(responses=out.ReadinessOut)
    @action(detail=True, methods=["get"])
    def readiness(self, request: Request, pk: str) -> Response:
        """What stands between the campaign and its launch, asked now."""
        lines = readiness.findings(self.get_object(), clock.now())
        told: dict[str, Any] = {"is_ready": not any(line.blocks for line in lines), "checks": lines}
        return Response(out.ReadinessOut(told).data)

    def _answer(self, campaign: Campaign, status: int = 200) -> Response:
        headers = {"ETag": f'"{campaign.version}"'}
        return Response(out.CampaignOut(campaign).data, status=status, headers=headers)
