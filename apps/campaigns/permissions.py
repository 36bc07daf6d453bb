"""
Who may do what in campaigns.

The captain and the leads may do everything to a campaign. A channel owner edits the own channel's part, an
assignee moves own tasks, a contributor comments. People with the role contributor know only the campaigns
whose team they are on. Programs do what the scopes of their token say.
"""

import rules

from apps.accounts.models import User
from apps.accounts.permissions import has_role, is_integration, is_lead, is_marketer, sees_everything_planned
from apps.campaigns.models import (
    BudgetLine,
    BudgetUpload,
    Campaign,
    Channel,
    Contributor,
    Expectation,
    Kpi,
    Override,
    Stakeholder,
    Task,
)

Part = BudgetLine | BudgetUpload | Channel | Contributor | Expectation | Kpi | Override | Stakeholder | Task
Subject = Campaign | Part | None


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


@rules.predicate
def owns_a_channel(user: User, subject: Subject) -> bool:
    campaign = campaign_of(subject)
    return user.is_active and campaign is not None and campaign.channels.filter(owner=user).exists()


@rules.predicate
def is_assignee(user: User, subject: Subject) -> bool:
    return user.is_active and isinstance(subject, Task) and subject.assignee_id == user.pk


@rules.predicate
def is_on_team(user: User, subject: Subject) -> bool:
    """Test if the user is captain, channel owner, contributor or assignee of a task of the campaign."""
    campaign = campaign_of(subject)
    if campaign is None or not user.is_active:
        return False
    if campaign.captain_id == user.pk:
        return True
    return Campaign.objects.of_team(user).filter(pk=campaign.pk).exists()


@rules.predicate
def about_nothing(user: User, subject: Subject) -> bool:
    """Test if no object is asked about: the list is open to everybody and shows to each what is theirs."""
    return subject is None


leads_it = is_captain | is_lead | is_integration
sees_it = sees_everything_planned | (rules.is_active & about_nothing) | is_on_team

for _verb_entity in (
    "view_budgetline",
    "view_campaign",
    "view_readiness",
    "view_channel",
    "view_contributor",
    "view_expectation",
    "view_kpi",
    "view_override",
    "view_stakeholder",
    "view_task",
):
    rules.add_perm(f"campaigns.{_verb_entity}", sees_it)

rules.add_perm("campaigns.add_campaign", is_marketer | is_integration)
rules.add_perm("campaigns.change_campaign", leads_it)
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
rules.add_perm("campaigns.delete_task", leads_it | is_channel_owner)

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

for _subject in ("budgetline", "campaign", "channel", "task"):
    rules.add_perm(f"campaigns.comment_{_subject}", sees_it)  # whoever may read may answer
