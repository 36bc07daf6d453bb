from datetime import timedelta

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from apps.accounts.http import UserRequest, requires
from apps.accounts.models import User
from apps.collaboration import selectors
from apps.collaboration.subjects import action_label
from apps.core import clock
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListSpec

PERIODS = {
    "day": (gettext_lazy("The last 24 hours"), timedelta(days=1)),
    "week": (gettext_lazy("The last 7 days"), timedelta(days=7)),
    "month": (gettext_lazy("The last 30 days"), timedelta(days=30)),
}


@require_GET
@requires("collaboration.view_auditevent")
def audit(request: UserRequest) -> HttpResponse:
    asked = _list(request.GET.get("subject", "")).read(request.GET)
    period = PERIODS.get(asked.values.get("period", ""))
    events = selectors.audit_events(
        by=asked.values.get("by", ""),
        action=asked.values.get("action", ""),
        subject=asked.values.get("subject", ""),
        since=clock.now() - period[1] if period else None,
    )
    context = {"listing": asked.page(events)}
    return render_page_or_fragment(request, "collaboration/audit.html", context, fragment="audit-list")


def _list(subject: str) -> ListSpec:
    """Say what the list can do; a thing is chosen by following its link, and taken off by its chip."""
    people = [(str(pk), name or email) for pk, name, email in User.objects.values_list("pk", "name", "email")]
    acts = [(action, action_label(action)) for action in selectors.audit_actions()]
    filters = [
        Filter("by", _("Who"), [*people, ("schedule", _("The schedule"))]),
        Filter("action", _("Act"), sorted(acts, key=lambda act: act[1])),
        Filter("period", _("When"), [(key, label) for key, (label, _span) in PERIODS.items()]),
    ]
    if subject:
        filters.append(Filter("subject", _("Thing"), [(subject, subject)]))
    return ListSpec(
        columns=[Column(_("When")), Column(_("Who")), Column(_("Act")), Column(_("Thing"))],
        filters=filters,
        default_sort="-at",
        has_search=False,
    )
