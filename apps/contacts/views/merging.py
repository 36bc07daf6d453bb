"""Two contacts beside each other, merged by a person who has seen both; and taken apart again."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts import forms, selectors, services
from apps.contacts.models import Contact, QualityPair
from apps.core import clock
from apps.core.context import room_set
from apps.core.errors import DomainError
from apps.core.keys import key_read


@require_GET
@requires("contacts.view_contact", on=Contact)
def contact_alike(request: UserRequest, contact: Contact) -> HttpResponse:
    """A part of the profile: who may be the same person."""
    context = {
        "contact": contact,
        "alike": selectors.contacts_alike(contact),
        "may_change": request.user.has_perm("contacts.change_contact", contact),
    }
    return render(request, "contacts/_contact_alike.html", context)


@require_http_methods(["GET", "POST"])
@requires("contacts.change_contact", on=Contact)
def contact_merge(request: UserRequest, contact: Contact) -> HttpResponse:
    """Find the other one, compare, and confirm that the two are one."""
    if contact.erased_at:
        return redirect("contacts:detail", contact.pk)
    form = forms.MergeForm(request.POST or None, keep=contact)
    if request.method == "POST" and form.is_valid():
        try:
            services.contact_merge(
                keep=contact, gone=form.gone, by=request.user, now=clock.now(), is_confirmed=True
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The two are one contact now. “Merged from” undoes it."))
            if _pair_of(request):
                return pair_redirect()
            return redirect("contacts:detail", contact.pk)
    return _page(request, contact, form)


def _pair_of(request: UserRequest) -> QualityPair | None:
    """Return the suggestion that is being looked at, where the two come from the queue."""
    return QualityPair.objects.filter(pk=key_read(request.GET.get("pair", ""))).first()


def pair_redirect() -> HttpResponse:
    """Go on to the next pair of the queue, or back to the queue where that is empty."""
    pair = selectors.pair_next()
    if pair is None:
        return redirect("contacts:pair-list")
    return redirect(
        f"{reverse('contacts:merge', args=[pair.contact_id])}?other={pair.other_id}&pair={pair.pk}"
    )


def _page(request: UserRequest, contact: Contact, form: forms.MergeForm) -> HttpResponse:
    pair = _pair_of(request)
    if pair:
        room_set(request, reverse("contacts:pair-list"))
    search = request.GET.get("q", "").strip()
    other = form.named(request.POST.get("other") or request.GET.get("other", ""))
    preview = selectors.merge_preview(keep=contact, gone=other, now=clock.now()) if other else None
    found = [one for one in selectors.contacts_named(search) if one != contact] if search else []
    context = {
        "contact": contact,
        "form": form,
        "search": search,
        "found": found,
        "preview": preview,
        "pair": pair,
    }
    return render(request, "contacts/contact_merge.html", context)


@require_POST
@requires("contacts.change_contact", on=Contact)
def contact_unmerge(request: UserRequest, contact: Contact) -> HttpResponse:
    told = request.POST.get("merge", "")
    merge = contact.merges.filter(pk=int(told) if told.isdecimal() and len(told) < 19 else 0).first()
    if merge is None:
        messages.error(request, _("There is no such merge."))
        return redirect("contacts:detail", contact.pk)
    try:
        services.contact_unmerge(merge=merge, by=request.user, now=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("They are two contacts again."))
    return redirect("contacts:detail", contact.pk)


@require_POST
@requires("contacts.change_contact", on=Contact)
def contact_identity(request: UserRequest, contact: Contact) -> HttpResponse:
    """One more name; with that of a browser, what the browser did comes along."""
    form = forms.IdentityForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say the system and the name, such as crm and 4711."))
        return redirect("contacts:detail", contact.pk)
    try:
        contact = services.identity_add(
            contact=contact, **form.cleaned_data, by=request.user, now=clock.now()
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The contact is known by this name too."))
    return redirect("contacts:detail", contact.pk)
