"""What a person's page shows of segments."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.http import UserRequest, requires
from apps.contacts.models import Contact
from apps.core.htmx import render_page_or_fragment
from apps.segments import selectors

MOST = 50


@require_GET
@requires("segments.view_segment", on=Contact)
def contact_segments(request: UserRequest, contact: Contact) -> HttpResponse:
    context = {
        "contact": contact,
        "segments": selectors.contact_segments(contact).order_by("-members__since_at", "pk")[:MOST],
        "lists": selectors.contact_on_lists(contact).order_by("-members__added_at", "pk")[:MOST],
    }
    return render_page_or_fragment(
        request, "segments/contact_segments.html", context, fragment="contact-segments"
    )
