"""Who works on a campaign: captain, channel owners, contributors; and the channels' own pages."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import challenges, forms, panels, selectors, services
from apps.campaigns.models import Campaign, Channel, Contributor
from apps.campaigns.views.frame import campaign_page, done_or_told, may_challenge, may_change
from apps.core import clock


@require_GET
@requires("campaigns.view_campaign", on=Campaign)
def campaign_team(request: UserRequest, campaign: Campaign) -> HttpResponse:
    return team_page(request, campaign)


@require_POST
@requires("campaigns.change_campaign", on=Campaign)
def captain_change(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = forms.Captain(request.POST)
    if form.is_valid():
        told, now = form.cleaned_data, clock.now()
        if forms.attempt(
            form,
            lambda: services.captain_change(campaign=campaign, by=request.user, now=now, **told),
        ):
            messages.success(request, _("%(person)s is captain now.") % {"person": told["captain"]})
            return redirect("campaigns:team", campaign.pk)
    return team_page(request, campaign, captain_form=form)


@require_POST
@requires("campaigns.change_campaign", on=Campaign)
def contributor_add(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = forms.ContributorAdd(request.POST)
    if form.is_valid():
        person, now = form.cleaned_data["user"], clock.now()
        if forms.attempt(
            form, lambda: services.contributor_add(campaign=campaign, user=person, by=request.user, now=now)
        ):
            messages.success(request, _("%(person)s is on the team.") % {"person": person})
            return redirect("campaigns:team", campaign.pk)
    return team_page(request, campaign, contributor_form=form)


@require_POST
@requires("campaigns.change_contributor", on=Contributor)
def contributor_remove(request: UserRequest, contributor: Contributor) -> HttpResponse:
    campaign, person, now = contributor.campaign, contributor.user, clock.now()
    if done_or_told(
        request,
        lambda: services.contributor_remove(campaign=campaign, user=person, by=request.user, now=now),
    ):
        messages.success(request, _("%(person)s is off the list of contributors.") % {"person": person})
    return redirect("campaigns:team", campaign.pk)


@require_POST
@requires("campaigns.change_campaign", on=Campaign)
def element_set(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = _element_form(campaign, request.POST.get("element", ""), data=request.POST)
    if form is not None and form.is_valid():
        fields, seen, now = form.fields_cleaned, form.seen, clock.now()
        if forms.attempt(
            form,
            lambda: services.element_set(campaign=campaign, by=request.user, now=now, seen=seen, **fields),
        ):
            messages.success(request, _("Saved."))
            return redirect("campaigns:team", campaign.pk)
    return team_page(request, campaign, element_form=form)


def _element_form(campaign: Campaign, element: str, *, data: Any = None) -> forms.ElementEdit | None:
    """Return the form of the element of this name; None: there is no such element."""
    found = selectors.campaign_elements(campaign) if element else []
    owner = next((owner for owner in found if owner.element == element), None)
    if owner is None:
        return None
    initial = forms.initial_of(owner, ["element", "marketing_owner", "data_owner"])
    return forms.ElementEdit(data, owner=owner, initial=initial)


def team_page(
    request: UserRequest,
    campaign: Campaign,
    *,
    element_form: forms.ElementEdit | None = None,
    captain_form: forms.Captain | None = None,
    contributor_form: forms.ContributorAdd | None = None,
    challenger_form: forms.ChallengerAdd | None = None,
) -> HttpResponse:
    """The whole page, with the one form that was refused, if one was."""
    contributor_form = contributor_form or forms.ContributorAdd()
    challenger_form = challenger_form or forms.ChallengerAdd(auto_id="id_challenger_%s")
    captain_form = captain_form or forms.Captain(initial={"captain": campaign.captain_id})
    people = list(selectors.may_work())
    forms.offer(contributor_form, "user", people)
    forms.offer(challenger_form, "user", people)
    forms.offer(captain_form, "captain", [one for one in people if selectors.could_be_captain(one)])
    return campaign_page(
        request,
        campaign,
        tab="team",
        now=clock.now(),
        channels=list(campaign.channels.select_related("owner")),
        contributors=list(campaign.contributors.select_related("user")),
        busy=selectors.with_open_tasks(campaign),
        elements=selectors.campaign_elements(campaign),
        element_form=element_form or _element_form(campaign, request.GET.get("element", "")),
        captain_form=captain_form,
        contributor_form=contributor_form,
        challengers=list(campaign.challengers.select_related("user").order_by("pk")),
        challenger_form=challenger_form,
        may_change=may_change(request, campaign),
    )


@require_GET
@requires("campaigns.view_campaign", on=Campaign)
def campaign_channels(request: UserRequest, campaign: Campaign) -> HttpResponse:
    channels = list(campaign.channels.select_related("owner"))
    for channel in channels:
        channel.campaign = campaign  # asked by the permissions below
    lines, tasks = panels.lines_of(channels), selectors.open_tasks_by_channel(campaign)
    now = clock.now()
    avoided = selectors.channels_avoided(campaign, today=now.date())
    cards = [
        {
            "channel": channel,
            "lines": lines[channel.pk],
            "open_tasks": tasks.get(channel.pk, 0),
            "may_change": _may_change_channel(request, channel),
            "avoided": avoided.get(channel.kind),
        }
        for channel in channels
    ]
    return campaign_page(
        request,
        campaign,
        tab="channels",
        now=now,
        cards=cards,
        may_change=may_change(request, campaign),
    )


def _may_change_channel(request: UserRequest, channel: Channel) -> bool:
    is_kept = channel.campaign.archived_at is None
    return is_kept and request.user.has_perm("campaigns.change_channel", channel)


@require_GET
@requires("campaigns.view_channel", on=Channel)
def channel_detail(request: UserRequest, channel: Channel) -> HttpResponse:
    return _channel_page(request, channel, _channel_form(request, channel))


@require_http_methods(["POST"])
@requires("campaigns.change_channel", on=Channel)
def channel_update(request: UserRequest, channel: Channel) -> HttpResponse:
    form = _channel_form(request, channel, data=request.POST)
    if form.is_valid():
        fields, seen, now = form.fields_cleaned, form.seen, clock.now()
        if forms.attempt(
            form,
            lambda: services.channel_update(channel=channel, by=request.user, now=now, seen=seen, **fields),
        ):
            messages.success(request, _("Saved."))
            return redirect("campaigns:channels", channel.campaign_id)
    return _channel_page(request, channel, form)


@require_POST
@requires("campaigns.delete_channel", on=Channel)
def channel_remove(request: UserRequest, channel: Channel) -> HttpResponse:
    campaign, pk, now = channel.campaign, channel.pk, clock.now()
    if not done_or_told(request, lambda: services.channel_remove(channel=channel, by=request.user, now=now)):
        return redirect("campaigns:channel", pk)
    messages.success(request, _("%(channel)s has been removed.") % {"channel": channel})
    return redirect("campaigns:channels", campaign.pk)


def _channel_form(request: UserRequest, channel: Channel, *, data: Any = None) -> forms.ChannelEdit:
    """The owner's part for the owner; who leads the campaign also says who the owner is."""
    leads = request.user.has_perm("campaigns.assign_channel", channel)
    form_class = forms.ChannelAssign if leads else forms.ChannelEdit
    names = [name for name in form_class.base_fields if name not in {"version", "note"}]
    avoided = selectors.channels_avoided(channel.campaign, today=clock.now().date()).get(channel.kind)
    return form_class(data, channel=channel, avoided=avoided, initial=forms.initial_of(channel, names))


def _channel_page(request: UserRequest, channel: Channel, form: forms.ChannelEdit) -> HttpResponse:
    campaign = channel.campaign
    tasks = selectors.tasks(campaign, channel=channel.kind).order_by("due_date", "id")
    return campaign_page(
        request,
        campaign,
        tab="channels",
        template="campaigns/channel_detail.html",
        now=clock.now(),
        channel=channel,
        form=form,
        tasks=list(tasks[:50]),
        lines=panels.lines_of([channel])[channel.pk],
        holds=challenges.open_shown(campaign, channel),
        may_challenge=may_challenge(request, campaign),
        may_change=_may_change_channel(request, channel),
        may_remove=may_change(request, campaign),
    )
