"""What a person may ask for, done by somebody who answers for it."""

import orjson
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts import services
from apps.contacts.models import Contact
from apps.core import clock
from apps.core.errors import DomainError

MAX_WHY = 500


@require_POST
@requires("contacts.export_contact", on=Contact)
def contact_export(request: UserRequest, contact: Contact) -> HttpResponse:
    """A file to hand over. A POST, since that it was asked for is written down."""
    try:
        held = services.contact_export(contact=contact, by=request.user, now=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("contacts:detail", contact.pk)
    response = HttpResponse(
        orjson.dumps(held, option=orjson.OPT_INDENT_2), content_type="application/json; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="contact-{contact.pk}.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@require_POST
@requires("contacts.erase_contact", on=Contact)
def contact_erase(request: UserRequest, contact: Contact) -> HttpResponse:
    why = request.POST.get("why", "")[:MAX_WHY]
    try:
        services.contact_erase(contact=contact, by=request.user, now=clock.now(), why=why)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("contacts:detail", contact.pk)
    messages.success(request, _("The person is erased. Their addresses are never written to again."))
    return redirect("contacts:list")
