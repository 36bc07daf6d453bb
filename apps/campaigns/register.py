"""What this app tells the apps below: rooms of the rail, search, home, what people talk about, departures."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from apps.accounts.departures import Estate, estates
from apps.accounts.models import User
from apps.campaigns import calendar, finding, homes, panels, selectors
from apps.campaigns.models import (
    Approval,
    BudgetLine,
    Campaign,
    Challenge,
    Channel,
    Kpi,
    Lesson,
    Metric,
    NotDoing,
    Task,
    YearGoal,
)
from apps.campaigns.selectors.history import ACTS
from apps.campaigns.services import handover
from apps.collaboration.feeds import Feed, acts_on, acts_on_these, feeds, names_of, seen_with
from apps.collaboration.kinds import Kind, kinds
from apps.collaboration.subjects import Subject, actions, subjects
from apps.contacts.registries import Use as EventUse
from apps.contacts.registries import event_uses
from apps.content import uses as content
from apps.core import display, home
from apps.core.navigation import Room, rooms
from apps.segments.registry import Use
from apps.segments.registry import uses as segment_uses

STRATEGY_ACTS = {
    "lesson.added": _l("wrote down a lesson"),
    "lesson.changed": _l("changed a lesson"),
    "lesson.archived": _l("put a lesson away"),
    "lesson.restored": _l("brought a lesson back"),
    "yeargoal.added": _l("added a goal of the year"),
    "yeargoal.changed": _l("changed a goal of the year"),
    "yeargoal.reordered": _l("put the goals of the year into another order"),
    "yeargoal.removed": _l("took away a goal of the year"),
    "notdoing.added": _l("put something on the not-doing list"),
    "notdoing.changed": _l("changed the not-doing list"),
    "notdoing.removed": _l("took something off the not-doing list"),
}
TEAMS = 500  # of one contributor


def _channel_people(channel: Channel) -> list[User]:
    return [person for person in (channel.campaign.captain, channel.owner) if person]


def _task_people(task: Task) -> list[User]:
    return [person for person in (task.campaign.captain, task.assignee) if person]


def _spend_lines(channels: Sequence[Channel]) -> dict[int, list[panels.ChannelLine]]:
    """What a channel costs, on its card."""
    spend = selectors.spend_by_channel(channels)
    found = {}
    for channel in channels:
        if channel.pk in spend:
            planned, actual = (display.money(sum_, channel.campaign.currency) for sum_ in spend[channel.pk])
            told = _("%(actual)s spent of %(planned)s planned") % {"actual": actual, "planned": planned}
            url = f"{reverse('campaigns:budget', args=[channel.campaign_id])}?channel={channel.kind}"
            found[channel.pk] = [panels.ChannelLine(told, url=url)]
    return found


def _line_people(line: BudgetLine) -> list[User]:
    owner = line.channel.owner if line.channel else None
    return [person for person in (line.campaign.captain, owner) if person]


def _acts_seen(user: User) -> Q | None:
    """All campaigns' acts, or for a contributor those of the campaigns whose team they are on."""
    if user.has_perm("campaigns.view_everything"):
        return acts_on("campaigns.campaign")
    mine = Campaign.objects.visible_to(user).order_by("-updated_at").values_list("pk", flat=True)
    return acts_on_these("campaigns.campaign", list(mine[:TEAMS]))


def _segment_uses(segment_ids: Collection[int], user: User | None) -> dict[int, list[Use]]:
    """A segment is needed by the campaigns whose audience it is, those put away too."""
    found: dict[int, list[Use]] = {pk: [] for pk in segment_ids}
    known = Campaign.objects.visible_to(user) if user else Campaign.objects.none()
    named = Campaign.objects.filter(segment__in=segment_ids).order_by("pk")
    seen = named.annotate(is_visible=Exists(known.filter(pk=OuterRef("pk"))))
    for segment, pk, name, is_visible in seen.values_list("segment", "pk", "name", "is_visible"):
        shown = (name, reverse("campaigns:detail", args=[pk]))
        found[segment].append(shown if is_visible else (_("A campaign of others"), ""))
    return found


def _event_uses(name: str, user: User | None) -> list[EventUse]:
    """An event is needed by the campaigns whose goal it is, or one of whose figures, those put away too."""
    known = Campaign.objects.visible_to(user) if user else Campaign.objects.none()
    figures = Kpi.objects.filter(campaign=OuterRef("pk"), metric__event=name)
    named = Campaign.objects.filter(Q(goal_event=name) | Exists(figures)).order_by("-pk")
    seen = named.annotate(is_visible=Exists(known.filter(pk=OuterRef("pk"))))
    return [
        EventUse(_("Campaign"), shown, reverse("campaigns:detail", args=[pk]))
        if is_visible
        else EventUse(_("Campaign"), _("A campaign of others"))
        for pk, shown, is_visible in seen.values_list("pk", "name", "is_visible")[:20]
    ]


def _owns_some_channel(user: User) -> bool:
    """The owner of a channel writes what it sends, whatever the role."""
    return Channel.objects.filter(owner=user, campaign__archived_at__isnull=True).exists()


def register() -> None:
    """Called from `AppConfig.ready`."""
    content.writers.register("channel-owners", _owns_some_channel)
    segment_uses.register("campaigns", _segment_uses)
    event_uses.register("campaigns", _event_uses)
    finding.register()
    homes.register()
    panels.channel_costs.register("budget", _spend_lines)
    calendar.marks.register("tasks", selectors.tasks_due)
    _rooms_register()
    _home_register()
    _feeds_register()
    _estates_register()
    _subjects_register()
    _strategy_subjects()
    actions.update(STRATEGY_ACTS)
    actions.update({action: said[0] for action, said in ACTS.items()})


def _rooms_register() -> None:
    rooms.register(
        "campaigns",
        Room(_l("Campaigns"), "campaigns:list", "flag", "plan", "campaigns.view_campaign", order=10),
    )
    rooms.register(
        "calendar",
        Room(_l("Calendar"), "campaigns:calendar", "calendar", "plan", "campaigns.view_campaign", order=15),
    )
    rooms.register(
        "tasks", Room(_l("Tasks"), "campaigns:tasks", "checklist", "plan", "campaigns.view_task", order=20)
    )
    rooms.register(
        "strategy",
        Room(_l("Strategy"), "campaigns:strategy", "compass", "plan", "campaigns.view_yeargoal", order=30),
    )
    rooms.register(
        "lessons",
        Room(_l("Lessons"), "campaigns:lessons", "bulb", "plan", "campaigns.view_lesson", order=40),
    )
    rooms.register(
        "plan_templates",
        Room(
            _l("Plan templates"),
            "campaigns:plan_templates",
            "template",
            "plan",
            "campaigns.view_plantemplate",
            order=50,
        ),
    )
    rooms.register(
        "metrics",
        Room(_l("Metrics"), "campaigns:metrics", "gauge", "measure", "campaigns.view_metric", order=60),
    )
    rooms.register(
        "budgets",
        Room(_l("Budgets"), "campaigns:budgets", "coin", "plan", "campaigns.view_budgets", order=35),
    )


def _home_register() -> None:
    home.steps.register(
        "campaign",
        home.Step(
            label=_l("Begin a campaign at its outcome"),
            help=_l("Say what people will do, and plan backwards from there."),
            url_name="campaigns:create",
            permission="campaigns.add_campaign",
            makes=Campaign.objects.all,
            icon="target-arrow",
            order=50,
        ),
    )


def _feeds_register() -> None:
    kinds.register(
        "signoff", Kind(_l("Reviews and signatures"), _l("KPIs that wait for your word, or change after it."))
    )
    feeds.register(
        "campaigns.campaign",
        Feed(_l("Campaigns"), _acts_seen, names_of(Campaign), "campaigns:detail"),
    )
    feeds.register(
        "campaigns.metric",
        Feed(
            _l("Metrics"),
            seen_with("campaigns.metric", "campaigns.view_metric"),
            names_of(Metric),
            "campaigns:metric",
        ),
    )


def _estates_register() -> None:
    """What of campaigns goes to a successor when somebody leaves."""
    captains, workers = selectors.may_be_captain, selectors.may_work
    told: list[tuple[str, Any, Any, Any, str]] = [
        ("campaigns", _l("Campaigns they are captain of"), handover.captaincies, captains, "campaigns:team"),
        ("channels", _l("Channels they own"), handover.channels_owned, workers, "campaigns:channel"),
        ("tasks", _l("Open tasks"), handover.tasks_open, workers, "campaigns:task"),
        (
            "challenges",
            _l("Challenges they wait for"),
            handover.challenges_pursued,
            workers,
            "campaigns:challenge",
        ),
        (
            "approvals",
            _l("Approvals they asked for"),
            handover.approvals_asked,
            workers,
            "campaigns:approvals",
        ),
    ]
    for kind, label, owned, heirs, url_name in told:
        move = partial(handover.things_move, kind)
        named = str if kind == "campaigns" else _named_within
        estates.register(kind, Estate(label, owned, heirs, move, _estate_url(url_name), named))
    shelf: list[tuple[str, Any, Any, Any, Any]] = [
        (
            "year_goals",
            _l("Goals of a year"),
            handover.year_goals_owned,
            YearGoal,
            _url_of("campaigns:year_goal"),
        ),
        ("metrics", _l("Metrics"), handover.metrics_owned, Metric, _url_of("campaigns:metric")),
    ]
    for kind, label, owned, model, url in shelf:
        estates.register(kind, Estate(label, owned, workers, partial(handover.shelf_move, model), url))


def _named_within(part: Any) -> str:
    return f"{part.campaign}: {part}"


def _estate_url(url_name: str) -> Any:
    if url_name == "campaigns:approvals":
        return lambda approval: reverse(url_name, args=[approval.campaign_id])
    return _url_of(url_name)


def _subjects_register() -> None:
    told: list[tuple[type[Campaign] | type[Channel] | type[Task] | type[BudgetLine], str, Any]] = [
        (Campaign, "campaigns:detail", lambda campaign: [campaign.captain]),
        (Channel, "campaigns:channel", _channel_people),
        (Task, "campaigns:task", _task_people),
        (BudgetLine, "campaigns:budget_line", _line_people),
    ]
    subjects.register(
        "campaigns.approval",
        Subject(
            model=Approval,
            view_permission="campaigns.view_approval",
            url=_estate_url("campaigns:approvals"),
        ),
    )
    subjects.register(
        "campaigns.challenge",
        Subject(
            model=Challenge, view_permission="campaigns.view_challenge", url=_url_of("campaigns:challenge")
        ),
    )
    for model, url_name, watchers in told:
        name = model._meta.model_name
        subjects.register(
            model._meta.label_lower,
            Subject(
                model=model,
                view_permission=f"campaigns.view_{name}",
                comment_permission=f"campaigns.comment_{name}",
                attach_permission=f"campaigns.attach_{name}",
                viewers=selectors.who_may_see,
                url=_url_of(url_name),
                watchers=watchers,
            ),
        )


def _strategy_subjects() -> None:
    """What has a history outside of campaigns."""
    by_year: list[tuple[type[YearGoal] | type[NotDoing], str]] = [
        (YearGoal, "campaigns.view_yeargoal"),
        (NotDoing, "campaigns.view_notdoing"),
    ]
    lesson = Subject(model=Lesson, view_permission="campaigns.view_lesson", url=_url_of("campaigns:lesson"))
    subjects.register(Lesson._meta.label_lower, lesson)
    for model, permission in by_year:
        subject = Subject(model=model, view_permission=permission, url=_year_url)
        subjects.register(model._meta.label_lower, subject)


def _year_url(row: YearGoal | NotDoing) -> str:
    return f"{reverse('campaigns:strategy')}?year={row.year}"


def _url_of(url_name: str) -> Any:
    return lambda subject: reverse(url_name, args=[subject.pk])
