from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns import challenges, links
from apps.campaigns.errors import ChallengeRefused
from apps.campaigns.models import Campaign, Challenge, ChallengeAnswer, Challenger
from apps.campaigns.services.edit import campaign_lock
from apps.campaigns.services.once import creation_key, made_once
from apps.campaigns.services.team import person_check
from apps.campaigns.services.watch import WATCH_TASK
from apps.collaboration import services as collaboration
from apps.core import display
from apps.core.queues import ring

Resolution = Challenge.Resolution
LABEL_SHOWN = 200  # characters of a thing's name that are kept


def challenge_raise(
    *,
    campaign: Campaign,
    thing: Model,
    question: str,
    by: User,
    now: datetime,
    stage: str = "",
    key: UUID | None = None,
) -> Challenge:
    """
    Ask a question that holds a thing of the campaign, and the campaign's launch, until it is resolved.

    A campaign itself as the thing means one of its stages: `stage`, or the one of now. `key` is the form's:
    the same form sent twice asks once. What would start by itself is paused.

    :raises ChallengeRefused: nothing is asked, or the thing is none that can be challenged in this campaign
    """
    question = question.strip()
    if not question:
        raise ChallengeRefused(_("Ask something."), field="question")
    if isinstance(thing, Campaign):
        stage = stage or thing.stage
    made_of = creation_key(key, {"campaign": campaign, "thing": thing, "question": question, "stage": stage})

    def make() -> Challenge:
        _thing_check(campaign, thing)
        # As a launch does, this locks what it pauses first, and the campaign last.
        _stop(campaign, thing, question, by=by, now=now)
        locked = campaign_lock(campaign)
        challenge = Challenge.objects.create(
            campaign=locked,
            content_type=ContentType.objects.get_for_model(thing),
            object_id=thing.pk,
            stage=stage,
            about=_called(thing, stage),
            question=question,
            asked_by=by,
            asked_at=now,
            pursued_by=by,
            creation_key=made_of,
        )
        _record(challenge, "raised", by=by, now=now, question=question)
        _tell(challenge, _("%(person)s asks about “%(thing)s”"), by=by, now=now)
        _readiness_changes(locked)
        return challenge

    return made_once(Challenge, made_of, make)


def _stop(campaign: Campaign, thing: Model, question: str, *, by: User, now: datetime) -> None:
    """Pause what would start by itself, with what is asked as the reason."""
    asked = Truncator(question).chars(challenges.ASKED_SHOWN)
    reason = _("Held: %(person)s asks “%(question)s”") % {"person": by, "question": asked}
    for stop in challenges.stops:
        stop(campaign=campaign, thing=thing, by=by, now=now, reason=reason)


@transaction.atomic
def challenge_answer(*, challenge: Challenge, text: str, by: User, now: datetime) -> ChallengeAnswer:
    """
    Say something to a challenge. It stays open: whoever asked says whether that is an answer.

    :raises ChallengeRefused: nothing is said, or it has been resolved
    """
    challenge = _lock(challenge)
    if not challenge.is_open:
        raise ChallengeRefused(_("This challenge has been resolved."))
    if not text.strip():
        raise ChallengeRefused(_("Write something first."), field="text")
    answer = ChallengeAnswer.objects.create(challenge=challenge, text=text.strip(), by=by, at=now)
    _record(challenge, "answered", by=by, now=now)
    _tell(challenge, _("%(person)s answered about “%(thing)s”"), by=by, now=now)
    return answer


@transaction.atomic
def challenge_resolve(
    *, challenge: Challenge, resolution: str, by: User, now: datetime, decision: str = ""
) -> Challenge:
    """
    Let the thing go on: the answer is accepted, with what was decided, or the question withdrawn.

    What was paused stays so until somebody lets it go on. The same resolution twice is one.

    :raises ChallengeRefused: it has been resolved otherwise, or nothing is said of what was decided
    """
    challenge, decision = _lock(challenge), decision.strip()
    if not challenge.is_open:
        if (challenge.resolution, challenge.decision) == (resolution, decision):
            return challenge
        told = _("%(person)s has resolved this challenge already.") % {"person": challenge.resolved_by}
        raise ChallengeRefused(told)
    if resolution == Resolution.ACCEPTED and not decision:
        raise ChallengeRefused(_("Say what was decided."), field="decision")
    challenge.resolution = Resolution(resolution)
    challenge.decision, challenge.resolved_by, challenge.resolved_at = decision, by, now
    challenge.save(update_fields=["resolution", "decision", "resolved_by", "resolved_at"])
    held = display.duration(challenge.held_for(now))
    _record(challenge, challenge.resolution, by=by, now=now, decision=decision, held=held)
    _tell(challenge, _("%(person)s resolved what was asked about “%(thing)s”"), by=by, now=now)
    _readiness_changes(challenge.campaign)
    return challenge


@transaction.atomic
def challenger_add(*, campaign: Campaign, user: User, by: User, now: datetime) -> Challenger:
    """
    Let somebody challenge what is in a campaign, beside its captain and the leads.

    :raises NotEligible: someone who has left, or a program
    """
    campaign = campaign_lock(campaign)
    person_check(user, field="user")
    challenger, is_new = Challenger.objects.get_or_create(
        campaign=campaign, user=user, defaults={"added_at": now}
    )
    if is_new:
        details: dict[str, object] = {"person": str(user)}
        collaboration.audit_record(
            action="challenger.added", subject=campaign, by=by, now=now, details=details
        )
        told = _("You may challenge what is in “%(campaign)s”") % {"campaign": campaign}
        url = reverse("campaigns:challenges", args=[campaign.pk])
        collaboration.notify(users={user} - {by}, text=told, url=url, now=now)
    return challenger


@transaction.atomic
def challenger_remove(*, campaign: Campaign, user: User, by: User, now: datetime) -> None:
    """Take somebody off the list of those who may challenge. What they asked stays asked, and theirs."""
    campaign = campaign_lock(campaign)
    count, _rows = campaign.challengers.filter(user=user).delete()
    if count:
        details: dict[str, object] = {"person": str(user)}
        collaboration.audit_record(
            action="challenger.removed", subject=campaign, by=by, now=now, details=details
        )


def _thing_check(campaign: Campaign, thing: Model) -> None:
    kind = challenges.challengeables.of(thing._meta.label_lower)
    if kind is None:
        raise ChallengeRefused(_("This cannot be challenged."), field="thing")
    if not kind.of(campaign).filter(pk=thing.pk).exists():
        raise ChallengeRefused(_("This is not part of the campaign."), field="thing")


def _called(thing: Model, stage: str) -> str:
    name = str(Campaign.Stage(stage).label) if stage else str(thing)
    return name[:LABEL_SHOWN]


def _lock(challenge: Challenge) -> Challenge:
    campaign_lock(challenge.campaign)
    return Challenge.objects.select_for_update(no_key=True, of=("self",)).with_people().get(pk=challenge.pk)


def _record(challenge: Challenge, act: str, *, by: User, now: datetime, **details: object) -> None:
    collaboration.audit_record(
        action=f"challenge.{act}",
        subject=challenge,
        by=by,
        now=now,
        details=details,
        within=challenge.campaign,
    )


def _tell(challenge: Challenge, sentence: str, *, by: User, now: datetime) -> None:
    """Tell both sides: who must answer, and who waits for it."""
    both: Iterable[User] = {*challenges.people_of(challenge), challenge.asked_by, challenge.pursued_by}
    text = sentence % {"person": by, "thing": Truncator(challenge.about).chars(150)}
    url = links.challenge_url(challenge)
    collaboration.notify(users=set(both) - {by}, text=text, url=url, now=now)


def _readiness_changes(campaign: Campaign) -> None:
    """Have the snapshot of lists and boards taken again: what blocks the launch is another by now."""
    Campaign.objects.filter(pk=campaign.pk).update(watched_at=None)
    ring(WATCH_TASK)
