from collections.abc import Mapping
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.models import User
from apps.accounts.services.departures import estate_hand_over
from apps.core.errors import DomainError

ADMINISTRATOR = User.Role.ADMINISTRATOR


class PersonNotChangeable(DomainError):
    pass


@transaction.atomic
def user_role_change(*, user: User, role: str, by: User, now: datetime) -> User:
    """
    Give someone another role, from their next request on.

    :raises PersonNotChangeable: nobody would be left to let others in
    """
    user, is_last = _locked_with_administrators(user)
    if user.role == role:
        return user
    if is_last:
        raise _last_administrator()
    details: dict[str, object] = {"from": user.role, "to": role}
    user.role = role
    user.save(update_fields=["role"])
    audit.record(action="user.role_changed", subject=user, by=by, now=now, details=details)
    return user


@transaction.atomic
def user_deactivate(
    *, user: User, by: User, now: datetime, successors: Mapping[str, User] | None = None
) -> User:
    """
    Shut someone out: sessions and tokens end at once. What they did stays on record.

    What is theirs goes to `successors`, one for each kind of which they own something.

    :raises SuccessorNeeded: something would be nobody's
    :raises PersonNotChangeable: oneself, or nobody would be left to let others in
    """
    user, is_last = _locked_with_administrators(user)
    if not user.is_active:
        return user
    if is_last:
        raise _last_administrator()
    if user.pk == by.pk:
        raise PersonNotChangeable(_("You cannot deactivate yourself. Ask another administrator."))
    handed = estate_hand_over(user=user, successors=successors or {}, by=by, now=now)
    user.is_active = False
    user.save(update_fields=["is_active"])
    details: dict[str, object] = {one.kind: str(one.taker) for one in handed}
    audit.record(action="user.deactivated", subject=user, by=by, now=now, details=details)
    return user


@transaction.atomic
def user_reactivate(*, user: User, by: User, now: datetime) -> User:
    """Let someone in again, with the role and the password they had."""
    user = _locked(user)
    if not user.is_active:
        user.is_active = True
        user.save(update_fields=["is_active"])
        audit.record(action="user.reactivated", subject=user, by=by, now=now)
    return user


@transaction.atomic
def user_profile_change(*, user: User, name: str, timezone: str, now: datetime) -> User:
    """Change what someone says of themselves."""
    user = _locked(user)
    changed = [
        field for field, value in (("name", name), ("timezone", timezone)) if getattr(user, field) != value
    ]
    if changed:
        user.name, user.timezone = name, timezone
        user.save(update_fields=changed)
        audit.record(
            action="user.profile_changed", subject=user, by=user, now=now, details={"fields": changed}
        )
    return user


@transaction.atomic
def second_factor_remove(*, user: User, by: User, now: datetime) -> int:
    """Help someone in who lost the phone: the next sign-in asks for the password alone."""
    removed: int = Authenticator.objects.filter(user=user).delete()[0]
    if removed:
        audit.record(action="user.second_factor_removed", subject=user, by=by, now=now)
    return removed


def _locked(user: User) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _locked_with_administrators(user: User) -> tuple[User, bool]:
    """
    Return the user, and whether this is the last administrator.

    All administrators are locked, in one order: of two who demote each other at once one is refused.
    """
    people = User.objects.filter(Q(pk=user.pk) | Q(pk__in=User.objects.administrators().values("pk")))
    locked = {one.pk: one for one in people.select_for_update(no_key=True).order_by("pk")}
    user = locked[user.pk]
    return user, [pk for pk, one in locked.items() if one.is_active and one.role == ADMINISTRATOR] == [
        user.pk
    ]


def _last_administrator() -> PersonNotChangeable:
    return PersonNotChangeable(_("This is the last administrator. Make someone else administrator first."))
