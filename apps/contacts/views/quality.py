"""The quality centre: the score, what was found, and the rules."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts import forms, selectors, services
from apps.contacts.models import QualityMend, QualityScan
from apps.contacts.quality import ACTS, RULES, Rule, details_label
from apps.contacts.quality.mending import MERGE
from apps.contacts.registries import ListAct, finding_acts
from apps.contacts.selectors import RuleNow
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.htmx import render_page_or_fragment, wants_fragment
from apps.core.lists import Column, Filter, ListSpec
from apps.core.refusals import refuse

MENDS_SHOWN = 5
PAIRS_COUNTED = 1_000


@require_GET
@requires("contacts.view_quality")
def quality(request: UserRequest) -> HttpResponse:
    response = _page(request)
    if wants_fragment(request) and not QualityScan.objects.open().exists():
        response.headers["HX-Refresh"] = "true"  # the panel that was watched has ended: so has its page
    return response


def _page(request: UserRequest, refusal: DomainError | None = None) -> HttpResponse:
    history = selectors.scans_history()
    pairs = selectors.pairs_count(limit=PAIRS_COUNTED + 1)
    newest = selectors.scan_newest()
    context = {
        "scan": history[-1] if history else None,
        "newest": newest,
        "history": history,
        "rules": selectors.quality_rules(history),
        "pairs": min(pairs, PAIRS_COUNTED),
        "has_more_pairs": pairs > PAIRS_COUNTED,
        "mends": QualityMend.objects.select_related("by").order_by("-pk")[:MENDS_SHOWN],
        "refusal": refusal,
        "may_scan": request.user.has_perm("contacts.scan_quality"),
        "may_change": request.user.has_perm("contacts.change_quality"),
    }
    return render_page_or_fragment(request, "contacts/quality.html", context, fragment="quality-panel")


@require_POST
@requires("contacts.scan_quality")
def quality_scan(request: UserRequest) -> HttpResponse:
    try:
        services.quality_scan_start(by=request.user, now=clock.now())
    except DomainError as refusal:
        return _page(request, refusal)
    return redirect("contacts:quality")


@require_POST
@requires("contacts.scan_quality", on=QualityScan)
def quality_cancel(request: UserRequest, qualityscan: QualityScan) -> HttpResponse:
    try:
        services.quality_scan_cancel(scan=qualityscan, by=request.user, now=clock.now())
    except DomainError as refusal:
        return _page(request, refusal)
    messages.success(request, _("The scan is stopped. What the one before it found stays."))
    return redirect("contacts:quality")


@require_GET
@requires("contacts.view_quality")
def quality_rule(request: UserRequest, key: str) -> HttpResponse:
    """What the last scan found by one rule, contact by contact."""
    rule = _rule(key)
    counted = selectors.findings_details(rule.key)
    choices = [(detail, details_label(rule, detail)) for detail in counted if detail]
    spec = ListSpec(
        columns=[
            Column(gettext_lazy("Contact")),
            Column(gettext_lazy("What")),
            Column(gettext_lazy("Mend it")),
        ],
        filters=[Filter("detail", gettext_lazy("What"), choices)] if choices else (),
        default_sort="contact_id",
        has_search=False,
    )
    asked = spec.read(request.GET)
    listing = asked.page(selectors.findings(rule=rule.key, **asked.values))
    may_mend = request.user.has_perm("contacts.mend_quality")
    context = {
        "rule": rule,
        "listing": listing,
        "lines": [(found, details_label(rule, found.detail)) for found in listing.rows],
        "scan": selectors.scan_last(),
        "acts": _acts(rule, counted) if may_mend else [],
        "more_acts": _more_acts(request, rule, asked.values) if counted else [],
        "has_pairs": rule.key in ("exact_duplicates", "similar_duplicates"),
        "may_change": request.user.has_perm("contacts.change_quality"),
        "may_edit": request.user.has_perm("contacts.change_contact"),
    }
    return render_page_or_fragment(request, "contacts/quality_rule.html", context, fragment="finding-list")


def _acts(rule: Rule, counted: dict[str, int]) -> list[dict[str, Any]]:
    """Return what can be done to all at once of what is there, each with its link's end."""
    found = []
    for act in (ACTS[key] for key in rule.acts):
        if act.key == "values_clear":
            counts = counted
        elif act.key == MERGE:
            counts = {"": selectors.mergeable_count(act.details)}
        else:
            about = (n for detail, n in counted.items() if not act.details or detail in act.details)
            counts = {"": sum(about)}
        found += [{"act": act, "detail": detail, "count": n} for detail, n in counts.items() if n]
    return found


def _more_acts(request: UserRequest, rule: Rule, narrowed: Mapping[str, str]) -> list[tuple[ListAct, str]]:
    """Return what higher floors do with what is found here, each with its address."""
    query = f"?{urlencode(narrowed)}" if narrowed else ""
    return [
        (act, f"{reverse(act.url_name, args=[rule.key])}{query}")
        for act in finding_acts
        if request.user.has_perm(act.permission)
    ]


@require_http_methods(["GET", "POST"])
@requires("contacts.change_quality")
def quality_rule_change(request: UserRequest, key: str) -> HttpResponse:
    now_set = _rule_now(_rule(key))
    form = forms.RuleForm(request.POST or None, rule=now_set)
    if request.method == "POST" and form.is_valid():
        try:
            services.quality_rule_update(rule=now_set.rule, by=request.user, now=clock.now(), **form.terms())
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("The next scan goes by this."))
            return redirect("contacts:quality")
    return render(request, "contacts/quality_rule_form.html", {"form": form, "rule": now_set.rule})


def _rule(key: str) -> Rule:
    if key not in RULES:
        raise Http404
    return RULES[key]


def _rule_now(rule: Rule) -> RuleNow:
    return next(one for one in selectors.quality_rules() if one.rule == rule)
