from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.campaigns import selectors
from apps.campaigns.models import Campaign

LONGEST = timedelta(days=366)


class CalendarMarkOut(serializers.Serializer[Any]):
    date = serializers.DateField(source="day")
    channel = serializers.CharField(help_text="Kind of channel; empty: of none.")
    text = serializers.CharField()
    url = serializers.CharField()


class CalendarEntryOut(serializers.ModelSerializer[Campaign]):
    """One campaign in these days: from its first day to its last, with what is marked in it."""

    begins = serializers.DateField()
    ends = serializers.DateField()
    marks = serializers.SerializerMethodField()

    class Meta:
        model = Campaign
        fields = [
            "id",
            "name",
            "stage",
            "captain",
            "begins",
            "ends",
            "launch_date",
            "goal_date",
            "version",
            "marks",
        ]

    @extend_schema_field(CalendarMarkOut(many=True))
    def get_marks(self, campaign: Campaign) -> list[dict[str, Any]]:
        mine = [mark for mark in self.context["marks"] if mark.campaign_id == campaign.pk]
        told: list[dict[str, Any]] = list(CalendarMarkOut(mine, many=True).data)
        return told


class CalendarEntriesIn(serializers.Serializer[Any]):
    """From which day to which."""

    first = serializers.DateField()
    last = serializers.DateField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["last"] < attrs["first"]:
            raise ValidationError({"last": [_("The last day is before the first.")]})
        if attrs["last"] - attrs["first"] > LONGEST:
            raise ValidationError({"last": [_("At most a year at once.")]})
        return attrs


def _day(name: str, told: str) -> OpenApiParameter:
    return OpenApiParameter(name, date, OpenApiParameter.QUERY, required=True, description=told)


class CalendarEntryViewSet(ApiViewSet[Campaign]):
    """What runs in some days: campaigns, and what every part of the product marks in them."""

    queryset = Campaign.objects.order_by("-updated_at")
    serializer_class = CalendarEntryOut
    scope = "campaigns"
    permissions = {"list": "campaigns.view_campaign"}
    parameters = {"list": ("first", "last")}

    @extend_schema(
        parameters=[_day("first", "The first day."), _day("last", "The last one: at most a year later.")],
        responses=CalendarEntryOut(many=True),
    )
    def list(self, request: Request) -> Response:
        asked = CalendarEntriesIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        first, last = asked.validated_data["first"], asked.validated_data["last"]
        found = Campaign.objects.visible_to(self.user).current().between(first=first, last=last)
        page = self.paginate_queryset(found.order_by("-updated_at"))
        assert page is not None
        marks = selectors.marks_of(self.user, [campaign.pk for campaign in page], first, last)
        context = {**self.get_serializer_context(), "marks": marks}
        return self.get_paginated_response(CalendarEntryOut(page, many=True, context=context).data)
