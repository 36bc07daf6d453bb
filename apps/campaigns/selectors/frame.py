"""What every page of one campaign shows around its own content."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.campaigns import links, panels, stages
from apps.campaigns.models import Campaign, Challenge
from apps.campaigns.progress import GoalProgress
from apps.campaigns.selectors.progress import goal_progress

Stage = Campaign.Stage
# Our own tabs: each has a page of its own, in which the whole frame stands.
OWN_TABS = [
    ("detail", _("Story"), "book-2", 10),
    ("plan", _("Plan"), "checklist", 20),
    ("channels", _("Channels"), "route", 30),
    ("team", _("Team"), "users", 35),
    ("audience", _("Audience"), "users-group", 40),
    ("budget", _("Budget"), "coin", 60),
    ("challenges", _("Challenges"), "hand-stop", 65),
    ("approvals", _("Approvals"), "rubber-stamp", 66),
    ("readiness", _("Readiness"), "rocket", 70),
    ("history", _("History"), "history", 90),
]
# Pages without a tab of their own, by the tab that leads to them.
WITHIN = {"kpis": "detail", "lineage": "history"}


@dataclass(frozen=True)
class TabLink:
    label: str | Promise
    url: str
    icon: str
    is_current: bool
    count: int | None = None


@dataclass(frozen=True)
class StageStep:
    """One stage of the stepper."""

    stage: Stage
    is_done: bool
    is_current: bool


@dataclass(frozen=True)
class Frame:
    """Header, stepper, tabs and bookends of a campaign, for one person."""

    campaign: Campaign
    progress: GoalProgress
    steps: list[StageStep]
    next_stage: Stage | None
    tabs: list[TabLink]
    holds: list[Challenge]  # what is open about the stage that the campaign stands at, or an earlier one
    is_brief: bool  # beside the story: where room is short, the bookends leave it to the work
    may_change: bool
    may_advance: bool
    may_restore: bool
    may_replay: bool

    @property
    def is_over(self) -> bool:
        return self.campaign.stage in {Stage.REPORTING, Stage.CLOSED}


def campaign_frame(
    campaign: Campaign, user: User, now: datetime, *, tab: str, progress: GoalProgress | None = None
) -> Frame:
    """Gather the frame around the tab of this name; `progress`, where that tab has counted it already."""
    is_kept = campaign.archived_at is None
    found, here = campaign.open_challenges, WITHIN.get(tab, tab)
    return Frame(
        campaign=campaign,
        progress=progress or goal_progress(campaign, now),
        steps=stage_steps(campaign),
        next_stage=stages.next_stage(campaign),
        tabs=tab_links(campaign, user, current=here, counts={"challenges": len(found) or None}),
        holds=[one for one in found if one.stage],
        is_brief=tab != "detail",
        may_change=is_kept and user.has_perm("campaigns.change_campaign", campaign),
        may_advance=is_kept and user.has_perm("campaigns.advance_campaign", campaign),
        may_restore=not is_kept and user.has_perm("campaigns.delete_campaign", campaign),
        may_replay=user.has_perm("campaigns.replay_campaign", campaign),
    )


def stage_steps(campaign: Campaign) -> list[StageStep]:
    here = stages.ORDER.index(Stage(campaign.stage))
    return [StageStep(stage, place < here, place == here) for place, stage in enumerate(stages.ORDER)]


def tab_links(
    campaign: Campaign, user: User, *, current: str, counts: Mapping[str, int | None] = MappingProxyType({})
) -> list[TabLink]:
    """Return the tabs that this person may open, our own and those of the apps above, in order."""
    found = [
        (order, TabLink(label, links.tab_url(campaign, name), icon, name == current, counts.get(name)))
        for name, label, icon, order in OWN_TABS
    ]
    for tab in panels.tabs:
        if user.has_perm(tab.permission, campaign):
            url = reverse("campaigns:tab", args=[campaign.pk, tab.name])
            found.append((tab.order, TabLink(tab.label, url, tab.icon, tab.name == current)))
    return [link for _order, link in sorted(found, key=lambda pair: pair[0])]
