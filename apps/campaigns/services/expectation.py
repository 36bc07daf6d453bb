from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns import expectations
from apps.campaigns.budget import month_first
from apps.campaigns.errors import ExpectationRefused, NotEligible
from apps.campaigns.expectations import amount_text, month_text, standing_of
from apps.campaigns.models import Campaign, Expectation, Shortfall, Stakeholder
from apps.campaigns.progress import GoalProgress, period_of
from apps.campaigns.services.edit import campaign_lock, seen_check
from apps.campaigns.services.team import person_check
from apps.collaboration import services as collaboration

REMIND_AFTER = timedelta(days=3)
Points = Mapping[date, Decimal]


@transaction.atomic
def expectation_set(
    *,
    campaign: Campaign,
    points: Points,
    by: User,
    now: datetime,
    alert_percent: int = 20,
    seen: int | None = None,
) -> Expectation:
    """
    Say how much of the goal should have come by the end of each month. Whoever acknowledged it is asked anew.

    :raises ChangedMeanwhile: somebody changed one of these months, or the share, after version `seen`
    :raises ExpectationRefused: the goal has no target or no date, a month is not one of its, or it would fall
    """
    campaign = campaign_lock(campaign)
    _points_check(campaign, points)
    expectation = Expectation.objects.filter(campaign=campaign).first()
    told = [[f"{month:%Y-%m}", f"{amount:f}"] for month, amount in sorted(points.items())]
    old = expectation.by_month if expectation else {}
    changes = {
        f"{month:%Y-%m}": [_amount(campaign, old.get(month)), _amount(campaign, points.get(month))]
        for month in sorted({*old, *points})
        if old.get(month) != points.get(month)
    }
    edits = dict(changes)
    if expectation is not None and expectation.alert_percent != alert_percent:
        edits["alert_percent"] = [f"{expectation.alert_percent} %", f"{alert_percent} %"]
    if expectation is not None and not edits:
        return expectation
    if expectation is None:
        expectation = Expectation(campaign=campaign, version=0)
    else:
        seen_check(expectation, edits, seen=seen)
    expectation.points, expectation.alert_percent = told, alert_percent
    expectation.version += 1
    expectation.updated_at = now
    expectation.save()
    collaboration.audit_record(
        action="expectation.changed" if old else "expectation.set",
        subject=expectation,
        by=by,
        now=now,
        details={"changes": edits, "version": expectation.version},
        within=campaign,
    )
    if changes:
        _ask_again(campaign, changes, by=by, now=now)
    return expectation


@transaction.atomic
def stakeholder_add(*, campaign: Campaign, user: User, by: User, now: datetime) -> Stakeholder:
    """
    Name someone who is to acknowledge the expectation, and tell them.

    :raises NotEligible: someone who has left, a program, or who may not see the campaign
    """
    campaign = campaign_lock(campaign)
    person_check(user, field="user")
    if not Campaign.objects.visible_to(user).filter(pk=campaign.pk).exists():
        told = _("%(person)s does not see this campaign. Take them onto the team first.")
        raise NotEligible(told % {"person": user}, field="user")
    stakeholder, is_new = Stakeholder.objects.get_or_create(
        campaign=campaign, user=user, defaults={"asked_at": now}
    )
    if is_new:
        details: dict[str, object] = {"person": str(user)}
        collaboration.audit_record(
            action="stakeholder.added", subject=campaign, by=by, now=now, details=details
        )
        if Expectation.objects.filter(campaign=campaign).exists():
            told = _("%(person)s asks you to acknowledge what “%(campaign)s” should bring by when.")
            _tell([user], told % {"person": by, "campaign": campaign}, campaign, but=by, now=now)
    return stakeholder


@transaction.atomic
def stakeholder_remove(*, stakeholder: Stakeholder, by: User, now: datetime) -> None:
    """Ask this person no more."""
    campaign = campaign_lock(stakeholder.campaign)
    count, _rows = Stakeholder.objects.filter(pk=stakeholder.pk).delete()
    if count:
        details: dict[str, object] = {"person": str(stakeholder.user)}
        collaboration.audit_record(
            action="stakeholder.removed", subject=campaign, by=by, now=now, details=details
        )


@transaction.atomic
def expectation_acknowledge(
    *, stakeholder: Stakeholder, by: User, now: datetime, seen: int | None = None
) -> Stakeholder:
    """
    Write down that this person knows what to expect. Done before, it does nothing.

    :raises ExpectationRefused: there is nothing to acknowledge, or it is not what was looked at any more
    """
    campaign = campaign_lock(stakeholder.campaign)
    stakeholder = Stakeholder.objects.select_for_update(no_key=True).get(pk=stakeholder.pk)
    expectation = Expectation.objects.filter(campaign=campaign).first()
    if expectation is None:
        raise ExpectationRefused(_("Nobody has said yet what should come by when."))
    if seen is not None and seen != expectation.version:
        raise ExpectationRefused(_("The expectation has been changed since you opened it. Read it again."))
    if stakeholder.acknowledged_at is None:
        stakeholder.acknowledged_at = now
        stakeholder.save(update_fields=["acknowledged_at"])
        details: dict[str, object] = {"version": expectation.version}
        collaboration.audit_record(
            action="expectation.acknowledged", subject=campaign, by=by, now=now, details=details
        )
    return stakeholder


def expectation_watch(*, campaign: Campaign, progress: GoalProgress, now: datetime) -> None:
    """
    Tell the captain once a month that less has come than was expected, and remind who has not acknowledged.

    May run at any time, many times at once: each is told by whoever writes its row first.
    """
    expectation = Expectation.objects.filter(campaign=campaign).first()
    if expectation is None or campaign.stage == Campaign.Stage.CLOSED:
        return
    _remind(campaign, now=now)
    standing = standing_of(expectation.by_month, progress, alert_percent=expectation.alert_percent)
    if not standing.is_short or progress.is_over or progress.problem:
        return
    month = month_first(now.date())
    with transaction.atomic():
        _row, is_new = Shortfall.objects.get_or_create(
            campaign=campaign,
            month=month,
            defaults={"at": now, "expected": standing.expected, "reached": standing.reached},
        )
        if is_new:
            told = _("“%(campaign)s” is behind: %(sentence)s") % {
                "campaign": campaign,
                "sentence": expectations.variance_text(campaign, standing),
            }
            _tell([campaign.captain], told, campaign, but=None, now=now)


def _remind(campaign: Campaign, *, now: datetime) -> None:
    last_asked = Coalesce("reminded_at", "asked_at")
    waiting = Stakeholder.objects.filter(campaign=campaign, acknowledged_at__isnull=True)
    due = waiting.annotate(last_asked=last_asked).filter(last_asked__lte=now - REMIND_AFTER)
    with transaction.atomic():
        rows = list(due.select_for_update(no_key=True, skip_locked=True, of=("self",)).select_related("user"))
        if rows:
            Stakeholder.objects.filter(pk__in=[row.pk for row in rows]).update(reminded_at=now)
            told = _("“%(campaign)s” still waits for you to acknowledge what it should bring by when.")
            _tell([row.user for row in rows], told % {"campaign": campaign}, campaign, but=None, now=now)


def _ask_again(campaign: Campaign, changes: Mapping[str, list[str]], *, by: User, now: datetime) -> None:
    """Undo what was acknowledged: that was another curve. Say what is different, so that it is read."""
    found = Stakeholder.objects.filter(campaign=campaign).select_related("user")
    people = [one.user for one in found]
    found.update(acknowledged_at=None, asked_at=now, reminded_at=None)
    shown = [f"{month}: {old or '–'} → {new or '–'}" for month, (old, new) in changes.items()][:4]
    more = "; …" if len(changes) > len(shown) else ""
    told = _("What “%(campaign)s” should bring by when has changed: %(changes)s. Please acknowledge it.")
    said = {"campaign": campaign, "changes": "; ".join(shown) + more}
    _tell(people, told % said, campaign, but=by, now=now)


def _tell(people: list[User], text: str, campaign: Campaign, *, but: User | None, now: datetime) -> None:
    url = reverse("campaigns:expectation", args=[campaign.pk])
    collaboration.notify(users=[one for one in people if one != but], text=text, url=url, now=now)


def _points_check(campaign: Campaign, points: Points) -> None:
    if not campaign.goal_target or campaign.goal_date is None:
        raise ExpectationRefused(_("Set the goal’s target and its date first: the curve ends there."))
    months = expectations.months_of(period_of(campaign))
    before = Decimal(0)
    for month, amount in sorted(points.items()):
        field = f"{month:%Y-%m}"
        if month not in months:
            told = _("%(month)s is not a month in which this goal counts.") % {"month": month_text(month)}
            raise ExpectationRefused(told, field=field)
        if amount < before:
            raise ExpectationRefused(
                _("It cannot be less than by the end of the month before: amounts add up."), field=field
            )
        before = amount
    if set(points) != set(months):
        raise ExpectationRefused(_("Say for every month until the goal’s date how much should have come."))
    if not before:
        raise ExpectationRefused(_("Something should come."), field=f"{months[-1]:%Y-%m}")


def _amount(campaign: Campaign, amount: Decimal | None) -> str:
    return "" if amount is None else amount_text(campaign, amount)
