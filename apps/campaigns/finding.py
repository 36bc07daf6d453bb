"""What the search box finds of campaigns, and what Ctrl-K offers on their pages."""

from typing import Any

from django.db.models import Value
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Kpi, Lesson, Task
from apps.core.navigation import Action, Doing, Found, actions, doings, searches


def campaigns_search(user: User, text: str) -> Found:
    found = Campaign.objects.visible_to(user).current().filter(name__icontains=text)
    return Found(_("Campaign"), found.order_by("-updated_at"), "campaigns:detail")


def lessons_search(user: User, text: str) -> Found:
    found = Lesson.objects.visible_to(user).current().filter(text__icontains=text)
    return Found(_("Lesson"), found.order_by("-created_at"), "campaigns:lesson", label="text")


def tasks_search(user: User, text: str) -> Found:
    """Open tasks first, then those that are done."""
    theirs = Campaign.objects.visible_to(user).current()
    found = Task.objects.filter(title__icontains=text, campaign__in=theirs).order_by("done_at", "-pk")
    return Found(_("Task"), found, "campaigns:task", label="title")


def kpis_search(user: User, text: str) -> Found:
    theirs = Campaign.objects.visible_to(user).current()
    found = Kpi.objects.filter(metric__name__icontains=text, campaign__in=theirs).order_by("-pk")
    label = Concat("metric__name", Value(" · "), "campaign__name")
    return Found(_("KPI"), found, "campaigns:kpis", label=label, key="campaign")


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


def register() -> None:
    """Called from `register.register`."""
    searches.register("campaigns", campaigns_search)
    searches.register("tasks", tasks_search)
    searches.register("kpis", kpis_search)
    searches.register("lessons", lessons_search)
    doings.register("campaigns", campaign_doings)
    actions.register(
        "campaign", Action(_l("New campaign"), "campaigns:create", "plus", "campaigns.add_campaign")
    )
