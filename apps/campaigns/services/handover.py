"""What somebody owns in campaigns goes to somebody else: one thing with a note, or all when they leave."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Model, QuerySet
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.campaigns.models import Approval, Campaign, Challenge, Channel, Metric, Task, YearGoal
from apps.campaigns.models.version import Versioned
from apps.collaboration import services as collaboration

NOTE_SHOWN = 150


def note_details(note: str) -> dict[str, object]:
    """Return what the log keeps of a note that came with a hand-over."""
    return {"reason": note.strip()} if note.strip() else {}


def handed_over_tell(
    thing: Model,
    campaign: Campaign,
    *,
    giver: User | None,
    taker: User | None,
    note: str,
    by: User,
    now: datetime,
) -> None:
    """Tell the new one, with the note, and the one who had it before."""
    url = reverse("campaigns:team", args=[campaign.pk])
    named = str(thing) if thing == campaign else f"{campaign}: {thing}"
    said = {"person": by, "thing": Truncator(named).chars(120), "note": Truncator(note).chars(NOTE_SHOWN)}
    if taker is not None and taker != by:
        told = _("%(person)s hands “%(thing)s” over to you") % said
        text = f"{told}: {said['note']}" if note.strip() else told
        collaboration.notify(users=[taker], text=text, url=url, now=now)
    if giver is not None and giver != by:
        told = _("%(person)s has handed “%(thing)s” over to somebody else") % said
        collaboration.notify(users=[giver], text=told, url=url, now=now)


def captaincies(user: User) -> QuerySet[Campaign]:
    return Campaign.objects.current().filter(captain=user)


def channels_owned(user: User) -> QuerySet[Channel]:
    return Channel.objects.filter(owner=user, campaign__archived_at__isnull=True).select_related("campaign")


def tasks_open(user: User) -> QuerySet[Task]:
    found = Task.objects.of(user).open().filter(campaign__archived_at__isnull=True)
    return found.select_related("campaign")


def challenges_pursued(user: User) -> QuerySet[Challenge]:
    found = Challenge.objects.open().filter(pursued_by=user, campaign__archived_at__isnull=True)
    return found.select_related("campaign")


def approvals_asked(user: User) -> QuerySet[Approval]:
    found = Approval.objects.waiting().filter(asked_by=user, campaign__archived_at__isnull=True)
    return found.select_related("campaign")


def year_goals_owned(user: User) -> QuerySet[YearGoal]:
    return YearGoal.objects.filter(owner=user).order_by("-year", "position")


def metrics_owned(user: User) -> QuerySet[Metric]:
    return Metric.objects.filter(owner=user).order_by("name", "pk")


def shelf_move(
    model: type[YearGoal | Metric],
    keys: Sequence[int],
    *,
    giver: User,
    taker: User,
    by: User,
    now: datetime,
) -> list[int]:
    """Give what is of no campaign and still the giver's to the taker; return which they were."""
    mine = model._default_manager.filter(pk__in=keys, owner=giver).order_by("pk")
    rows: list[Any] = list(mine.select_for_update(no_key=True, of=("self",)))
    changed: dict[str, Any] = {"owner": taker, "version": F("version") + 1, "updated_at": now}
    model._default_manager.filter(pk__in=[row.pk for row in rows]).update(**changed)
    details: dict[str, object] = {"changes": {"owner": [str(giver), str(taker)]}}
    action = f"{model._meta.model_name}.changed"
    collaboration.audit_record_many(action=action, subjects=rows, by=by, now=now, details=details)
    return [row.pk for row in rows]


# What the log calls it when one of a kind goes to somebody else, and the field that says whose it is.
MOVES: dict[str, tuple[type[Model], str, str]] = {
    "campaigns": (Campaign, "captain", "campaign.captain_changed"),
    "channels": (Channel, "owner", "channel.assigned"),
    "tasks": (Task, "assignee", "task.changed"),
    "challenges": (Challenge, "pursued_by", "challenge.handed_over"),
    "approvals": (Approval, "asked_by", "approval.handed_over"),
}


def things_move(
    kind: str, keys: Sequence[int], *, giver: User, taker: User, by: User, now: datetime
) -> list[int]:
    """
    Give those of these things that are still the giver's to the taker; return which they were.

    In two statements for all, and one for the log of each campaign. The caller's transaction holds it all.
    """
    model, field, action = MOVES[kind]
    mine = model._default_manager.filter(pk__in=keys, **{field: giver}).order_by("pk")
    rows: list[Any] = list(mine.select_for_update(no_key=True, of=("self",)))
    changed: dict[str, Any] = {field: taker}
    if issubclass(model, Versioned):
        changed |= {"version": F("version") + 1, "updated_at": now}
    model._default_manager.filter(pk__in=[row.pk for row in rows]).update(**changed)
    by_campaign: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        by_campaign[row.pk if model is Campaign else row.campaign_id].append(row)
    campaigns = Campaign.objects.in_bulk(by_campaign)
    details: dict[str, object] = {"changes": {field: [str(giver), str(taker)]}}
    for pk, things in by_campaign.items():
        collaboration.audit_record_many(
            action=action, subjects=things, by=by, now=now, details=details, within=campaigns[pk]
        )
    if rows and taker != by:
        told = ngettext(
            "%(person)s hands over to you what was %(giver)s’s: %(n)s thing",
            "%(person)s hands over to you what was %(giver)s’s: %(n)s things",
            len(rows),
        )
        said = {"person": by, "giver": giver, "n": len(rows)}
        collaboration.notify(users=[taker], text=told % said, url=reverse("home"), now=now)
    return [row.pk for row in rows]
