"""
Who may do what in campaigns.

The captain and the leads may do everything to a campaign. A channel owner edits the own channel's part, an
assignee moves own tasks, a contributor comments. People with the role contributor know only the campaigns
whose team they are on. Programs do what the scopes of their token say.
"""

from enum import Flag, auto
from functools import reduce
from operator import or_

import rules
from django.db.models import Exists

from apps.accounts.asking import answer
from apps.accounts.models import User
from apps.accounts.permissions import (
    has_role,
    is_data_lead,
    is_integration,
    is_lead,
    is_marketer,
    sees_everything_planned,
)
from apps.campaigns import challenges
from apps.campaigns.models import (
    Approval,
    BudgetLine,
    BudgetUpload,
    Campaign,
    Challenge,
    Challenger,
    Channel,
    Contributor,
    ElementOwner,
    Expectation,
    Kpi,
    Lesson,
    Override,
    PlanMove,
    SignOff,
    Stakeholder,
    Task,
)

Subject = (
    Approval
    | BudgetLine
    | BudgetUpload
    | Campaign
    | Challenge
    | Challenger
    | Channel
    | Contributor
    | ElementOwner
    | Expectation
    | Kpi
    | Lesson
    | Override
    | PlanMove
    | SignOff
    | Stakeholder
    | Task
    | None
)


def campaign_of(subject: Subject) -> Campaign | None:
    """Return the campaign that the thing is, or is part of."""
    return subject if subject is None or isinstance(subject, Campaign) else subject.campaign


@rules.predicate
def is_captain(user: User, subject: Subject) -> bool:
    """Test if the user is captain of the campaign, or of the campaign that the thing is part of."""
    campaign = campaign_of(subject)
    return user.is_active and campaign is not None and campaign.captain_id == user.pk


@rules.predicate
def is_channel_owner(user: User, subject: Subject) -> bool:
    """Test if the user owns this channel, or the channel that the task or budget line is part of."""
    channel = subject.channel if isinstance(subject, Task | BudgetLine) else subject
    return user.is_active and isinstance(channel, Channel) and channel.owner_id == user.pk


class Place(Flag):
    """What somebody is in a campaign beside its captain."""

    NONE = 0
    CHANNEL_OWNER = auto()
    CONTRIBUTOR = auto()
    ASSIGNEE = auto()
    CHALLENGER = auto()


def place_in(user: User, campaign: Campaign | None) -> Place:
    """Return what an active person is in a campaign; all of it is asked in one statement."""
    if campaign is None or not user.is_active:
        return Place.NONE
    return answer(("campaigns.place", user.pk, campaign.pk), lambda: _place_read(user, campaign))


def _place_read(user: User, campaign: Campaign) -> Place:
    mine = {
        Place.CHANNEL_OWNER: Channel.objects.filter(campaign=campaign.pk, owner=user),
        Place.CONTRIBUTOR: Contributor.objects.filter(campaign=campaign.pk, user=user),
        Place.ASSIGNEE: Task.objects.filter(campaign=campaign.pk, assignee=user),
        Place.CHALLENGER: Challenger.objects.filter(campaign=campaign.pk, user=user),
    }
    found = Campaign.objects.filter(pk=campaign.pk).values_list(*(Exists(rows) for rows in mine.values()))
    places = zip(mine, found.first() or (), strict=False)  # no row: it was deleted meanwhile
    return reduce(or_, (place for place, is_so in places if is_so), Place.NONE)


@rules.predicate
def owns_a_channel(user: User, subject: Subject) -> bool:
    return Place.CHANNEL_OWNER in place_in(user, campaign_of(subject))


@rules.predicate
def is_assignee(user: User, subject: Subject) -> bool:
    return user.is_active and isinstance(subject, Task) and subject.assignee_id == user.pk


@rules.predicate
def is_on_team(user: User, subject: Subject) -> bool:
    """Test if the user is captain, channel owner, contributor or assignee of a task of the campaign."""
    return is_captain.test(user, subject) or place_in(user, campaign_of(subject)) != Place.NONE


@rules.predicate
def is_challenger(user: User, subject: Subject) -> bool:
    """Test if the captain has named this person to challenge what is in the campaign."""
    return Place.CHALLENGER in place_in(user, campaign_of(subject))


@rules.predicate
def pursues_it(user: User, subject: Subject) -> bool:
    return user.is_active and isinstance(subject, Challenge) and subject.pursued_by_id == user.pk


@rules.predicate
def must_answer(user: User, subject: Subject) -> bool:
    """Test if the thing that is challenged, its channel or its work is this person's."""
    return user.is_active and isinstance(subject, Challenge) and user in challenges.people_of(subject)


@rules.predicate
def is_kept(_user: User, subject: Subject) -> bool:
    """Test if the campaign has not been put away."""
    campaign = campaign_of(subject)
    return campaign is not None and campaign.archived_at is None


@rules.predicate
def about_nothing(user: User, subject: Subject) -> bool:
    """Test if no object is asked about: the list is open to everybody and shows to each what is theirs."""
    return subject is None


@rules.predicate
def is_of_no_campaign(user: User, subject: Subject) -> bool:
    return isinstance(subject, Lesson) and subject.campaign_id is None


@rules.predicate
def has_written_it(user: User, subject: Subject) -> bool:
    return user.is_active and isinstance(subject, Lesson) and subject.by_id == user.pk


@rules.predicate
def captains_some(user: User, _subject: None) -> bool:
    """Test if the user is captain of any campaign that has not been put away."""
    return user.is_active and Campaign.objects.current().filter(captain=user).exists()


leads_it = is_captain | is_lead | is_integration
sees_it = sees_everything_planned | (rules.is_active & about_nothing) | is_on_team

for _verb_entity in (
    "view_budgetline",
    "view_campaign",
    "view_readiness",
    "view_approval",
    "view_challenge",
    "view_challenger",
    "view_channel",
    "view_contributor",
    "view_expectation",
    "view_kpi",
    "view_override",
    "view_rules",
    "view_stakeholder",
    "view_task",
):
    rules.add_perm(f"campaigns.{_verb_entity}", sees_it)

rules.add_perm("campaigns.view_everything", sees_everything_planned)  # no campaign is kept from them
rules.add_perm("campaigns.add_campaign", is_marketer | is_integration)
rules.add_perm("campaigns.change_campaign", leads_it)
rules.add_perm("campaigns.replay_campaign", (is_marketer | is_integration) & sees_it)
rules.add_perm("campaigns.delete_campaign", leads_it)  # puts it away: nothing that has happened is deleted
rules.add_perm("campaigns.advance_campaign", leads_it)
rules.add_perm("campaigns.mend_readiness", leads_it | is_on_team)  # whom a way to what fails would lead in
rules.add_perm("campaigns.override_readiness", is_captain | is_lead)  # a person answers for it

rules.add_perm("campaigns.add_channel", leads_it)
rules.add_perm("campaigns.change_channel", leads_it | is_channel_owner)
rules.add_perm("campaigns.assign_channel", leads_it)
rules.add_perm("campaigns.delete_channel", leads_it)
for _verb in ("add", "change", "delete"):
    rules.add_perm(f"campaigns.{_verb}_contributor", leads_it)
    rules.add_perm(f"campaigns.{_verb}_kpi", leads_it)

rules.add_perm("campaigns.add_task", leads_it | owns_a_channel)
rules.add_perm("campaigns.change_task", leads_it | is_channel_owner)
rules.add_perm("campaigns.move_task", leads_it | is_channel_owner | is_assignee)
rules.add_perm("campaigns.check_task", leads_it | is_channel_owner | is_assignee)
rules.add_perm("campaigns.delete_task", leads_it | is_channel_owner)
rules.add_perm("campaigns.view_workload", is_lead | captains_some)

rules.add_perm("campaigns.attach_campaign", is_kept & (leads_it | is_on_team))
rules.add_perm("campaigns.attach_channel", is_kept & (leads_it | is_channel_owner))
rules.add_perm("campaigns.attach_task", is_kept & (leads_it | is_channel_owner | is_assignee))

# A lesson of no campaign is for everybody; who wrote one may mend it.
rules.add_perm("campaigns.view_lesson", sees_it | (rules.is_active & is_of_no_campaign))
rules.add_perm("campaigns.add_lesson", is_marketer | is_data_lead | is_integration)
for _verb in ("change", "delete"):
    rules.add_perm(f"campaigns.{_verb}_lesson", leads_it | has_written_it)

rules.add_perm("campaigns.view_elementowner", sees_it)
rules.add_perm("campaigns.change_elementowner", leads_it)

# The strategy is for everybody to read, and for the leads to write.
for _noun in ("yeargoal", "notdoing"):
    rules.add_perm(f"campaigns.view_{_noun}", rules.is_active)
    for _verb in ("add", "change", "delete"):
        rules.add_perm(f"campaigns.{_verb}_{_noun}", is_lead)

rules.add_perm("campaigns.add_budgetline", leads_it | owns_a_channel)
rules.add_perm("campaigns.change_budgetline", leads_it | is_channel_owner)
rules.add_perm("campaigns.delete_budgetline", leads_it | is_channel_owner)


rules.add_perm("campaigns.view_budgets", is_lead | has_role(User.Role.EXECUTIVE))  # of all campaigns
rules.add_perm("campaigns.change_expectation", leads_it)
for _verb in ("add", "delete"):
    rules.add_perm(f"campaigns.{_verb}_stakeholder", leads_it)


@rules.predicate
def is_stakeholder(user: User, subject: Subject) -> bool:
    return user.is_active and isinstance(subject, Stakeholder) and subject.user_id == user.pk


rules.add_perm("campaigns.acknowledge_stakeholder", is_stakeholder)  # nobody else can know it for them


@rules.predicate
def is_uploader(user: User, subject: Subject) -> bool:
    return user.is_active and isinstance(subject, BudgetUpload) and subject.by_id == user.pk


# Whoever uploaded a file sees what it would change, and says so; to others it is not there.
rules.add_perm("campaigns.view_budgetupload", is_uploader & sees_it)
rules.add_perm("campaigns.apply_budgetupload", is_uploader & (leads_it | owns_a_channel))

rules.add_perm("campaigns.ask_approval", leads_it | owns_a_channel)
rules.add_perm("campaigns.decide_approval", is_captain | is_lead)  # a person answers for it
rules.add_perm("campaigns.set_rules", is_lead)  # the captain is one of those whom they bind

# A question, its answer and what is decided are a person's: a program reads them only.
rules.add_perm("campaigns.add_challenge", is_captain | is_lead | is_challenger)
rules.add_perm("campaigns.answer_challenge", must_answer | pursues_it | is_lead)
rules.add_perm("campaigns.resolve_challenge", pursues_it | is_captain | is_lead)
for _verb in ("add", "delete"):
    rules.add_perm(f"campaigns.{_verb}_challenger", is_captain | is_lead)

for _subject in ("budgetline", "campaign", "channel", "task"):
    rules.add_perm(f"campaigns.comment_{_subject}", sees_it)  # whoever may read may answer

# Plans: how the organisation works is for everyone to see and for the leads to say.
rules.add_perm("campaigns.view_planmove", sees_it)
rules.add_perm("campaigns.undo_planmove", leads_it)
for _entity in ("plantemplate", "plantemplateitem", "holiday", "workweek"):
    rules.add_perm(f"campaigns.view_{_entity}", rules.is_active)
    for _verb in ("add", "change", "delete"):
        rules.add_perm(f"campaigns.{_verb}_{_entity}", is_lead | is_integration)
# KPIs and their signature. A superuser is asked again by the act itself: nobody signs for an executive.
is_sales = has_role(User.Role.SALES)
is_executive = has_role(User.Role.EXECUTIVE)
rules.add_perm("campaigns.view_signoff", sees_it)
rules.add_perm("campaigns.ask_signoff", is_captain | is_lead)
rules.add_perm("campaigns.review_signoff", is_sales)
rules.add_perm("campaigns.sign_signoff", is_executive)

rules.add_perm("campaigns.view_metric", rules.is_active)
for _verb in ("add", "change", "archive"):
    rules.add_perm(f"campaigns.{_verb}_metric", is_data_lead | is_integration)
