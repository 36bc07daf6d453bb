"""Acts on people and on what opens the door for them."""

from apps.accounts.services.answers import answers_forget
from apps.accounts.services.departures import SuccessorNeeded, user_hand_back
from apps.accounts.services.invitations import (
    InvitationNotPossible,
    InvitationNotSent,
    InvitationRenewed,
    invitation_accept,
    invitation_create,
    invitation_renew,
    invitation_revoke,
    invitation_send,
    invitation_send_later,
)
from apps.accounts.services.people import (
    PersonNotChangeable,
    second_factor_remove,
    user_deactivate,
    user_profile_change,
    user_reactivate,
    user_role_change,
)
from apps.accounts.services.sessions import sessions_forget
from apps.accounts.services.tokens import TokenNotMade, token_create, token_revoke, token_use

__all__ = [
    "InvitationNotPossible",
    "InvitationNotSent",
    "InvitationRenewed",
    "PersonNotChangeable",
    "SuccessorNeeded",
    "TokenNotMade",
    "answers_forget",
    "invitation_accept",
    "invitation_create",
    "invitation_renew",
    "invitation_revoke",
    "invitation_send",
    "invitation_send_later",
    "second_factor_remove",
    "sessions_forget",
    "token_create",
    "token_revoke",
    "token_use",
    "user_deactivate",
    "user_hand_back",
    "user_profile_change",
    "user_reactivate",
    "user_role_change",
]
