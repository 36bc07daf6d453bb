from collections.abc import Callable, Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts import selectors, services
from apps.contacts.eventfields import Reason, Unfit
from apps.contacts.models import EventType, HeldEvent
from apps.core import clock
from apps.core.htmx import render_page_or_fragment
from apps.core.keys import keys_read
from apps.core.lists import Column, ListSpec

HELD = ListSpec(
    columns=[
        Column(gettext_lazy("What does not fit")),
        Column(gettext_lazy("Contact")),
        Column(gettext_lazy("Properties")),
        Column(gettext_lazy("Source")),
        Column(gettext_lazy("Arrived")),
    ],
    default_sort="id",
    has_search=False,
)
MOST_TICKED = 200


@require_GET
@requires("contacts.view_event", on=EventType)
def held_list(request: UserRequest, eventtype: EventType) -> HttpResponse:
    listing = HELD.read(request.GET).page(selectors.held_events(eventtype).select_related("contact"))
    context = {
        "event_type": eventtype,
        "listing": listing,
        "lines": [(held, _unfit(held)) for held in listing.rows],
        "count": selectors.held_count(eventtype),
        "kept_for": HeldEvent.KEPT_FOR,
        "may_settle": request.user.has_perm("contacts.change_heldevent", eventtype),
    }
    return render_page_or_fragment(request, "contacts/held_list.html", context, fragment="held-list")


@require_POST
@requires("contacts.change_heldevent", on=EventType)
def held_release(request: UserRequest, eventtype: EventType) -> HttpResponse:
    count = _settle(request, eventtype, services.held_release)
    told = ngettext("%(n)s event is released.", "%(n)s events are released.", count)
    messages.success(request, told % {"n": count})
    return redirect("contacts:held-list", eventtype.pk)


@require_POST
@requires("contacts.change_heldevent", on=EventType)
def held_discard(request: UserRequest, eventtype: EventType) -> HttpResponse:
    count = _settle(request, eventtype, services.held_discard)
    told = ngettext("%(n)s event is discarded.", "%(n)s events are discarded.", count)
    messages.success(request, told % {"n": count})
    return redirect("contacts:held-list", eventtype.pk)


def _settle(request: UserRequest, event_type: EventType, act: Callable[..., int]) -> int:
    """Settle the ticked events; all of them where the button says so."""
    ids: Sequence[int] | None = None
    if "all" not in request.POST:
        ids = keys_read(request.POST.getlist("held")[:MOST_TICKED])
    return act(event_type=event_type, by=request.user, now=clock.now(), ids=ids)


def _unfit(held: HeldEvent) -> list[Unfit]:
    return [Unfit(name, Reason(reason)) for name, reason in held.faults]
