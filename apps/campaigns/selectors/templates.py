"""What a plan template would make of a campaign."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from apps.campaigns import scheduling
from apps.campaigns.models import Campaign, Channel, PlanTemplate, PlanTemplateItem, PlanTemplateQuerySet
from apps.campaigns.scheduling import Anchor, Item, Placed, Schedule
from apps.campaigns.selectors.schedule import work_calendar


@dataclass(frozen=True)
class ItemPlaced:
    """One item with its days; `is_there`: the campaign has a task of it already."""

    item: PlanTemplateItem
    placed: Placed
    channel: Channel | None
    is_there: bool


@dataclass(frozen=True)
class TemplatePlan:
    """
    A template laid over a campaign.

    `left_out` are items of channels that the campaign does not have; what waits for one of them waits for
    what that one waits for. `after` are the keys of what each kept item waits for.
    """

    rows: Sequence[ItemPlaced]
    left_out: Sequence[PlanTemplateItem]
    after: Mapping[int, Sequence[int]]
    schedule: Schedule

    @property
    def missing(self) -> list[ItemPlaced]:
        return [row for row in self.rows if not row.is_there]

    @property
    def wont_fit(self) -> list[ItemPlaced]:
        return [row for row in self.missing if not row.placed.fits]

    @property
    def channels_left_out(self) -> list[str]:
        return sorted({str(item.get_channel_display()) for item in self.left_out})


def template_plan(campaign: Campaign, template: PlanTemplate, *, today: date) -> TemplatePlan:
    """Lay the template over the campaign's dates and channels. Seven queries."""
    items = list(template.items.prefetch_related("waits_for"))
    channels = {channel.kind: channel for channel in campaign.channels.select_related("owner")}
    kept = [item for item in items if not item.channel or item.channel in channels]
    after = _bridged(items, {item.pk for item in kept})
    schedule = scheduling.back_schedule(
        [_item(item, after[item.pk]) for item in kept],
        launch=campaign.launch_date,
        outcome=campaign.goal_date,
        today=today,
        calendar=work_calendar(),
    )
    made = campaign.tasks.filter(template_item__in=[item.pk for item in items])
    there = set(made.values_list("template_item", flat=True))
    rows = [
        ItemPlaced(item, schedule.placed[item.pk], channels.get(item.channel), item.pk in there)
        for item in kept
    ]
    rows.sort(key=lambda row: (row.placed.due or date.max, row.item.position))
    return TemplatePlan(rows, [item for item in items if item not in kept], after, schedule)


def _item(item: PlanTemplateItem, after: Sequence[int]) -> Item:
    return Item(
        key=item.pk,
        duration=1 if item.is_milestone else item.duration_days,
        anchor=Anchor(item.anchor),
        offset=item.offset_days,
        after=after,
    )


def _bridged(items: Sequence[PlanTemplateItem], kept: set[int]) -> dict[int, list[int]]:
    """Return what each item waits for among those kept, through those that are left out."""
    direct = {item.pk: [other.pk for other in item.waits_for.all()] for item in items}
    order = scheduling.ordered({key: Item(key, after=after) for key, after in direct.items()})
    bridged: dict[int, list[int]] = {}
    for key in order:
        found: dict[int, None] = {}
        for other in direct[key]:
            found.update(dict.fromkeys([other] if other in kept else bridged[other]))
        bridged[key] = list(found)
    return bridged


def plan_templates(*, search: str = "") -> PlanTemplateQuerySet:
    """Return the templates with how many tasks and milestones each holds."""
    found = PlanTemplate.objects.with_counts()
    return found.filter(name__icontains=search) if search else found


def template_items(template: PlanTemplate) -> list[PlanTemplateItem]:
    """Return the tasks and milestones of a template in their order, each with what it waits for."""
    return list(template.items.prefetch_related("waits_for"))
