"""Who may see what the data is wanted for, and say so: whoever works with people's data sees it."""

import rules

from apps.accounts.permissions import is_data_lead, is_integration, is_marketer, sees_people

rules.add_perm("usecases.view_usecase", sees_people)
for _verb in ("add", "change"):
    rules.add_perm(f"usecases.{_verb}_usecase", is_marketer | is_data_lead | is_integration)
rules.add_perm("usecases.delete_usecase", is_data_lead)
