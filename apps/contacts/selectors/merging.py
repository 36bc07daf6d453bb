"""What a merge of two contacts would do, which were merged, and where a contact went."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from apps.contacts import registries
from apps.contacts.addresses import AddressInvalid, identity_normalise
from apps.contacts.models import Attribute, Channel, Consent, Contact, ContactMerge, Identity
from apps.contacts.moved import consent_wins
from apps.contacts.moves import Act, Tally
from apps.contacts.values import value_render
from apps.core.keys import key_read

MOST_FOUND = 5


def has_anonymous(*contacts: Contact) -> bool:
    """Test if one of these contacts is nobody in particular: without address, and no name but a browser's."""
    blank = [contact.pk for contact in contacts if not (contact.email or contact.phone)]
    known = Identity.objects.filter(contact__in=blank).exclude(namespace=Identity.ANONYMOUS)
    return bool(set(blank) - set(known.values_list("contact", flat=True)))


def contact_living(contact: Contact) -> Contact:
    """Return the contact itself, or the one that it was merged into, by as many steps as that took."""
    while contact.merged_into is not None:
        contact = Contact.objects.get(pk=contact.merged_into)
    return contact


def contact_merges(contact: Contact) -> QuerySet[ContactMerge]:
    """Return the merges into this contact that stand, newest first."""
    return contact.merges.standing().select_related("gone", "by").order_by("-at", "-pk")


def contacts_named(text: str) -> list[Contact]:
    """Return the contacts that somebody may mean: by address, by identity such as crm:4711, or by number."""
    text = text.strip()
    namespace, colon, value = text.partition(":")
    wanted = Q(pk__in=[])
    try:
        space, name = identity_normalise(namespace, value) if colon else identity_normalise("email", text)
        wanted |= Q(pk__in=Identity.objects.filter(namespace=space, value=name).values("contact"))
    except AddressInvalid:
        pass
    if key := key_read(text):
        wanted |= Q(pk=key)
    return list(Contact.objects.known().filter(wanted).order_by("pk")[:MOST_FOUND])


@dataclass(frozen=True)
class MergedValue:
    """One value of both contacts, and the one that is kept; `is_conflict`: both say something, and differ."""

    label: str
    kept: str
    other: str
    result: str

    @property
    def is_conflict(self) -> bool:
        return bool(self.kept and self.other) and self.kept != self.other

    @property
    def is_filled(self) -> bool:
        return not self.kept and bool(self.other)


@dataclass(frozen=True)
class MergedConsent:
    """Where both stand on one channel and topic, and where the kept contact will; None: never said."""

    channel: str
    topic: str
    kept: str | None
    other: str | None
    result: str

    @property
    def channel_label(self) -> str:
        return str(Channel(self.channel).label)

    @property
    def is_conflict(self) -> bool:
        return self.kept is not None and self.other is not None and self.kept != self.other


@dataclass(frozen=True)
class MergePreview:
    """What a merge would do at this moment. Nothing of it is done."""

    keep: Contact
    gone: Contact
    needs_person: bool
    values: Sequence[MergedValue]
    consents: Sequence[MergedConsent]
    tallies: Sequence[Tally]

    @property
    def conflicts(self) -> int:
        values = sum(one.is_conflict for one in self.values)
        return values + sum(one.is_conflict for one in self.consents)


def merge_preview(*, keep: Contact, gone: Contact, now: datetime) -> MergePreview:
    """Return what would come together, what wins and what conflicts; a query per kind of row."""
    act = Act(keep=keep.pk, gone=gone.pk, by=None, now=now)
    tallies = [move.tally(act) for move in registries.moves if move.label]
    return MergePreview(
        keep=keep,
        gone=gone,
        needs_person=not has_anonymous(keep, gone),
        values=_values(keep, gone),
        consents=_consents(keep, gone),
        tallies=[tally for tally in tallies if tally.moves or tally.stays],
    )


def _values(keep: Contact, gone: Contact) -> list[MergedValue]:
    pairs = [
        (_("E-mail"), keep.email, gone.email),
        (_("Telephone"), keep.phone, gone.phone),
        (_("Time zone"), keep.timezone, gone.timezone),
    ]
    dictionary = {entry.key: entry for entry in Attribute.objects.all()}
    # What a definition computes nobody has said; of the one contact it is computed anew.
    computed = {key for key, entry in dictionary.items() if entry.is_computed}
    for key in sorted((keep.attributes.keys() | gone.attributes.keys()) - computed):
        entry = dictionary.get(key)
        shown = [
            _shown(contact.attributes.get(key), entry.type if entry else "text") for contact in (keep, gone)
        ]
        pairs.append((entry.label if entry else key, *shown))
    return [MergedValue(label, kept, other, kept or other) for label, kept, other in pairs if kept or other]


def _shown(value: object, type_: str) -> str:
    return "" if value is None else value_render(type_, value)


def _consents(keep: Contact, gone: Contact) -> list[MergedConsent]:
    rows = Consent.objects.filter(contact__in=[keep, gone]).order_by("channel", F("topic"))
    said: dict[tuple[str, str], dict[int, str]] = {}
    for row in rows:
        said.setdefault((row.channel, row.topic), {})[row.contact_id] = row.status
    lines = []
    for (channel, topic), by_contact in said.items():
        kept, other = by_contact.get(keep.pk), by_contact.get(gone.pk)
        result = consent_wins(kept or other or "", other or kept or "")
        lines.append(MergedConsent(channel, topic, kept, other, result))
    return lines
