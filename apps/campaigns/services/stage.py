from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns import readiness, stages
from apps.campaigns.errors import OverrideRefused, StageNotEntered
from apps.campaigns.models import Campaign, Override
from apps.campaigns.services.edit import campaign_lock, row_edit
from apps.collaboration import services as collaboration

Stage = Campaign.Stage
PREFIX = "stage."  # of the names of overrides that let a campaign into a stage


@transaction.atomic
def campaign_advance(
    *, campaign: Campaign, stage: str, by: User, now: datetime, reason: str = ""
) -> Campaign:
    """
    Move a campaign to a stage; to where it is already does nothing.

    Going on needs every criterion on the way, or a `reason`, which is kept. Going back needs neither.

    :raises StageNotEntered: criteria are unmet and no reason is given; or a bookend is missing, for which
        there is no good reason
    :raises HeldByChallenge: the stage is challenged, or anything is and the campaign would go live: no reason
        is better than the answer
    """
    campaign = campaign_lock(campaign)
    target, reason = Stage(stage), reason.strip()
    if target == campaign.stage:
        return campaign
    if target != Stage.IDEA and not (campaign.outcome.strip() and campaign.idea.strip()):
        raise StageNotEntered([_("A campaign needs both bookends to leave the first stage.")])
    stages.held_check(campaign, target)
    unmet = stages.unmet(campaign, target, now)
    if unmet and not reason:
        raise StageNotEntered(unmet)
    _overrides_settle(campaign, target, reason=reason if unmet else "", by=by, now=now)
    details: dict[str, object] = {"unmet": unmet, "reason": reason} if unmet else {}
    return _stage_enter(campaign, target, by=by, now=now, details=details)


@transaction.atomic
def campaign_go_live(*, campaign: Campaign, by: User, now: datetime) -> Campaign:
    """
    Say that the campaign has begun: what a launch does to a campaign that readiness has let through.

    Only a campaign on the way to it goes live; a later launch changes nothing.
    """
    campaign = campaign_lock(campaign)
    if not stages.is_forward(campaign, Stage.LIVE):
        return campaign
    return _stage_enter(campaign, Stage.LIVE, by=by, now=now)


def _stage_enter(
    campaign: Campaign, stage: Stage, *, by: User, now: datetime, details: Mapping[str, object] | None = None
) -> Campaign:
    Campaign.objects.filter(pk=campaign.pk).update(stage_at=now)  # no edit that anybody is told of
    campaign.stage_at = now
    return row_edit(campaign, {"stage": stage}, action="campaign.advanced", by=by, now=now, details=details)


@transaction.atomic
def check_override(*, campaign: Campaign, check_name: str, reason: str, by: User, now: datetime) -> Override:
    """
    Let a campaign pass a failing check, for a reason that is kept and shown.

    :raises OverrideRefused: no such check, none that may be passed over, it does not fail, or no reason
    """
    campaign = campaign_lock(campaign)
    check, reason = _check_named(check_name), reason.strip()
    if not reason:
        raise OverrideRefused(_("Say why."), field="reason")
    if readiness.check_run(check, campaign, now).ok:
        raise OverrideRefused(_("This check passes: there is nothing to override."))
    override, is_new = Override.objects.get_or_create(
        campaign=campaign, check_name=check.name, defaults={"reason": reason, "by": by, "at": now}
    )
    if not is_new and override.reason == reason:
        return override
    if not is_new:
        override.reason, override.by, override.at = reason, by, now
        override.save(update_fields=["reason", "by", "at"])
    details: dict[str, object] = {"check": str(check.label), "reason": reason}
    collaboration.audit_record(
        action="readiness.overridden", subject=campaign, by=by, now=now, details=details
    )
    return override


@transaction.atomic
def override_remove(*, campaign: Campaign, check_name: str, by: User, now: datetime) -> None:
    """Let a check count again that had been overridden."""
    campaign = campaign_lock(campaign)
    overrides = campaign.overrides.exclude(check_name__startswith=PREFIX).filter(check_name=check_name)
    count, _rows = overrides.delete()
    if count:
        known = {check.name: str(check.label) for check in readiness.checks}
        details: dict[str, object] = {"check": known.get(check_name, check_name)}
        collaboration.audit_record(
            action="readiness.override_removed", subject=campaign, by=by, now=now, details=details
        )


def _overrides_settle(campaign: Campaign, target: Stage, *, reason: str, by: User, now: datetime) -> None:
    """Keep the reason for entering `target`, and forget those for it and for what comes after it."""
    late = stages.ORDER[stages.ORDER.index(target) :]
    campaign.overrides.filter(check_name__in=[PREFIX + stage for stage in late]).delete()
    if reason:
        Override.objects.create(campaign=campaign, check_name=PREFIX + target, reason=reason, by=by, at=now)


def _check_named(name: str) -> readiness.Check:
    check = next((check for check in readiness.checks if check.name == name), None)
    if check is None:
        raise OverrideRefused(_("There is no such check."))
    if not check.is_required:
        raise OverrideRefused(_("This check blocks nothing."))
    if not check.may_be_overridden:
        raise OverrideRefused(_("This check cannot be overridden."))
    return check
