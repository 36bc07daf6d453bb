"""The strategy over REST: `year-goals/` and `not-doing/`."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.campaigns import services
from apps.campaigns.api.base import IF_MATCH, CampaignPart
from apps.campaigns.models import Channel, NotDoing, YearGoal
from apps.core import clock


class YearGoalOut(serializers.ModelSerializer[YearGoal]):
    class Meta:
        model = YearGoal
        fields = [
            "id", "year", "name", "why", "metric", "target", "owner", "position", "version", "updated_at",
        ]  # fmt: skip


class YearGoalIn(serializers.ModelSerializer[YearGoal]):
    position = serializers.IntegerField(
        min_value=0, max_value=10_000, required=False, help_text="0 is the first."
    )

    class Meta:
        model = YearGoal
        fields = ["name", "why", "metric", "target", "owner", "position"]


class YearGoalAddIn(serializers.ModelSerializer[YearGoal]):
    class Meta:
        model = YearGoal
        fields = ["year", "name", "why", "metric", "target", "owner"]
        validators: list[Any] = []  # the act says it, and knows about two at once


class NotDoingOut(serializers.ModelSerializer[NotDoing]):
    class Meta:
        model = NotDoing
        fields = ["id", "year", "kind", "practice", "reason", "version", "updated_at"]


class NotDoingIn(serializers.Serializer[Any]):
    """A channel by its `kind`, or a `practice` in words."""

    kind = serializers.ChoiceField(Channel.Kind.choices, required=False, allow_blank=True)
    practice = serializers.CharField(max_length=200, required=False, allow_blank=True)
    reason = serializers.CharField(max_length=500)


class NotDoingAddIn(NotDoingIn):
    year = serializers.IntegerField(min_value=2000, max_value=2100)


class YearGoalViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, CampaignPart[YearGoal]):
    """The goals of the years, by priority. A campaign names the one it serves: `year_goal`."""

    queryset = YearGoal.objects.order_by("-pk")
    serializer_class = YearGoalOut
    filterset_fields = ["year", "owner"]
    search_fields = ["name"]
    scope = "strategy"
    permissions = {
        "list": "campaigns.view_yeargoal",
        "retrieve": "campaigns.view_yeargoal",
        "create": "campaigns.add_yeargoal",
        "partial_update": "campaigns.change_yeargoal",
        "destroy": "campaigns.delete_yeargoal",
    }

    @extend_schema(request=YearGoalAddIn, responses={201: YearGoalOut})
    def create(self, request: Request) -> Response:
        goal = services.year_goal_add(by=self.user, now=clock.now(), **self.told(YearGoalAddIn))
        return self.answer(goal, status=201)

    @extend_schema(request=YearGoalIn, responses=YearGoalOut, parameters=[IF_MATCH])
    def partial_update(self, request: Request, pk: str) -> Response:
        goal, now = self.get_object(), clock.now()
        payload = YearGoalIn(goal, data=request.data, partial=True)
        payload.is_valid(raise_exception=True)
        fields = payload.validated_data
        position = fields.pop("position", None)
        goal = services.year_goal_update(goal=goal, by=self.user, now=now, seen=self.seen(goal), **fields)
        if position is not None:
            services.year_goal_move(goal=goal, position=position, by=self.user, now=now)
            goal.refresh_from_db()
        return self.answer(goal)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.year_goal_remove(goal=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)


class NotDoingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, CampaignPart[NotDoing]):
    """What is left alone for a year: a channel, or a practice."""

    queryset = NotDoing.objects.order_by("-pk")
    serializer_class = NotDoingOut
    filterset_fields = ["year", "kind"]
    scope = "strategy"
    permissions = {
        "list": "campaigns.view_notdoing",
        "retrieve": "campaigns.view_notdoing",
        "create": "campaigns.add_notdoing",
        "partial_update": "campaigns.change_notdoing",
        "destroy": "campaigns.delete_notdoing",
    }

    @extend_schema(request=NotDoingAddIn, responses={201: NotDoingOut})
    def create(self, request: Request) -> Response:
        entry = services.not_doing_add(by=self.user, now=clock.now(), **self.told(NotDoingAddIn))
        return self.answer(entry, status=201)

    @extend_schema(request=NotDoingIn, responses=NotDoingOut, parameters=[IF_MATCH])
    def partial_update(self, request: Request, pk: str) -> Response:
        entry = self.get_object()
        fields = self.told(NotDoingIn, partial=True)
        entry = services.not_doing_update(
            entry=entry, by=self.user, now=clock.now(), seen=self.seen(entry), **fields
        )
        return self.answer(entry)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.not_doing_remove(entry=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)
