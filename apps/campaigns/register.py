"""What this app tells the apps below: rooms of the rail, search, home, what people talk about, departures."""

from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from apps.accounts.departures import Estate, estates
from apps.accounts.models import User
from apps.campaigns import selectors
from apps.campaigns.models import Approval, Campaign, Challenge, Channel, Kpi, Task
from apps.campaigns.selectors.history import ACTS
from apps.campaigns.services import handover
from apps.collaboration.subjects import Subject, actions, subjects
from apps.contacts.registries import Use as EventUse
from apps.contacts.registries import event_uses
from apps.content import uses as content
from apps.core import home
from apps.core.navigation import Room, SearchHit, rooms, searches
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


def captain_panel(user: User, now: datetime) -> dict[str, Any] | None:
    """What the captain's own campaigns are, and which of them a failing check keeps from their launch."""
    found = list(selectors.captained(user))
    return {"campaigns": found, "now": now} if found else None


def tasks_panel(user: User, now: datetime) -> dict[str, Any] | None:
    tasks = list(selectors.tasks_of(user).order_by("due_date", "id")[:HITS])
    return {"tasks": tasks, "today": timezone.localdate(now)} if tasks else None


def challenges_panel(user: User, now: datetime) -> dict[str, Any] | None:
    """What this person must answer, and the answers they wait for."""
    to_answer, waiting = selectors.challenges_to_answer(user), selectors.challenges_waiting(user)
    return {"to_answer": to_answer, "waiting": waiting, "now": now} if to_answer or waiting else None


def approvals_panel(user: User, now: datetime) -> dict[str, Any] | None:
    """What waits for this person's approval."""
    found = selectors.approvals_to_decide(user)
    return {"approvals": found, "now": now} if found else None


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
    home.panels.register(
        "campaigns",
        home.Panel("campaigns/_home_campaigns.html", captain_panel, "campaigns.view_campaign", order=10),
    )
    home.panels.register(
        "tasks", home.Panel("campaigns/_home_tasks.html", tasks_panel, "campaigns.view_task", order=20)
    )
    home.panels.register(
        "challenges",
        home.Panel("campaigns/_home_challenges.html", challenges_panel, "campaigns.view_challenge", order=8),
    )
    home.panels.register(
        "approvals",
        home.Panel("campaigns/_home_approvals.html", approvals_panel, "campaigns.view_approval", order=9),
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
    _estates_register()
    _subjects_register()
    actions.update({action: said[0] for action, said in ACTS.items()})


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


def _named_within(part: Any) -> str:
    return f"{part.campaign}: {part}"


def _estate_url(url_name: str) -> Any:
    if url_name == "campaigns:approvals":
        return lambda approval: reverse(url_name, args=[approval.campaign_id])
    return _url_of(url_name)


def _subjects_register() -> None:
    told: list[tuple[type[Campaign] | type[Channel] | type[Task], str, Any]] = [
        (Campaign, "campaigns:detail", lambda campaign: [campaign.captain]),
        (Channel, "campaigns:channel", _channel_people),
        (Task, "campaigns:task", _task_people),
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
                url=_url_of(url_name),
                watchers=watchers,
            ),
        )


def _url_of(url_name: str) -> Any:
    return lambda subject: reverse(url_name, args=[subject.pk])
