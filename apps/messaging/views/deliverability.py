from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.http import UserRequest, requires
from apps.core import clock
from apps.core.htmx import render_page_or_fragment
from apps.messaging import selectors


@require_GET
@requires("messaging.view_deliverability")
def deliverability(request: UserRequest) -> HttpResponse:
    now = clock.now()
    context = {
        "page": selectors.deliverability(now=now),
        "warm_ups": selectors.warm_ups_under_way(now=now),
        "limits": selectors.limits_in_force(),
        "may_limit": request.user.has_perm("messaging.change_ratelimit"),
        "sees_reports": request.user.has_perm("messaging.view_report"),
        "sees_domains": request.user.has_perm("messaging.view_domain"),
    }
    return render_page_or_fragment(
        request, "messaging/deliverability.html", context, fragment="deliverability-panel"
    )
