"""What this app tells the apps below: rooms of the rail, search, home, what people talk about, departures."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import ngettext

from apps.accounts.departures import departures
from apps.accounts.models import User
from apps.campaigns import calendar, selectors
from apps.campaigns.models import Campaign, Channel, Kpi, Task
from apps.campaigns.selectors.history import ACTS
from apps.collaboration.subjects import Subject, actions, subjects
from apps.contacts.registries import Use as EventUse
from apps.contacts.registries import event_uses
from apps.content import uses as content
from apps.core import home
from apps.core.navigation import Action, Doing, Room, SearchHit, doings, rooms, searches
from apps.core.navigation import actions as actions_to_begin
from apps.segments.registry import Use
from apps.segments.registry import uses as segment_uses

HITS = 5
# Whose work is all campaigns and not only their own.
WATCHERS = frozenset(
    {User.Role.ADMINISTRATOR, User.Role.MARKETING_LEAD, User.Role.EXECUTIVE, User.Role.SALES}
)


def campaigns_search(user: User, text: str) -> list[SearchHit]:
    found = Campaign.objects.visible_to(user).current().filter(name__icontains=text).order_by("-updated_at")
    kind = _("Campaign")
    return [(one.name, kind, reverse("campaigns:detail", args=[one.pk])) for one in found[:HITS]]


def tasks_search(user: User, text: str) -> list[SearchHit]:
    """Open tasks first, then those that are done."""
    theirs = Campaign.objects.visible_to(user).current()
    found = Task.objects.filter(title__icontains=text, campaign__in=theirs).order_by("done_at", "-pk")
    kind = _("Task")
    return [(one.title, kind, reverse("campaigns:task", args=[one.pk])) for one in found[:HITS]]


def kpis_search(user: User, text: str) -> list[SearchHit]:
    theirs = Campaign.objects.visible_to(user).current()
    found = Kpi.objects.filter(label__icontains=text, campaign__in=theirs).select_related("campaign")
    kind = _("KPI")
    return [
        (f"{one.label} · {one.campaign}", kind, reverse("campaigns:kpis", args=[one.campaign_id]))
        for one in found.order_by("-pk")[:HITS]
    ]


def campaign_doings(user: User, thing: Any) -> list[Doing]:
    """What Ctrl-K offers on the pages of a campaign and of whatever is part of one."""
    campaign = thing if isinstance(thing, Campaign) else getattr(thing, "campaign", None)
    if not isinstance(campaign, Campaign) or not user.has_perm("campaigns.view_campaign", campaign):
        return []
    offered = [
        (_("Move this campaign to another stage"), "advance", "flag", "campaigns.advance_campaign"),
        (_("Add a task here"), "plan", "checklist", "campaigns.add_task"),
        (_("Move this campaign to other days"), "move", "calendar", "campaigns.change_campaign"),
        (_("Change the team"), "team", "users", "campaigns.change_campaign"),
        (_("See what is not ready"), "readiness", "rocket", "campaigns.view_readiness"),
    ]
    return [
        (label, reverse(f"campaigns:{page}", args=[campaign.pk]), icon)
        for label, page, icon, permission in offered
        if user.has_perm(permission, campaign)
        and (campaign.archived_at is None or permission == "campaigns.view_readiness")
    ]


def captain_panel(user: User, now: datetime) -> dict[str, Any] | None:
    """What the captain's own campaigns are, and which of them a failing check keeps from their launch."""
    found = list(selectors.captained(user))
    return {"campaigns": found, "now": now} if found else None


def tasks_panel(user: User, now: datetime) -> dict[str, Any] | None:
    tasks = list(selectors.tasks_of(user).order_by("due_date", "id")[:HITS])
    return {"tasks": tasks, "today": timezone.localdate(now)} if tasks else None


def stages_panel(user: User, now: datetime) -> dict[str, Any] | None:
    """Where all campaigns stand and which outcomes are due next, for those who watch them all."""
    stages = selectors.by_stage(user)
    if not any(count for _stage, count in stages):
        return None
    return {"stages": stages, "campaigns": selectors.next_outcomes(user), "today": timezone.localdate(now)}


def _channel_people(channel: Channel) -> list[User]:
    return [person for person in (channel.campaign.captain, channel.owner) if person]


def _task_people(task: Task) -> list[User]:
    return [person for person in (task.campaign.captain, task.assignee) if person]


def left_behind(user: User) -> list[str]:
    """What in campaigns is without anybody when this person leaves."""
    told = []
    if captained := Campaign.objects.current().filter(captain=user).count():
        leads = ngettext("Captain of %(n)s campaign.", "Captain of %(n)s campaigns.", captained)
        told.append(leads % {"n": captained})
    if owned := Channel.objects.filter(owner=user, campaign__archived_at__isnull=True).count():
        told.append(ngettext("Owner of %(n)s channel.", "Owner of %(n)s channels.", owned) % {"n": owned})
    if tasks := selectors.tasks_of(user).count():
        told.append(ngettext("%(n)s open task.", "%(n)s open tasks.", tasks) % {"n": tasks})
    return told


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
    figures = Kpi.objects.filter(campaign=OuterRef("pk"), event=name)
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
    rooms.register(
        "campaigns",
        Room(_l("Campaigns"), "campaigns:list", "flag", "plan", "campaigns.view_campaign", order=10),
    )
    rooms.register(
        "tasks", Room(_l("My tasks"), "campaigns:tasks", "checklist", "plan", "campaigns.view_task", order=20)
    )
    searches.register("campaigns", campaigns_search)
    searches.register("tasks", tasks_search)
    searches.register("kpis", kpis_search)
    doings.register("campaigns", campaign_doings)
    actions_to_begin.register(
        "campaign",
        Action(_l("New campaign"), "campaigns:create", "plus", "campaigns.add_campaign"),
    )
    home.panels.register(
        "campaigns",
        home.Panel("campaigns/_home_campaigns.html", captain_panel, "campaigns.view_campaign", order=10),
    )
    home.panels.register(
        "tasks", home.Panel("campaigns/_home_tasks.html", tasks_panel, "campaigns.view_task", order=20)
    )
    home.panels.register(
        "stages",
        home.Panel(
            "campaigns/_home_stages.html",
            stages_panel,
            "campaigns.view_campaign",
            roles=WATCHERS,
            order=5,
            is_wide=True,
        ),
    )
    home.steps.register(
        "campaign",
        home.Step(
            label=_l("Begin a campaign at its outcome"),
            help=_l("Say what people will do, and plan backwards from there."),
            url_name="campaigns:create",
            permission="campaigns.add_campaign",
            is_done=Campaign.objects.exists,
            icon="target-arrow",
            order=50,
        ),
    )
    departures.register("campaigns", left_behind)
    calendar.marks.register("tasks", selectors.tasks_due)
    _subjects_register()
    actions.update({action: said[0] for action, said in ACTS.items()})


def _subjects_register() -> None:
    told: list[tuple[type[Campaign] | type[Channel] | type[Task], str, Any]] = [
        (Campaign, "campaigns:detail", lambda campaign: [campaign.captain]),
        (Channel, "campaigns:channel", _channel_people),
        (Task, "campaigns:task", _task_people),
    ]
    for model, url_name, watchers in told:
        name = model._meta.model_name
        subjects.register(
            model._meta.label_lower,
            Subject(
                model=model,
                view_permission=f"campaigns.view_{name}",
                comment_permission=f"campaigns.comment_{name}",
                url=_url_of(url_name),
                watchers=watchers,
            ),
        )


def _url_of(url_name: str) -> Any:
    return lambda subject: reverse(url_name, args=[subject.pk])
