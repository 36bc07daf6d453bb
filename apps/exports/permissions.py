"""
Who may take data out. An export is everybody's data in one file, so fewer may make one than may look at
people: sales works with persons, not with files of them.
"""

import rules

from apps.accounts.models import User
from apps.accounts.permissions import is_data_lead, is_integration, is_marketer
from apps.exports.models import Export

takes_out = is_marketer | is_data_lead | is_integration


@rules.predicate
def holds_nothing_sensitive(user: User, export: Export | None) -> bool:
    return export is not None and not export.is_sensitive


for _verb in ("view", "add", "change"):
    rules.add_perm(f"exports.{_verb}_export", takes_out)
# Attributes that the dictionary calls sensitive leave the house by those who answer for data.
rules.add_perm("exports.add_sensitive_export", is_data_lead)
rules.add_perm("exports.download_export", takes_out & (is_data_lead | holds_nothing_sensitive))
rules.add_perm("exports.view_schedule", takes_out)
# What leaves by itself, month after month, is for those who answer for data.
for _verb in ("add", "change", "delete"):
    rules.add_perm(f"exports.{_verb}_schedule", is_data_lead)
