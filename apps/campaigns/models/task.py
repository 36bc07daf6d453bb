from datetime import date
from typing import Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.campaigns.models.team import Channel
from apps.campaigns.models.version import Versioned


class TaskQuerySet(models.QuerySet["Task"]):
    def open(self) -> Self:
        return self.exclude(state=Task.State.DONE)

    def overdue(self, *, on: date) -> Self:
        return self.open().filter(due_date__lt=on)

    def of(self, user: User) -> Self:
        return self.filter(assignee=user)


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
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.TODO)
    done_at = models.DateTimeField(null=True, blank=True)
    # Of the form it was made with: the form sent twice makes one task.
    creation_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    objects = TaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="done") ^ Q(done_at__isnull=True), name="campaigns_task_done_at_when_done"
            ),
        ]
        indexes = [
            # The search box: any part of a title, among twenty thousand.
            GinIndex(OpClass(Upper("title"), "gin_trgm_ops"), name="campaigns_task_title"),
            # "My tasks": what is open for one person, by day.
            models.Index(
                fields=["assignee", "due_date"], condition=~Q(state="done"), name="campaigns_task_open"
            ),
        ]
        ordering = ["due_date", "id"]

    def __str__(self) -> str:
        return self.title

    @property
    def is_done(self) -> bool:
        return self.state == self.State.DONE

    def is_overdue(self, on: date) -> bool:
        return not self.is_done and self.due_date is not None and self.due_date < on
