"""The dictionary as people read it: entries with their coverage, and names that may mean the same."""

from collections.abc import Sequence

from django.db import connection
from django.db.models import Q, QuerySet

from apps.contacts import attributes as keys
from apps.contacts.models import Attribute
from apps.contacts.selectors.people import contacts_total

SAMPLED = 5_000  # contacts looked at for coverage, whatever there are


def attributes(*, search: str = "", type_: str = "", is_defined: bool | None = None) -> QuerySet[Attribute]:
    """Return the entries that fit, not yet ordered."""
    entries: QuerySet[Attribute] = Attribute.objects.select_related("owner")
    if search:
        entries = entries.filter(Q(label__icontains=search) | Q(key__icontains=search))
    if type_:
        entries = entries.filter(type=type_)
    if is_defined is not None:
        entries = entries.filter(is_defined=is_defined)
    return entries


def coverage() -> dict[str, float] | None:
    """
    Return by key the share of contacts that have a value, from a sample of pages; None without contacts.

    A key that nobody in the sample has is left out.
    """
    total = contacts_total()
    if not total.count:
        return None
    percent = 100 if total.is_exact else min(100, 100 * SAMPLED / total.count)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH sampled AS MATERIALIZED (
                SELECT attributes FROM contacts_contact TABLESAMPLE SYSTEM (%s) REPEATABLE (1)
                WHERE erased_at IS NULL
            )
            SELECT key, count(*), (SELECT count(*) FROM sampled)
            FROM sampled, jsonb_object_keys(attributes) AS key GROUP BY key
            """,
            [percent],
        )
        return {key: count / sampled for key, count, sampled in cursor.fetchall()}


def attributes_alike(key: str, *, but: Attribute | None = None) -> Sequence[Attribute]:
    """Return the entries whose system name may mean the same as `key`, the most alike first."""
    others = {entry.key: entry for entry in Attribute.objects.exclude(pk=but.pk if but else None)}
    return [others[other] for other in keys.keys_alike(key, others)][:5]
