from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.campaigns.models import Campaign, ElementOwner
from apps.campaigns.services.edit import campaign_lock, changes_of, row_edit
from apps.campaigns.services.team import person_check

SIDES = ("marketing_owner", "data_owner")


@transaction.atomic
def element_set(
    *,
    campaign: Campaign,
    element: str,
    by: User,
    now: datetime,
    seen: int | None = None,
    **people: User | None,
) -> ElementOwner:
    """
    Name who answers for an element: `marketing_owner`, `data_owner` or both; None is nobody.

    A side that is not named stays.

    `seen` is the version that the editor looked at, 0 where nobody had been named.

    :raises ChangedMeanwhile: somebody named another person after version `seen`
    :raises NotEligible: someone who has left, or a program
    """
    campaign = campaign_lock(campaign)
    there = campaign.element_owners.filter(element=element).first()
    owner = there or ElementOwner(campaign=campaign, element=element, version=0)
    changes = changes_of(owner, people)
    if not changes:
        return owner
    for side in SIDES:
        person_check(changes.get(side), field=side)
    if there is None:
        owner.save(force_insert=True)
    return row_edit(owner, changes, action="element.assigned", by=by, now=now, seen=seen)
