"""The calendar feed: its address, kept by the person, and what other calendars fetch from there."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.accounts.models import User
from apps.campaigns import ical, selectors, services
from apps.campaigns.models import CalendarFeed, CampaignQuerySet
from apps.campaigns.views.listed import campaigns_asked, campaigns_found
from apps.collaboration import savedview_selectors as saved
from apps.collaboration.models import SavedView
from apps.core import clock
from apps.core.htmx import render_page_or_fragment

LIST = "campaigns:list"


class FeedForm(forms.Form):
    view = forms.ModelChoiceField(
        label=gettext_lazy("Which campaigns"),
        queryset=SavedView.objects.none(),
        required=False,
        empty_label=gettext_lazy("Those whose team I am on"),
        help_text=gettext_lazy("Your own tasks are in it always. Saved views choose other campaigns."),
    )
    is_new_address = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["view"].queryset = saved.saved_views(user, list_key=LIST)  # type: ignore[attr-defined]


@never_cache
@require_http_methods(["GET", "POST"])
@requires("campaigns.view_campaign")
def feed(request: UserRequest) -> HttpResponse:
    user, now = request.user, clock.now()
    mine = CalendarFeed.objects.filter(user=user).first()
    form = FeedForm(request.POST or None, user=user, initial={"view": mine.view_id if mine else None})
    if request.method == "POST" and form.is_valid():
        view = form.cleaned_data["view"]
        if mine is None or form.cleaned_data["is_new_address"]:
            services.feed_make(by=user, now=now, view=view)
            messages.success(request, _("The address is made. Any one before it opens nothing any more."))
        else:
            services.feed_view_set(feed=mine, view=view, by=user, now=now)
            messages.success(request, _("Saved. Calendars show it when they ask next."))
        return redirect("campaigns:feed")
    address = settings.BASE_URL + reverse("campaigns:ics", args=[services.feed_token(mine)]) if mine else ""
    context = {"form": form, "feed": mine, "address": address}
    return render_page_or_fragment(request, "campaigns/calendar_feed.html", context, fragment="calendar-feed")


@require_POST
@requires("campaigns.view_campaign")
def feed_revoke(request: UserRequest) -> HttpResponse:
    services.feed_revoke(by=request.user, now=clock.now())
    messages.success(request, _("The address opens nothing any more."))
    return redirect("campaigns:feed")


@require_GET
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """Answer a calendar program, which cannot sign in: the token says whose feed it is."""
    mine = services.feed_of(token)
    if mine is None or not mine.user.has_perm("campaigns.view_campaign"):
        raise Http404
    now = clock.now()
    with timezone.override(mine.user.timezone):
        entries = selectors.feed_entries(mine.user, _chosen(mine), today=timezone.localdate(now), now=now)
    response = HttpResponse(
        ical.calendar_write(_("Campaigns"), entries, now=now), content_type="text/calendar; charset=utf-8"
    )
    response.headers["Cache-Control"] = "private, max-age=300"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _chosen(mine: CalendarFeed) -> CampaignQuerySet:
    """Return the campaigns of the chosen view, as long as its owner may see it; else those of one's teams."""
    view = mine.view
    if view is None or not mine.user.has_perm("collaboration.view_savedview", view):
        return selectors.campaigns(mine.user, is_mine=True)
    return campaigns_found(mine.user, campaigns_asked(mine.user, QueryDict(view.query)))
