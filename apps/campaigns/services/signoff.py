"""
The way of a campaign's KPIs to a signature: asked for, read by sales, signed by an executive, changed again.

Every act locks the campaign and then its `KpiSet`; a change of a metric locks the sets only. So whoever signs
has either seen the change, or is told of it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns.errors import SignOffRefused
from apps.campaigns.kpiset import digest_of, snapshot_of
from apps.campaigns.models import Campaign, Kpi, KpiReview, KpiSet, SignOff
from apps.campaigns.services.edit import campaign_lock
from apps.collaboration import services as collaboration

Role = User.Role
State = KpiSet.State
REMINDED_AT_ONCE = 200
REMEMBERED_EDITORS = 200

T = TypeVar("T")


@transaction.atomic
def kpis_ask(*, campaign: Campaign, by: User, now: datetime) -> KpiSet:
    """
    Ask for the word of sales and then for a signature; asked twice asks once.

    Where nobody has the role of sales, the executive is asked at once.

    :raises SignOffRefused: there is no KPI, one does not say why, or all of it is signed
    """
    campaign, kpi_set = _locked(campaign)
    kpis = _kpis(campaign)
    if not kpis:
        raise SignOffRefused(_("Choose a KPI first."))
    if bare := [kpi.label for kpi in kpis if not kpi.reason.strip()]:
        raise SignOffRefused(_("Say first why these carry the story: %(kpis)s.") % {"kpis": ", ".join(bare)})
    if kpi_set.state == State.SIGNED:
        raise SignOffRefused(_("These KPIs are signed as they are."))
    if kpi_set.state in {State.REVIEW, State.SIGNATURE}:
        return kpi_set
    kpi_set.asked_by, kpi_set.asked_at = by, now
    state = _state_asked(campaign, digest_of(snapshot_of(kpis)))
    _move(kpi_set, state, now=now)
    kpi_set.save()
    collaboration.audit_record(action="kpis.asked", subject=campaign, by=by, now=now)
    _tell_whose_turn_it_is(campaign, kpi_set, by=by, now=now)
    return kpi_set


@transaction.atomic
def kpis_review(
    *, campaign: Campaign, verdict: str, by: User, now: datetime, seen: str, text: str = ""
) -> KpiReview:
    """
    Say for sales that the set is agreed, or what is not understood. `seen` is the digest of what was read.

    :raises SignOffRefused: it was not asked for, has changed since it was read, is one's own work, or a
        question has no words
    """
    campaign, kpi_set = _locked(campaign)
    digest = digest_of(snapshot_of(_kpis(campaign)))
    text = text.strip()
    if by.role != Role.SALES or not by.is_active:
        raise SignOffRefused(_("Only sales reviews KPIs."))
    if kpi_set.state != State.REVIEW:
        raise SignOffRefused(_("Nobody has asked for a review of these KPIs, or it has been given."))
    _refuse_unread(digest, seen)
    if by.pk in kpi_set.editors:
        raise SignOffRefused(_("You have changed these KPIs yourself: somebody else reviews them."))
    if verdict == KpiReview.Verdict.QUESTION and not text:
        raise SignOffRefused(_("Say what your question is."), field="text")
    review = KpiReview.objects.create(
        campaign=campaign, by=by, at=now, verdict=verdict, text=text, digest=digest
    )
    is_agreed = verdict == KpiReview.Verdict.AGREED
    _move(kpi_set, State.SIGNATURE if is_agreed else State.QUESTIONED, now=now)
    kpi_set.save()
    action = "kpis.agreed" if is_agreed else "kpis.questioned"
    details: dict[str, object] = {"reason": text} if text else {}
    collaboration.audit_record(action=action, subject=campaign, by=by, now=now, details=details)
    _tell_whose_turn_it_is(campaign, kpi_set, by=by, now=now, words=text)
    return review


@transaction.atomic
def kpis_sign(*, campaign: Campaign, by: User, now: datetime, seen: str, text: str = "") -> SignOff:
    """
    Sign the whole set as an executive. `seen` is the digest of what was read.

    :raises SignOffRefused: sales has not agreed, it has changed since it was read, or it is one's own work
    """
    campaign, kpi_set = _locked(campaign)
    snapshot = snapshot_of(_kpis(campaign))
    digest = digest_of(snapshot)
    if by.role != Role.EXECUTIVE or not by.is_active:  # nobody signs for them, whatever else they may do
        raise SignOffRefused(_("Only an executive signs KPIs."))
    if kpi_set.state != State.SIGNATURE:
        raise SignOffRefused(_("These KPIs do not await a signature."))
    _refuse_unread(digest, seen)
    if by.pk in kpi_set.editors:
        raise SignOffRefused(_("You have changed these KPIs yourself: another executive signs them."))
    signoff = SignOff.objects.create(
        campaign=campaign, by=by, at=now, text=text.strip(), snapshot=snapshot, digest=digest
    )
    _move(kpi_set, State.SIGNED, now=now)
    kpi_set.editors = []
    kpi_set.save()
    details: dict[str, object] = {"kpis": [kpi["says"]["name"] for kpi in snapshot], "digest": digest}
    collaboration.audit_record(action="kpis.signed", subject=campaign, by=by, now=now, details=details)
    collaboration.notify(
        users={campaign.captain} - {by},
        text=_("%(person)s has signed the KPIs of “%(campaign)s”.") % {"person": by, "campaign": campaign},
        url=_url(campaign),
        now=now,
        kind="signoff",
        within=campaign,
    )
    return signoff


def kpi_set_edited(*, campaign: Campaign, by: User, now: datetime) -> None:
    """Settle where a set stands after one of its KPIs was changed; the caller has locked the campaign."""
    _settle([campaign], by=by, now=now, is_everyones=False)


def kpi_sets_settle(*, campaigns: QuerySet[Campaign], by: User, now: datetime) -> None:
    """Settle where the sets of these campaigns stand after a metric of theirs was defined anew."""
    # As a subquery in `pk__in`: the join that found them may name a campaign twice.
    found = Campaign.objects.filter(pk__in=campaigns.values("pk")).select_related("captain")
    _settle(list(found), by=by, now=now, is_everyones=True)


def signoffs_remind(*, now: datetime) -> int:
    """
    Remind those whose word is awaited for longer than `SIGNOFF_REMIND_DAYS`; return of how many sets.

    May run at any time, many times at once: a set is reminded of by whoever moves its `reminded_at`.
    """
    since = now - timedelta(days=settings.SIGNOFF_REMIND_DAYS)
    with transaction.atomic():
        due = KpiSet.objects.to_remind_of(since=since).order_by("pk")
        claimed = list(
            due.select_for_update(skip_locked=True, of=("self",)).select_related("campaign__captain")[
                :REMINDED_AT_ONCE
            ]
        )
        KpiSet.objects.filter(pk__in=[one.pk for one in claimed]).update(reminded_at=now)
        people = {state: list(_people_of(state)) for state in {one.state for one in claimed}}
        for kpi_set in claimed:
            awaited = _("review") if kpi_set.state == State.REVIEW else _("signature")
            told = {"campaign": kpi_set.campaign, "what": awaited}
            collaboration.notify(
                users=[one for one in people[kpi_set.state] if one.pk not in kpi_set.editors],
                text=_("“%(campaign)s” still waits for your %(what)s of its KPIs.") % told,
                url=_url(kpi_set.campaign),
                now=now,
                kind="signoff",
                within=kpi_set.campaign,
            )
    return len(claimed)


def _settle(campaigns: Sequence[Campaign], *, by: User, now: datetime, is_everyones: bool) -> None:
    """Compare each set with what was signed and agreed last, and move those that stand elsewhere now."""
    KpiSet.objects.bulk_create([KpiSet(campaign=one) for one in campaigns], ignore_conflicts=True)
    sets = {
        one.campaign_id: one
        for one in KpiSet.objects.filter(campaign__in=campaigns).order_by("pk").select_for_update(no_key=True)
    }
    kpis: dict[int, list[Kpi]] = {one.pk: [] for one in campaigns}
    found = Kpi.objects.select_related("metric", "campaign").filter(campaign__in=campaigns)
    for kpi in found.order_by("position", "pk"):
        kpis[kpi.campaign_id].append(kpi)
    signed = _latest(SignOff.objects.filter(campaign__in=campaigns))
    agreed = _latest(KpiReview.objects.filter(campaign__in=campaigns, verdict=KpiReview.Verdict.AGREED))
    for campaign in campaigns:
        kpi_set, digest = sets[campaign.pk], digest_of(snapshot_of(kpis[campaign.pk]))
        if by.pk not in kpi_set.editors:
            kpi_set.editors = [*kpi_set.editors, by.pk][-REMEMBERED_EDITORS:]
        signature = signed.get(campaign.pk)
        is_signed = signature is not None and signature.digest == digest
        is_agreed = campaign.pk in agreed and agreed[campaign.pk].digest == digest
        before = kpi_set.state
        _move(kpi_set, _state_after(kpi_set, is_signed=is_signed, is_agreed=is_agreed), now=now)
        if is_signed:
            kpi_set.editors = []
        if before == State.SIGNED and kpi_set.state == State.CHANGED and signature is not None:
            _tell_of_change(campaign, signature, by=by, now=now)
        elif before == State.SIGNATURE and kpi_set.state == State.REVIEW and not is_everyones:
            _tell_whose_turn_it_is(campaign, kpi_set, by=by, now=now)
    KpiSet.objects.bulk_update(sets.values(), ["state", "editors", "waiting_since", "reminded_at"])


def _state_after(kpi_set: KpiSet, *, is_signed: bool, is_agreed: bool) -> State:
    """Return where a set stands after an edit. What is again as it was signed is signed."""
    if is_signed:
        return State.SIGNED
    match kpi_set.state:
        case State.SIGNED | State.CHANGED:
            return State.CHANGED
        case State.REVIEW | State.SIGNATURE:
            return State.SIGNATURE if is_agreed else State.REVIEW
        case state:
            return State(state)


def _state_asked(campaign: Campaign, digest: str) -> State:
    """Return whose word a set waits for, once asked: sales', unless they agreed or nobody is of sales."""
    agreed = _latest(KpiReview.objects.filter(campaign=campaign, verdict=KpiReview.Verdict.AGREED)).get(
        campaign.pk
    )
    if agreed is not None and agreed.digest == digest:
        return State.SIGNATURE
    return State.REVIEW if _people_of(State.REVIEW).exists() else State.SIGNATURE


def _move(kpi_set: KpiSet, state: State, *, now: datetime) -> None:
    if kpi_set.state == state:
        return
    kpi_set.state = state
    kpi_set.reminded_at = None
    kpi_set.waiting_since = now if state in {State.REVIEW, State.SIGNATURE} else None


def _locked(campaign: Campaign) -> tuple[Campaign, KpiSet]:
    campaign = campaign_lock(campaign)
    KpiSet.objects.bulk_create([KpiSet(campaign=campaign)], ignore_conflicts=True)
    kpi_set = KpiSet.objects.select_for_update(no_key=True).get(campaign=campaign)
    return campaign, kpi_set


def _kpis(campaign: Campaign) -> list[Kpi]:
    return list(campaign.kpis.with_metric())


def _latest(rows: QuerySet[T]) -> dict[int, T]:  # type: ignore[type-var]  # SignOff or KpiReview
    """Return the latest of each campaign."""
    found: Iterable[T] = rows.order_by("campaign", "-at", "-pk").distinct("campaign")
    return {one.campaign_id: one for one in found}  # type: ignore[attr-defined]  # as above


def _refuse_unread(digest: str, seen: str) -> None:
    if digest != seen:
        raise SignOffRefused(_("The KPIs have changed since you opened this page. Read them again."))


def _people_of(state: str) -> QuerySet[User]:
    """Return whose word a set in this state waits for."""
    role = Role.SALES if state == State.REVIEW else Role.EXECUTIVE
    found: QuerySet[User] = User.objects.active().filter(Q(role=role))
    return found


def _tell_whose_turn_it_is(
    campaign: Campaign, kpi_set: KpiSet, *, by: User, now: datetime, words: str = ""
) -> None:
    told = {"person": by, "campaign": campaign, "words": words[:150]}
    match kpi_set.state:
        case State.REVIEW:
            text, users = _("The KPIs of “%(campaign)s” wait for your review."), _people_of(State.REVIEW)
        case State.SIGNATURE:
            text, users = _("The KPIs of “%(campaign)s” await your signature."), _people_of(State.SIGNATURE)
        case _other:
            text = _("%(person)s asks about the KPIs of “%(campaign)s”: %(words)s")
            users = User.objects.filter(pk__in=[campaign.captain_id, kpi_set.asked_by_id or 0])
    tell = {user for user in users if user.pk != by.pk and user.pk not in _may_not(kpi_set)}
    collaboration.notify(
        users=tell, text=text % told, url=_url(campaign), now=now, kind="signoff", within=campaign
    )


def _may_not(kpi_set: KpiSet) -> list[int]:
    """Return who has changed the set and so has no word in it."""
    return kpi_set.editors if kpi_set.state in {State.REVIEW, State.SIGNATURE} else []


def _tell_of_change(campaign: Campaign, signature: SignOff, *, by: User, now: datetime) -> None:
    told = {"person": by, "campaign": campaign}
    collaboration.notify(
        users={signature.by, campaign.captain} - {by},
        text=_("%(person)s has changed the KPIs of “%(campaign)s” since they were signed.") % told,
        url=_url(campaign),
        now=now,
        kind="signoff",
        within=campaign,
    )


def _url(campaign: Campaign) -> str:
    return reverse("campaigns:kpis", args=[campaign.pk])
