from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import UserRequest, requires
from apps.collaboration import selectors, services
from apps.collaboration.models import Notification
from apps.core import clock
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, ListSpec

LIST = ListSpec(columns=[Column(gettext_lazy("Notification"))], default_sort="-at", has_search=False)


@require_GET
@requires("collaboration.view_notification")
def notifications(request: UserRequest) -> HttpResponse:
    listing = LIST.read(request.GET).page(selectors.notifications(request.user))
    context = {"listing": listing, "has_unread": selectors.notifications_unread(request.user, at_most=1)}
    return render_page_or_fragment(
        request, "collaboration/notifications.html", context, fragment="notification-list"
    )


@require_GET
@requires("collaboration.view_notification")
def bell(request: UserRequest) -> HttpResponse:
    """Return the number beside the bell; asked again and again, so it is one small query."""
    unread = selectors.notifications_unread(request.user)
    return render(request, "collaboration/_bell.html", {"unread": unread})


@require_POST
@requires("collaboration.read_notification", on=Notification)
def notification_open(request: UserRequest, notification: Notification) -> HttpResponse:
    """Mark as read and go where it leads."""
    services.notifications_read(user=request.user, now=clock.now(), notification=notification)
    return redirect(notification.url or "collaboration:notifications")


@require_POST
@requires("collaboration.read_notification")
def notifications_read(request: UserRequest) -> HttpResponse:
    services.notifications_read(user=request.user, now=clock.now())
    return redirect("collaboration:notifications")
