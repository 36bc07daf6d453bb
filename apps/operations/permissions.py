import rules

from apps.accounts.permissions import is_administrator

rules.add_perm("operations.view_health", rules.is_active)
rules.add_perm("operations.view_machine", is_administrator)
rules.add_perm("operations.view_mailbox", is_administrator)
