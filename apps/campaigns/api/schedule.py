"""The plan over REST: templates applied, dates moved, milestones, what tasks wait for, pins."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from apps.campaigns import dates, selectors, services
from apps.campaigns.api import serializers as out
from apps.campaigns.api.base import CampaignPart
from apps.campaigns.models import Campaign, PlanTemplate, Task
from apps.core import clock


class TemplateApplyIn(serializers.Serializer[Any]):
    template = serializers.PrimaryKeyRelatedField(queryset=PlanTemplate.objects.all())


class TemplateAppliedOut(serializers.Serializer[Any]):
    """The tasks that were added; `wont_fit` are those of them that would have to begin before today."""

    tasks = out.TaskOut(many=True)
    wont_fit = serializers.ListField(child=serializers.IntegerField())


class RescheduleIn(serializers.Serializer[Any]):
    """A date that is left out stays as it is; the same dates again bring the tasks in order."""

    launch_date = serializers.DateField(required=False)
    goal_date = serializers.DateField(required=False)
    dry_run = serializers.BooleanField(default=False, help_text="Say what would move, and move nothing.")


class TaskMoveOut(serializers.Serializer[Any]):
    task = serializers.IntegerField(source="task.pk")
    start_before = serializers.DateField(source="task.start_date", allow_null=True)
    due_before = serializers.DateField(source="task.due_date", allow_null=True)
    start = serializers.DateField(allow_null=True)
    due = serializers.DateField(allow_null=True)


class RescheduleOut(serializers.Serializer[Any]):
    """`wont_fit` are tasks that would have to begin before today, `pinned` those that stay."""

    launch_date = serializers.DateField(allow_null=True)
    goal_date = serializers.DateField(allow_null=True)
    moves = TaskMoveOut(many=True)
    pinned = serializers.ListField(child=serializers.IntegerField())
    wont_fit = serializers.ListField(child=serializers.IntegerField())
    dry_run = serializers.BooleanField()


class PlacedOut(serializers.Serializer[Any]):
    """How the plan sees one task. `slack` is in working days; null: done, after the outcome, or undated."""

    task = serializers.IntegerField(source="key")
    start = serializers.DateField(allow_null=True)
    due = serializers.DateField(allow_null=True)
    slack = serializers.IntegerField(allow_null=True)
    is_critical = serializers.BooleanField()
    fits = serializers.BooleanField()


class PlanScheduleOut(serializers.Serializer[Any]):
    tasks = PlacedOut(many=True)
    critical_path = serializers.ListField(child=serializers.IntegerField())


class TaskWaitsIn(serializers.Serializer[Any]):
    """`task` is the id of what this one waits for, of the same campaign."""

    task = serializers.IntegerField(min_value=1)


class PlanActions(CampaignPart[Campaign]):
    """What is asked of a campaign's plan as a whole."""

    @extend_schema(responses=out.TaskOut(many=True))
    @action(detail=True, methods=["get"])
    def milestones(self, request: Request, pk: str) -> Response:
        rows = selectors.tasks(self.get_object()).milestones().prefetch_related("waits_for")
        return self.page(rows.order_by("pk"), out.TaskOut)

    @extend_schema(request=out.TaskIn, responses={201: out.TaskOut})
    @milestones.mapping.post
    def milestone_add(self, request: Request, pk: str) -> Response:
        """Add a milestone. The owner of a channel adds to the own channel only."""
        campaign, fields = self.get_object(), {**self.told(out.TaskIn), "is_milestone": True}
        becomes = Task(campaign=campaign, channel=fields.get("channel"))
        if not self.user.has_perm("campaigns.change_task", becomes):
            raise PermissionDenied
        task = services.task_add(campaign=campaign, by=self.user, now=clock.now(), **fields)
        return Response(out.TaskOut(task).data, status=201)

    @extend_schema(responses=PlanScheduleOut)
    @action(detail=True, methods=["get"])
    def schedule(self, request: Request, pk: str) -> Response:
        """How the plan stands: slack of each task, and the critical path."""
        plan = selectors.plan(self.get_object(), today=dates.day_begun(clock.now()))
        told = {"tasks": list(plan.schedule.placed.values()), "critical_path": plan.schedule.critical}
        return Response(PlanScheduleOut(told).data)

    @extend_schema(request=TemplateApplyIn, responses={201: TemplateAppliedOut})
    @action(detail=True, methods=["post"], url_path="apply-template")
    def apply_template(self, request: Request, pk: str) -> Response:
        """Add the tasks of a plan template; applied again, it adds what is missing."""
        campaign, now = self.get_object(), clock.now()
        tasks = services.template_apply(
            campaign=campaign, by=self.user, now=now, **self.told(TemplateApplyIn)
        )
        late = set(selectors.plan(campaign, today=dates.day_begun(now)).schedule.wont_fit)
        made = Task.objects.filter(pk__in=[task.pk for task in tasks]).prefetch_related("waits_for")
        told = {"tasks": made.order_by("pk"), "wont_fit": [task.pk for task in tasks if task.pk in late]}
        return Response(TemplateAppliedOut(told).data, status=201)

    @extend_schema(request=RescheduleIn, responses=RescheduleOut)
    @action(detail=True, methods=["post"])
    def reschedule(self, request: Request, pk: str) -> Response:
        """Move launch and outcome's date, and all tasks that are neither pinned nor done with them."""
        campaign, told, now = self.get_object(), self.told(RescheduleIn), clock.now()
        days = {name: told.get(name, getattr(campaign, name)) for name in ("launch_date", "goal_date")}
        changed = {name: day for name, day in days.items() if day != getattr(campaign, name)}
        services.dates_check(campaign, changed, now=now)
        preview = selectors.plan_preview(campaign, today=dates.day_begun(now), **days)
        answer = RescheduleOut(
            {
                **days,
                "moves": preview.moves,
                "pinned": [task.pk for task in preview.pinned],
                "wont_fit": [way.task.pk for way in preview.wont_fit],
                "dry_run": told["dry_run"],
            }
        ).data
        if not told["dry_run"]:
            services.campaign_reschedule(campaign=campaign, by=self.user, now=now, **days)
        return Response(answer)


class TaskPlanActions(CampaignPart[Task]):
    """What binds one task: what it waits for, and the days it is pinned to."""

    @extend_schema(request=TaskWaitsIn, responses=out.TaskOut)
    @action(detail=True, methods=["post"])
    def dependencies(self, request: Request, pk: str) -> Response:
        """Let the task wait for another one of its campaign."""
        task = self.get_object()
        services.dependency_add(task=task, on=self._named(task), by=self.user, now=clock.now())
        return self.answer(self.get_object())

    @extend_schema(request=TaskWaitsIn, responses=out.TaskOut)
    @action(detail=True, methods=["post"], url_path="dependencies/remove")
    def dependency_remove(self, request: Request, pk: str) -> Response:
        task = self.get_object()
        services.dependency_remove(task=task, on=self._named(task), by=self.user, now=clock.now())
        return self.answer(self.get_object())

    def _named(self, task: Task) -> Task:
        found = Task.objects.filter(campaign=task.campaign_id, pk=self.told(TaskWaitsIn)["task"]).first()
        if found is None:  # of another campaign or of none: who asks may not know the others
            raise serializers.ValidationError({"task": [_("There is no such task in this campaign.")]})
        return found

    @extend_schema(request=None, responses=out.TaskOut)
    @action(detail=True, methods=["post"])
    def pin(self, request: Request, pk: str) -> Response:
        """Keep the task on its days when launch or outcome move."""
        return self.answer(services.task_pin(task=self.get_object(), by=self.user, now=clock.now()))

    @extend_schema(request=None, responses=out.TaskOut)
    @action(detail=True, methods=["post"])
    def unpin(self, request: Request, pk: str) -> Response:
        return self.answer(services.task_unpin(task=self.get_object(), by=self.user, now=clock.now()))
