"""Saving cells of the spreadsheet: what is right is kept, what is not comes back with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.campaigns import selectors, sheet
from apps.campaigns.errors import ChangedMeanwhile, MoveUnseen, Refused
from apps.campaigns.models import Campaign
from apps.campaigns.services.campaign import DATES, campaign_update, captain_change
from apps.campaigns.services.edit import campaign_lock, seen_check
from apps.campaigns.services.stage import campaign_advance
from apps.core.errors import DomainError

OWN_ACT = ("captain", "stage")  # each of these is an act of its own


@dataclass
class RowSaved:
    """
    One row after its cells were saved. `refused` has why, by column; what is there and not refused is kept.

    `shown` is the fingerprint of the preview that was told of the tasks that new days would move.
    """

    campaign: Campaign
    refused: dict[str, str] = field(default_factory=dict)
    shown: str = ""


def row_save(
    *,
    campaign: Campaign,
    texts: Mapping[str, str],
    by: User,
    now: datetime,
    seen: int | None = None,
    shown: str = "",
) -> RowSaved:
    """
    Save what was typed into the cells of one row: each that can be, whatever becomes of the others.

    `seen` is the version of the row that the person looked at, `shown` what they were told would move.
    """
    row = RowSaved(campaign, shown=shown)
    values: dict[str, Any] = {}
    for key, text in texts.items():
        try:
            values[key] = sheet.cell_read(key, text)
        except sheet.CellRefused as refusal:
            row.refused[key] = str(refusal)
    plain = {key: value for key, value in values.items() if key not in OWN_ACT}
    _plain_save(row, plain, by=by, now=now, seen=seen)
    for key in OWN_ACT:
        if key in values:
            try:
                _act(row, key, values[key], by=by, now=now, seen=seen)
            except ChangedMeanwhile as change:
                row.refused[key] = change.theirs[key]
            except DomainError as refusal:
                row.refused[key] = str(refusal)
    row.campaign = Campaign.objects.select_related("captain").get(pk=campaign.pk)
    return row


def _plain_save(row: RowSaved, fields: dict[str, Any], *, by: User, now: datetime, seen: int | None) -> None:
    """Save them together, for days are right or wrong together; whatever is refused is left out in turn."""
    while fields:
        try:
            campaign_update(campaign=row.campaign, by=by, now=now, seen=seen, shown=row.shown, **fields)
        except ChangedMeanwhile as change:
            told = {key: change.theirs[key] for key in fields if key in change.theirs}
        except MoveUnseen:
            told = _moves_told(row, fields, now=now)
        except Refused as refusal:
            # Days that contradict each other are told at one of them, perhaps not the one that was typed.
            blamed = {refusal.field} & fields.keys() or DATES & fields.keys() or fields.keys()
            told = dict.fromkeys(blamed, str(refusal))
        else:
            return
        row.refused |= told
        fields = {key: value for key, value in fields.items() if key not in told}


def _moves_told(row: RowSaved, fields: Mapping[str, Any], *, now: datetime) -> dict[str, str]:
    """Say beside the new days how many tasks they would move; saved again, they do."""
    campaign = Campaign.objects.get(pk=row.campaign.pk)
    preview = selectors.move_preview(campaign, fields, now=now)
    row.shown = preview.fingerprint
    sentence = ngettext(
        "%(n)s task would move with it. Save again to move it too.",
        "%(n)s tasks would move with it. Save again to move them too.",
        len(preview.moves),
    )
    return dict.fromkeys(DATES & fields.keys(), sentence % {"n": len(preview.moves)})


@transaction.atomic
def _act(row: RowSaved, key: str, value: Any, *, by: User, now: datetime, seen: int | None) -> None:
    campaign = campaign_lock(row.campaign)
    if key == "stage":
        if value != campaign.stage:
            seen_check(campaign, {"stage": value}, seen=seen)
            campaign_advance(campaign=campaign, stage=value, by=by, now=now)
        return
    captain = _captain_named(value)
    if captain.pk != campaign.captain_id:
        seen_check(campaign, {"captain": captain}, seen=seen)
        captain_change(campaign=campaign, captain=captain, by=by, now=now)


def _captain_named(text: str) -> User:
    """Return whom a name or an address means; one of two people of one name is told by the address."""
    named = list(selectors.people_named(text)[:2])
    if not named:
        raise Refused(_("Nobody of this name can be captain."), field="captain")
    if len(named) > 1:
        raise Refused(_("Several people are called so. Write the e-mail address."), field="captain")
    return named[0]
