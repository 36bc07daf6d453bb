"""The next generation of a campaign, and the line that it stands in."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.http import UserRequest, requires
from apps.accounts.models import User
from apps.campaigns import forms, replay, selectors, services
from apps.campaigns.models import Campaign
from apps.campaigns.views.frame import campaign_page
from apps.core import clock

NAMES = ("segment", "goal_target", "idea", "outcome")


@require_http_methods(["GET", "POST"])
@requires("campaigns.replay_campaign", on=Campaign)
def campaign_replay(request: UserRequest, campaign: Campaign) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = forms.ReplayBegin(data, parent=campaign, initial=_initial(request, campaign))
    if request.method == "POST" and form.is_valid():
        fields, now = form.fields_cleaned, clock.now()
        key = form.cleaned_data["key"]
        done = forms.attempt(
            form,
            lambda: services.campaign_replay(parent=campaign, by=request.user, now=now, key=key, **fields),
        )
        if done:
            messages.success(request, _("The next generation is planned. This is what changed."))
            for note in done.notes:
                messages.warning(request, note)
            return redirect("campaigns:lineage", done.campaign.pk)
    return render(request, "campaigns/campaign_replay.html", {"campaign": campaign, "form": form})


@require_GET
@requires("campaigns.view_campaign", on=Campaign)
def campaign_lineage(request: UserRequest, campaign: Campaign) -> HttpResponse:
    lineage = selectors.campaign_lineage(campaign, request.user)
    return campaign_page(
        request,
        lineage.campaign,
        tab="history",
        template="campaigns/campaign_lineage.html",
        now=clock.now(),
        lineage=lineage,
        may_replay=request.user.has_perm("campaigns.replay_campaign", campaign),
    )


def _initial(request: UserRequest, campaign: Campaign) -> dict[str, object]:
    number = campaign.generation + 1
    told = _("%(name)s, generation %(number)s") % {"name": campaign.name[:170], "number": number}
    is_program = request.user.role == User.Role.INTEGRATION  # whoever else may do this may lead it
    return {
        **{name: value for name, value in forms.initial_of(campaign, NAMES).items() if name != "version"},
        "name": told,
        "captain": campaign.captain_id if is_program else request.user.pk,
        "parts": [name for name, _part in replay.parts_in_order()],
    }
