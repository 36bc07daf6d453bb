from collections.abc import Collection, Iterable

from apps.accounts.models import User
from apps.campaigns.budgetdiff import Report, difference
from apps.campaigns.models import BudgetLine, BudgetUpload, Campaign
from apps.collaboration.models import AuditEvent, subject_key

NAMED = 200  # of the lines that somebody changed meanwhile: who it was


def budget_channels_of(user: User, campaign: Campaign) -> set[int | None]:
    """Return the channels whose money this person may plan; None is what belongs to no channel."""
    found: set[int | None] = set()
    for channel in [None, *campaign.channels.all()]:
        line = BudgetLine(campaign=campaign, channel=channel)
        if user.has_perm("campaigns.change_budgetline", line):
            found.add(channel.pk if channel else None)
    return found


def budget_upload_report(upload: BudgetUpload, *, allowed: Collection[int | None]) -> Report:
    """Tell what an uploaded file would change now, in three queries."""
    campaign = upload.campaign
    return difference(
        upload.rows,
        list(BudgetLine.objects.filter(campaign=campaign).select_related("channel").order_by("pk")),
        channels=list(campaign.channels.all()),
        currency=campaign.currency,
        allowed=allowed,
    )


def last_changed_by(lines: Iterable[BudgetLine]) -> dict[int, str]:
    """Return who touched each line last, by the line's key; in one query, for the first of them."""
    keys = {subject_key(line): line.pk for line in list(lines)[:NAMED]}
    events = AuditEvent.objects.filter(subject__in=keys).order_by("subject", "-id").distinct("subject")
    return {keys[event.subject]: str(event.by or "") for event in events.select_related("by")}
