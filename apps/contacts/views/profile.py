from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts import forms, registries, selectors, services
from apps.contacts.consents import ConsentChange
from apps.contacts.models import Confirmation, ConsentStatus, Contact, Suppression
from apps.contacts.views.describing import record_form, record_save
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.htmx import render_page_or_fragment


@require_GET
@requires("contacts.view_contact", on=Contact)
def contact_detail(request: UserRequest, contact: Contact) -> HttpResponse:
    if contact.merged_into is not None:
        return redirect("contacts:detail", selectors.contact_living(contact).pk)
    return _profile(request, contact)


def _profile(
    request: UserRequest,
    contact: Contact,
    *,
    consent_form: forms.ConsentForm | None = None,
    lift_form: forms.LiftForm | None = None,
) -> HttpResponse:
    user = request.user
    panels = sorted(registries.panels, key=lambda panel: panel.order)
    context = {
        "contact": contact,
        "profile": selectors.contact_profile(contact),
        "companies": selectors.contact_companies(contact),
        "page": selectors.timeline_page(contact, now=clock.now()),
        "panels": [panel for panel in panels if user.has_perm(panel.permission)],
        "consent_form": consent_form or forms.ConsentForm(),
        "lift_form": lift_form or forms.LiftForm(),
        "identity_form": forms.IdentityForm(),
        "merges": selectors.contact_merges(contact),
        "may_change": contact.erased_at is None and user.has_perm("contacts.change_contact", contact),
        "may_export": user.has_perm("contacts.export_contact", contact),
        "may_erase": user.has_perm("contacts.erase_contact", contact),
        "may_lift": user.has_perm("contacts.delete_suppression"),
    }
    return render(request, "contacts/contact_detail.html", context)


@require_GET
@requires("contacts.view_contact", on=Contact)
def contact_timeline(request: UserRequest, contact: Contact) -> HttpResponse:
    """One page of the timeline; with htmx, to be put behind the last one."""
    cursor = request.GET.get("cursor", "")
    try:
        page = selectors.timeline_page(contact, now=clock.now(), cursor=cursor)
    except selectors.BadCursor as error:
        raise Http404 from error
    context = {"contact": contact, "page": page}
    return render_page_or_fragment(
        request, "contacts/contact_timeline.html", context, fragment="timeline-page"
    )


@require_http_methods(["GET", "POST"])
@requires("contacts.add_contact")
def contact_create(request: UserRequest) -> HttpResponse:
    form = forms.NewContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = {**form.changes(), "consent": form.change()}
        contact = record_save(
            form,
            lambda: services.contact_create(**told, by=request.user, now=clock.now()),
            beside={services.ContactExists: "email", DomainError: "consent"},
        )
        if contact:
            messages.success(request, _("The contact is added."))
            return redirect("contacts:detail", contact.pk)
    return record_form(request, form, template="contacts/contact_form.html")


@require_http_methods(["GET", "POST"])
@requires("contacts.change_contact", on=Contact)
def contact_change(request: UserRequest, contact: Contact) -> HttpResponse:
    if contact.erased_at and request.method == "GET":
        return redirect("contacts:detail", contact.pk)
    form = forms.ContactForm(request.POST or None, record=contact)
    if request.method == "POST" and form.is_valid():
        told = {**form.changes(), "seen": form.seen()}
        saved = record_save(
            form,
            lambda: services.contact_update(contact=contact, **told, by=request.user, now=clock.now()),
            record=contact,
            beside={DomainError: "email"},
        )
        if saved:
            messages.success(request, _("Saved."))
            return redirect("contacts:detail", contact.pk)
    return record_form(request, form, template="contacts/contact_form.html", record=contact)


@require_POST
@requires("contacts.change_contact", on=Contact)
def contact_consent(request: UserRequest, contact: Contact) -> HttpResponse:
    form = forms.ConsentForm(request.POST)
    if form.is_valid():
        told = form.cleaned_data
        change = ConsentChange(
            status=ConsentStatus(told["status"]),
            topic=told["topic"],
            basis=told["basis"],
            source=_("by hand"),
            wording=told["wording"],
        )
        try:
            services.contact_update(contact=contact, consent=change, by=request.user, now=clock.now())
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            asked = change.status == ConsentStatus.PENDING
            messages.success(request, _("They are being asked by e-mail.") if asked else _("Written down."))
            return redirect("contacts:detail", contact.pk)
    return _profile(request, contact, consent_form=form)


@require_POST
@requires("contacts.change_contact", on=Confirmation)
def confirmation_again(request: UserRequest, confirmation: Confirmation) -> HttpResponse:
    try:
        services.confirmation_resend(confirmation=confirmation, by=request.user, now=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("They are being asked again."))
    return redirect("contacts:detail", confirmation.contact_id)


@require_POST
@requires("contacts.change_contact", on=Contact)
def contact_suppress(request: UserRequest, contact: Contact) -> HttpResponse:
    if contact.email:
        services.suppression_add(
            address=contact.email,
            reason=Suppression.Reason.BY_HAND,
            source=_("profile"),
            by=request.user,
            now=clock.now(),
        )
        messages.success(request, _("This address is never written to again."))
    return redirect("contacts:detail", contact.pk)


@require_POST
@requires("contacts.delete_suppression", on=Contact)
def contact_lift(request: UserRequest, contact: Contact) -> HttpResponse:
    form = forms.LiftForm(request.POST)
    suppression = selectors.contact_profile(contact).suppression
    if form.is_valid() and suppression:
        try:
            services.suppression_lift(
                suppression=suppression, why=form.cleaned_data["why"], by=request.user, now=clock.now()
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("This address may be written to again, once it says yes."))
            return redirect("contacts:detail", contact.pk)
    return _profile(request, contact, lift_form=form)
