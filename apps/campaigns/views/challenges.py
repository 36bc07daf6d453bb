"""Challenges: what holds a thing of a campaign until somebody answers and somebody decides."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import challenges, forms, selectors, services
from apps.campaigns.models import Campaign, Challenge, Challenger
from apps.campaigns.views.frame import campaign_page, done_or_told, may_challenge
from apps.campaigns.views.team import team_page
from apps.core import clock
from apps.core.lists import Column, Filter, ListSpec

LIST = ListSpec(
    columns=[
        Column(_l("About")),
        Column(_l("Asked by")),
        Column(_l("Asked"), sort="asked_at", descends_first=True),
        Column(_l("Held for")),
        Column(_l("State")),
    ],
    filters=[Filter("state", _l("State"), [("open", _l("Open")), ("resolved", _l("Resolved"))])],
    default_sort="-asked_at",
    has_search=False,
)


@require_GET
@requires("campaigns.view_challenge", on=Campaign)
def campaign_challenges(request: UserRequest, campaign: Campaign) -> HttpResponse:
    asked, now = LIST.read(request.GET), clock.now()
    listing = asked.page(selectors.challenges_of(campaign, state=asked.values.get("state", "")))
    rows = [(challenge, challenge.held_for(now)) for challenge in listing.rows]
    return campaign_page(
        request,
        campaign,
        tab="challenges",
        fragment="challenge-list",
        now=now,
        listing=listing,
        rows=rows,
        may_add=may_challenge(request, campaign),
    )


@require_http_methods(["GET", "POST"])
@requires("campaigns.add_challenge", on=Campaign)
def challenge_raise(request: UserRequest, campaign: Campaign) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = forms.ChallengeRaise(data, campaign=campaign, initial={"thing": request.GET.get("about", "")})
    if request.method == "POST" and form.is_valid():
        question, key, now = form.cleaned_data["question"], form.cleaned_data["key"], clock.now()
        raised = forms.attempt(
            form,
            lambda: services.challenge_raise(
                campaign=campaign, thing=form.chosen, question=question, by=request.user, now=now, key=key
            ),
        )
        if raised:
            told = _("“%(thing)s” is held until your question is resolved.") % {"thing": raised.about}
            messages.success(request, told)
            return redirect("campaigns:challenge", raised.pk)
    return campaign_page(
        request,
        campaign,
        tab="challenges",
        template="campaigns/challenge_raise.html",
        now=clock.now(),
        form=form,
    )


@require_GET
@requires("campaigns.view_challenge", on=Challenge)
def challenge_detail(request: UserRequest, challenge: Challenge) -> HttpResponse:
    return _challenge_page(request, challenge)


@require_POST
@requires("campaigns.answer_challenge", on=Challenge)
def challenge_answer(request: UserRequest, challenge: Challenge) -> HttpResponse:
    form = forms.ChallengeAnswer(request.POST)
    if form.is_valid():
        text, now = form.cleaned_data["text"], clock.now()
        if forms.attempt(
            form,
            lambda: services.challenge_answer(challenge=challenge, text=text, by=request.user, now=now),
        ):
            messages.success(request, _("Your answer is on record. Whoever asked decides."))
            return redirect("campaigns:challenge", challenge.pk)
    return _challenge_page(request, challenge, answer_form=form)


@require_POST
@requires("campaigns.resolve_challenge", on=Challenge)
def challenge_resolve(request: UserRequest, challenge: Challenge) -> HttpResponse:
    form = forms.ChallengeResolve(request.POST)
    if form.is_valid():
        told, now = form.cleaned_data, clock.now()
        if forms.attempt(
            form,
            lambda: services.challenge_resolve(challenge=challenge, by=request.user, now=now, **told),
        ):
            messages.success(request, _("“%(thing)s” may go on.") % {"thing": challenge.about})
            return redirect("campaigns:challenge", challenge.pk)
    return _challenge_page(request, challenge, resolve_form=form)


def _challenge_page(
    request: UserRequest,
    challenge: Challenge,
    *,
    answer_form: forms.ChallengeAnswer | None = None,
    resolve_form: forms.ChallengeResolve | None = None,
) -> HttpResponse:
    user, campaign, now = request.user, challenge.campaign, clock.now()
    is_open = challenge.is_open and campaign.archived_at is None
    may_answer = is_open and user.has_perm("campaigns.answer_challenge", challenge)
    may_resolve = is_open and user.has_perm("campaigns.resolve_challenge", challenge)
    kind = challenges.kind_of(challenge)
    return campaign_page(
        request,
        campaign,
        tab="challenges",
        template="campaigns/challenge_detail.html",
        now=now,
        challenge=challenge,
        kind=kind.kind if kind else "",
        thing_url=challenges.url_of(challenge),
        held_for=challenge.held_for(now),
        answers=list(challenge.answers.select_related("by")),
        people=sorted(challenges.people_of(challenge), key=str),
        answer_form=(answer_form or forms.ChallengeAnswer()) if may_answer else None,
        resolve_form=(resolve_form or forms.ChallengeResolve()) if may_resolve else None,
    )


@require_POST
@requires("campaigns.add_challenger", on=Campaign)
def challenger_add(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = forms.ChallengerAdd(request.POST, auto_id="id_challenger_%s")
    if form.is_valid():
        person, now = form.cleaned_data["user"], clock.now()
        if forms.attempt(
            form, lambda: services.challenger_add(campaign=campaign, user=person, by=request.user, now=now)
        ):
            messages.success(request, _("%(person)s may challenge now.") % {"person": person})
            return redirect("campaigns:team", campaign.pk)
    return team_page(request, campaign, challenger_form=form)


@require_POST
@requires("campaigns.delete_challenger", on=Challenger)
def challenger_remove(request: UserRequest, challenger: Challenger) -> HttpResponse:
    campaign, person, now = challenger.campaign, challenger.user, clock.now()
    if done_or_told(
        request,
        lambda: services.challenger_remove(campaign=campaign, user=person, by=request.user, now=now),
    ):
        messages.success(request, _("%(person)s may no longer challenge.") % {"person": person})
    return redirect("campaigns:team", campaign.pk)
