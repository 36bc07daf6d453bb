"""Words of the exports room: `{% load exports %}`."""

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.core.templatetags.ui import status
from apps.exports.forms import WEEKDAYS
from apps.exports.models import Export, Schedule

register = template.Library()
State = Export.State
TONES = {
    State.PENDING: "info",
    State.RUNNING: "info",
    State.DONE: "good",
    State.FAILED: "bad",
    State.CANCELLED: "warn",
}


@register.simple_tag
def export_status(export: Export) -> SafeString:
    if export.state == State.PENDING and export.retry_at:
        return status(_("To be tried again"), "warn")
    return state_badge(export.state)


@register.simple_tag
def state_badge(state: str) -> SafeString:
    known = State(state)
    return status(known.label, TONES[known])


@register.simple_tag
def schedule_rhythm(schedule: Schedule) -> str:
    """Return how often, in words: “Every Monday at 05:00 (Europe/Berlin)”."""
    told = {
        "hour": f"{schedule.hour:02}:00",
        "zone": schedule.timezone,
        "weekday": dict(WEEKDAYS)[schedule.weekday],
        "day": schedule.month_day,
    }
    match schedule.period:
        case Schedule.Period.WEEKLY:
            return _("Every %(weekday)s at %(hour)s (%(zone)s)") % told
        case Schedule.Period.MONTHLY:
            return _("On day %(day)s of the month at %(hour)s (%(zone)s)") % told
    return _("Every day at %(hour)s (%(zone)s)") % told
