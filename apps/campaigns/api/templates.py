"""Plan templates and working days over REST."""

from typing import Any

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.campaigns import services
from apps.campaigns.api.base import IF_MATCH, CampaignPart
from apps.campaigns.models import Anchor, Channel, Holiday, PlanTemplate, PlanTemplateItem, WorkWeek
from apps.campaigns.models.task import DURATION_MAX, OFFSET_MAX
from apps.core import clock


class PlanTemplateItemOut(serializers.ModelSerializer[PlanTemplateItem]):
    """`waits_for` are ids of items of the same template."""

    class Meta:
        model = PlanTemplateItem
        fields = [
            "id", "title", "description", "channel", "anchor", "offset_days", "duration_days", "is_milestone",
            "assign_to", "waits_for",
        ]  # fmt: skip


class PlanTemplateOut(serializers.ModelSerializer[PlanTemplate]):
    is_shipped = serializers.BooleanField()
    items = PlanTemplateItemOut(many=True)

    class Meta:
        model = PlanTemplate
        fields = ["id", "name", "description", "is_shipped", "items", "version", "updated_at"]


class PlanTemplateItemIn(serializers.Serializer[Any]):
    """`waits_for` are places in the list of items, from 1."""

    title = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    channel = serializers.ChoiceField(choices=Channel.Kind.choices, required=False, allow_blank=True)
    anchor = serializers.ChoiceField(choices=Anchor.choices, required=False)
    offset_days = serializers.IntegerField(min_value=-OFFSET_MAX, max_value=OFFSET_MAX, required=False)
    duration_days = serializers.IntegerField(min_value=1, max_value=DURATION_MAX, required=False)
    is_milestone = serializers.BooleanField(required=False)
    assign_to = serializers.ChoiceField(choices=PlanTemplateItem.AssignTo.choices, required=False)
    waits_for = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False)

    def to_internal_value(self, data: Any) -> Any:
        return services.ItemWanted(**super().to_internal_value(data))


class PlanTemplateIn(serializers.Serializer[Any]):
    """What is left out stays as it is; `items` are all items, in their order."""

    name = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    items = PlanTemplateItemIn(many=True, required=False)


class PlanTemplateCopyIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)


class PlanTemplateViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, CampaignPart[PlanTemplate]):
    """What has to be done for a kind of campaign, in working days from its launch and its outcome."""

    queryset = PlanTemplate.objects.prefetch_related("items__waits_for").order_by("pk")
    serializer_class = PlanTemplateOut
    search_fields = ["name"]
    permissions = {
        "list": "campaigns.view_plantemplate",
        "create": "campaigns.add_plantemplate",
        "retrieve": "campaigns.view_plantemplate",
        "partial_update": "campaigns.change_plantemplate",
        "destroy": "campaigns.delete_plantemplate",
        "copy": "campaigns.add_plantemplate",
    }

    @extend_schema(request=PlanTemplateIn, responses={201: PlanTemplateOut})
    def create(self, request: Request) -> Response:
        made = services.plan_template_create(by=self.user, now=clock.now(), **self.told(PlanTemplateIn))
        return self.answer(made, status=201)

    @extend_schema(request=PlanTemplateIn, responses=PlanTemplateOut, parameters=[IF_MATCH])
    def partial_update(self, request: Request, pk: str) -> Response:
        template = self.get_object()
        payload = PlanTemplateIn(data=request.data, partial=True)
        payload.is_valid(raise_exception=True)
        template = services.plan_template_update(
            template=template,
            by=self.user,
            now=clock.now(),
            seen=self.seen(template),
            **payload.validated_data,
        )
        return self.answer(template)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.plan_template_delete(template=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)

    @extend_schema(request=PlanTemplateCopyIn, responses={201: PlanTemplateOut})
    @action(detail=True, methods=["post"])
    def copy(self, request: Request, pk: str) -> Response:
        made = services.plan_template_copy(
            template=self.get_object(), by=self.user, now=clock.now(), **self.told(PlanTemplateCopyIn)
        )
        return self.answer(made, status=201)


class HolidayOut(serializers.ModelSerializer[Holiday]):
    class Meta:
        model = Holiday
        fields = ["id", "date", "name"]


class HolidayIn(serializers.Serializer[Any]):
    date = serializers.DateField()
    name = serializers.CharField(max_length=100)


class HolidaysIn(serializers.Serializer[Any]):
    holidays = HolidayIn(many=True)


class HolidayViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, CampaignPart[Holiday]):
    """Days on which nobody works; plans leave them out."""

    queryset = Holiday.objects.order_by("pk")
    serializer_class = HolidayOut
    permissions = {
        "list": "campaigns.view_holiday",
        "create": "campaigns.add_holiday",
        "bulk": "campaigns.add_holiday",
        "retrieve": "campaigns.view_holiday",
        "destroy": "campaigns.delete_holiday",
    }

    @extend_schema(request=HolidayIn, responses={201: HolidayOut})
    def create(self, request: Request) -> Response:
        made = services.holiday_add(by=self.user, now=clock.now(), **self.told(HolidayIn))
        return self.answer(made, status=201)

    @extend_schema(request=HolidaysIn, responses={201: HolidaysIn})
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """Add all days of a list that are not there yet, and answer with those."""
        wanted = [services.DayWanted(day["date"], day["name"]) for day in self.told(HolidaysIn)["holidays"]]
        made = services.holidays_import(days=wanted, by=self.user, now=clock.now())
        return Response(HolidaysIn({"holidays": made}).data, status=201)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.holiday_remove(holiday=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)


class WorkWeekOut(serializers.Serializer[Any]):
    weekend = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), help_text="0 is Monday."
    )


class WorkWeekViewSet(CampaignPart[WorkWeek]):
    """Which days of every week are free."""

    queryset = WorkWeek.objects.all()
    serializer_class = WorkWeekOut
    pagination_class = None
    filter_backends = ()
    permissions = {"list": "campaigns.view_workweek", "general": "campaigns.change_workweek"}

    @extend_schema(
        operation_id="work_week_retrieve",
        responses=forced_singular_serializer(WorkWeekOut),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request) -> Response:
        return Response(WorkWeekOut(WorkWeek.objects.current()).data)

    @extend_schema(request=WorkWeekOut, responses=WorkWeekOut)
    @action(detail=False, methods=["patch"])
    def general(self, request: Request) -> Response:
        """Say which days are free."""
        week = services.work_week_set(by=self.user, now=clock.now(), **self.told(WorkWeekOut))
        return Response(WorkWeekOut(week).data)
