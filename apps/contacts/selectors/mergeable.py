"""Pairs that a scan takes for one person, and that say nothing different of themselves."""

from collections.abc import Collection

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from apps.contacts.models import Attribute, Identity, QualityPair
from apps.contacts.registries import user_spaces

# What both say and say differently: an address, a value that no definition computes, or a user id. Of one
# mailbox two spellings are expected; and a card, or a record of another system, is what comes twice.
_CONTRADICTS = """
    EXISTS (
        SELECT FROM contacts_contact AS a, contacts_contact AS b
        WHERE a.id = contacts_qualitypair.contact_id AND b.id = contacts_qualitypair.other_id AND (
            (a.phone <> '' AND b.phone <> '' AND a.phone <> b.phone)
            OR (
                a.email <> '' AND b.email <> '' AND a.email <> b.email
                AND contacts_qualitypair.reason <> 'mailbox'
            )
            OR EXISTS (
                SELECT FROM jsonb_each_text(a.attributes) AS x
                JOIN jsonb_each_text(b.attributes) AS y USING (key)
                WHERE lower(btrim(x.value)) <> lower(btrim(y.value)) AND NOT key = ANY(%s)
            )
        )
    ) OR EXISTS (
        SELECT FROM contacts_identity AS i JOIN contacts_identity AS j
            ON j.namespace = i.namespace AND j.value <> i.value
        WHERE i.contact_id = contacts_qualitypair.contact_id AND j.contact_id = contacts_qualitypair.other_id
            AND i.namespace = ANY(%s)
    )
"""


def pairs_mergeable(*, scan: int, reasons: Collection[str]) -> QuerySet[QualityPair]:
    """Return the pairs of this scan that wait and contradict each other in nothing, as they are now."""
    computed = list(Attribute.objects.filter(is_computed=True).values_list("key", flat=True))
    params = [computed, [Identity.USER, *(space() for space in user_spaces)]]
    waiting = QualityPair.objects.waiting().filter(scan=scan, reason__in=reasons)
    told = RawSQL(_CONTRADICTS, params, output_field=BooleanField())  # noqa: S611  # ours, nothing typed is in it
    return waiting.alias(contradicts=told).filter(contradicts=False)
