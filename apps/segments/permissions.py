"""Who may do what with segments and lists. Whoever works with people sees them; sales does not change."""

import rules

from apps.accounts.permissions import is_data_lead, is_integration, is_marketer, sees_people

shapes = is_marketer | is_data_lead | is_integration

for _noun in ("segment", "contactlist"):
    rules.add_perm(f"segments.view_{_noun}", sees_people)
    for _verb in ("add", "change", "delete"):
        rules.add_perm(f"segments.{_verb}_{_noun}", shapes)
