from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Challenger, Channel, Contributor, Task

Role = User.Role
CAPTAINS = [Role.MARKETER, Role.MARKETING_LEAD, Role.ADMINISTRATOR]


def may_be_captain() -> QuerySet[User]:
    """Return who a campaign can be given to."""
    found: QuerySet[User] = User.objects.active().filter(Q(role__in=CAPTAINS) | Q(is_superuser=True))
    return found


def could_be_captain(person: User) -> bool:
    """Test the same of somebody who may work, so that one page can offer both by one query."""
    return person.is_superuser or person.role in CAPTAINS


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
        Exists(Challenger.objects.filter(campaign=campaign, user=OuterRef("pk"))),
    ]
    return people.exclude(role=Role.INTEGRATION).filter(reduce(or_, map(Q, on_team), everywhere))


def _on_team(campaign: Campaign) -> Q:
    # Subqueries: joined, they would be every person times their channels times their tasks.
    owners = Channel.objects.filter(campaign=campaign).order_by().values("owner")
    contributors = Contributor.objects.filter(campaign=campaign).order_by().values("user")
    assignees = Task.objects.filter(campaign=campaign).order_by().values("assignee")
    return Q(pk=campaign.captain_id) | Q(pk__in=owners) | Q(pk__in=contributors) | Q(pk__in=assignees)


def team(campaign: Campaign) -> list[User]:
    """Return everyone on the campaign's team once, the captain first, in one query."""
    people: list[User] = list(User.objects.filter(_on_team(campaign)))
    return sorted(people, key=lambda person: person.pk != campaign.captain_id)


def team_and_workers(campaign: Campaign) -> tuple[list[User], list[User]]:
    """Return the team, and who `may_work`, by one query for pages that offer both."""
    on_team = Case(When(_on_team(campaign), then=True), default=False)
    workers = Q(is_active=True) & ~Q(role=Role.INTEGRATION)
    people: list[Any] = list(User.objects.annotate(on_team=on_team).filter(workers | Q(on_team=True)))
    mine = [person for person in people if person.on_team]
    mine.sort(key=lambda person: person.pk != campaign.captain_id)
    return mine, [one for one in people if one.is_active and one.role != Role.INTEGRATION]


def people_named(text: str) -> QuerySet[User]:
    """Return who could be captain and is called this, or has this address."""
    return may_be_captain().filter(Q(email__iexact=text) | Q(name__iexact=text))
