"""The spreadsheet over the filtered campaigns, and the one request that saves its cells."""

from dataclasses import dataclass, replace
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
    """`shown` is of the tasks that were told to move, and comes back with what is saved again."""

    campaign: Campaign
    cells: list[CellShown]
    may_change: bool
    shown: str = ""


@dataclass(frozen=True)
class RowSent:
    """What was typed into the cells of one row, over which version of it, and which moves were shown."""

    texts: dict[str, str]
    seen: int | None
    shown: str


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
    """Save `cells`, JSON of [campaign, column, text, version seen, moves shown]; answer with the rows."""
    by_row = _cells(request.POST.get("cells", ""))
    if by_row is None:
        return HttpResponseBadRequest(_("These are no cells, or too many at once."))
    now = clock.now()
    known = Campaign.objects.visible_to(request.user).filter(pk__in=by_row).select_related("captain")
    campaigns = known.in_bulk()
    if not campaigns:
        raise Http404
    rows = []
    for pk, sent in by_row.items():
        if pk in campaigns:
            rows.append(_saved(request, campaigns[pk], sent, now))
    return render(request, "campaigns/_sheet_rows.html", {"sheet": rows})


def _saved(request: UserRequest, campaign: Campaign, sent: RowSent, now: datetime) -> RowShown:
    texts = sent.texts
    if not request.user.has_perm("campaigns.change_campaign", campaign):
        told = _("You may not change this campaign.")
        return _row(campaign, may_change=False, texts=texts, refused=dict.fromkeys(texts, told))
    saved = services.row_save(
        campaign=campaign, texts=texts, by=request.user, now=now, seen=sent.seen, shown=sent.shown
    )
    row = _row(saved.campaign, may_change=True, texts=texts, refused=saved.refused)
    return replace(row, shown=saved.shown)


def _cells(text: str) -> dict[int, RowSent] | None:
    """Read what the script sends; None where it is nothing that it would send."""
    try:
        told = orjson.loads(text)
        if not isinstance(told, list) or not 0 < len(told) <= sheet.MOST_CELLS:
            return None
        rows: dict[int, RowSent] = {}
        for pk, key, typed, seen, *shown in told:
            is_right = key in sheet.KEYS and isinstance(typed, str) and len(typed) <= LONGEST
            if not is_right or not 0 < int(pk) < 2**63:
                return None
            sent = RowSent({}, None if seen is None else int(seen), str(shown[0]) if shown else "")
            rows.setdefault(int(pk), sent).texts[key] = typed
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
