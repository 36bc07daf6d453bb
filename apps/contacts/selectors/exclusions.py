"""Why somebody was not written to, by what stands on record of them: for one person, not for a send."""

from datetime import datetime

from django.utils.translation import gettext as _

from apps.contacts.models import Channel, ConsentStatus, Contact, Exclusion, Suppression
from apps.contacts.models.contact import ADDRESS_FIELDS
from apps.contacts.selectors.topics import topic_names
from apps.core.display import clock_time


def exclusion_fact(
    contact: Contact, exclusion: Exclusion, *, channel: Channel, topic: str, at: datetime
) -> str:
    """Say what on record a contact was left out for at a moment; '' where the reason says it all."""
    if exclusion == Exclusion.SUPPRESSED:
        return _suppression_fact(contact, channel, at)
    if exclusion == Exclusion.NO_CONSENT:
        return _consent_fact(contact, channel, topic, at)
    if exclusion == Exclusion.NO_ADDRESS:
        return _("no phone number was known") if channel == Channel.SMS else _("no e-mail address was known")
    if exclusion == Exclusion.MERGED and contact.merged_into and contact.erased_at:
        told = {"when": clock_time(contact.erased_at), "number": contact.merged_into}
        return _("on %(when)s, into contact %(number)s, who is written to instead") % told
    if exclusion == Exclusion.ERASED and contact.erased_at:
        return _("on %(when)s") % {"when": clock_time(contact.erased_at)}
    return ""


def _suppression_fact(contact: Contact, channel: Channel, at: datetime) -> str:
    address_hash = getattr(contact, ADDRESS_FIELDS[channel][1])
    found = Suppression.objects.filter(channel=channel, address_hash=address_hash, at__lte=at).first()
    if found is None:  # the address may have been changed, too
        return _("the address was on the list of suppressions then, and is not any more")
    why = ", ".join(filter(None, [str(found.get_reason_display()), found.source]))
    return _("since %(when)s: %(why)s") % {"why": why, "when": clock_time(found.at)}


def _consent_fact(contact: Contact, channel: Channel, topic: str, at: datetime) -> str:
    """Tell of the channel and of the topic what was last said by then: one of the two was missing, or no."""
    said = []
    for key in dict.fromkeys(["", topic]):
        lines = contact.consent_events.filter(channel=channel, topic=key, at__lte=at)
        last = lines.order_by("-at", "-pk").first()
        if last is None:
            continue
        about = topic_names().get(key, key) if key else str(Channel(channel).label)
        told = {"about": about, "status": ConsentStatus(last.status).label, "when": clock_time(last.at)}
        proof = ", ".join(filter(None, [last.basis, last.source]))
        sentence = _("%(about)s: %(status)s on %(when)s") % told
        said.append(f"{sentence} ({proof})" if proof else sentence)
    return " · ".join(said) or _("nothing on record: they never agreed to it")
