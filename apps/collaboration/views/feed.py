from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.http import UserRequest, requires
from apps.accounts.models import User
from apps.collaboration import selectors
from apps.collaboration.feeds import feeds
from apps.collaboration.views.audit import PERIODS
from apps.core import clock
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Filter, ListSpec


@require_GET
@requires("collaboration.view_feed")
def feed(request: UserRequest) -> HttpResponse:
    """Show what was done to everything that this person may see, newest first."""
    asked = _list(request.user).read(request.GET)
    period = PERIODS.get(asked.values.get("period", ""))
    now = clock.now()
    found = selectors.feed(
        request.user,
        about=asked.values.get("about", ""),
        by=asked.values.get("by", ""),
        since=now - period[1] if period else None,
    )
    listing = asked.page(found)
    context = {"listing": listing, "entries": selectors.feed_entries(listing.rows), "now": now}
    return render_page_or_fragment(request, "collaboration/feed.html", context, fragment="feed")


def _list(user: User) -> ListSpec:
    people = User.objects.active().order_by("name", "email").values_list("pk", "name", "email")[:500]
    names = [(str(pk), name or email) for pk, name, email in people]
    return ListSpec(
        columns=[],
        filters=[
            Filter("about", _("About"), [(key, one.label) for key, one in feeds.items()]),
            Filter("by", _("Who"), [(str(user.pk), _("Me")), *names, ("schedule", _("The schedule"))]),
            Filter("period", _("When"), [(key, label) for key, (label, _span) in PERIODS.items()]),
        ],
        default_sort="-at",
        has_search=False,
    )
