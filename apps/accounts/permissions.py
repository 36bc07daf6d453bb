"""
Who may do what. Every app names its permissions in its own `permissions.py` out of these predicates.

A permission reads `app.verb_entity`; `app.view_entity` decides whether the entity exists for a person at all.
"""

import rules
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404

from apps.accounts.models import ApiToken, User

Role = User.Role


def permission_check(user: User, permission: str, subject: Model | None) -> None:
    """
    Ask the one question that pages, API and admin all ask.

    :raises Http404: the user may not even know that such a thing is there
    :raises PermissionDenied: the user may see it, but not do this
    """
    if user.has_perm(permission, subject):
        return
    app, _, codename = permission.partition(".")
    view = f"{app}.view_{codename.partition('_')[2]}"
    if not user.has_perm(view, subject):
        raise Http404
    raise PermissionDenied


def has_role(*roles: Role) -> rules.predicates.Predicate:
    """Return the predicate: active, and of one of these roles. A superuser is every role."""

    @rules.predicate
    def role_is_one_of(user: User) -> bool:
        return user.is_active and (user.is_superuser or user.role in roles)

    return role_is_one_of


@rules.predicate
def is_debugging(user: User) -> bool:
    """Test if this is a developer's own installation."""
    return user.is_active and settings.DEBUG


is_administrator = has_role(Role.ADMINISTRATOR)
is_lead = has_role(Role.ADMINISTRATOR, Role.MARKETING_LEAD)
is_data_lead = has_role(Role.ADMINISTRATOR, Role.MARKETING_LEAD, Role.DATA_LEAD)
is_marketer = has_role(Role.ADMINISTRATOR, Role.MARKETING_LEAD, Role.MARKETER)
is_integration = has_role(Role.INTEGRATION)
# Who works with people's data at all; executives read results, contributors do their tasks.
sees_people = has_role(
    Role.ADMINISTRATOR, Role.MARKETING_LEAD, Role.MARKETER, Role.DATA_LEAD, Role.SALES, Role.INTEGRATION
)
sees_everything_planned = has_role(*(set(Role) - {Role.CONTRIBUTOR}))


@rules.predicate
def owns_token(user: User, token: ApiToken | None) -> bool:
    return user.is_active and token is not None and token.user_id == user.pk


rules.add_perm("accounts.view_user", rules.is_active)
rules.add_perm("accounts.view_people", is_administrator)
rules.add_perm("accounts.invite_people", is_administrator)
rules.add_perm("accounts.change_own_profile", rules.is_active)
rules.add_perm("accounts.view_apitoken", owns_token | is_administrator)
rules.add_perm("accounts.revoke_apitoken", owns_token | is_administrator)
rules.add_perm("accounts.change_user", is_administrator)
rules.add_perm("accounts.view_home", rules.is_active)
rules.add_perm("accounts.view_design", is_administrator | is_debugging)
rules.add_perm("accounts.use_admin", is_administrator)
