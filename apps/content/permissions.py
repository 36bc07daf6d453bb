"""
Who may do what with content.

Everybody reads it; who works on campaigns writes it, the contributors too: copywriters and designers are
among them. What a message is about to send is changed only by those who may change that message. The
predicates are asked of templates and of their versions alike.
"""

import rules

from apps.accounts.models import User
from apps.accounts.permissions import has_role, is_integration, is_marketer
from apps.content.models import Template, TemplateVersion
from apps.content.uses import uses_of_others, writers


@rules.predicate
def is_writer_elsewhere(user: User) -> bool:
    """Test if a room above says that the user writes content: the owner of a channel, whatever the role."""
    return user.is_active and any(says_so(user) for says_so in writers)


@rules.predicate
def may_change_what_uses_it(user: User, subject: Template | TemplateVersion | None) -> bool:
    """Test if whatever would send the next words of the template is the user's to change."""
    if subject is None:
        return True
    pk = subject.template_id if isinstance(subject, TemplateVersion) else subject.pk
    return not uses_of_others(pk, user=user)


writes_content = is_marketer | has_role(User.Role.CONTRIBUTOR) | is_integration | is_writer_elsewhere

rules.add_perm("content.view_template", rules.is_active)
rules.add_perm("content.comment_template", rules.is_active)
rules.add_perm("content.add_template", writes_content)
rules.add_perm("content.change_template", writes_content & may_change_what_uses_it)
rules.add_perm("content.delete_template", writes_content)  # archives it: nothing that was saved is deleted
