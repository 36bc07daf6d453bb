from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts import selectors as contacts
from apps.core import clock, secrets
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListSpec
from apps.core.watching import Watch
from apps.integrations import feeds, selectors, services
from apps.integrations.forms import SourceForm
from apps.integrations.models import Source
from apps.integrations.services import SourceExists

# Where a new key waits, sealed, for the one page that shows it.
SHOWN_ONCE = "source_key_shown_once"
SOURCES = ListSpec(
    columns=[
        Column(gettext_lazy("Source"), sort="name"),
        Column(gettext_lazy("Last hour"), is_number=True),
        Column(gettext_lazy("Last day"), is_number=True),
        Column(gettext_lazy("Last week"), is_number=True),
        Column(gettext_lazy("Last heard")),
    ],
    filters=[
        Filter(
            "state",
            gettext_lazy("Key"),
            [("open", gettext_lazy("In use")), ("revoked", gettext_lazy("Revoked"))],
        )
    ],
    default_sort="name",
    search_hint=gettext_lazy("Search by name"),
)


@require_GET
@requires("integrations.view_source")
def source_list(request: UserRequest) -> HttpResponse:
    asked = SOURCES.read(request.GET)
    listing = asked.page(selectors.sources(search=asked.search, state=asked.values.get("state", "")))
    arrivals = selectors.arrivals(listing.rows, now=clock.now())
    context = {
        "listing": listing,
        "lines": [(source, arrivals[source.pk]) for source in listing.rows],
        "may_add": request.user.has_perm("integrations.add_source"),
        "scheme": selectors.scheme(),
        "may_choose": request.user.has_perm("integrations.change_identityscheme"),
    }
    return render_page_or_fragment(request, "integrations/source_list.html", context, fragment="source-list")


@require_http_methods(["GET", "POST"])
@requires("integrations.add_source")
def source_create(request: UserRequest) -> HttpResponse:
    form = SourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            source, key = services.source_create(
                name=form.cleaned_data["name"], by=request.user, now=clock.now()
            )
        except SourceExists as error:
            form.add_error(error.field, str(error))
        else:
            request.session[SHOWN_ONCE] = secrets.seal(f"{source.pk}:{key}")
            return redirect("integrations:source-detail", source.pk)
    return render_page_or_fragment(
        request, "integrations/source_create.html", {"form": form}, fragment="source-form"
    )


@never_cache
@require_GET
@requires("integrations.view_source", on=Source)
def source_detail(request: UserRequest, source: Source) -> HttpResponse:
    arrivals = selectors.arrivals([source], now=clock.now())[source.pk]
    context = {
        "watch": Watch.read(request),
        "may_revoke": request.user.has_perm("integrations.revoke_source", source),
        "source": source,
        "scheme": selectors.scheme(),
        "may_choose": request.user.has_perm("integrations.change_identityscheme"),
        "arrivals": arrivals,
        "systems": contacts.systems_linked(feeds.SOURCE, source.pk, user=request.user),
        "key": _key_shown_once(request, source),
        "host": settings.BASE_URL,
    }
    return render_page_or_fragment(request, "integrations/source_detail.html", context, fragment="arrivals")


@require_POST
@requires("integrations.revoke_source", on=Source)
def source_revoke(request: UserRequest, source: Source) -> HttpResponse:
    services.source_revoke(source=source, by=request.user, now=clock.now())
    messages.success(request, _("Nothing more is taken from “%(source)s”.") % {"source": source.name})
    return redirect("integrations:source-detail", source.pk)


def _key_shown_once(request: UserRequest, source: Source) -> str:
    """Return the key of a source just made, the first time that its page is shown."""
    if sealed := request.session.pop(SHOWN_ONCE, None):
        owner, _colon, key = secrets.unseal(sealed).partition(":")
        return key if owner == str(source.pk) else ""
    return ""
