"""Plan templates: made, copied, changed, taken away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns.errors import TemplateRefused
from apps.campaigns.models import Anchor, PlanTemplate, PlanTemplateItem
from apps.campaigns.scheduling import CircularDependency, Item, ordered
from apps.campaigns.services.dependency import circle_told
from apps.campaigns.services.edit import changes_of, lines_check, row_edit
from apps.collaboration import services as collaboration

ITEMS_MAX = 500


@dataclass(frozen=True)
class ItemWanted:
    """One item as somebody wants it. `waits_for` are places in the list of all that are wanted, from 1."""

    title: str
    description: str = ""
    channel: str = ""
    anchor: str = Anchor.LAUNCH
    offset_days: int = 0
    duration_days: int = 1
    is_milestone: bool = False
    assign_to: str = PlanTemplateItem.AssignTo.NOBODY
    waits_for: Sequence[int] = ()

    @property
    def fields(self) -> dict[str, Any]:
        said = {name: value for name, value in vars(self).items() if name != "waits_for"}
        return {**said, "duration_days": 1 if self.is_milestone else self.duration_days}


@transaction.atomic
def plan_template_create(
    *, name: str, by: User, now: datetime, description: str = "", items: Sequence[ItemWanted] = ()
) -> PlanTemplate:
    """
    Make a template.

    :raises TemplateRefused: the name is taken, there are too many items, or some wait for each other
    """
    lines_check(PlanTemplate, {"name": name})
    _name_check(name)
    template = PlanTemplate.objects.create(name=name, description=description)
    _items_set(template, items)
    collaboration.audit_record(action="plan_template.created", subject=template, by=by, now=now)
    return template


@transaction.atomic
def plan_template_copy(*, template: PlanTemplate, name: str, by: User, now: datetime) -> PlanTemplate:
    """
    Make a template of the same items that can be changed.

    :raises TemplateRefused: the name is taken
    """
    items = list(template.items.prefetch_related("waits_for"))
    places = {item.pk: place for place, item in enumerate(items, start=1)}
    wanted = [_wanted(item, [places[other.pk] for other in item.waits_for.all()]) for item in items]
    return plan_template_create(name=name, description=template.description, items=wanted, by=by, now=now)


@transaction.atomic
def plan_template_update(
    *, template: PlanTemplate, by: User, now: datetime, seen: int | None = None, **fields: Any
) -> PlanTemplate:
    """
    Change name, description, or all `items` at once.

    :raises TemplateRefused: it came with Bookend; or as `plan_template_create`
    :raises ChangedMeanwhile: somebody changed one of these fields after version `seen`
    """
    template = template_lock(template)
    items = fields.pop("items", None)
    changes = changes_of(template, fields)
    if "name" in changes:
        _name_check(changes["name"], but=template.pk)
    if items is not None:
        _items_set(template, items)
        changes = changes or {"name": template.name}
    if not changes:
        return template
    return row_edit(template, changes, action="plan_template.changed", by=by, now=now, seen=seen)


@transaction.atomic
def plan_template_delete(*, template: PlanTemplate, by: User, now: datetime) -> None:
    """
    Take a template away. The tasks that were made of it stay where they are.

    :raises TemplateRefused: it came with Bookend
    """
    template = template_lock(template)
    collaboration.audit_record(action="plan_template.deleted", subject=template, by=by, now=now)
    template.delete()


def template_lock(template: PlanTemplate) -> PlanTemplate:
    """
    Return the template as it is now, locked; every act on one of its items locks it first.

    :raises TemplateRefused: it came with Bookend
    """
    locked = PlanTemplate.objects.select_for_update(no_key=True).get(pk=template.pk)
    if locked.is_shipped:
        raise TemplateRefused(_("This template came with Bookend and stays as it is. Copy it to change it."))
    return locked


def _name_check(name: str, *, but: int = 0) -> None:
    if PlanTemplate.objects.filter(name=name).exclude(pk=but).exists():
        raise TemplateRefused(_("There is a template of this name already."), field="name")


def _wanted(item: PlanTemplateItem, waits_for: Sequence[int]) -> ItemWanted:
    names = ItemWanted.__dataclass_fields__.keys() - {"waits_for"}
    return ItemWanted(**{name: getattr(item, name) for name in names}, waits_for=waits_for)


def _items_set(template: PlanTemplate, wanted: Sequence[ItemWanted]) -> None:
    """
    Make the template's items those that are wanted. One of the same title stays the same row.

    So tasks that were made of it still know it, and applying the template again does not make them twice.
    """
    _items_check(wanted)
    there: dict[str, list[PlanTemplateItem]] = {}
    for item in template.items.order_by("-position"):
        there.setdefault(item.title, []).append(item)
    items = []
    for place, one in enumerate(wanted, start=1):
        known = there[one.title].pop() if there.get(one.title) else PlanTemplateItem(template=template)
        for name, value in {**one.fields, "position": place}.items():
            setattr(known, name, value)
        items.append(known)
    gone = [item.pk for items_left in there.values() for item in items_left]
    template.items.filter(pk__in=gone).delete()
    new = [item for item in items if item.pk is None]
    PlanTemplateItem.objects.bulk_update(
        [item for item in items if item.pk is not None], ["position", *ItemWanted(title="").fields]
    )
    PlanTemplateItem.objects.bulk_create(new)
    through = PlanTemplateItem.waits_for.through
    through.objects.filter(from_plantemplateitem__template=template).delete()
    through.objects.bulk_create(
        through(from_plantemplateitem=item, to_plantemplateitem=items[place - 1])
        for item, one in zip(items, wanted, strict=True)
        for place in sorted(set(one.waits_for))
    )


def _items_check(wanted: Sequence[ItemWanted]) -> None:
    if len(wanted) > ITEMS_MAX:
        raise TemplateRefused(_("A template holds at most %(n)s tasks.") % {"n": ITEMS_MAX}, field="items")
    for one in wanted:
        if any(not 1 <= place <= len(wanted) for place in one.waits_for):
            told = _("“%(task)s” waits for a place that is not in the list.")
            raise TemplateRefused(told % {"task": one.title}, field="items")
    circle_check(
        {place: (one.title, one.waits_for) for place, one in enumerate(wanted, start=1)}, field="items"
    )


def circle_check(waits: Mapping[int, tuple[str, Sequence[int]]], *, field: str) -> None:
    """
    Refuse items that wait for each other; `waits` has by key the title and the keys of what it waits for.

    :raises TemplateRefused: with the names of the circle
    """
    try:
        ordered({key: Item(key, after=after) for key, (_title, after) in waits.items()})
    except CircularDependency as circular:
        told = circle_told([waits[key][0] for key in circular.circle])
        raise TemplateRefused(told, field=field) from circular
