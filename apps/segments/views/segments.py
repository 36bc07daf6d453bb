"""The list of segments, one segment, and what may be done with it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import UserRequest, requires
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListSpec
from apps.segments import forms, registry, selectors, services
from apps.segments.models import Segment
from apps.segments.rules import RuleInvalid
from apps.segments.rules.sentence import rule_sentence

LIST = ListSpec(
    columns=[
        Column(_l("Segment"), sort="name"),
        Column(_l("People"), is_number=True),
        Column(_l("Last 30 days")),
        Column(_l("Used by"), is_number=True),
        Column(_l("Counted")),
        Column(_l("Changed"), sort="updated_at", descends_first=True),
    ],
    filters=[Filter("state", _l("State"), [("archived", _l("Archived"))])],
    default_sort="-updated_at",
    search_hint=_l("Search by name"),
)
PEOPLE = ListSpec(
    columns=[Column(_l("E-mail address")), Column(_l("Known since"))], default_sort="-pk", has_search=False
)


@require_GET
@requires("segments.view_segment")
def segment_list(request: UserRequest) -> HttpResponse:
    asked = LIST.read(request.GET)
    listing = asked.page(selectors.segments(search=asked.search, state=asked.values.get("state", "")))
    ids = [segment.pk for segment in listing.rows]
    sparks = selectors.segment_sparks(ids, now=clock.now())
    uses = selectors.segment_uses(ids, user=request.user)
    context = {
        "listing": listing,
        "rows": [(row, sparks.get(row.pk, []), len(uses[row.pk])) for row in listing.rows],
        "may_add": request.user.has_perm("segments.add_segment"),
    }
    return render_page_or_fragment(request, "segments/segment_list.html", context, fragment="segment-list")


@require_GET
@requires("segments.view_segment", on=Segment)
def segment_detail(request: UserRequest, segment: Segment) -> HttpResponse:
    return _detail(request, segment)


def _detail(
    request: UserRequest, segment: Segment, *, freeze: forms.ListFreezeForm | None = None
) -> HttpResponse:
    now = clock.now()
    history = selectors.segment_history(segment, now=now)
    context = {
        "segment": segment,
        "behind": selectors.changes_age(now=now),
        "today": segment.sizes.filter(at__date=now.date()).order_by("-at").first(),
        "sentence": _sentence(segment),
        "listing": PEOPLE.read(request.GET).page(selectors.segment_people(segment, now=now)),
        "history": history,
        "sizes": [size for _day, size in history],
        "uses": selectors.segment_uses([segment.pk], user=request.user)[segment.pk],
        "may_change": request.user.has_perm("segments.change_segment", segment),
        "acts": [
            (act, f"{reverse(act.url_name)}?segment={segment.pk}")
            for act in registry.acts
            if request.user.has_perm(act.permission)
        ],
        "freeze": freeze or forms.ListFreezeForm(initial={"name": segment.name}),
    }
    return render_page_or_fragment(
        request, "segments/segment_detail.html", context, fragment="segment-people"
    )


def _sentence(segment: Segment) -> str:
    try:
        return rule_sentence(selectors.rule_read(segment.rule, segment=segment))
    except RuleInvalid as refusal:
        return _("This rule cannot be used any more: %(fault)s") % {"fault": refusal}


@require_POST
@requires("segments.change_segment", on=Segment)
def segment_duplicate(request: UserRequest, segment: Segment) -> HttpResponse:
    try:
        copy = services.segment_duplicate(segment=segment, by=request.user, now=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("segments:detail", segment.pk)
    messages.success(
        request, _("“%(name)s” is a copy: change what should be different.") % {"name": copy.name}
    )
    return redirect("segments:change", copy.pk)


@require_POST
@requires("segments.change_segment", on=Segment)
def segment_archive(request: UserRequest, segment: Segment) -> HttpResponse:
    try:
        services.segment_archive(segment=segment, by=request.user, now=clock.now())
    except services.StillUsed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("“%(name)s” is archived.") % {"name": segment.name})
    return redirect("segments:detail", segment.pk)


@require_POST
@requires("segments.change_segment", on=Segment)
def segment_restore(request: UserRequest, segment: Segment) -> HttpResponse:
    services.segment_restore(segment=segment, by=request.user, now=clock.now())
    messages.success(request, _("“%(name)s” is back.") % {"name": segment.name})
    return redirect("segments:detail", segment.pk)


@require_POST
@requires("segments.delete_segment", on=Segment)
def segment_delete(request: UserRequest, segment: Segment) -> HttpResponse:
    try:
        services.segment_delete(segment=segment, by=request.user, now=clock.now())
    except services.StillUsed as refusal:
        messages.error(request, str(refusal))
        return redirect("segments:detail", segment.pk)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": segment.name})
    return redirect("segments:list")


@require_POST
@requires("segments.change_segment", on=Segment)
def segment_freeze(request: UserRequest, segment: Segment) -> HttpResponse:
    form = forms.ListFreezeForm(request.POST)
    if form.is_valid():
        name = form.cleaned_data["name"]
        frozen = forms.attempt(
            form,
            lambda: services.list_freeze(segment=segment, name=name, by=request.user, now=clock.now()),
        )
        if frozen:
            messages.success(
                request, _("“%(name)s” keeps who is in the segment now.") % {"name": frozen.name}
            )
            return redirect("segments:list_detail", frozen.pk)
    return _detail(request, segment, freeze=form)
