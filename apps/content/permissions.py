"""
Who may do what with content.

Everybody reads it; who works on campaigns writes it, the contributors too: copywriters and designers are
among them. The predicates are asked of templates and of their versions alike.
"""

import rules

from apps.accounts.models import User
from apps.accounts.permissions import has_role, is_integration, is_marketer

writes_content = is_marketer | has_role(User.Role.CONTRIBUTOR) | is_integration

rules.add_perm("content.view_template", rules.is_active)
rules.add_perm("content.comment_template", rules.is_active)
rules.add_perm("content.add_template", writes_content)
rules.add_perm("content.change_template", writes_content)
rules.add_perm("content.delete_template", writes_content)  # archives it: nothing that was saved is deleted
