"""Who may do what with segments and lists. Whoever works with people sees them; sales does not change."""

import rules

from apps.accounts.permissions import is_data_lead, is_integration, is_marketer, sees_people

shapes = is_marketer | is_data_lead | is_integration

for _noun in ("segment", "contactlist"):
    rules.add_perm(f"segments.view_{_noun}", sees_people)
    for _verb in ("add", "change", "delete"):
        rules.add_perm(f"segments.{_verb}_{_noun}", shapes)

# Another rule changes what everybody counts by: one proposes, another who answers for the data approves. No
# program does.
for _name in ("view_definition", "view_definitionversion"):
    rules.add_perm(f"segments.{_name}", sees_people)
for _name in ("add_definition", "change_definition", "withdraw_definitionversion"):
    rules.add_perm(f"segments.{_name}", shapes)
for _name in ("delete_definition", "approve_definitionversion"):
    rules.add_perm(f"segments.{_name}", is_data_lead)
