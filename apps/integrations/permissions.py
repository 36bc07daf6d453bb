"""Who may see where data comes from, and let new systems send it."""

import rules

from apps.accounts.permissions import is_data_lead, is_integration, is_marketer

rules.add_perm("integrations.view_source", is_data_lead | is_marketer | is_integration)
rules.add_perm("integrations.view_identityscheme", is_data_lead | is_marketer | is_integration)
rules.add_perm("integrations.change_identityscheme", is_data_lead)
rules.add_perm("integrations.add_source", is_data_lead)
rules.add_perm("integrations.revoke_source", is_data_lead)
