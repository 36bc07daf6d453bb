"""
The statement that takes the rows which change nothing, by their digests (`rowdigests`). Services call this.

A contact is what an import left as long as its row in the table has the same version, which is the number of
the transaction that wrote it: whoever changes it, changes that.
"""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from apps.contacts.mapping import Sketch

# Of the transaction that writes, and of contact `c`. In a transaction within another one the first is not
# what the contact will have: its row is read again the next time, and nothing is wrong.
THIS_VERSION = "(SELECT pg_current_xact_id()::xid::text::bigint)"
VERSION = "c.xmin::text::bigint"

_TABLES = """
    DROP TABLE IF EXISTS pg_temp.import_sketch, pg_temp.import_sketch_name;
    CREATE TEMPORARY TABLE import_sketch (row bigint, name text, digest bigint) ON COMMIT DROP;
    CREATE TEMPORARY TABLE import_sketch_name (row bigint, namespace text, value text) ON COMMIT DROP
"""
# LIMIT 1 keeps each look-up one probe of an index, as in `staging`. Of a contact whom two rows mean by
# different names the first row counts: both are read. The last join is FULL only because the planner, which
# expects one row of `known`, would else compare all with all.
_TAKE = """
    WITH met AS (
        SELECT i.contact_id, min(s.row) AS row, min(s.digest) AS digest
        FROM import_sketch AS s
        CROSS JOIN LATERAL (
            SELECT contact_id FROM contacts_identity
            WHERE namespace = %(namespace)s AND value = s.name LIMIT 1
        ) AS i
        GROUP BY i.contact_id HAVING count(*) = 1
    ), known AS MATERIALIZED (
        SELECT i.contact_id, i.row, k.digest, k.version
        FROM met AS i
        CROSS JOIN LATERAL (
            SELECT digest, version FROM contacts_importkey
            WHERE import_file_id = %(earlier_id)s AND key = i.contact_id LIMIT 1
        ) AS k
        CROSS JOIN LATERAL (
            SELECT {version} AS version, email_hash FROM contacts_contact AS c
            WHERE id = i.contact_id LIMIT 1
        ) AS c
        WHERE k.digest = i.digest AND k.version = c.version AND (
            SELECT true FROM contacts_suppression
            WHERE address_hash = c.email_hash AND channel = 'email' LIMIT 1
        ) IS NULL AND (
            SELECT true FROM contacts_importkey
            WHERE import_file_id = %(import_id)s AND key = i.contact_id LIMIT 1
        ) IS NULL AND NOT {consents} AND NOT {names}
    ), taken AS (
        INSERT INTO contacts_importkey (import_file_id, key, digest, version)
        SELECT %(import_id)s, contact_id, digest, version FROM known
    )
    SELECT s.row FROM import_sketch AS s FULL JOIN known USING (row) WHERE known.row IS NULL
"""
_OTHER_NAMES = """EXISTS (
    SELECT FROM import_sketch_name AS n LEFT JOIN contacts_identity AS o USING (namespace, value)
    WHERE n.row = i.row AND o.contact_id IS DISTINCT FROM i.contact_id
)"""


def take(sketch: Sketch, *, consents: str, parameters: Mapping[str, Any]) -> set[int]:
    """
    Take the rows that change nothing, in the caller's transaction; return the numbers of the others.

    `consents` is SQL for whether the terms change a consent of contact `i.contact_id`. The parameters are its
    own, `namespace` of the key, `import_id`, and `earlier_id`: the import whose digests are asked. The import
    has met the contacts of these rows then, as those of any other that it took.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        with cursor.cursor.copy("COPY import_sketch FROM STDIN") as copy:
            copy.write(sketch.lines)
        if sketch.names:
            with cursor.cursor.copy("COPY import_sketch_name FROM STDIN") as copy:
                copy.write(sketch.names)
            cursor.execute("CREATE INDEX ON import_sketch_name (row)")
        names = _OTHER_NAMES if sketch.names else "false"
        cursor.execute(_TAKE.format(version=VERSION, consents=consents, names=names), parameters)
        return {row for (row,) in cursor.fetchall()}
