"""Parts of other rooms' pages: a campaign's messages, a contact's deliveries."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.http import UserRequest, requires
from apps.campaigns.models import Campaign
from apps.contacts.models import Contact
from apps.core.htmx import render_page_or_fragment
from apps.messaging import lots, selectors


@require_GET
@requires("messaging.view_message", on=Campaign)
def campaign_messages(request: UserRequest, campaign: Campaign) -> HttpResponse:
    channels = selectors.sending_channels(campaign)
    context = {
        "campaign": campaign,
        "rows": selectors.campaign_messages(campaign),
        "channels": [one for one in channels if request.user.has_perm("messaging.add_message", one)],
        "has_channel": bool(channels),
    }
    return render_page_or_fragment(
        request, "messaging/campaign_messages.html", context, fragment="campaign-messages"
    )


@require_GET
@requires("messaging.view_deliveries", on=Contact)
def contact_deliveries(request: UserRequest, contact: Contact) -> HttpResponse:
    context = {
        "contact": contact,
        "rows": selectors.recipients_told(selectors.contact_recipients(contact)),
        "is_control": lots.is_control(contact.pk),
    }
    return render_page_or_fragment(
        request, "messaging/contact_deliveries.html", context, fragment="contact-deliveries"
    )
