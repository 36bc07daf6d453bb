"""Lessons over REST."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.accounts.permissions import permission_check
from apps.campaigns import services
from apps.campaigns.api.base import IF_MATCH, CampaignPart
from apps.campaigns.models import Campaign, Lesson
from apps.core import clock


class LessonOut(serializers.ModelSerializer[Lesson]):
    """`evidence_…` is the quoted result as it read at `evidence_at`: shares, or differences of shares."""

    class Meta:
        model = Lesson
        fields = [
            "id", "text", "campaign", "segment", "kind", "element", "evidence_key", "evidence_text",
            "evidence_n", "evidence_low", "evidence_value", "evidence_high", "evidence_at", "by", "version",
            "archived_at", "created_at", "updated_at",
        ]  # fmt: skip


class LessonIn(serializers.ModelSerializer[Lesson]):
    """`evidence_key` names one of the campaign's results: `message:12:goal`, `message:12:clicked`."""

    class Meta:
        model = Lesson
        fields = ["text", "segment", "kind", "element", "evidence_key"]


class LessonAddIn(LessonIn):
    class Meta(LessonIn.Meta):
        fields = [*LessonIn.Meta.fields, "campaign"]


class LessonViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, CampaignPart[Lesson]):
    """What was learnt, tagged by segment, channel and element. Deleting one puts it away."""

    queryset = Lesson.objects.select_related("campaign").order_by("-pk")
    serializer_class = LessonOut
    filterset_fields = {
        "campaign": ["exact"],
        "segment": ["exact"],
        "kind": ["exact"],
        "element": ["exact"],
        "archived_at": ["isnull"],
    }
    search_fields = ["text", "evidence_text"]
    scope = "lessons"
    permissions = {
        "list": "campaigns.view_lesson",
        "retrieve": "campaigns.view_lesson",
        "create": "campaigns.add_lesson",
        "partial_update": "campaigns.change_lesson",
        "destroy": "campaigns.delete_lesson",
        "restore": "campaigns.delete_lesson",
    }

    @extend_schema(request=LessonAddIn, responses={201: LessonOut})
    def create(self, request: Request) -> Response:
        fields = self.told(LessonAddIn)
        if campaign := fields.get("campaign"):
            _see(self.user, campaign)
        lesson = services.lesson_add(by=self.user, now=clock.now(), **fields)
        return self.answer(lesson, status=201)

    @extend_schema(request=LessonIn, responses=LessonOut, parameters=[IF_MATCH])
    def partial_update(self, request: Request, pk: str) -> Response:
        lesson = self.get_object()
        payload = LessonIn(lesson, data=request.data, partial=True)
        payload.is_valid(raise_exception=True)
        fields: dict[str, Any] = payload.validated_data
        lesson = services.lesson_update(
            lesson=lesson, by=self.user, now=clock.now(), seen=self.seen(lesson), **fields
        )
        return self.answer(lesson)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.lesson_archive(lesson=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)

    @extend_schema(request=None, responses=LessonOut)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        return self.answer(services.lesson_restore(lesson=self.get_object(), by=self.user, now=clock.now()))


def _see(user: User, campaign: Campaign) -> None:
    """
    Refuse a campaign that does not exist for this person.

    :raises Http404: as if it were not there
    """
    permission_check(user, "campaigns.view_campaign", campaign)
