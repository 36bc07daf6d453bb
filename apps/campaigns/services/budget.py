from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns import challenges, dates
from apps.campaigns.errors import BudgetRefused
from apps.campaigns.models import BudgetLine, Campaign
from apps.campaigns.services.edit import campaign_lock, changes_of, lines_check, row_edit
from apps.campaigns.services.once import creation_key, made_once
from apps.collaboration import services as collaboration
from apps.core import display

MOST_LINES = 5000
WORDS = ("label", "vendor", "note")
# What a challenge holds; what was billed is written down all the same.
HELD = frozenset({"planned", "committed"})


def budget_line_add(
    *,
    campaign: Campaign,
    label: str,
    month: date,
    by: User,
    now: datetime,
    key: UUID | None = None,
    **fields: Any,
) -> BudgetLine:
    """
    Plan money for one thing in one month. `key` is the form's, which makes one line however often it is sent.

    :raises BudgetRefused: the channel is another campaign's, the month cannot be, or there are too many lines
    """
    fields = fields_tidy({"label": label, "month": month, **fields})
    made_of = creation_key(key, {"campaign": campaign, **fields})

    def make() -> BudgetLine:
        locked = campaign_lock(campaign)
        lines_check(BudgetLine, fields)
        fields_check(locked, fields)
        if locked.budget_lines.standing().count() >= MOST_LINES:
            told = _("A budget has at most %(count)s lines. Put some of them together.")
            raise BudgetRefused(told % {"count": display.number(MOST_LINES)})
        line = BudgetLine.objects.create(campaign=locked, creation_key=made_of, **fields)
        collaboration.audit_record(
            action="budgetline.added", subject=line, by=by, now=now, details=amounts_told(line), within=locked
        )
        return line

    return made_once(BudgetLine, made_of, make)


@transaction.atomic
def budget_line_update(
    *, line: BudgetLine, by: User, now: datetime, seen: int | None = None, **fields: Any
) -> BudgetLine:
    """
    Change a line of the budget.

    :raises ChangedMeanwhile: somebody changed one of these fields after version `seen`
    :raises BudgetRefused: as `budget_line_add`, or the line has been removed
    :raises HeldByChallenge: it is challenged, and money would be planned or promised otherwise
    """
    line = _line_lock(line)
    if line.removed_at is not None:
        raise BudgetRefused(_("This line has been removed. Bring it back before you change it."))
    changes = changes_of(line, fields_tidy(fields))
    if not changes:
        return line
    fields_check(line.campaign, changes)
    if HELD & changes.keys():
        challenges.hold_check(line)
    return row_edit(line, changes, action="budgetline.changed", by=by, now=now, seen=seen)


@transaction.atomic
def budget_line_remove(*, line: BudgetLine, by: User, now: datetime) -> None:
    """
    Take a line out of the budget; `budget_line_restore` brings it back with all that was said about it.

    :raises HeldByChallenge: it is challenged: the question would go with it
    """
    line = _line_lock(line)
    if line.removed_at is None:
        challenges.hold_check(line)
        _removed_set(line, now, action="budgetline.removed", by=by, now=now)


@transaction.atomic
def budget_line_restore(*, line: BudgetLine, by: User, now: datetime) -> BudgetLine:
    """Bring a line back that has been removed."""
    line = _line_lock(line)
    if line.removed_at is not None:
        _removed_set(line, None, action="budgetline.restored", by=by, now=now)
    return line


def fields_tidy(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Put words on one line without spaces around them: so they come back from a spreadsheet as they went."""
    return {name: " ".join(value.split()) if name in WORDS else value for name, value in fields.items()}


def fields_check(campaign: Campaign, fields: Mapping[str, Any]) -> None:
    """Refuse what cannot be a line of this campaign."""
    channel, month = fields.get("channel"), fields.get("month")
    if channel is not None and channel.campaign_id != campaign.pk:
        raise BudgetRefused(_("This channel belongs to another campaign."), field="channel")
    if month is not None and month.day != 1:
        raise BudgetRefused(_("A month is written as its first day."), field="month")
    if told := dates.range_problem(month):
        raise BudgetRefused(told, field="month")
    if "label" in fields and not fields["label"]:
        raise BudgetRefused(_("Say what the money is for."), field="label")


def amounts_told(line: BudgetLine) -> dict[str, object]:
    return {name: str(getattr(line, name)) for name in ("planned", "committed", "actual")}


def _removed_set(line: BudgetLine, at: datetime | None, *, action: str, by: User, now: datetime) -> None:
    line.removed_at, line.version, line.updated_at = at, line.version + 1, now
    BudgetLine.objects.filter(pk=line.pk).update(removed_at=at, version=line.version, updated_at=now)
    details = {**amounts_told(line), "version": line.version}
    collaboration.audit_record(
        action=action, subject=line, by=by, now=now, details=details, within=line.campaign
    )


def _line_lock(line: BudgetLine) -> BudgetLine:
    campaign_lock(line.campaign)
    locked = BudgetLine.objects.select_related("campaign", "channel")
    return locked.select_for_update(no_key=True, of=("self",)).get(pk=line.pk)
