"""The single tasks and milestones of a plan template."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns.errors import TemplateRefused
from apps.campaigns.models import PlanTemplate, PlanTemplateItem
from apps.campaigns.services.edit import changes_of, lines_check, row_edit
from apps.campaigns.services.template import ITEMS_MAX, circle_check, template_lock
from apps.collaboration import services as collaboration


@transaction.atomic
def template_item_add(
    *,
    template: PlanTemplate,
    title: str,
    by: User,
    now: datetime,
    waits_for: Sequence[PlanTemplateItem] = (),
    **fields: Any,
) -> PlanTemplateItem:
    """
    Add a task or milestone at the end of a template; `fields` are those of `PlanTemplateItem`.

    :raises TemplateRefused: the template came with Bookend or is full, or it waits for another one's item
    """
    template = template_lock(template)
    if template.items.count() >= ITEMS_MAX:
        raise TemplateRefused(_("A template holds at most %(n)s tasks.") % {"n": ITEMS_MAX})
    last = template.items.aggregate(last=Max("position"))["last"] or 0
    lines_check(PlanTemplateItem, {"title": title})
    item = PlanTemplateItem(template=template, title=title, position=last + 1, **_whole(fields))
    item.save(force_insert=True)
    _waits_set(item, waits_for)
    collaboration.audit_record(
        action="plan_template.item_added", subject=item, by=by, now=now, within=template
    )
    return item


@transaction.atomic
def template_item_update(
    *,
    item: PlanTemplateItem,
    by: User,
    now: datetime,
    seen: int | None = None,
    waits_for: Sequence[PlanTemplateItem] | None = None,
    **fields: Any,
) -> PlanTemplateItem:
    """
    Change a task or milestone of a template, or what it waits for.

    :raises TemplateRefused: as `template_item_add`, or items would wait for each other
    :raises ChangedMeanwhile: somebody changed one of these fields after version `seen`
    """
    template = template_lock(item.template)
    item = PlanTemplateItem.objects.select_for_update(no_key=True, of=("self",)).get(pk=item.pk)
    item.template = template
    changes = changes_of(item, _whole(fields))
    if changes:
        item = row_edit(item, changes, action="plan_template.item_changed", by=by, now=now, seen=seen)
    if waits_for is not None:
        _waits_set(item, waits_for)
    return item


@transaction.atomic
def template_item_remove(*, item: PlanTemplateItem, by: User, now: datetime) -> None:
    """
    Take a task or milestone out of a template; what waited for it waits no longer.

    :raises TemplateRefused: the template came with Bookend
    """
    template = template_lock(item.template)
    details: dict[str, object] = {"task": item.title}
    count, _rows = PlanTemplateItem.objects.filter(pk=item.pk).delete()
    if count:
        collaboration.audit_record(
            action="plan_template.item_removed", subject=template, by=by, now=now, details=details
        )


def _whole(fields: dict[str, Any]) -> dict[str, Any]:
    """A milestone is one day."""
    return {**fields, "duration_days": 1} if fields.get("is_milestone") else fields


def _waits_set(item: PlanTemplateItem, waits_for: Sequence[PlanTemplateItem]) -> None:
    if any(other.template_id != item.template_id for other in waits_for):
        raise TemplateRefused(_("That task is of another template."), field="waits_for")
    others = PlanTemplateItem.objects.filter(template=item.template_id).prefetch_related("waits_for")
    waits = {other.pk: (other.title, [each.pk for each in other.waits_for.all()]) for other in others}
    waits[item.pk] = (item.title, [other.pk for other in waits_for])
    circle_check(waits, field="waits_for")
    item.waits_for.set(waits_for)
