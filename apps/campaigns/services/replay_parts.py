"""What of this app comes along in a replay, beside the plan itself."""

from django.utils.translation import gettext_lazy as _l
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.campaigns import replay
from apps.campaigns.models import Campaign, Channel, Contributor, ElementOwner, Kpi, Lesson, Task
from apps.campaigns.replay import Part, Replay, rows_of
from apps.collaboration import services as collaboration

TASKS_MOST = 1000


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
            due_date=act.day(task.due_date),
        )
        for task in found
    )
    if not made:
        return []
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
