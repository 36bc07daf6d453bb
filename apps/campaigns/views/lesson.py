"""The library of lessons."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import forms, selectors, services, wizard
from apps.campaigns.models import Campaign, Channel, Element, Lesson
from apps.core import clock
from apps.core.htmx import render_page_or_fragment
from apps.core.keys import key_read
from apps.core.lists import Column, Filter, ListSpec
from apps.segments.models import Segment

LIST = ListSpec(
    columns=[
        Column(_l("Lesson")),
        Column(_l("Applies to")),
        Column(_l("Learnt in")),
        Column(_l("Written"), sort="created_at", descends_first=True),
    ],
    filters=[
        Filter("element", _l("About"), Element.choices),
        Filter("kind", _l("Channel"), Channel.Kind.choices),
        Filter("whose", _l("State"), [("away", _l("Put away"))]),
    ],
    default_sort="-created_at",
    search_hint=_l("Search in lessons"),
)
NAMES = ["text", "element", "segment", "kind"]


@require_GET
@requires("campaigns.view_lesson")
def lesson_list(request: UserRequest) -> HttpResponse:
    segments = Filter("segment", _l("Segment"), selectors.lesson_segments(request.user))
    asked = replace(LIST, filters=[*LIST.filters, segments]).read(request.GET)
    segment = asked.values.get("segment")
    campaign = request.GET.get("campaign", "")
    found = selectors.lessons(
        request.user,
        search=asked.search,
        element=asked.values.get("element", ""),
        kind=asked.values.get("kind", ""),
        segment=int(segment) if segment else None,
        campaign=key_read(campaign) or None,
        is_put_away=asked.values.get("whose") == "away",
    )
    context = {
        "listing": asked.page(found),
        "may_add": request.user.has_perm("campaigns.add_lesson"),
    }
    return render_page_or_fragment(request, "campaigns/lesson_list.html", context, fragment="lesson-list")


@require_GET
@requires("campaigns.view_lesson", on=Lesson)
def lesson_detail(request: UserRequest, lesson: Lesson) -> HttpResponse:
    may = request.user.has_perm("campaigns.change_lesson", lesson)
    known = Campaign.objects.visible_to(request.user)
    context = {
        "lesson": lesson,
        "applied": list(known.filter(lessons_applied=lesson).order_by("-pk")[:20]),
        "may_change": may and lesson.archived_at is None,
        "may_restore": may and lesson.archived_at is not None,
    }
    return render(request, "campaigns/lesson_detail.html", context)


@require_http_methods(["GET", "POST"])
@requires("campaigns.add_lesson")
def lesson_create(request: UserRequest) -> HttpResponse:
    campaign = _campaign_named(request)
    data = request.POST if request.method == "POST" else None
    initial = {"segment": campaign.segment_id} if campaign else {}
    form = forms.LessonEdit(data, campaign=campaign, initial=initial)
    if request.method == "POST" and form.is_valid():
        fields, now = form.fields_cleaned, clock.now()
        lesson = forms.attempt(
            form,
            lambda: services.lesson_add(campaign=campaign, by=request.user, now=now, **fields),
        )
        if lesson:
            messages.success(request, _("The lesson is in the library."))
            return redirect("campaigns:lesson", lesson.pk)
    return _lesson_form(request, form, campaign=campaign)


@require_http_methods(["GET", "POST"])
@requires("campaigns.change_lesson", on=Lesson)
def lesson_update(request: UserRequest, lesson: Lesson) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = forms.LessonEdit(
        data,
        campaign=lesson.campaign,
        quoted=(lesson.evidence_key, lesson.evidence_text),
        initial=forms.initial_of(lesson, [*NAMES, "evidence_key"]),
    )
    if request.method == "POST" and form.is_valid():
        fields, seen, now = form.fields_cleaned, form.seen, clock.now()
        if forms.attempt(
            form,
            lambda: services.lesson_update(lesson=lesson, by=request.user, now=now, seen=seen, **fields),
        ):
            messages.success(request, _("Saved."))
            return redirect("campaigns:lesson", lesson.pk)
    return _lesson_form(request, form, campaign=lesson.campaign, lesson=lesson)


@require_POST
@requires("campaigns.delete_lesson", on=Lesson)
def lesson_archive(request: UserRequest, lesson: Lesson) -> HttpResponse:
    services.lesson_archive(lesson=lesson, by=request.user, now=clock.now())
    messages.success(request, _("The lesson has been put away."))
    return redirect("campaigns:lessons")


@require_POST
@requires("campaigns.delete_lesson", on=Lesson)
def lesson_restore(request: UserRequest, lesson: Lesson) -> HttpResponse:
    services.lesson_restore(lesson=lesson, by=request.user, now=clock.now())
    messages.success(request, _("The lesson is back in the library."))
    return redirect("campaigns:lesson", lesson.pk)


@require_GET
@requires("campaigns.change_campaign", on=Campaign)
def campaign_guide(request: UserRequest, campaign: Campaign) -> HttpResponse:
    """What helps at a step of the plan, for the segment that is about to be chosen."""
    step = wizard.step(request.GET.get("step", "audience"))
    if step is None:
        raise Http404
    key = key_read(request.GET.get("segment", ""))
    segment = Segment.objects.filter(pk=key).first() if key else None
    context = {
        "campaign": campaign,
        "guide": selectors.guide(campaign, request.user, step.name, segment=segment),
    }
    return render(request, "campaigns/_wizard_guide.html", context)


def _campaign_named(request: UserRequest) -> Campaign | None:
    """Return the campaign that the address names, if it exists for this person."""
    asked = request.GET.get("campaign", "")
    if not asked:
        return None
    known = Campaign.objects.visible_to(request.user)
    return get_object_or_404(known, pk=key_read(asked))


def _lesson_form(
    request: UserRequest, form: Any, *, campaign: Campaign | None, lesson: Lesson | None = None
) -> HttpResponse:
    context = {"form": form, "campaign": campaign, "lesson": lesson}
    return render(request, "campaigns/lesson_form.html", context)
