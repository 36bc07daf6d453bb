"""The dictionary as people read it: entries with their coverage, and names that may mean the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contacts import attributes as keys
from apps.contacts.models import Attribute
from apps.contacts.selectors.people import companies_total, contacts_total

Subject = Attribute.Subject
SAMPLED = 5_000  # contacts looked at for coverage, whatever there are


def attributes(
    *,
    search: str = "",
    type_: str = "",
    is_defined: bool | None = None,
    applies_to: str = "",
    is_computed: bool | None = None,
) -> QuerySet[Attribute]:
    """Return the entries that fit, not yet ordered."""
    entries: QuerySet[Attribute] = Attribute.current.select_related("owner")
    if search:
        entries = entries.filter(Q(label__icontains=search) | Q(key__icontains=search))
    if type_:
        entries = entries.filter(type=type_)
    if is_defined is not None:
        entries = entries.filter(is_defined=is_defined)
    if is_computed is not None:
        entries = entries.filter(is_computed=is_computed)
    if applies_to:
        entries = entries.filter(applies_to=applies_to)
    return entries


def coverage() -> dict[str, float] | None:
    """
    Return by key the share of contacts that have a value, from a sample of pages; None without contacts.

    A key that nobody in the sample has is left out.
    """
    total = contacts_total()
    percent = 100 if total.is_exact else min(100, 100 * SAMPLED / total.count)
    return _shares("contacts_contact", "erased_at IS NULL", percent) if total.count else None


def company_coverage() -> dict[str, float] | None:
    """Return the same of companies."""
    total = companies_total()
    percent = 100 if total.is_exact else min(100, 100 * SAMPLED / total.count)
    return _shares("contacts_company", "true", percent) if total.count else None


def coverage_of(entries: Iterable[Attribute]) -> dict[int, float | None]:
    """Return the share that each of these entries covers, by its id; None: there is nobody to have one."""
    entries = list(entries)
    asked = {entry.applies_to for entry in entries}
    shares = {
        subject: ask()
        for subject, ask in {Subject.CONTACT: coverage, Subject.COMPANY: company_coverage}.items()
        if subject in asked
    }
    found = {}
    for entry in entries:
        known = shares[Subject(entry.applies_to)]
        found[entry.pk] = None if known is None else known.get(entry.key, 0.0)
    return found


@dataclass(frozen=True)
class IndexProgress:
    """How far the building of an index is: what it is at, and which part of that is done; None: not known."""

    step: str
    share: float | None


def index_progress(attribute: Attribute) -> IndexProgress | None:
    """Return how far the attribute's index is; None: there is one, none is wanted, or nobody is at it now."""
    if not attribute.is_indexed or attribute.index_built_at is not None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_PROGRESS, [keys.index_name(attribute.key, attribute.applies_to)])
        found = cursor.fetchone()
    if found is None:
        return None
    phase, share = found
    step = next((label for name, label in _STEPS.items() if phase.startswith(name)), _("getting ready"))
    return IndexProgress(str(step), share)


_PROGRESS = """
    SELECT p.phase, CASE
        WHEN p.blocks_total > 0 THEN least(1, p.blocks_done::float8 / p.blocks_total)
        WHEN p.tuples_total > 0 THEN least(1, p.tuples_done::float8 / p.tuples_total)
    END
    FROM pg_stat_progress_create_index AS p JOIN pg_class AS i ON i.oid = p.index_relid
    WHERE p.datname = current_database() AND i.relname = %s LIMIT 1
"""
# The phases of CREATE INDEX CONCURRENTLY, by how their names begin.
_STEPS = {
    "waiting": gettext_lazy("waiting for others to finish"),
    "building index: scanning": gettext_lazy("reading"),
    "building index": gettext_lazy("writing"),
    "index validation": gettext_lazy("checking"),
}


def _shares(table: str, where: str, percent: float) -> dict[str, float]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH sampled AS MATERIALIZED (
                SELECT attributes FROM {table} TABLESAMPLE SYSTEM (%s) REPEATABLE (1) WHERE {where}
            )
            SELECT key, count(*), (SELECT count(*) FROM sampled)
            FROM sampled, jsonb_object_keys(attributes) AS key GROUP BY key
            """,  # noqa: S608  # ours: see the callers
            [percent],
        )
        return {key: count / sampled for key, count, sampled in cursor.fetchall()}


def attributes_alike(
    key: str, *, label: str = "", but: Attribute | None = None, applies_to: str = Subject.CONTACT
) -> Sequence[Attribute]:
    """Return the entries whose names may mean the same as these two, the most alike first."""
    entries = Attribute.current.of(applies_to).exclude(pk=but.pk if but else None)
    others = {entry.key: entry for entry in entries}
    labels = {known: entry.label for known, entry in others.items()}
    return [others[other] for other in keys.keys_alike(key, labels, label=label)][:5]
