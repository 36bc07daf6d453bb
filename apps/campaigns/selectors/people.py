from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Channel, Contributor, Task

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


def who_may_see(subject: Campaign | Channel | Task, people: QuerySet[User]) -> QuerySet[User]:
    """Narrow people to those for whom the campaign of this thing exists, as `Campaign.objects.visible_to`."""
    campaign = subject if isinstance(subject, Campaign) else subject.campaign
    everywhere = ~Q(role=Role.CONTRIBUTOR) | Q(is_superuser=True) | Q(pk=campaign.captain_id)
    on_team = [
        Exists(Channel.objects.filter(campaign=campaign, owner=OuterRef("pk"))),
        Exists(Contributor.objects.filter(campaign=campaign, user=OuterRef("pk"))),
        Exists(Task.objects.filter(campaign=campaign, assignee=OuterRef("pk")).order_by()),
    ]
    return people.exclude(role=Role.INTEGRATION).filter(
        everywhere | Q(on_team[0]) | Q(on_team[1]) | Q(on_team[2])
    )


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
