"""A plan template becomes tasks of a campaign."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns.dates import day_begun
from apps.campaigns.errors import PlanRefused
from apps.campaigns.models import Campaign, PlanTemplate, PlanTemplateItem, Task, TaskDependency
from apps.campaigns.selectors.templates import ItemPlaced, template_plan
from apps.campaigns.services.edit import campaign_lock
from apps.collaboration import services as collaboration


@transaction.atomic
def template_apply(*, campaign: Campaign, template: PlanTemplate, by: User, now: datetime) -> list[Task]:
    """
    Add the template's tasks to the campaign, each on the days that the campaign's dates give it.

    What was made of the template before is left as it is: applied again, it adds what is missing. Items of
    channels that the campaign does not have are left out.

    :raises PlanRefused: the launch or the outcome's date is not known yet, or nothing is missing
    """
    campaign = campaign_lock(campaign)
    for name, told in (
        ("launch_date", _("Say first when the launch is: the template counts from it.")),
        ("goal_date", _("Say first by when the outcome is due: the template counts from it.")),
    ):
        if getattr(campaign, name) is None:
            raise PlanRefused(told, field=name)
    plan = template_plan(campaign, template, today=day_begun(now))
    if not plan.missing:
        raise PlanRefused(_("Everything of this template is in the plan already."), field="template")
    tasks = Task.objects.bulk_create(_task(campaign, row) for row in plan.missing)
    made_of = campaign.tasks.filter(template_item__template=template).values_list("template_item", "pk")
    by_item = dict(made_of)
    TaskDependency.objects.bulk_create(
        TaskDependency(successor=task, predecessor_id=by_item[key])
        for task in tasks
        for key in plan.after[task.template_item_id or 0]
        if key in by_item
    )
    collaboration.audit_record_many(action="task.added", subjects=tasks, by=by, now=now)
    details: dict[str, object] = {"template": template.name, "tasks": len(tasks)}
    collaboration.audit_record(
        action="campaign.template_applied", subject=campaign, by=by, now=now, details=details
    )
    return tasks


def _task(campaign: Campaign, row: ItemPlaced) -> Task:
    item = row.item
    person = None
    if item.assign_to == PlanTemplateItem.AssignTo.CAPTAIN:
        person = campaign.captain
    elif item.assign_to == PlanTemplateItem.AssignTo.OWNER and row.channel is not None:
        person = row.channel.owner
    return Task(
        campaign=campaign,
        channel=row.channel,
        title=item.title,
        description=item.description,
        assignee=person if person is not None and person.is_active else None,
        start_date=row.placed.start,
        due_date=row.placed.due,
        duration_days=1 if item.is_milestone else item.duration_days,
        anchor=item.anchor,
        offset_days=item.offset_days,
        is_milestone=item.is_milestone,
        template_item=item,
    )
