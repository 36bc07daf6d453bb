"""
The statements that upsert contacts in sets, through a staging table. Services call these.

A chunk is staged by COPY, then one statement gives every row its outcome (`_PLAN`), then the outcomes are
carried out. A dry run stops before the last step, so what it promises is what will happen.

Chunks are written one at a time (`_LOCK`): two imports at once would lock the same contacts in different
orders. Events and single edits go on meanwhile; if one of them makes a contact that this chunk is about to
make, the chunk fails with an `IntegrityError`, and is simply done again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from apps.accounts.models import User
from apps.contacts import consents
from apps.contacts.consents import ConsentChange
from apps.contacts.fieldrules import ALWAYS, FieldRules
from apps.contacts.knownrows import THIS_VERSION, VERSION, KnownRows
from apps.contacts.models import Identity, ImportFile
from apps.contacts.undoing.contacts import before_sql
from apps.core.overlap import pipeline


class Outcome(StrEnum):
    """How a row ended. The first six are columns of `ImportFile`; the rest are kinds of invalid."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    INVALID = "invalid"
    SUPPRESSED = "suppressed"
    DUPLICATE = "duplicate"
    CLASH = "clash"  # one of its identities is somebody else's
    STRANGER = "stranger"  # only known contacts are updated, and nobody knows this one


TAKEN = (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED)


@dataclass(frozen=True)
class Terms:
    """What holds for all rows of a run. `import_id` remembers keys over chunks; None: there is one chunk."""

    namespace: str  # of the key
    mode: str = ImportFile.Mode.UPSERT
    consent: ConsentChange | None = None
    import_id: int | None = None
    is_dry_run: bool = False
    rules: FieldRules = ALWAYS


_LOCK = "SELECT pg_advisory_xact_lock(hashtext('contacts.staging'))"
# In the transaction of the chunk only, so that a pooler between us and the server does no harm.
_TABLES = """
    DROP TABLE IF EXISTS pg_temp.import_stage, pg_temp.import_name, pg_temp.import_plan;
    CREATE TEMPORARY TABLE import_stage (
        row bigint, name text, email text, email_hash bytea, phone text, phone_hash bytea, attributes jsonb,
        timezone text, digest bigint
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE import_name (row bigint, namespace text, value text) ON COMMIT DROP
"""

# LIMIT 1 keeps each look-up what it is, one probe of an index for each row. Left to itself the planner, with
# the statistics of an hour ago, reads whole tables that this import has been filling since.
# An address that is suppressed is left alone altogether: neither made nor changed.
_PLAN = """
    CREATE TEMPORARY TABLE import_plan ON COMMIT DROP AS
    SELECT s.*, {consents} AS consents, c.version, c.email_hash AS known_hash,
        COALESCE(i.contact_id, {new_id}) AS contact_id,
        CASE
            WHEN gone.id IS NOT NULL OR c.erased_at IS NOT NULL THEN 'suppressed'
            WHEN {met_before} THEN 'duplicate'
            WHEN {clash} THEN 'clash'
            WHEN i.contact_id IS NULL THEN {when_new}
            WHEN {changed} THEN 'updated'
            ELSE 'unchanged'
        END AS outcome
    FROM import_stage AS s
    LEFT JOIN LATERAL (
        SELECT contact_id FROM contacts_identity WHERE namespace = %(namespace)s AND value = s.name LIMIT 1
    ) AS i ON true
    LEFT JOIN LATERAL (
        SELECT attributes, phone, email, email_hash, timezone, erased_at, {version} AS version
        FROM contacts_contact AS c WHERE id = i.contact_id LIMIT 1
    ) AS c ON true
    LEFT JOIN LATERAL (
        SELECT id FROM contacts_suppression
        WHERE address_hash = s.email_hash AND channel = 'email' LIMIT 1
    ) AS gone ON true
"""
# The inner SELECT is asked once; called for each row, the catalogue costs as much as finding the contact.
_NEW_ID = "nextval((SELECT pg_get_serial_sequence('contacts_contact', 'id')::regclass))"
_CHANGED = """(
    {attributes} <> c.attributes OR (s.phone <> '' AND s.phone <> c.phone{and_phone})
    OR (s.email <> '' AND s.email <> c.email AND {email_wins}) OR {consents} OR {new_name}
    OR (s.timezone <> '' AND s.timezone <> c.timezone{and_zone})
)"""
_MET_BEFORE = """(
    SELECT true FROM contacts_importkey
    WHERE import_file_id = %(import_id)s AND key = {key} LIMIT 1
)"""
_NAMES = """
    SELECT true FROM import_name AS n {join} JOIN contacts_identity AS o USING (namespace, value)
    WHERE n.row = s.row AND {where} LIMIT 1
"""
_CLASH = f"({_NAMES.format(join='', where='o.contact_id IS DISTINCT FROM i.contact_id')})"
_NEW_NAME = f"({_NAMES.format(join='LEFT', where='o.id IS NULL')})"
# Nothing changes for whoever stands there already, and nobody is subscribed again who said no.
_CONSENTS = """(
    SELECT true FROM contacts_consent
    WHERE contact_id = i.contact_id AND channel = %(channel)s AND (
        (topic = %(topic)s AND %(status)s IN (status, 'pending'))
        OR (topic IN ('', %(topic)s) AND status = 'unsubscribed' AND %(status)s <> 'unsubscribed')
    ) LIMIT 1
) IS NULL"""

# One contact may have two addresses, and each may stand in the file: the first row wins.
_SAME_CONTACT = """
    UPDATE import_plan AS p SET outcome = 'duplicate'
    FROM (
        SELECT contact_id, min(row) AS row FROM import_plan
        WHERE outcome IN ('updated', 'unchanged') GROUP BY contact_id HAVING count(*) > 1
    ) AS first
    WHERE p.contact_id = first.contact_id AND p.row > first.row AND p.outcome IN ('updated', 'unchanged')
"""
# No key can stand there already: what was met before is a duplicate by now.
_KEYS = """
    INSERT INTO contacts_importkey (import_file_id, key, is_new, before, digest, version)
    SELECT %(import_id)s, {key}, outcome = 'created', {before}, {digest},
        CASE outcome WHEN 'unchanged' THEN p.version ELSE {this_version} END
    FROM import_plan AS p WHERE outcome IN ('created', 'updated', 'unchanged')
"""
# Whether a row is suppressed is asked by its own address; `knownrows` asks by that of the contact.
_DIGEST = """
    CASE WHEN outcome = 'created' OR p.email_hash IS NULL OR p.email_hash = p.known_hash THEN p.digest END
"""
# All identities in one statement and in order: whoever else makes the same ones waits, and not in a circle.
_IDENTITIES = """
    INSERT INTO contacts_identity (contact_id, namespace, value, created_at)
    SELECT contact_id, %(namespace)s, name, %(now)s FROM import_plan WHERE outcome = 'created'
    UNION ALL
    SELECT p.contact_id, n.namespace, n.value, %(now)s
    FROM import_plan AS p JOIN import_name AS n USING (row)
    WHERE p.outcome IN ('created', 'updated') AND NOT EXISTS (
        SELECT FROM contacts_identity AS o WHERE o.namespace = n.namespace AND o.value = n.value
    )
    ORDER BY 2, 3
"""
_CREATE = """
    INSERT INTO contacts_contact
        (id, created_at, updated_at, email, email_hash, phone, phone_hash, attributes, timezone)
    SELECT contact_id, %(now)s, %(now)s, email, email_hash, phone, phone_hash, attributes, timezone
    FROM import_plan WHERE outcome = 'created'
"""
_UPDATE = """
    UPDATE contacts_contact AS c SET
        attributes = {attributes},
        phone = COALESCE({phone}, c.phone),
        phone_hash = COALESCE({phone_hash}, c.phone_hash),
        email = CASE WHEN p.email <> '' AND {email_wins} THEN p.email ELSE c.email END,
        email_hash = CASE WHEN p.email <> '' AND {email_wins} THEN p.email_hash ELSE c.email_hash END,
        timezone = CASE WHEN p.timezone <> ''{and_zone} THEN p.timezone ELSE c.timezone END,
        updated_at = %(now)s
    FROM import_plan AS p WHERE c.id = p.contact_id AND p.outcome = 'updated'
"""


def run(*, lines: bytes, names: bytes, terms: Terms, by: User | None, now: datetime) -> None:
    """
    Stage the lines, plan the rows, and carry the plan out unless it is a dry run.

    All in the caller's transaction. `lines` are for COPY: row, name, e-mail and its hash, phone and its hash,
    attributes, time zone, digest; `names` too: row, namespace, value. The plan can be asked (`counts`,
    `rows_of`) until the transaction ends.

    :raises IntegrityError: somebody else has made one of the contacts in the meantime: do it all again
    """
    parameters = _parameters(terms, now=now)
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
        cursor.execute(_TABLES)
        _copy(cursor, "import_stage", lines)
        if names:
            _copy(cursor, "import_name", names)
            cursor.execute("CREATE INDEX ON import_name (row)")
        with pipeline():
            cursor.execute(_plan_sql(terms, has_names=bool(names)), parameters)
            cursor.execute(_SAME_CONTACT)
            if terms.import_id is not None:
                cursor.execute(_keys_sql(terms, has_names=bool(names)), parameters)
            if not terms.is_dry_run:
                _carry_out(cursor, terms, parameters)
        if terms.consent is not None and not terms.is_dry_run:
            _consents_record(cursor, terms.consent, by=by, now=now)


def known_rows(terms: Terms, *, earlier_id: int) -> KnownRows:
    """Return what takes the rows that change nothing since an earlier import on the same terms."""
    return KnownRows(consents=_consents_sql(terms), parameters={**_told(terms), "earlier_id": earlier_id})


def lock() -> None:
    """Let no chunk of an import be written until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)


def counts() -> dict[Outcome, int]:
    """Return how many rows of the plan have each outcome."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT outcome, count(*) FROM import_plan GROUP BY 1")
        return {Outcome(outcome): count for outcome, count in cursor.fetchall()}


def results() -> dict[int, tuple[Outcome, int]]:
    """Return the outcome and the contact of every row of the plan."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT row, outcome, contact_id FROM import_plan")
        return {row: (Outcome(outcome), contact) for row, outcome, contact in cursor.fetchall()}


def rows_of(outcome: Outcome, *, limit: int | None = None) -> list[int]:
    """Return the numbers of the first rows of the plan with this outcome."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT row FROM import_plan WHERE outcome = %s ORDER BY row LIMIT %s", [outcome, limit]
        )
        return [row for (row,) in cursor.fetchall()]


def _parameters(terms: Terms, *, now: datetime) -> Mapping[str, Any]:
    return {**_told(terms), "now": now, **terms.rules.parameters()}


def _told(terms: Terms) -> Mapping[str, Any]:
    consent = vars(terms.consent) if terms.consent else {}
    return {**consent, "namespace": terms.namespace, "import_id": terms.import_id}


def _consents_sql(terms: Terms) -> str:
    return _CONSENTS if terms.consent else "false"


def _copy(cursor: CursorWrapper, table: str, lines: bytes) -> None:
    with cursor.cursor.copy(f"COPY {table} FROM STDIN") as copy:
        copy.write(lines)


def _plan_sql(terms: Terms, *, has_names: bool) -> str:
    is_import = terms.import_id is not None
    consents_sql = _consents_sql(terms)
    changed = _CHANGED.format(
        attributes=terms.rules.attributes("s"),
        and_phone=terms.rules.and_phone(),
        and_zone=terms.rules.and_zone(),
        email_wins=_email_wins(terms),
        consents=consents_sql,
        new_name=_NEW_NAME if has_names else "false",
    )
    return _PLAN.format(
        consents=consents_sql,
        version=VERSION,
        new_id="NULL" if terms.is_dry_run else _NEW_ID,
        met_before=_MET_BEFORE.format(key=_key(terms, contact="i.contact_id")) if is_import else "false",
        clash=_CLASH if has_names else "false",
        when_new="'stranger'" if terms.mode == ImportFile.Mode.UPDATE else "'created'",
        changed="false" if terms.mode == ImportFile.Mode.CREATE else changed,
    )


def _key(terms: Terms, *, contact: str) -> str:
    """A contact is known again by its id; in a dry run a new one has none, and is known by its key."""
    return f"COALESCE({contact}, hashtextextended(name, 0))" if terms.is_dry_run else contact


def _email_wins(terms: Terms) -> str:
    """An address that is the key may be an older one of the contact's: it does not replace the one in use."""
    return "c.email = ''" if terms.namespace == Identity.EMAIL else terms.rules.email_wins()


def _carry_out(cursor: CursorWrapper, terms: Terms, parameters: Mapping[str, Any]) -> None:
    cursor.execute(_CREATE, parameters)
    cursor.execute(_IDENTITIES, parameters)
    if terms.mode != ImportFile.Mode.CREATE:
        cursor.execute(_update_sql(terms), parameters)


def _keys_sql(terms: Terms, *, has_names: bool) -> str:
    return _KEYS.format(
        key=_key(terms, contact="contact_id"),
        before=_before_sql(terms, has_names=has_names),
        digest="NULL::bigint" if terms.is_dry_run else _DIGEST,
        this_version=THIS_VERSION,
    )


def _before_sql(terms: Terms, *, has_names: bool) -> str:
    """What is kept for seven days of the contacts that the import changes, so that it can be undone."""
    if terms.is_dry_run or terms.mode == ImportFile.Mode.CREATE:
        return "NULL::jsonb"
    fragments = {
        "attributes": terms.rules.attributes("p"),
        "and_phone": terms.rules.and_phone(),
        "and_zone": terms.rules.and_zone(),
        "email_wins": _email_wins(terms),
    }
    return before_sql(fragments=fragments, has_names=has_names, has_consent=terms.consent is not None)


def _update_sql(terms: Terms) -> str:
    return _UPDATE.format(
        attributes=terms.rules.attributes("p"),
        phone=terms.rules.phone("NULLIF(p.phone, '')"),
        phone_hash=terms.rules.phone("p.phone_hash"),
        and_zone=terms.rules.and_zone(),
        email_wins=_email_wins(terms),
    )


def _consents_record(cursor: CursorWrapper, change: ConsentChange, *, by: User | None, now: datetime) -> None:
    cursor.execute("SELECT contact_id FROM import_plan WHERE consents AND outcome IN ('created', 'updated')")
    ids = [contact for (contact,) in cursor.fetchall()]
    consents.consents_import(ids=ids, change=change, by=by, now=now)
