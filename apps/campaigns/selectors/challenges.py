from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from apps.campaigns import challenges
from apps.campaigns.challenges import Challengeable
from apps.campaigns.models import Campaign, Challenge, ChallengeQuerySet

# Of one kind that are offered to be asked about: a plan of hundreds of tasks is asked from the task's page.
OFFERED = 200


@dataclass(frozen=True)
class Offer:
    """One thing that can be asked about. `value` names it in a form: `campaigns.task:12`."""

    value: str
    label: str


def challenges_of(campaign: Campaign, *, state: str = "") -> ChallengeQuerySet:
    """Return a campaign's challenges with their people and `answer_count`; `state`: open or resolved."""
    found = Challenge.objects.filter(campaign=campaign).with_people()
    if state:
        found = found.filter(resolved_at__isnull=state == "open")
    return found.annotate(answer_count=Count("answers"))


def _things(campaign: Campaign, label: str, kind: Challengeable, also: str) -> list[Any]:
    """Return the first things of one kind, and the one that `also` names where it is of this kind."""
    things = list(kind.of(campaign).order_by("pk")[:OFFERED])
    pk = also.removeprefix(f"{label}:")
    if pk.isdecimal() and len(things) == OFFERED:
        things += [thing for thing in kind.of(campaign).filter(pk=int(pk)) if thing not in things]
    return things


def offers(campaign: Campaign, *, also: str = "") -> list[tuple[str, list[Offer]]]:
    """
    Return what can be asked about in a campaign, by kind; kinds of which there is nothing are left out.

    `also` names one that is offered though it is not among the first of its kind.
    """
    found = []
    for label, kind in challenges.challengeables.items():
        if kind.model is Campaign:
            offered = [Offer(f"{label}:{campaign.pk}", str(campaign.get_stage_display()))]
        else:
            things = _things(campaign, label, kind, also)
            offered = [Offer(f"{label}:{thing.pk}", str(thing)) for thing in things]
        if offered:
            found.append((str(kind.kind), offered))
    return found
