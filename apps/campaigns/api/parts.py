"""Collections below a campaign, `campaigns/{id}/tasks/`, and the things in them, `tasks/{id}/`."""

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from apps.campaigns import selectors, services
from apps.campaigns.api import serializers as out
from apps.campaigns.api.attached import Attached
from apps.campaigns.api.base import IF_MATCH, CampaignPart
from apps.campaigns.api.schedule import TaskPlanActions
from apps.campaigns.api.task_parts import TaskParts
from apps.campaigns.dates import day_begun
from apps.campaigns.models import Campaign, Channel, Contributor, Kpi, Task, TaskQuerySet
from apps.core import clock


class Collections(CampaignPart[Campaign]):
    """What belongs to a campaign: read and added to below it."""

    @extend_schema(responses=out.ChannelOut(many=True))
    @action(detail=True, methods=["get"])
    def channels(self, request: Request, pk: str) -> Response:
        return self.page(self.get_object().channels.order_by("pk"), out.ChannelOut)

    @extend_schema(request=out.ChannelAddIn, responses={201: out.ChannelOut})
    @channels.mapping.post
    def channel_add(self, request: Request, pk: str) -> Response:
        channel = services.channel_add(
            campaign=self.get_object(), by=self.user, now=clock.now(), **self.told(out.ChannelAddIn)
        )
        return Response(out.ChannelOut(channel).data, status=201)

    @extend_schema(responses=out.TaskOut(many=True))
    @action(detail=True, methods=["get"])
    def tasks(self, request: Request, pk: str) -> Response:
        rows = selectors.tasks(self.get_object()).prefetch_related("waits_for")
        return self.page(rows.order_by("pk"), out.TaskOut)

    @extend_schema(request=out.TaskIn, responses={201: out.TaskOut})
    @tasks.mapping.post
    def task_add(self, request: Request, pk: str) -> Response:
        """Add a task. The owner of a channel adds to the own channel only."""
        campaign, fields = self.get_object(), self.told(out.TaskIn)
        if not self.user.has_perm(
            "campaigns.change_task", Task(campaign=campaign, channel=fields.get("channel"))
        ):
            raise PermissionDenied
        task = services.task_add(campaign=campaign, by=self.user, now=clock.now(), **fields)
        return Response(out.TaskOut(task).data, status=201)

    @extend_schema(responses=out.KpiOut(many=True))
    @action(detail=True, methods=["get"])
    def kpis(self, request: Request, pk: str) -> Response:
        return self.page(self.get_object().kpis.with_metric().order_by("position", "pk"), out.KpiOut)

    @extend_schema(request=out.KpiIn, responses={201: out.KpiOut})
    @kpis.mapping.post
    def kpi_add(self, request: Request, pk: str) -> Response:
        kpi = services.kpi_add(
            campaign=self.get_object(), by=self.user, now=clock.now(), **self.told(out.KpiIn)
        )
        return Response(out.KpiOut(kpi).data, status=201)

    @extend_schema(responses=out.ContributorOut(many=True))
    @action(detail=True, methods=["get"])
    def contributors(self, request: Request, pk: str) -> Response:
        return self.page(self.get_object().contributors.order_by("pk"), out.ContributorOut)

    @extend_schema(request=out.ContributorIn, responses={201: out.ContributorOut})
    @contributors.mapping.post
    def contributor_add(self, request: Request, pk: str) -> Response:
        contributor = services.contributor_add(
            campaign=self.get_object(), by=self.user, now=clock.now(), **self.told(out.ContributorIn)
        )
        return Response(out.ContributorOut(contributor).data, status=201)

    @extend_schema(responses=out.OverrideOut(many=True))
    @action(detail=True, methods=["get"])
    def overrides(self, request: Request, pk: str) -> Response:
        return self.page(self.get_object().overrides.order_by("pk"), out.OverrideOut)

    @extend_schema(request=out.OverrideIn, responses={201: out.OverrideOut})
    @overrides.mapping.post
    def override_add(self, request: Request, pk: str) -> Response:
        told = self.told(out.OverrideIn)
        override = services.check_override(
            campaign=self.get_object(),
            check_name=told["check"],
            reason=told["reason"],
            by=self.user,
            now=clock.now(),
        )
        return Response(out.OverrideOut(override).data, status=201)

    @extend_schema(request=out.OverrideRemoveIn, responses={204: None})
    @action(detail=True, methods=["post"], url_path="overrides/remove")
    def override_remove(self, request: Request, pk: str) -> Response:
        """Let a check count again."""
        services.override_remove(
            campaign=self.get_object(),
            check_name=self.told(out.OverrideRemoveIn)["check"],
            by=self.user,
            now=clock.now(),
        )
        return Response(status=204)


class ChannelViewSet(mixins.RetrieveModelMixin, Attached[Channel]):
    """One channel of a campaign. Its owner may change it, but only who leads the campaign names the owner."""

    queryset = Channel.objects.select_related("campaign")
    serializer_class = out.ChannelOut
    permissions = {
        "retrieve": "campaigns.view_channel",
        "partial_update": "campaigns.change_channel",
        "destroy": "campaigns.delete_channel",
        "attachments": "campaigns.view_channel",
        "attachment_add": "campaigns.attach_channel",
        "comments": "campaigns.view_channel",
        "comment_add": "campaigns.comment_channel",
    }
    parameters = dict.fromkeys(["comments", "attachments"], ("cursor", "limit"))

    @extend_schema(request=out.ChannelChangeIn, responses=out.ChannelOut, parameters=[IF_MATCH])
    def partial_update(self, request: Request, pk: str) -> Response:
        channel = self.get_object()
        payload = out.ChannelChangeIn(channel, data=request.data, partial=True)
        payload.is_valid(raise_exception=True)
        fields = payload.validated_data
        if "owner" in fields and not self.user.has_perm("campaigns.assign_channel", channel):
            raise PermissionDenied
        channel = services.channel_update(
            channel=channel, by=self.user, now=clock.now(), seen=self.seen(channel), **fields
        )
        return self.answer(channel)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.channel_remove(channel=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)


class TaskFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    overdue = django_filters.BooleanFilter(method="by_day", label="Open, and its day has passed everywhere")
    going = django_filters.ChoiceFilter(
        choices=[("blocked", "Blocked or held"), ("free", "Can go on")],
        method="by_going",
        help_text="Open tasks that wait for an open one or are held by a challenge, or those that are not.",
    )

    class Meta:
        model = Task
        fields = ["campaign", "channel", "assignee", "state", "due_date"]

    def by_day(self, found: TaskQuerySet, _name: str, is_asked: bool) -> TaskQuerySet:
        late = Task.objects.overdue(on=day_begun(clock.now())).values("pk")
        return found.filter(pk__in=late) if is_asked else found.exclude(pk__in=late)

    def by_going(self, found: TaskQuerySet, _name: str, going: str) -> TaskQuerySet:
        return selectors.tasks_going(found, going)


class TaskViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TaskPlanActions, TaskParts):
    """Tasks of all campaigns that the caller may see."""

    queryset = (
        Task.objects.select_related("campaign", "channel").prefetch_related("waits_for").order_by("-pk")
    )
    serializer_class = out.TaskOut
    filterset_class = TaskFilter
    search_fields = ["title"]
    ordering_fields = ["due_date", "updated_at"]
    permissions = {
        "list": "campaigns.view_task",
        "retrieve": "campaigns.view_task",
        "partial_update": "campaigns.change_task",
        "destroy": "campaigns.delete_task",
        "move": "campaigns.move_task",
        "dependencies": "campaigns.change_task",
        "dependency_remove": "campaigns.change_task",
        "pin": "campaigns.change_task",
        "unpin": "campaigns.change_task",
        "checklist": "campaigns.view_task",
        "checklist_add": "campaigns.check_task",
        "checklist_change": "campaigns.check_task",
        "checklist_remove": "campaigns.check_task",
        "recurrence": "campaigns.view_task",
        "recurrence_set": "campaigns.change_task",
        "recurrence_stop": "campaigns.change_task",
        "attachments": "campaigns.view_task",
        "attachment_add": "campaigns.attach_task",
        "comments": "campaigns.view_task",
        "comment_add": "campaigns.comment_task",
    }
    parameters = dict.fromkeys(["comments", "attachments", "checklist"], ("cursor", "limit"))

    def get_queryset(self) -> TaskQuerySet:
        found = super().get_queryset()
        assert isinstance(found, TaskQuerySet)
        if getattr(self, "swagger_fake_view", False):
            return found
        return found.filter(campaign__in=Campaign.objects.visible_to(self.user).values("pk"))

    @extend_schema(request=out.TaskIn, responses=out.TaskOut, parameters=[IF_MATCH])
    def partial_update(self, request: Request, pk: str) -> Response:
        task = self.get_object()
        payload = out.TaskIn(task, data=request.data, partial=True)
        payload.is_valid(raise_exception=True)
        fields = payload.validated_data
        becomes = Task(campaign=task.campaign, channel=fields.get("channel", task.channel))
        if not self.user.has_perm("campaigns.change_task", becomes):
            raise PermissionDenied
        task = services.task_update(task=task, by=self.user, now=clock.now(), seen=self.seen(task), **fields)
        return self.answer(task)

    @extend_schema(request=out.TaskMoveIn, responses=out.TaskOut, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Say how far the task is, and where its card stands. With `If-Match` no other version is moved."""
        task = self.get_object()
        task = services.task_move(
            task=task, by=self.user, now=clock.now(), seen=self.seen(task), **self.told(out.TaskMoveIn)
        )
        return self.answer(task)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.task_remove(task=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)


class KpiViewSet(mixins.RetrieveModelMixin, CampaignPart[Kpi]):
    """One of the figures that carry a campaign's story."""

    queryset = Kpi.objects.select_related("campaign", "metric")
    serializer_class = out.KpiOut
    permissions = {
        "retrieve": "campaigns.view_kpi",
        "partial_update": "campaigns.change_kpi",
        "destroy": "campaigns.delete_kpi",
        "move": "campaigns.change_kpi",
    }

    @extend_schema(request=out.KpiIn, responses=out.KpiOut, parameters=[IF_MATCH])
    def partial_update(self, request: Request, pk: str) -> Response:
        kpi = self.get_object()
        payload = out.KpiIn(kpi, data=request.data, partial=True)
        payload.is_valid(raise_exception=True)
        kpi = services.kpi_update(
            kpi=kpi, by=self.user, now=clock.now(), seen=self.seen(kpi), **payload.validated_data
        )
        return self.answer(kpi)

    @extend_schema(request=out.KpiMoveIn, responses={204: None})
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        services.kpi_move(kpi=self.get_object(), by=self.user, now=clock.now(), **self.told(out.KpiMoveIn))
        return Response(status=204)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.kpi_remove(kpi=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)


class ContributorViewSet(mixins.RetrieveModelMixin, CampaignPart[Contributor]):
    """Someone on a campaign's list of contributors."""

    queryset = Contributor.objects.select_related("campaign", "user")
    serializer_class = out.ContributorOut
    permissions = {"retrieve": "campaigns.view_contributor", "destroy": "campaigns.delete_contributor"}

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        contributor = self.get_object()
        services.contributor_remove(
            campaign=contributor.campaign, user=contributor.user, by=self.user, now=clock.now()
        )
        return Response(status=204)
