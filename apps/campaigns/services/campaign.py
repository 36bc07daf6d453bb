from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns import dates, wizard
from apps.campaigns.errors import BookendMissing, DatesDoNotFit, NotEligible, Refused
from apps.campaigns.models import Campaign
from apps.campaigns.services.edit import campaign_lock, changes_of, lines_check, row_edit, where_check
from apps.campaigns.services.follow import tasks_follow
from apps.campaigns.services.handover import handed_over_tell, note_details
from apps.campaigns.services.once import creation_key, made_once
from apps.campaigns.services.watch import WATCH_TASK
from apps.collaboration import services as collaboration
from apps.core.queues import ring

Stage = Campaign.Stage
MAY_BE_CAPTAIN = {User.Role.MARKETER, User.Role.MARKETING_LEAD, User.Role.ADMINISTRATOR}
DATES = {"start_date", "launch_date", "goal_date"}
# What decides what the goal counts: it is counted anew as soon as one of them changes.
GOAL_FIELDS = {"goal_event", "goal_where", "goal_measure", "value_property", *DATES}
# From then on the outcome's date may lie in the past.
OVER = {Stage.REPORTING, Stage.CLOSED}


def campaign_create(
    *,
    name: str,
    by: User,
    now: datetime,
    captain: User | None = None,
    key: UUID | None = None,
    wizard_step: str = "",
    **fields: Any,
) -> Campaign:
    """
    Begin a campaign. Its captain is whom `by` names, or `by`.

    `key` is the form's: the same form sent twice gives the one campaign, with other words another one.
    `fields` are those of `campaign_update`.

    :raises NotEligible: that person cannot be a captain
    :raises Refused: as `campaign_update`
    """
    captain = captain or by
    _captain_check(captain)
    made_of = creation_key(key, {"name": name, "captain": captain, **fields})

    def make() -> Campaign:
        campaign = Campaign(
            name=name,
            captain=captain,
            wizard_step=wizard_step,
            creation_key=made_of,
            stage_at=now,
            asks_approvals=settings.CAMPAIGN_APPROVALS,
        )
        lines_check(Campaign, {"name": name, **fields})
        _fields_check(campaign, fields, now=now)
        for field, value in fields.items():
            setattr(campaign, field, value)
        campaign.save(force_insert=True)
        collaboration.audit_record(action="campaign.created", subject=campaign, by=by, now=now)
        return campaign

    return made_once(Campaign, made_of, make)


@transaction.atomic
def campaign_update(
    *,
    campaign: Campaign,
    by: User,
    now: datetime,
    seen: int | None = None,
    shown: str | None = None,
    **fields: Any,
) -> Campaign:
    """
    Change what a campaign says of itself; stage and captain have acts of their own.

    When the launch or the outcome's date moves, the tasks follow in the same transaction; `shown` is as for
    `tasks_follow`.

    :raises ChangedMeanwhile: somebody changed one of these fields after version `seen`
    :raises BookendMissing: a campaign that has left its first stage would lose a bookend
    :raises DatesDoNotFit: the dates contradict each other, or lie in the past
    :raises Refused: the audience is a segment that has been put away
    :raises MoveUnseen: something else would move than what was shown
    """
    campaign = campaign_lock(campaign)
    launch, goal = campaign.launch_date, campaign.goal_date
    campaign = campaign_edit(campaign=campaign, by=by, now=now, seen=seen, **fields)
    if (campaign.launch_date, campaign.goal_date) != (launch, goal):
        tasks_follow(campaign=campaign, launch_before=launch, goal_before=goal, by=by, now=now, shown=shown)
    return campaign


def campaign_edit(
    *, campaign: Campaign, by: User, now: datetime, seen: int | None = None, **fields: Any
) -> Campaign:
    """
    Write what `campaign_update` writes, of a campaign that the caller has locked, and move no task.

    :raises Refused: as `campaign_update`
    """
    changes = changes_of(campaign, fields)
    if not changes:
        return campaign
    _fields_check(campaign, changes, now=now)
    campaign = row_edit(campaign, changes, action="campaign.changed", by=by, now=now, seen=seen)
    if GOAL_FIELDS & changes.keys():
        Campaign.objects.filter(pk=campaign.pk).update(watched_at=None)
        ring(WATCH_TASK)
    return campaign


@transaction.atomic
def captain_change(*, campaign: Campaign, captain: User, by: User, now: datetime, note: str = "") -> Campaign:
    """
    Hand the campaign over, with a word to the new captain; both are told.

    :raises NotEligible: that person cannot be a captain
    """
    campaign = campaign_lock(campaign)
    changes = changes_of(campaign, {"captain": captain})
    if not changes:
        return campaign
    _captain_check(captain)
    before = campaign.captain
    campaign = row_edit(
        campaign, changes, action="campaign.captain_changed", by=by, now=now, details=note_details(note)
    )
    handed_over_tell(campaign, campaign, giver=before, taker=captain, note=note, by=by, now=now)
    return campaign


@transaction.atomic
def wizard_step_done(*, campaign: Campaign, step: str, by: User, now: datetime) -> Campaign:
    """Move the wizard's mark past `step`, never back; past the last step the plan is finished."""
    campaign = campaign_lock(campaign)
    following = wizard.after(step)
    if not wizard.is_ahead(following, of=campaign.wizard_step):
        return campaign
    # No edit of the plan itself, so the version stays: it must not look like a colleague's change.
    Campaign.objects.filter(pk=campaign.pk).update(wizard_step=following, updated_at=now)
    campaign.wizard_step = following
    if not following:
        collaboration.audit_record(action="campaign.planned", subject=campaign, by=by, now=now)
    return campaign


@transaction.atomic
def campaign_archive(*, campaign: Campaign, by: User, now: datetime) -> Campaign:
    """
    Put a campaign away: it leaves the lists, and everything in it is kept.

    :raises Refused: it is live
    """
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    if campaign.archived_at is not None:
        return campaign
    if campaign.stage == Stage.LIVE:
        raise Refused(_("A live campaign cannot be put away. Bring it to its reporting stage first."))
    return _archived_set(campaign, now, action="campaign.archived", by=by, now=now)


@transaction.atomic
def campaign_restore(*, campaign: Campaign, by: User, now: datetime) -> Campaign:
    """Bring a campaign back that has been put away."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    if campaign.archived_at is None:
        return campaign
    return _archived_set(campaign, None, action="campaign.restored", by=by, now=now)


def _archived_set(
    campaign: Campaign, at: datetime | None, *, action: str, by: User, now: datetime
) -> Campaign:
    Campaign.objects.filter(pk=campaign.pk).update(archived_at=at, updated_at=now)
    campaign.archived_at = at
    collaboration.audit_record(action=action, subject=campaign, by=by, now=now)
    return campaign


def _captain_check(captain: User) -> None:
    if not captain.is_active:
        raise NotEligible(_("%(person)s has left.") % {"person": captain}, field="captain")
    if captain.role not in MAY_BE_CAPTAIN and not captain.is_superuser:
        told = _("%(person)s cannot be captain: the role is “%(role)s”.")
        raise NotEligible(told % {"person": captain, "role": captain.get_role_display()}, field="captain")


def _fields_check(campaign: Campaign, changes: Mapping[str, Any], *, now: datetime) -> None:
    """Refuse what may not be said together with what the campaign says already."""
    _bookends_check(campaign, changes)
    dates_check(campaign, changes, now=now)
    segment = changes.get("segment")
    if segment is not None and segment.archived_at is not None:
        raise Refused(_("This segment has been put away."), field="segment")
    _goal_check(campaign, changes)
    _currency_check(campaign, changes)
    if changes.get("goal_where"):
        where_check(changes["goal_where"], field="goal_where", now=now)


def _goal_check(campaign: Campaign, changes: Mapping[str, Any]) -> None:
    measure, worth = (
        changes.get(name, getattr(campaign, name)) for name in ("goal_measure", "value_property")
    )
    is_said = {"goal_measure", "value_property"} & changes.keys()
    if is_said and measure == Campaign.GoalMeasure.VALUE and not worth.strip():
        raise Refused(_("Say which property carries the value."), field="value_property")


def _currency_check(campaign: Campaign, changes: Mapping[str, Any]) -> None:
    """Amounts are not converted: what was planned in one currency would be read as another."""
    if "currency" not in changes or campaign.pk is None:
        return
    if campaign.budget_lines.standing().exists():
        told = _("The budget is in %(currency)s. Remove its lines before you change the currency.")
        raise Refused(told % {"currency": campaign.currency}, field="currency")


def _bookends_check(campaign: Campaign, changes: Mapping[str, Any]) -> None:
    for bookend in ("outcome", "idea"):
        if bookend in changes and not changes[bookend].strip() and campaign.stage != Stage.IDEA:
            told = _("A campaign that has left its first stage keeps both bookends.")
            raise BookendMissing(told, field=bookend)


def dates_check(campaign: Campaign, changes: Mapping[str, Any], *, now: datetime) -> None:
    """
    Refuse dates that contradict each other, or lie in the past.

    :raises DatesDoNotFit: with the field
    """
    if not DATES & changes.keys():
        return
    start, launch, goal = (
        changes.get(name, getattr(campaign, name)) for name in ("start_date", "launch_date", "goal_date")
    )
    for field, sentence in dates.dates_problems(start=start, launch=launch, goal=goal):
        raise DatesDoNotFit(sentence, field=field)
    if campaign.stage in OVER:
        return
    for field in ("launch_date", "goal_date"):
        if told := dates.past_problem(changes.get(field), now=now):
            raise DatesDoNotFit(told, field=field)
