"""Lists: pasted, frozen, and the people on them."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts.quality import RULES, details_label
from apps.core import clock
from apps.core.display import dated
from apps.core.htmx import render_page_or_fragment
from apps.core.keys import keys_read
from apps.core.lists import Column, ListSpec
from apps.segments import forms, selectors, services
from apps.segments.models import ContactList
from apps.segments.services import Pasted

LIST = ListSpec(
    columns=[
        Column(_l("List"), sort="name"),
        Column(_l("People"), is_number=True),
        Column(_l("Frozen from")),
        Column(_l("Changed"), sort="updated_at", descends_first=True),
    ],
    default_sort="-updated_at",
    search_hint=_l("Search by name"),
)
PEOPLE = ListSpec(
    columns=[Column(_l("E-mail address")), Column(_l("Known since"))], default_sort="-pk", has_search=False
)
TOLD = 500  # pasted rows that are shown with the reason why nobody came of them


@require_GET
@requires("segments.view_contactlist")
def list_list(request: UserRequest) -> HttpResponse:
    asked = LIST.read(request.GET)
    context = {
        "listing": asked.page(selectors.contact_lists(search=asked.search)),
        "may_add": request.user.has_perm("segments.add_contactlist"),
    }
    return render_page_or_fragment(request, "segments/list_list.html", context, fragment="list-list")


@require_http_methods(["GET", "POST"])
@requires("segments.add_contactlist")
def list_create(request: UserRequest) -> HttpResponse:
    form = forms.ListPasteForm(request.POST or None)
    if form.is_valid():
        pasted = forms.attempt(
            form, lambda: services.list_paste(by=request.user, now=clock.now(), **form.cleaned_data)
        )
        if pasted:
            return _told(request, pasted)
    return render_page_or_fragment(request, "segments/list_create.html", {"form": form}, fragment="list-form")


def _told(request: UserRequest, pasted: Pasted) -> HttpResponse:
    """Go to the list; addresses that were left out stand there once, to be mended and pasted again."""
    request.session["pasted"] = {
        "list": pasted.contact_list.pk,
        "added": pasted.added,
        "already": pasted.already,
        "unknown_count": len(pasted.unknown),
        "invalid_count": len(pasted.invalid),
        "rejected": [(one.row, one.value, one.reason) for one in pasted.rejected[:TOLD]],
        "untold": max(len(pasted.rejected) - TOLD, 0),
    }
    text = ngettext("%(n)s person is on the list.", "%(n)s people are on the list.", pasted.contact_list.size)
    messages.success(request, text % {"n": f"{pasted.contact_list.size:,}"})
    return redirect("segments:list_detail", pasted.contact_list.pk)


@require_http_methods(["GET", "POST"])
@requires("segments.add_contactlist")
def list_of_findings(request: UserRequest, key: str) -> HttpResponse:
    """Whom a scan of quality has found by one rule, as a list: asked for from the page of the rule."""
    rule, detail = RULES.get(key), (request.POST or request.GET).get("detail", "")
    if rule is None or not detail.isprintable():
        raise Http404
    now = clock.now()
    name = f"{rule.label}, {dated(timezone.localtime(now).date())}"
    form = forms.ListForm(request.POST or None, initial={"name": name})
    if form.is_valid():
        kept = forms.attempt(
            form,
            lambda: services.list_of_findings(
                rule=rule.key, detail=detail, by=request.user, now=now, **form.cleaned_data
            ),
        )
        if kept:
            text = ngettext("%(n)s person is on the list.", "%(n)s people are on the list.", kept.size)
            messages.success(request, text % {"n": f"{kept.size:,}"})
            return redirect("segments:list_detail", kept.pk)
    context = {"form": form, "rule": rule, "detail": detail, "what": details_label(rule, detail)}
    return render(request, "segments/list_of_findings.html", context)


@require_GET
@requires("segments.view_contactlist", on=ContactList)
def list_detail(request: UserRequest, contactlist: ContactList) -> HttpResponse:
    return _detail(request, contactlist)


def _detail(request: UserRequest, contact_list: ContactList, **forms_refused: Any) -> HttpResponse:
    told = request.session.get("pasted")
    if told and told["list"] == contact_list.pk:
        del request.session["pasted"]
    else:
        told = None
    context = {
        "list": contact_list,
        "listing": PEOPLE.read(request.GET).page(selectors.list_people(contact_list)),
        "uses": selectors.list_uses([contact_list.pk], user=request.user)[contact_list.pk],
        "may_change": request.user.has_perm("segments.change_contactlist", contact_list),
        "told": told,
        "paste": forms.PasteForm(),
        "about": forms.ListChangeForm(
            initial={
                "name": contact_list.name,
                "description": contact_list.description,
                "seen_at": contact_list.updated_at.isoformat(),
            }
        ),
        **forms_refused,
    }
    return render_page_or_fragment(request, "segments/list_detail.html", context, fragment="list-people")


@require_POST
@requires("segments.change_contactlist", on=ContactList)
def list_paste(request: UserRequest, contactlist: ContactList) -> HttpResponse:
    form = forms.PasteForm(request.POST)
    if form.is_valid():
        text = form.cleaned_data["text"]
        pasted = forms.attempt(
            form,
            lambda: services.list_paste(
                text=text, contact_list=contactlist, by=request.user, now=clock.now()
            ),
        )
        if pasted:
            return _told(request, pasted)
    return _detail(request, contactlist, paste=form)


@require_POST
@requires("segments.change_contactlist", on=ContactList)
def list_change(request: UserRequest, contactlist: ContactList) -> HttpResponse:
    form = forms.ListChangeForm(request.POST)
    if form.is_valid() and _attempt_change(request, contactlist, form):
        messages.success(request, _("Saved."))
        return redirect("segments:list_detail", contactlist.pk)
    return _detail(request, contactlist, about=form)


def _attempt_change(request: UserRequest, contact_list: ContactList, form: forms.ListChangeForm) -> bool:
    changed = forms.attempt(
        form,
        lambda: services.list_change(
            contact_list=contact_list, by=request.user, now=clock.now(), **form.cleaned_data
        ),
    )
    return changed is not None


@require_POST
@requires("segments.change_contactlist", on=ContactList)
def list_remove(request: UserRequest, contactlist: ContactList) -> HttpResponse:
    chosen = keys_read(request.POST.getlist("row"))
    removed = services.list_remove(
        contact_list=contactlist, contacts=chosen, by=request.user, now=clock.now()
    )
    text = ngettext("%(n)s person was taken off.", "%(n)s people were taken off.", removed)
    messages.success(request, text % {"n": removed})
    return redirect("segments:list_detail", contactlist.pk)


@require_POST
@requires("segments.delete_contactlist", on=ContactList)
def list_delete(request: UserRequest, contactlist: ContactList) -> HttpResponse:
    try:
        services.list_delete(contact_list=contactlist, by=request.user, now=clock.now())
    except services.StillUsed as refusal:
        messages.error(request, str(refusal))
        return redirect("segments:list_detail", contactlist.pk)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": contactlist.name})
    return redirect("segments:lists")
