from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.campaigns.models import (
    BudgetLine,
    Campaign,
    Channel,
    ElementOwner,
    Kpi,
    Lesson,
    Metric,
    Recurrence,
    Task,
)
from apps.collaboration.models import AuditEvent
from apps.collaboration.subjects import action_label
from apps.core import display

Said = tuple[str | Promise, str, str, str]
# What is said of each act, which name follows it (a key of the details, or the thing's own), icon and tone.
ACTS: dict[str, Said] = {
    "campaign.created": (_l("began this campaign"), "", "flag", "info"),
    "campaign.planned": (_l("finished the plan"), "", "checks", "good"),
    "campaign.changed": (_l("changed the campaign"), "", "pencil", "neutral"),
    "campaign.captain_changed": (_l("changed the captain"), "", "user-circle", "info"),
    "campaign.advanced": (_l("moved the campaign"), "", "flag", "good"),
    "campaign.archived": (_l("put the campaign away"), "", "archive", "warn"),
    "campaign.restored": (_l("brought the campaign back"), "", "archive-off", "info"),
    "channel.added": (_l("added the channel"), "label", "route", "info"),
    "channel.changed": (_l("changed the channel"), "label", "route", "neutral"),
    "channel.assigned": (_l("handed over the channel"), "label", "route", "info"),
    "channel.removed": (_l("removed the channel"), "channel", "route", "warn"),
    "contributor.added": (_l("took onto the team"), "person", "users", "info"),
    "contributor.removed": (_l("took off the team"), "person", "users", "neutral"),
    "task.added": (_l("added the task"), "label", "checklist", "neutral"),
    "task.changed": (_l("changed the task"), "label", "checklist", "neutral"),
    "task.moved": (_l("moved the task"), "label", "checklist", "neutral"),
    "task.reordered": (_l("moved the task within its column"), "label", "checklist", "neutral"),
    "checklist.added": (_l("added to the checklist"), "item", "checkbox", "neutral"),
    "checklist.ticked": (_l("ticked off"), "item", "checkbox", "good"),
    "checklist.unticked": (_l("took back the tick of"), "item", "checkbox", "neutral"),
    "checklist.reordered": (_l("put the checklist into another order"), "", "checkbox", "neutral"),
    "checklist.removed": (_l("removed from the checklist"), "item", "checkbox", "neutral"),
    "recurrence.set": (_l("let a task come again"), "label", "repeat", "neutral"),
    "recurrence.changed": (_l("changed how often a task comes again"), "label", "repeat", "neutral"),
    "recurrence.stopped": (_l("let a task come no more"), "label", "repeat", "neutral"),
    "task.repeated": (_l("made once more the task"), "label", "repeat", "neutral"),
    "task.removed": (_l("removed the task"), "task", "checklist", "warn"),
    "task.waits": (_l("made wait for another task"), "label", "git-branch", "neutral"),
    "task.waits_no_more": (_l("let begin without waiting"), "label", "git-branch", "neutral"),
    "task.rescheduled": (_l("moved with the plan"), "label", "calendar-event", "neutral"),
    "campaign.rescheduled": (_l("moved the plan's tasks"), "", "calendar-event", "info"),
    "campaign.template_applied": (_l("planned from the template"), "template", "template", "info"),
    "kpi.added": (_l("added the KPI"), "label", "chart-line", "neutral"),
    "kpi.changed": (_l("changed the KPI"), "label", "chart-line", "neutral"),
    "kpi.removed": (_l("removed the KPI"), "kpi", "chart-line", "warn"),
    "kpi.reordered": (_l("put the KPIs into another order"), "", "chart-line", "neutral"),
    "approval.handed_over": (_l("handed over the approval of"), "label", "rubber-stamp", "info"),
    "challenge.handed_over": (_l("handed over the challenge of"), "label", "hand-stop", "info"),
    "approval.asked": (_l("asked for the approval of"), "label", "rubber-stamp", "neutral"),
    "approval.approved": (_l("approved"), "label", "rubber-stamp", "good"),
    "approval.sent_back": (_l("sent back"), "label", "arrow-back-up", "warn"),
    "campaign.rules_changed": (_l("changed the rules of the campaign"), "", "gavel", "info"),
    "challenge.raised": (_l("challenged"), "label", "hand-stop", "warn"),
    "challenge.answered": (_l("answered what was asked about"), "label", "message-circle", "info"),
    "challenge.accepted": (_l("accepted the answer about"), "label", "circle-check", "good"),
    "challenge.withdrawn": (_l("withdrew the challenge of"), "label", "circle-minus", "neutral"),
    "challenger.added": (_l("lets challenge"), "person", "users", "info"),
    "challenger.removed": (_l("lets no longer challenge"), "person", "users", "neutral"),
    "kpis.asked": (_l("asked for a signature under the KPIs"), "", "signature", "info"),
    "kpis.agreed": (_l("agreed to the KPIs for sales"), "", "signature", "good"),
    "kpis.questioned": (_l("has a question about the KPIs"), "", "signature", "warn"),
    "kpis.signed": (_l("signed the KPIs"), "", "signature", "good"),
    "metric.created": (_l("put the metric into the catalogue"), "label", "gauge", "info"),
    "metric.changed": (_l("changed the metric"), "label", "gauge", "neutral"),
    "metric.archived": (_l("put the metric away"), "label", "archive", "warn"),
    "metric.restored": (_l("brought the metric back"), "label", "archive-off", "info"),
    "attachment.added": (_l("attached the file"), "file", "paperclip", "neutral"),
    "attachment.removed": (_l("removed the file"), "file", "paperclip", "warn"),
    "comment.added": (_l("commented"), "", "message-circle", "neutral"),
    "comment.changed": (_l("changed a comment"), "", "message-circle", "neutral"),
    "comment.deleted": (_l("took back a comment"), "", "message-circle", "neutral"),
    "budgetline.added": (_l("added to the budget"), "label", "coin", "neutral"),
    "budgetline.changed": (_l("changed the budget’s line"), "label", "coin", "neutral"),
    "budgetline.removed": (_l("took out of the budget"), "label", "coin", "warn"),
    "budgetline.restored": (_l("brought back into the budget"), "label", "coin", "info"),
    "budget.uploaded": (
        _l("brought the budget up to date from a file"),
        "file",
        "file-spreadsheet",
        "info",
    ),
    "expectation.set": (_l("said what should come by when"), "", "chart-area-line", "info"),
    "expectation.changed": (_l("changed what should come by when"), "", "chart-area-line", "warn"),
    "expectation.acknowledged": (_l("acknowledged what should come by when"), "", "check", "good"),
    "stakeholder.added": (_l("asked to acknowledge the expectation"), "person", "users", "neutral"),
    "stakeholder.removed": (_l("asks no more to acknowledge"), "person", "users", "neutral"),
    "readiness.overridden": (_l("overrode the check"), "check", "shield-x", "warn"),
    "lesson.added": (_l("wrote down the lesson"), "label", "bulb", "good"),
    "lesson.changed": (_l("changed the lesson"), "label", "bulb", "neutral"),
    "lesson.archived": (_l("put away the lesson"), "label", "bulb", "warn"),
    "lesson.restored": (_l("brought back the lesson"), "label", "bulb", "info"),
    "element.assigned": (_l("named who answers for"), "label", "users", "info"),
    "campaign.replayed": (_l("started the next one from it:"), "campaign", "repeat", "info"),
    "task.replayed": (_l("opened again the tasks of the one before"), "", "checklist", "neutral"),
    "campaign.goal_gone": (_l("took off the year's list the goal"), "goal", "compass", "warn"),
    "readiness.override_removed": (_l("lets count again the check"), "check", "shield", "info"),
}


@dataclass(frozen=True)
class Entry:
    """One line of the history, as `components/timeline.html` shows it."""

    at: datetime
    text: str
    icon: str
    tone: str
    by: User | str
    detail: str
    url: str = ""


def history(campaign: Campaign) -> QuerySet[AuditEvent]:
    """Return what happened to the campaign and to all that belongs to it."""
    return AuditEvent.objects.about(campaign).select_related("by")


def entry_of(event: AuditEvent) -> Entry:
    """Say what an audit event tells, for people; an act of another app is named as that app names it."""
    sentence, key, icon, tone = ACTS.get(event.action) or (_other(event), "label", "circle-dot", "neutral")
    name = event.label if key == "label" else str(event.details.get(key, ""))
    return Entry(
        at=event.at,
        text=f"{sentence} “{name}”" if name else str(sentence),
        icon=icon,
        tone=tone,
        by=event.by or _("The schedule"),
        detail=" · ".join(_details(event)),
    )


def _other(event: AuditEvent) -> str:
    label = action_label(event.action)
    return label[:1].lower() + label[1:]


def _details(event: AuditEvent) -> Iterator[str]:
    for name, (old, new) in event.details.get("changes", {}).items():
        said = {"field": _field_label(event, name), "old": old, "new": new or display.NOTHING}
        yield (_("%(field)s: %(old)s → %(new)s") if old else _("%(field)s: %(new)s")) % said
    if other := event.details.get("waits_for"):
        yield _("Waits for: %(task)s") % {"task": other}
    if count := event.details.get("tasks"):
        yield ngettext("%(n)s task", "%(n)s tasks", count) % {"n": count}
    if unmet := event.details.get("unmet"):
        yield _("In spite of: %(unmet)s") % {"unmet": " ".join(unmet)}
    if reason := event.details.get("reason"):
        yield _("Reason: %(reason)s") % {"reason": reason}
    yield from _challenge_details(event)


def _challenge_details(event: AuditEvent) -> Iterator[str]:
    if question := event.details.get("question"):
        yield _("Question: %(question)s") % {"question": question}
    if decision := event.details.get("decision"):
        yield _("Decided: %(decision)s") % {"decision": decision}
    if held := event.details.get("held"):
        yield _("Held for %(time)s") % {"time": held}


def _field_label(event: AuditEvent, name: str) -> str:
    told = (Campaign, Channel, Task, Kpi, Lesson, ElementOwner, BudgetLine, Metric, Recurrence)
    models = {model._meta.label_lower: model for model in told}
    model = models.get(event.subject.partition(":")[0])
    field = model._meta.get_field(name) if model else None
    label = str(getattr(field, "verbose_name", "")) or _words(name)
    return label[:1].upper() + label[1:]


def _words(name: str) -> str:
    return name.replace(".", " ").replace("_", " ")
