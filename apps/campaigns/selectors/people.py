from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.campaigns.models import Campaign

Role = User.Role


def may_be_captain() -> QuerySet[User]:
    """Return who a campaign can be given to."""
    roles = [Role.MARKETER, Role.MARKETING_LEAD, Role.ADMINISTRATOR]
    found: QuerySet[User] = User.objects.active().filter(Q(role__in=roles) | Q(is_superuser=True))
    return found


def may_work() -> QuerySet[User]:
    """Return who can own a channel, contribute or be given a task: everyone but programs."""
    found: QuerySet[User] = User.objects.active().exclude(role=Role.INTEGRATION)
    return found


def team(campaign: Campaign) -> list[User]:
    """Return everyone on the campaign's team once, the captain first, in one query."""
    on_it = (
        Q(pk=campaign.captain_id)
        | Q(owned_channels__campaign=campaign)
        | Q(contributions__campaign=campaign)
        | Q(tasks__campaign=campaign)
    )
    people: list[User] = list(User.objects.filter(on_it).distinct())
    return sorted(people, key=lambda person: person.pk != campaign.captain_id)


def people_named(text: str) -> QuerySet[User]:
    """Return who could be captain and is called this, or has this address."""
    return may_be_captain().filter(Q(email__iexact=text) | Q(name__iexact=text))
