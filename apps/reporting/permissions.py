import rules

from apps.accounts.models import User
from apps.accounts.permissions import sees_everything_planned, sees_people
from apps.campaigns.models import Campaign


@rules.predicate
def sees_the_campaign(user: User, campaign: Campaign) -> bool:
    return user.has_perm("campaigns.view_campaign", campaign)


rules.add_perm("reporting.view_overview", sees_everything_planned)
rules.add_perm("reporting.view_results", sees_the_campaign)
rules.add_perm("reporting.refresh_results", sees_the_campaign)
# The people behind a figure are contacts: who may not see contacts sees the figure alone.
rules.add_perm("reporting.view_people", sees_the_campaign & sees_people)
