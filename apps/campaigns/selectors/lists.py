from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce, RowNumber

from apps.accounts.models import User
from apps.campaigns.models import Campaign, CampaignQuerySet, Channel, Task
from apps.core.pagination import cursor_after, keyset_page

Stage = Campaign.Stage
PER_STAGE = 6  # cards of one column of the board that are there at once
BOARD_ORDER = "-updated_at"


def campaigns(
    user: User,
    *,
    search: str = "",
    stage: str = "",
    captain: int | None = None,
    channel: str = "",
    first: date | None = None,
    last: date | None = None,
    is_mine: bool = False,
    is_put_away: bool = False,
) -> CampaignQuerySet:
    """Return the campaigns that exist for this person, narrowed, with all that a row or a card shows."""
    found = Campaign.objects.visible_to(user).filter(archived_at__isnull=not is_put_away)
    if search:
        found = found.filter(Q(name__icontains=search) | Q(outcome__icontains=search))
    if stage:
        found = found.filter(stage=stage)
    if captain is not None:
        found = found.filter(captain=captain)
    if channel:
        found = found.on_channel(channel)
    if first or last:
        found = found.between(first=first, last=last)
    if is_mine:
        found = found.of_team(user)
    return with_card(found)


def with_card(queryset: CampaignQuerySet) -> CampaignQuerySet:
    """Add captain, channels with their owners, and how many tasks there are, open and in all."""
    channels = Prefetch("channels", Channel.objects.select_related("owner"))
    # Subqueries and not joins: they are counted for the rows of the page only.
    tasks = Task.objects.filter(campaign=OuterRef("pk")).order_by().values("campaign")
    total, done = Count("pk"), Count("pk", filter=Q(state=Task.State.DONE))
    found = queryset.select_related("captain").prefetch_related(channels)
    return found.annotate(
        all_tasks=Coalesce(Subquery(tasks.annotate(count=total).values("count")), 0),
        done_tasks=Coalesce(Subquery(tasks.annotate(count=done).values("count")), 0),
    )


@dataclass(frozen=True)
class Column:
    """One column of the board. `count`: all that stand there; `after`: the cursor of the next ones, or ''."""

    stage: Stage
    cards: list[Campaign]
    count: int
    after: str


def board(found: CampaignQuerySet) -> list[Column]:
    """Return each stage with the first of its cards, latest change first. Three queries."""
    place = Window(RowNumber(), partition_by="stage", order_by=[F("updated_at").desc(), F("id").desc()])
    # Ranked by key alone, so that what a card shows is asked for the cards that are shown.
    ranked = found.order_by().annotate(place=place).filter(place__lte=PER_STAGE).values("pk")
    cards = with_card(Campaign.objects.filter(pk__in=ranked)).order_by(BOARD_ORDER, "-pk")
    columns: dict[str, list[Campaign]] = {stage: [] for stage in Stage}
    for campaign in cards:
        columns[campaign.stage].append(campaign)
    counts = dict(found.order_by().values_list("stage").annotate(Count("pk")))
    return [_column(stage, columns[stage], counts.get(stage, 0)) for stage in Stage]


def _column(stage: Stage, cards: list[Campaign], count: int) -> Column:
    is_cut = bool(cards) and count > len(cards)
    after = cursor_after(Campaign.objects.all(), cards[-1], ordering=[BOARD_ORDER]) if is_cut else ""
    return Column(stage, cards, count, after)


def board_next(found: CampaignQuerySet, cursor: str) -> tuple[list[Campaign], str]:
    """Return the cards after this cursor, and the cursor of those after them."""
    page = keyset_page(found, ordering=[BOARD_ORDER], cursor=cursor, size=PER_STAGE)
    return page.rows, page.older


def captains(user: User) -> QuerySet[User]:
    """Return those who captain a campaign that this person may see."""
    theirs = Campaign.objects.visible_to(user).current().filter(captain=OuterRef("pk"))
    found: QuerySet[User] = User.objects.filter(Exists(theirs))
    return found
