from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models.functions import JSONObject

from apps.accounts.models import User
from apps.accounts.selectors import called
from apps.campaigns.models import Approval

SHOWN = 5
LEADS = {User.Role.MARKETING_LEAD, User.Role.ADMINISTRATOR}


@dataclass(frozen=True)
class ToDecide:
    """A part of a campaign that waits to be approved, and who asked."""

    part: Approval.Part
    campaign_pk: int
    campaign_name: str
    asked_by: str
    asked_at: datetime


def approvals_to_decide(user: User) -> ArraySubquery:
    """
    Return, as an expression, the approvals that this person may give and did not ask for, those that wait
    longest first; `to_decide` reads them.
    """
    found = Approval.objects.waiting().filter(campaign__archived_at__isnull=True).exclude(asked_by=user)
    if user.role not in LEADS and not user.is_superuser:
        found = found.filter(campaign__captain=user)
    row = JSONObject(
        part="part",
        campaign="campaign",
        name="campaign__name",
        by=called("asked_by"),
        at="asked_at",
    )
    return ArraySubquery(found.order_by("asked_at", "pk").values(row=row)[:SHOWN])


def to_decide(rows: Iterable[Mapping[str, Any]]) -> list[ToDecide]:
    """Return what `approvals_to_decide` has found."""
    return [
        ToDecide(
            part=Approval.Part(row["part"]),
            campaign_pk=row["campaign"],
            campaign_name=row["name"],
            asked_by=row["by"],
            asked_at=datetime.fromisoformat(row["at"]),
        )
        for row in rows
    ]
