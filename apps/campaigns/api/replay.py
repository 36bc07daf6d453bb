"""Replay and lineage over REST."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.campaigns import selectors, services
from apps.campaigns.api.base import CampaignPart
from apps.campaigns.api.serializers import CampaignOut
from apps.campaigns.models import Campaign
from apps.core import clock


class ReplayIn(serializers.ModelSerializer[Campaign]):
    """
    What the next generation does otherwise: what is not named is as in this one.

    `parts` says what comes along beside the plan; without it everything does.
    """

    launch_date = serializers.DateField()
    captain = serializers.PrimaryKeyRelatedField(queryset=User.objects.active(), required=False)
    parts = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, help_text="channels, team, kpis, tasks…"
    )

    class Meta:
        model = Campaign
        fields = [
            "name", "launch_date", "captain", "outcome", "idea", "segment", "audience_note", "goal_target",
            "parts",
        ]  # fmt: skip


class ReplayOut(serializers.Serializer[Any]):
    """The new campaign, and a sentence for each thing that could not come along."""

    campaign = CampaignOut()
    notes = serializers.ListField(child=serializers.CharField())


class GenerationOut(serializers.Serializer[Any]):
    """One campaign of the family. What may not be seen has no id, name or figures."""

    id = serializers.SerializerMethodField()
    name = serializers.SerializerMethodField()
    parent = serializers.SerializerMethodField()  # type: ignore[assignment]  # a name DRF has too
    generation = serializers.IntegerField(source="campaign.generation")
    is_in_line = serializers.BooleanField()
    is_comparable = serializers.BooleanField(help_text="It counts what the asked campaign counts.")
    target = serializers.SerializerMethodField()
    reached = serializers.DecimalField(max_digits=30, decimal_places=4, allow_null=True)

    def get_id(self, one: Any) -> int | None:
        return one.campaign.pk if one.is_visible else None

    def get_name(self, one: Any) -> str | None:
        return one.campaign.name if one.is_visible else None

    def get_parent(self, one: Any) -> int | None:
        return one.campaign.parent_id if one.is_visible else None

    def get_target(self, one: Any) -> str | None:
        target = one.campaign.goal_target
        return str(target) if one.is_visible and target is not None else None


class DifferenceOut(serializers.Serializer[Any]):
    """A field that says something else than in the parent; `part` is its channel or KPI, '' the campaign."""

    part = serializers.CharField()
    field = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class LineageOut(serializers.Serializer[Any]):
    generations = GenerationOut(many=True)
    differences = DifferenceOut(many=True, allow_null=True)


class Replays(CampaignPart[Campaign]):
    """Adds `replay/` and `lineage/` to a campaign."""

    @extend_schema(request=ReplayIn, responses={201: ReplayOut})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str) -> Response:
        """Start the next campaign from this one, which itself stays as it is."""
        done = services.campaign_replay(
            parent=self.get_object(), by=self.user, now=clock.now(), **self.told(ReplayIn)
        )
        return Response(ReplayOut(done).data, status=201)

    @extend_schema(responses=LineageOut)
    @action(detail=True, methods=["get"])
    def lineage(self, request: Request, pk: str) -> Response:
        """The generations, the first one first, and how this campaign differs from its parent."""
        return Response(LineageOut(selectors.campaign_lineage(self.get_object(), self.user)).data)
