from django.http import HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from apps.accounts.http import UserRequest, requires
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListSpec
from apps.messaging import selectors
from apps.messaging.models import Verdict

LIST = ListSpec(
    columns=[
        Column(gettext_lazy("What came back")),
        Column(gettext_lazy("Message")),
        Column(gettext_lazy("To")),
        Column(gettext_lazy("What it said")),
        Column(gettext_lazy("Received")),
    ],
    filters=[Filter("verdict", gettext_lazy("Kind"), Verdict.choices)],
    default_sort="-at",
    has_search=False,
)


@require_GET
@requires("messaging.view_report")
def report_list(request: UserRequest) -> HttpResponse:
    asked = LIST.read(request.GET)
    context = {"listing": asked.page(selectors.reports(**asked.values))}
    return render_page_or_fragment(request, "messaging/report_list.html", context, fragment="report-list")
