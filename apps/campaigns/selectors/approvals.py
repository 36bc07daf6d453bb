from apps.accounts.models import User
from apps.campaigns.models import Approval

SHOWN = 5
LEADS = {User.Role.MARKETING_LEAD, User.Role.ADMINISTRATOR}


def approvals_to_decide(user: User) -> list[Approval]:
    """Return the approvals that this person may give and did not ask for, those that wait longest first."""
    found = Approval.objects.waiting().filter(campaign__archived_at__isnull=True).exclude(asked_by=user)
    if user.role not in LEADS and not user.is_superuser:
        found = found.filter(campaign__captain=user)
    return list(found.select_related("campaign", "asked_by").order_by("asked_at", "pk")[:SHOWN])
