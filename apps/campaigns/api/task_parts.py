"""What hangs below a task: its checklist, and that it comes again."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.campaigns import services
from apps.campaigns.api.attached import Attached
from apps.campaigns.models import ChecklistItem, Recurrence, Task
from apps.core import clock

ITEM = OpenApiParameter("item", int, OpenApiParameter.PATH, description="The id of the line.")


class ChecklistItemOut(serializers.ModelSerializer[ChecklistItem]):
    class Meta:
        model = ChecklistItem
        fields = ["id", "text", "position", "is_done", "done_at", "done_by"]


class ChecklistItemAddIn(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=300)


class ChecklistItemIn(serializers.Serializer[Any]):
    is_done = serializers.BooleanField(required=False)
    position = serializers.IntegerField(
        required=False, min_value=0, max_value=1000, help_text="0 is the first place."
    )


class RecurrenceOut(serializers.ModelSerializer[Recurrence]):
    class Meta:
        model = Recurrence
        fields = ["id", "every", "unit", "first_date", "ends_date", "times", "made", "stopped_at", "version"]


class RecurrenceIn(serializers.ModelSerializer[Recurrence]):
    class Meta:
        model = Recurrence
        fields = ["every", "unit", "ends_date", "times"]


class TaskParts(Attached[Task]):
    """Adds `checklist/` and `recurrence/`."""

    @extend_schema(responses=ChecklistItemOut(many=True))
    @action(detail=True, methods=["get"])
    def checklist(self, request: Request, pk: str) -> Response:
        return self.page(self.get_object().checklist.order_by("position", "pk"), ChecklistItemOut)

    @extend_schema(request=ChecklistItemAddIn, responses={201: ChecklistItemOut})
    @checklist.mapping.post
    def checklist_add(self, request: Request, pk: str) -> Response:
        item = services.checklist_add(
            task=self.get_object(), by=self.user, now=clock.now(), **self.told(ChecklistItemAddIn)
        )
        return Response(ChecklistItemOut(item).data, status=201)

    @extend_schema(request=ChecklistItemIn, responses=ChecklistItemOut, parameters=[ITEM])
    @action(detail=True, methods=["patch"], url_path=r"checklist/(?P<item>[0-9]{1,18})")
    def checklist_change(self, request: Request, pk: str, item: str) -> Response:
        """Tick a line off, or put it at another place."""
        line, told, now = self._line(item), self.told(ChecklistItemIn), clock.now()
        if "is_done" in told:
            line = services.checklist_tick(item=line, is_done=told["is_done"], by=self.user, now=now)
        if "position" in told:
            services.checklist_move(item=line, position=told["position"], by=self.user, now=now)
            line = self._line(item)
        return Response(ChecklistItemOut(line).data)

    @extend_schema(request=None, responses={204: None}, parameters=[ITEM])
    @checklist_change.mapping.delete
    def checklist_remove(self, request: Request, pk: str, item: str) -> Response:
        services.checklist_remove(item=self._line(item), by=self.user, now=clock.now())
        return Response(status=204)

    @extend_schema(responses=RecurrenceOut)
    @action(detail=True, methods=["get"])
    def recurrence(self, request: Request, pk: str) -> Response:
        """How often the task comes again; 404 where it does not."""
        return Response(RecurrenceOut(self._recurrence()).data)

    @extend_schema(request=RecurrenceIn, responses=RecurrenceOut)
    @recurrence.mapping.put
    def recurrence_set(self, request: Request, pk: str) -> Response:
        """Let the task come again: the next is made when the last is done, or on its day."""
        recurrence = services.recurrence_set(
            task=self.get_object(), by=self.user, now=clock.now(), **self.told(RecurrenceIn)
        )
        return Response(RecurrenceOut(recurrence).data)

    @extend_schema(request=None, responses={204: None})
    @recurrence.mapping.delete
    def recurrence_stop(self, request: Request, pk: str) -> Response:
        services.recurrence_stop(recurrence=self._recurrence(), by=self.user, now=clock.now())
        return Response(status=204)

    def _line(self, item: str) -> ChecklistItem:
        return get_object_or_404(self.get_object().checklist.select_related("task__campaign"), pk=int(item))

    def _recurrence(self) -> Recurrence:
        recurrence = self.get_object().recurrence
        if recurrence is None:
            raise NotFound(_("This task does not come again."))
        return recurrence
