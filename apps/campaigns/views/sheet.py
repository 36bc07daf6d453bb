"""The spreadsheet over the filtered campaigns, and the one request that saves its cells."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import selectors, services, sheet
from apps.campaigns.models import Campaign, CampaignQuerySet
from apps.core import clock, display
from apps.core.lists import ListQuery
from apps.core.paths import path_to

LONGEST = 10_000  # letters of one cell: more is refused before it is read
CAPTAINS = 300  # names that help to type


@dataclass(frozen=True)
class CellShown:
    """One cell: what stands in it, where it is edited without script, and why it was refused, if it was."""

    column: sheet.Column
    text: str
    url: str
    error: str = ""
    typed: str = ""

    @property
    def shown(self) -> str:
        """What is read in it: what was typed, as long as that is refused."""
        return (self.typed if self.error else self.text) or display.NOTHING


@dataclass(frozen=True)
class RowShown:
    campaign: Campaign
    cells: list[CellShown]
    may_change: bool


def sheet_context(
    request: UserRequest, asked: ListQuery, found: CampaignQuerySet, now: datetime
) -> dict[str, Any]:
    """Gather a page of rows."""
    listing = asked.page(found)
    may = request.user.has_perm
    rows = [
        _row(one, may_change=one.archived_at is None and may("campaigns.change_campaign", one))
        for one in listing.rows
    ]
    return {
        "listing": listing,
        "sheet": rows,
        "sheet_columns": sheet.COLUMNS,
        "sheet_stages": Campaign.Stage.labels,
        "sheet_captains": list(selectors.may_be_captain()[:CAPTAINS]),
        "sheet_most": sheet.MOST_CELLS,
    }


@require_POST
@requires("campaigns.view_campaign")
def cells_save(request: UserRequest) -> HttpResponse:
    """Save `cells`, JSON of [campaign, column, text, version seen]; answer with the rows as they are now."""
    by_row = _cells(request.POST.get("cells", ""))
    if by_row is None:
        return HttpResponseBadRequest(_("These are no cells, or too many at once."))
    now = clock.now()
    known = Campaign.objects.visible_to(request.user).filter(pk__in=by_row).select_related("captain")
    campaigns = known.in_bulk()
    if not campaigns:
        raise Http404
    rows = []
    for pk, (texts, seen) in by_row.items():
        campaign = campaigns.get(pk)
        if campaign is None:
            continue
        may = request.user.has_perm("campaigns.change_campaign", campaign)
        if may:
            saved = services.row_save(campaign=campaign, texts=texts, by=request.user, now=now, seen=seen)
            rows.append(_row(saved.campaign, may_change=True, texts=texts, refused=saved.refused))
        else:
            told = _("You may not change this campaign.")
            rows.append(_row(campaign, may_change=False, texts=texts, refused=dict.fromkeys(texts, told)))
    return render(request, "campaigns/_sheet_rows.html", {"sheet": rows})


def _cells(text: str) -> dict[int, tuple[dict[str, str], int | None]] | None:
    """Read what the script sends; None where it is nothing that it would send."""
    try:
        told = orjson.loads(text)
        if not isinstance(told, list) or not 0 < len(told) <= sheet.MOST_CELLS:
            return None
        rows: dict[int, tuple[dict[str, str], int | None]] = {}
        for pk, key, typed, seen in told:
            is_right = key in sheet.KEYS and isinstance(typed, str) and len(typed) <= LONGEST
            if not is_right or not 0 < int(pk) < 2**63:
                return None
            texts, _seen = rows.setdefault(int(pk), ({}, None if seen is None else int(seen)))
            texts[key] = typed
    except (ValueError, TypeError):
        return None
    return rows


def _row(
    campaign: Campaign,
    *,
    may_change: bool,
    texts: dict[str, str] | None = None,
    refused: dict[str, str] | None = None,
) -> RowShown:
    typed, errors = texts or {}, refused or {}
    cells = []
    for column in sheet.COLUMNS:
        name, step = column.page
        url = path_to(name, campaign.pk, step) if step else path_to(name, campaign.pk)
        error = errors.get(column.key, "")
        cells.append(
            CellShown(column, sheet.cell_text(campaign, column.key), url, error, typed.get(column.key, ""))
        )
    return RowShown(campaign, cells, may_change)
