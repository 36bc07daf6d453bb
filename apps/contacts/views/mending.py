"""Mends of many contacts at once, and the queue of contacts that may be one person."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts import selectors, services
from apps.contacts.models import QualityMend, QualityPair
from apps.contacts.quality import ACTS, RULES
from apps.contacts.views.merging import pair_redirect
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListSpec

MENDS = ListSpec(
    columns=[
        Column(gettext_lazy("What was mended")),
        Column(gettext_lazy("State")),
        Column(gettext_lazy("Changed"), is_number=True),
        Column(gettext_lazy("Who")),
        Column(gettext_lazy("When")),
    ],
    filters=[
        Filter("rule", gettext_lazy("Rule"), [(key, rule.label) for key, rule in RULES.items() if rule.acts])
    ],
    default_sort="-id",
    has_search=False,
)
PAIRS = ListSpec(
    columns=[
        Column(gettext_lazy("One")),
        Column(gettext_lazy("The other")),
        Column(gettext_lazy("Why")),
        Column(gettext_lazy("Likeness"), is_number=True),
        Column(gettext_lazy("Decide")),
    ],
    filters=[
        Filter("reason", gettext_lazy("Why"), QualityPair.Reason.choices),
        Filter("state", gettext_lazy("State"), [(QualityPair.State.DISMISSED, gettext_lazy("Two people"))]),
    ],
    default_sort="-likeness",
    has_search=False,
    size=25,
)


@require_http_methods(["GET", "POST"])
@requires("contacts.mend_quality")
def quality_mend_start(request: UserRequest, key: str, act: str) -> HttpResponse:
    """What an act would do, before and after; and do it."""
    if key not in RULES or act not in RULES[key].acts:
        raise Http404
    detail = (request.POST or request.GET).get("detail", "")
    context: dict[str, object] = {"rule": RULES[key], "act": ACTS[act], "detail": detail}
    try:
        if request.method == "POST":
            mend = services.mend_start(rule=key, act=act, detail=detail, by=request.user, now=clock.now())
            return redirect("contacts:quality-mend", mend.pk)
        context["preview"] = selectors.mend_preview(services.mend_plan(rule=key, act=act, detail=detail))
    except DomainError as refusal:
        context["refusal"] = refusal
    return render(request, "contacts/quality_mend_start.html", context)


@require_GET
@requires("contacts.view_quality")
def quality_mend_list(request: UserRequest) -> HttpResponse:
    asked = MENDS.read(request.GET)
    listing = asked.page(QualityMend.objects.select_related("by").filter(**asked.values))
    return render_page_or_fragment(
        request, "contacts/quality_mend_list.html", {"listing": listing}, fragment="mend-list"
    )


@require_GET
@requires("contacts.view_quality", on=QualityMend)
def quality_mend(request: UserRequest, qualitymend: QualityMend) -> HttpResponse:
    return _mend_page(request, qualitymend)


@require_POST
@requires("contacts.mend_quality", on=QualityMend)
def quality_mend_undo(request: UserRequest, qualitymend: QualityMend) -> HttpResponse:
    try:
        services.mend_undo(mend=qualitymend, by=request.user, now=clock.now())
    except DomainError as refusal:
        return _mend_page(request, qualitymend, refusal)
    return redirect("contacts:quality-mend", qualitymend.pk)


def _mend_page(request: UserRequest, mend: QualityMend, refusal: DomainError | None = None) -> HttpResponse:
    context = {
        "mend": mend,
        "rule": RULES.get(mend.rule),
        "act": ACTS.get(mend.act),
        "refusal": refusal,
        "may_undo": mend.state in (QualityMend.State.DONE, QualityMend.State.FAILED)
        and request.user.has_perm("contacts.mend_quality", mend),
    }
    return render_page_or_fragment(request, "contacts/quality_mend.html", context, fragment="mend-panel")


@require_GET
@requires("contacts.view_contact")
def pair_list(request: UserRequest) -> HttpResponse:
    """Contacts that may be one person, the most alike first."""
    asked = PAIRS.read(request.GET)
    pairs = selectors.pairs_dismissed() if "state" in asked.values else selectors.pairs_waiting()
    if reason := asked.values.get("reason"):
        pairs = pairs.filter(reason=reason)
    context = {
        "listing": asked.page(pairs),
        "is_decided": "state" in asked.values,
        "may_change": request.user.has_perm("contacts.change_contact"),
    }
    return render_page_or_fragment(request, "contacts/pair_list.html", context, fragment="pair-list")


@require_POST
@requires("contacts.change_contact", on=QualityPair)
def pair_dismiss(request: UserRequest, qualitypair: QualityPair) -> HttpResponse:
    try:
        services.pair_dismiss(pair=qualitypair, by=request.user, now=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("They are two people, and are not suggested again."))
    return pair_redirect() if "next" in request.POST else redirect("contacts:pair-list")


@require_POST
@requires("contacts.change_contact", on=QualityPair)
def pair_reopen(request: UserRequest, qualitypair: QualityPair) -> HttpResponse:
    try:
        services.pair_reopen(pair=qualitypair, by=request.user, now=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("They are in the queue again."))
    return redirect("contacts:pair-list")
