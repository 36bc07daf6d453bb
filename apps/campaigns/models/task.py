from datetime import date
from typing import Self

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Upper
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.campaigns import places
from apps.campaigns.models.recurrence import Recurrence
from apps.campaigns.models.team import Channel
from apps.campaigns.models.version import FRAME, Versioned

DURATION_MAX = 250
OFFSET_MAX = 750


class Anchor(models.TextChoices):
    """What the offset of a task counts from."""

    LAUNCH = "launch", _("Launch")
    OUTCOME = "outcome", _("Outcome's date")


class TaskQuerySet(models.QuerySet["Task"]):
    def shown(self) -> Self:
        """With what the page of a task, within its campaign, shows beside it."""
        return self.select_related(*FRAME, "channel__owner", "assignee", "recurrence")

    def open(self) -> Self:
        return self.exclude(state=Task.State.DONE)

    def overdue(self, *, on: date) -> Self:
        return self.open().filter(due_date__lt=on)

    def of(self, user: User) -> Self:
        return self.filter(assignee=user)

    def milestones(self) -> Self:
        return self.filter(is_milestone=True)

    def blocked(self) -> Self:
        """Open tasks that wait for one that is open."""
        return self.open().filter(Exists(TaskDependency.objects.holding().filter(successor=OuterRef("pk"))))

    def with_card(self) -> Self:
        """Add what a row, a card or a question of permission needs: nothing is asked task by task."""
        return self.select_related("campaign", "channel", "assignee").with_checklist()

    def with_checklist(self) -> Self:
        """Add how many lines its checklist has, and how many of them are done."""
        lines = apps.get_model("campaigns", "ChecklistItem")._default_manager
        mine = lines.filter(task=OuterRef("pk")).order_by().values("task")
        # Subqueries and not a join: they are counted for the rows of the page only.
        return self.annotate(
            checklist_count=Coalesce(Subquery(mine.annotate(n=Count("pk")).values("n")), 0),
            checklist_done=Coalesce(Subquery(mine.annotate(n=Count("done_at")).values("n")), 0),
        )


class Task(Versioned):
    """Something one person does for a campaign by a day."""

    class State(models.TextChoices):
        TODO = "todo", _("To do")
        DOING = "doing", _("In progress")
        DONE = "done", _("Done")

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="tasks")
    channel = models.ForeignKey(
        Channel, null=True, blank=True, on_delete=models.SET_NULL, related_name="tasks"
    )
    title = models.CharField(_("task"), max_length=200)
    description = models.TextField(_("description"), blank=True, max_length=10_000)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="tasks",
        verbose_name=_("assignee"),
    )
    due_date = models.DateField(_("due"), null=True, blank=True)
    # How the plan places it: `offset_days` working days from the anchor. Without an anchor it keeps its
    # distance to the launch or the outcome when these move; pinned, it keeps its day.
    start_date = models.DateField(_("start"), null=True, blank=True)
    duration_days = models.PositiveSmallIntegerField(
        _("working days it takes"),
        default=1,
        db_default=1,
        validators=[MinValueValidator(1), MaxValueValidator(DURATION_MAX)],
    )
    anchor = models.CharField(
        _("counted from"), max_length=8, choices=Anchor, blank=True, default="", db_default=""
    )
    offset_days = models.SmallIntegerField(
        _("working days from it"),
        default=0,
        db_default=0,
        validators=[MinValueValidator(-OFFSET_MAX), MaxValueValidator(OFFSET_MAX)],
    )
    is_pinned = models.BooleanField(_("pinned"), default=False, db_default=False)
    is_milestone = models.BooleanField(_("milestone"), default=False, db_default=False)
    # Which line of a plan template it was made from: a template that is applied again adds what is missing.
    template_item = models.ForeignKey(
        "campaigns.PlanTemplateItem",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.TODO)
    done_at = models.DateTimeField(null=True, blank=True)
    # Its order among all tasks of one state (`places`); the columns of every board are cut out of that.
    place = models.TextField(db_collation="C", db_default=places.LAST, editable=False)
    # The series it is one of, and its number there.
    recurrence = models.ForeignKey(
        Recurrence, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="tasks",
        db_index=False,  # the constraint's own begins with it
    )  # fmt: skip
    occurrence = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    # Of the form it was made with: the form sent twice makes one task.
    creation_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    # Set by `selectors.tasks_mark`, for one person.
    may_move: bool = False
    is_blocked: bool = False
    is_held: bool = False

    objects = TaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="done") ^ Q(done_at__isnull=True), name="campaigns_task_done_at_when_done"
            ),
            models.CheckConstraint(
                condition=Q(start_date__isnull=True)
                | Q(due_date__isnull=True)
                | Q(start_date__lte=F("due_date")),
                name="campaigns_task_ends_after_start",
                violation_error_message=_("The task ends before it begins."),
            ),
            # However often the bell rings, each task of a series is made once.
            models.UniqueConstraint(
                fields=["recurrence", "occurrence"], name="campaigns_task_occurrence_once"
            ),
        ]
        indexes = [
            # The search box: any part of a title, among twenty thousand.
            GinIndex(OpClass(Upper("title"), "gin_trgm_ops"), name="campaigns_task_title"),
            # "My tasks": what is open for one person, by day.
            models.Index(
                fields=["assignee", "due_date"], condition=~Q(state="done"), name="campaigns_task_open"
            ),
            # A column of the board, and what stands next to a card in it.
            models.Index(fields=["state", "place"], name="campaigns_task_column"),
        ]
        ordering = ["due_date", "id"]

    def __str__(self) -> str:
        return self.title

    @property
    def is_done(self) -> bool:
        return self.state == self.State.DONE

    @property
    def before_days(self) -> int:
        return -self.offset_days

    def is_overdue(self, on: date) -> bool:
        return not self.is_done and self.due_date is not None and self.due_date < on


class TaskDependencyQuerySet(models.QuerySet["TaskDependency"]):
    def of_campaign(self, campaign_id: int) -> Self:
        return self.filter(successor__campaign=campaign_id)

    def holding(self) -> Self:
        """Those whose first task is not done."""
        return self.exclude(predecessor__state=Task.State.DONE)


class TaskDependency(models.Model):
    """That one task cannot begin before another one of the same campaign is done."""

    predecessor = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="holds_up")
    successor = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="waits_for")

    objects = TaskDependencyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["successor", "predecessor"], name="campaigns_taskdependency_once"
            ),
            models.CheckConstraint(
                condition=~Q(predecessor=F("successor")), name="campaigns_taskdependency_of_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.successor_id} after {self.predecessor_id}"
