from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns.approvals import snapshot_of
from apps.campaigns.errors import ApprovalRefused
from apps.campaigns.models import Approval, Campaign
from apps.campaigns.services.edit import campaign_lock, changes_of, row_edit
from apps.campaigns.services.watch import WATCH_TASK
from apps.campaigns.standings import Standing, part_standing
from apps.collaboration import services as collaboration
from apps.core.queues import ring

State = Approval.State


@transaction.atomic
def approval_ask(*, campaign: Campaign, part: str, by: User, now: datetime) -> Approval:
    """
    Ask for the approval of one part as it is now. Asked again after an edit, it is about what is there then.

    :raises ApprovalRefused: it is approved as it is
    """
    campaign = campaign_lock(campaign)
    standing = part_standing(campaign, part)
    if standing.is_approved:
        raise ApprovalRefused(_("This part is approved as it is."))
    waiting = standing.latest if standing.is_waiting else None
    if waiting is not None and waiting.digest == standing.digest:
        return waiting
    row = waiting or Approval(campaign=campaign, part=part)
    row.digest, row.snapshot = standing.digest, snapshot_of(standing.facts)
    row.asked_by, row.asked_at = by, now
    row.save()
    _record(row, "asked", by=by, now=now)
    leads = User.objects.active().filter(role=User.Role.MARKETING_LEAD)
    told = _("%(person)s asks you to approve “%(part)s” of “%(campaign)s”")
    _tell(row, told, people=[campaign.captain, *leads], by=by, now=now)
    return row


@transaction.atomic
def approval_give(*, campaign: Campaign, part: str, digest: str, by: User, now: datetime) -> Approval:
    """
    Approve one part as it is now. `digest` is of what was looked at.

    :raises ApprovalRefused: nobody asked, it has changed since it was looked at, or it is the own work
    """
    campaign = campaign_lock(campaign)
    standing = part_standing(campaign, part)
    row = _waiting(standing)
    if standing.digest != digest:
        raise ApprovalRefused(_("This part has been changed since you opened it. Look again."))
    self_check(standing, by)
    row.digest, row.snapshot = standing.digest, snapshot_of(standing.facts)
    return _decide(row, State.APPROVED, by=by, now=now)


@transaction.atomic
def approval_send_back(*, campaign: Campaign, part: str, reason: str, by: User, now: datetime) -> Approval:
    """
    Say what must be another before a part is approved.

    :raises ApprovalRefused: nobody asked, or no reason is given
    """
    campaign, reason = campaign_lock(campaign), reason.strip()
    row = _waiting(part_standing(campaign, part))
    if not reason:
        raise ApprovalRefused(_("Say what must be another."), field="reason")
    row.reason = reason
    return _decide(row, State.SENT_BACK, by=by, now=now)


@transaction.atomic
def campaign_rules_set(
    *, campaign: Campaign, by: User, now: datetime, seen: int | None = None, **rules: object
) -> Campaign:
    """
    Set the rules of one campaign: `review_hours` (None: the installation's) and `asks_approvals`.

    :raises ChangedMeanwhile: somebody changed one of them after version `seen`
    """
    campaign = campaign_lock(campaign)
    changed = changes_of(campaign, rules)
    if not changed:
        return campaign
    campaign = row_edit(campaign, changed, action="campaign.rules_changed", by=by, now=now, seen=seen)
    _readiness_changes(campaign)
    return campaign


def self_check(standing: Standing, by: User) -> None:
    """
    Refuse to let somebody approve the own work, unless the installation allows it.

    :raises ApprovalRefused: they edited it last, or asked for the approval
    """
    if settings.CAMPAIGN_SELF_APPROVAL:
        return
    if standing.last_editor_id == by.pk:
        raise ApprovalRefused(_("You have edited this part last: somebody else approves it."))
    if standing.latest is not None and standing.latest.asked_by_id == by.pk:
        raise ApprovalRefused(_("You have asked for this approval: somebody else gives it."))


def _waiting(standing: Standing) -> Approval:
    if standing.latest is None or not standing.latest.is_waiting:
        raise ApprovalRefused(_("Nobody has asked for this approval."))
    return standing.latest


def _decide(row: Approval, state: State, *, by: User, now: datetime) -> Approval:
    row.state, row.decided_by, row.decided_at = state, by, now
    row.save()
    _record(row, str(state), by=by, now=now)
    told = _("%(person)s approved “%(part)s” of “%(campaign)s”")
    if state == State.SENT_BACK:
        told = _("%(person)s sent “%(part)s” of “%(campaign)s” back")
    _tell(row, told, people=[row.asked_by, row.campaign.captain], by=by, now=now)
    _readiness_changes(row.campaign)
    return row


def _record(row: Approval, act: str, *, by: User, now: datetime) -> None:
    details: dict[str, object] = {"reason": row.reason} if row.reason else {}
    collaboration.audit_record(
        action=f"approval.{act}", subject=row, by=by, now=now, details=details, within=row.campaign
    )


def _tell(row: Approval, sentence: str, *, people: Iterable[User], by: User, now: datetime) -> None:
    text = sentence % {"person": by, "part": row, "campaign": row.campaign}
    url = reverse("campaigns:approvals", args=[row.campaign_id])
    collaboration.notify(users=set(people) - {by}, text=text, url=url, now=now)


def _readiness_changes(campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(watched_at=None)
    ring(WATCH_TASK)
