"""What the demo's firm holds to with every message from now on: a control group."""

from datetime import datetime

from apps.accounts.models import User
from apps.messaging.models import SendingPolicy
from apps.messaging.services import policy_update

CONTROL_PERCENT = 2


def rules_create(team: dict[str, User], *, now: datetime) -> None:
    """
    Set up the control group, unless somebody has set the rules already.

    It holds from the next launch on: the campaigns of the published data are over, and nobody of theirs is
    in it. Drafts show it in what they promise.
    """
    if not SendingPolicy.objects.exists():
        policy_update(by=team["admin"], now=now, control_percent=CONTROL_PERCENT)
