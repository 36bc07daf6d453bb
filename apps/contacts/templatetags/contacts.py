"""Words of the contacts room: `{% load contacts %}`."""

from typing import Any

from django import template
from django.db.models import Model
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.contacts.models import ConsentStatus, Contact, ImportFile
from apps.contacts.selectors.history import properties_shown
from apps.contacts.values import value_render
from apps.core.templatetags.ui import status

register = template.Library()
State = ImportFile.State
IMPORT_TONES = {
    State.SHEET: "neutral",
    State.READING: "info",
    State.DRAFT: "neutral",
    State.PENDING: "info",
    State.RUNNING: "info",
    State.DONE: "good",
    State.FAILED: "bad",
    State.CANCELLED: "warn",
    State.UNDOING: "info",
    State.UNDONE: "neutral",
}
CONSENT_TONES = {
    ConsentStatus.SUBSCRIBED: "good",
    ConsentStatus.PENDING: "warn",
    ConsentStatus.UNSUBSCRIBED: "bad",
}


@register.simple_tag
def import_status(import_file: ImportFile) -> SafeString:
    return status(import_file.get_state_display(), IMPORT_TONES[State(import_file.state)])


@register.simple_tag
def consent_status(value: str | None) -> SafeString:
    """Return where somebody stands as a badge; None is somebody who never said."""
    if not value:
        return status("–")
    known = ConsentStatus(value)
    return status(known.label, CONSENT_TONES[known])


@register.simple_tag
def contact_name(contact: Contact) -> str:
    """Return what to call a contact by: an address, a number, or that there is neither."""
    return contact.email or contact.phone or _("No address (contact %(n)s)") % {"n": contact.pk}


@register.filter
def dialog_id(thing: Model) -> str:
    """Return an id in the page for the dialog of one thing of many."""
    return f"{thing._meta.model_name}-{thing.pk}"


@register.filter
def attribute_value(value: object, type_: str) -> str:
    return value_render(type_, value)


@register.filter
def sample_cells(sample: dict[str, Any], columns: list[dict[str, Any]]) -> list[str]:
    """Return the cells of a row shown, in the order of the file: JSON in PostgreSQL keeps no order."""
    return [sample["values"].get(column["name"], "") for column in columns]


register.filter("properties", properties_shown)


@register.filter
def item(mapping: dict[str, object], key: str) -> object:
    """Return the value of a key that only a variable knows."""
    return mapping.get(key)
