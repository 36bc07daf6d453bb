"""What the sign-in package does is on record like every other act; it speaks through signals of its own."""

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.dispatch import Signal

from apps.accounts import audit
from apps.accounts.models import User
from apps.core import clock

ACTIONS: dict[Signal, str] = {
    account.password_changed: "password.changed",
    account.password_set: "password.changed",
    account.password_reset: "password.reset",
    mfa.authenticator_added: "second_factor.added",
    mfa.authenticator_removed: "second_factor.removed",
}


def connect() -> None:
    """Listen to what people do about their own sign-in. Called once the apps are ready."""
    for signal in ACTIONS:
        signal.connect(_record, dispatch_uid="apps.accounts.receivers")


def _record(signal: Signal, user: User, **_about: Any) -> None:
    audit.record(action=ACTIONS[signal], subject=user, by=user, now=clock.now())
