"""Words of the contacts room: `{% load contacts %}`."""

from decimal import Decimal
from typing import Any

from django import template
from django.db.models import Model
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.contacts.alike import NAME_KEYS
from apps.contacts.models import CompanyMember, ConsentStatus, Contact, ImportFile, QualityMend, QualityScan
from apps.contacts.quality import ACTS, RULES
from apps.contacts.selectors.companies import COUNTED
from apps.contacts.selectors.history import properties_shown
from apps.contacts.values import value_render
from apps.core.display import number
from apps.core.templatetags.ui import status

register = template.Library()
State = ImportFile.State
GOOD_SCORE, FAIR_SCORE = 95, 80
SCORE_FLOORS = [Decimal(floor) for floor in ("99.9", "99", "95", "90", "80", "50", "0")]
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
def mend_status(mend: QualityMend) -> SafeString:
    tones = {"done": "good", "failed": "bad", "undone": "neutral"}
    return status(mend.get_state_display(), tones.get(mend.state, "info"))


@register.filter
def score_tone(score: Decimal | None) -> str:
    """Return the tone of a score: from 95 on it is good, below 80 it is bad."""
    if score is None:
        return "neutral"
    return "good" if score >= GOOD_SCORE else "warn" if score >= FAIR_SCORE else "bad"


@register.filter
def mend_label(mend: QualityMend) -> Any:
    """Return what a mend did: the words of its act."""
    return ACTS[mend.act].label if mend.act in ACTS else mend.act


@register.filter
def rule_label(key: str) -> Any:
    """Return what a rule of quality is called."""
    return RULES[key].label if key in RULES else key


@register.filter
def score_points(scans: list[QualityScan]) -> list[tuple[str, Decimal | None]]:
    """Return the scores of scans as a chart takes them."""
    return [
        (date_format(timezone.localtime(scan.finished_at), "j M"), scan.score)
        for scan in scans
        if scan.finished_at
    ]


@register.filter
def score_floor(scans: list[QualityScan]) -> Decimal:
    """Return where the axis of the scores begins: so near to them that their way can be seen."""
    lowest = min((scan.score for scan in scans if scan.score is not None), default=Decimal(0))
    return next(floor for floor in SCORE_FLOORS if floor < lowest or not floor)


@register.filter
def person_name(contact: Contact) -> str:
    """Return the name that the contact's attributes tell, as it is written; '' if none is known."""
    told = (" ".join(str(contact.attributes.get(key) or "") for key in keys) for keys in NAME_KEYS)
    return next((name.strip() for name in told if name.strip()), "")


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


@register.simple_tag
def role_status(member: CompanyMember) -> SafeString:
    """Return the part that somebody has in the buying group, as a badge; nothing where nobody has said."""
    return status(member.get_role_display(), "info") if member.role else SafeString()


@register.filter
def people_count(count: int) -> str:
    """Return a number of people of a company, which is not counted beyond some."""
    return _("more than %(n)s") % {"n": number(COUNTED)} if count > COUNTED else number(count)


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
