from django.http import HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from apps.accounts.http import UserRequest, requires
from apps.contacts import selectors
from apps.contacts.models import EventType
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListSpec
from apps.core.watching import Watch

MOST_NAMES = 200  # in the choice above the list
ARRIVED = "received_at"


@require_GET
@requires("contacts.view_event")
def event_list(request: UserRequest) -> HttpResponse:
    names = EventType.objects.values_list("name", "schema__label")[:MOST_NAMES]
    sources = selectors.event_sources_lately()
    spec = ListSpec(
        columns=[
            Column(gettext_lazy("Event")),
            Column(gettext_lazy("Arrived"), sort=ARRIVED, descends_first=True),
            Column(gettext_lazy("Happened"), sort="occurred_at", descends_first=True),
            Column(gettext_lazy("Contact")),
            Column(gettext_lazy("Properties")),
            Column(gettext_lazy("Source")),
        ],
        filters=[
            Filter("name", gettext_lazy("Event"), [(name, label or name) for name, label in names]),
            Filter("source", gettext_lazy("Source"), [(source, source) for source in sources]),
        ],
        default_sort=f"-{ARRIVED}",
        has_search=False,
    )
    watch = Watch.read(request)
    asked = spec.read(watch.query)
    is_by_arrival = asked.sort.removeprefix("-") == ARRIVED
    events = selectors.events_arriving if is_by_arrival else selectors.events
    found = events(name=asked.values.get("name", ""), source=asked.values.get("source", ""))
    listing = asked.page(found.select_related("contact"))
    context = {
        "listing": listing,
        "types": selectors.event_types_named({event.name for event in listing.rows}),
        # What comes stands on top only in an order that has the latest first.
        "is_top": not request.GET.get("cursor") and asked.sort.startswith("-"),
        "looked_at": selectors.EVENTS_LOOKED_AT if is_by_arrival and asked.is_narrowed else 0,
        "all_url": asked.url(sort="-occurred_at"),
        "watch": watch,
        "may_import": request.user.has_perm("contacts.add_import"),
    }
    return render_page_or_fragment(request, "contacts/event_list.html", context, fragment="event-list")
