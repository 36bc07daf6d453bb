"""What of this app comes along in a replay, beside the plan itself."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _l
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.campaigns import replay
from apps.campaigns.budget import month_moved, month_shift
from apps.campaigns.models import (
    BudgetLine,
    Campaign,
    Channel,
    ChecklistItem,
    Contributor,
    ElementOwner,
    Kpi,
    Lesson,
    Task,
    TaskDependency,
)
from apps.campaigns.replay import Part, Replay, rows_of
from apps.collaboration import services as collaboration

TASKS_MOST = 1000
# How the plan of the parent placed a task, so that the child's plan can.
AS_PLANNED = ("duration_days", "anchor", "offset_days", "is_milestone", "template_item")


def _team_bring(act: Replay) -> list[str]:
    contributors = act.parent.contributors.filter(user__is_active=True)
    Contributor.objects.bulk_create(
        Contributor(campaign=act.child, user_id=user, added_at=act.now)
        for user in contributors.order_by("pk").values_list("user", flat=True)
    )
    owners = act.parent.element_owners.select_related("marketing_owner", "data_owner").order_by("pk")
    ElementOwner.objects.bulk_create(
        ElementOwner(
            campaign=act.child,
            element=owner.element,
            marketing_owner=_here(owner.marketing_owner),
            data_owner=_here(owner.data_owner),
        )
        for owner in owners
    )
    return []


def _kpis_bring(act: Replay) -> list[str]:
    copied = ("metric", "reason", "target", "position")
    Kpi.objects.bulk_create(
        Kpi(campaign=act.child, **{name: getattr(kpi, name) for name in copied})
        for kpi in act.parent.kpis.with_metric()
    )
    return []


def _tasks_bring(act: Replay) -> list[str]:
    """Open every task again, with its day moved; one whose day would have passed has none yet."""
    found = list(act.parent.tasks.select_related("assignee").order_by("pk")[:TASKS_MOST])
    made = Task.objects.bulk_create(
        Task(
            campaign=act.child,
            channel=act.channels.get(task.channel_id or 0),
            title=task.title,
            description=task.description,
            assignee=_here(task.assignee),
            due_date=(due := act.day(task.due_date)),
            start_date=act.day(task.start_date) if due else None,
            **{name: getattr(task, name) for name in AS_PLANNED},
        )
        for task in found
    )
    if not made:
        return []
    _below_tasks_bring({old.pk: new for old, new in zip(found, made, strict=True)})
    details: dict[str, object] = {"tasks": len(made)}
    collaboration.audit_record(
        action="task.replayed", subject=act.child, by=act.by, now=act.now, details=details
    )
    undated = sum(
        old.due_date is not None and new.due_date is None for old, new in zip(found, made, strict=True)
    )
    if not undated:
        return []
    told = ngettext(
        "%(count)s task would have been due before today: it has no day yet.",
        "%(count)s tasks would have been due before today: they have no day yet.",
        undated,
    )
    return [told % {"count": undated}]


def _below_tasks_bring(made: Mapping[int, Task]) -> None:
    """Bring what hangs on tasks: checklists, nothing ticked, and which of them waits for which."""
    ChecklistItem.objects.bulk_create(
        ChecklistItem(task=made[item.task_id], text=item.text, position=item.position)
        for item in ChecklistItem.objects.filter(task__in=made).order_by("pk")
    )
    TaskDependency.objects.bulk_create(
        TaskDependency(predecessor=made[one.predecessor_id], successor=made[one.successor_id])
        for one in TaskDependency.objects.filter(predecessor__in=made, successor__in=made).order_by("pk")
    )


def _budget_bring(act: Replay) -> list[str]:
    """Plan again what was planned, as many months later as the launch is; nothing is committed or spent."""
    before, after = act.parent.launch_date, act.child.launch_date
    later = month_shift(before, after) if before and after else 0
    BudgetLine.objects.bulk_create(
        BudgetLine(
            campaign=act.child,
            channel=act.channels.get(line.channel_id or 0),
            month=month_moved(line.month, later),
            label=line.label,
            vendor=line.vendor,
            planned=line.planned,
        )
        for line in act.parent.budget_lines.standing().order_by("pk")
    )
    return []


def _lessons_bring(act: Replay) -> list[str]:
    act.child.lessons_applied.set(_lessons_of(act.parent))
    return []


def _lessons_of(campaign: Campaign) -> list[Lesson]:
    """Return what a campaign has taught, and what it began with."""
    own, before = campaign.lessons.current(), campaign.lessons_applied.current()
    return list({lesson.pk: lesson for lesson in [*own, *before]}.values())


def _here(person: User | None) -> User | None:
    return person if person is not None and person.is_active else None


def register() -> None:
    """Called from `AppConfig.ready`."""
    own = {
        "channels": Part(
            _l("Channels with their owners"),
            _l("Why each is there and what it should bring, too."),
            rows_of(Channel.objects.all()),
            lambda act: [],  # written before all others, which hang on them
            order=10,
        ),
        "team": Part(
            _l("Team"),
            _l("Contributors, and who answers for each element."),
            rows_of(Contributor.objects.all()) + rows_of(ElementOwner.objects.all()),
            _team_bring,
            order=20,
        ),
        "kpis": Part(
            _l("KPIs"),
            _l("With their reasons and targets."),
            rows_of(Kpi.objects.all()),
            _kpis_bring,
            order=30,
        ),
        "tasks": Part(
            _l("Tasks"),
            _l("Open again, their days moved with the launch."),
            rows_of(Task.objects.all()),
            _tasks_bring,
            order=40,
        ),
        "budget": Part(
            _l("Budget"),
            _l("What was planned, in the months that the days move to."),
            rows_of(BudgetLine.objects.standing()),
            _budget_bring,
            order=45,
        ),
        "lessons": Part(
            _l("Lessons"),
            _l("Shown beside the steps of the new plan."),
            rows_of(Lesson.objects.current()) + rows_of(Lesson.applied_in.through.objects.all()),
            _lessons_bring,
            order=60,
        ),
    }
    for name, part in own.items():
        replay.parts.register(name, part)
