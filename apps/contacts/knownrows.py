"""
The statements that take the rows which change nothing, by their digests (`rowdigests`). Services call this.

A contact is what an import left as long as its row in the table has the same version, which is the number of
the transaction that wrote it: whoever changes it, changes that.

Most files come in the order of last time, and then the contacts of a chunk stand beside each other: they are
compared stretch by stretch, which costs a part of looking each of them up. Who is not met there is looked up.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from apps.contacts.mapping import Sketch

# Of the transaction that writes, and of contact `c`. In a transaction within another one the first is not
# what the contact will have: its row is read again the next time, and nothing is wrong.
THIS_VERSION = "(SELECT pg_current_xact_id()::xid::text::bigint)"
VERSION = "c.xmin::text::bigint"
SLACK = 1.25  # how many contacts of last time are looked at for each row: some rows may be gone

_TABLES = """
    DROP TABLE IF EXISTS pg_temp.import_sketch, pg_temp.import_sketch_name;
    CREATE TEMPORARY TABLE import_sketch (row bigint, name text, digest bigint) ON COMMIT DROP;
    CREATE TEMPORARY TABLE import_sketch_name (row bigint, namespace text, value text) ON COMMIT DROP
"""
_ENDS = """
    SELECT min(key), max(key) FROM (
        SELECT key FROM contacts_importkey
        WHERE import_file_id = %(earlier_id)s AND key > %(after)s ORDER BY key LIMIT %(most)s
    ) AS following
"""
# Contacts, each with the row that means it, the digest and the version of last time, which are those of now.
# Whoever has two names of this kind is left to be looked up, for two rows may mean them.
_OF_STRETCH = f"""
    SELECT k.key AS contact_id, s.row, k.digest, k.version, c.email_hash
    FROM (
        SELECT contact_id, min(value) AS value FROM contacts_identity
        WHERE contact_id BETWEEN %(first)s AND %(last)s AND namespace = %(namespace)s
        GROUP BY contact_id HAVING count(*) = 1
    ) AS o
    JOIN contacts_importkey AS k ON k.import_file_id = %(earlier_id)s AND k.key = o.contact_id
        AND k.key BETWEEN %(first)s AND %(last)s
    JOIN import_sketch AS s ON s.name = o.value AND s.digest = k.digest
    JOIN contacts_contact AS c ON c.id = k.key AND {VERSION} = k.version
        AND c.id BETWEEN %(first)s AND %(last)s
    LEFT JOIN contacts_importkey AS m ON m.import_file_id = %(import_id)s AND m.key = k.key
        AND m.key BETWEEN %(first)s AND %(last)s
    WHERE m.key IS NULL
"""  # noqa: S608  # ours
# LIMIT 1 keeps each look-up one probe of an index, as in `staging`. Of a contact whom two rows mean by
# different names the first row counts: both are read.
_LOOKED_UP = f"""
    SELECT o.contact_id, o.row, k.digest, k.version, c.email_hash
    FROM (
        SELECT named.contact_id, min(s.row) AS row, min(s.digest) AS digest
        FROM import_sketch AS s
        CROSS JOIN LATERAL (
            SELECT contact_id FROM contacts_identity
            WHERE namespace = %(namespace)s AND value = s.name LIMIT 1
        ) AS named
        WHERE s.row = ANY(%(rows)s::bigint[])
        GROUP BY named.contact_id HAVING count(*) = 1
    ) AS o
    CROSS JOIN LATERAL (
        SELECT digest, version FROM contacts_importkey
        WHERE import_file_id = %(earlier_id)s AND key = o.contact_id LIMIT 1
    ) AS k
    CROSS JOIN LATERAL (
        SELECT {VERSION} AS version, email_hash FROM contacts_contact AS c WHERE id = o.contact_id LIMIT 1
    ) AS c
    WHERE k.digest = o.digest AND k.version = c.version AND (
        SELECT true FROM contacts_importkey
        WHERE import_file_id = %(import_id)s AND key = o.contact_id LIMIT 1
    ) IS NULL
"""  # noqa: S608  # ours
# The rows that were not taken, and the contact of the last one that was. The join is FULL only because the
# planner, which expects one row of `known`, would else compare all with all.
_TAKE = """
    WITH known AS MATERIALIZED (
        SELECT i.* FROM ({contacts}) AS i WHERE (
            SELECT true FROM contacts_suppression
            WHERE address_hash = i.email_hash AND channel = 'email' LIMIT 1
        ) IS NULL AND NOT {consents} AND NOT {names}
    ), taken AS (
        INSERT INTO contacts_importkey (import_file_id, key, digest, version)
        SELECT %(import_id)s, contact_id, digest, version FROM known
    )
    SELECT s.row, NULL FROM import_sketch AS s FULL JOIN known USING (row) WHERE known.row IS NULL
    UNION ALL
    SELECT NULL, (SELECT contact_id FROM known ORDER BY row DESC LIMIT 1)
"""
_OTHER_NAMES = """EXISTS (
    SELECT FROM import_sketch_name AS n LEFT JOIN contacts_identity AS o USING (namespace, value)
    WHERE n.row = i.row AND o.contact_id IS DISTINCT FROM i.contact_id
)"""


class KnownRows:
    """
    What an earlier import says of the rows of this one, chunk by chunk.

    `consents` is SQL for whether the terms change a consent of contact `i.contact_id`. The parameters are its
    own, `namespace` of the key, `import_id`, and `earlier_id`: the import whose digests are asked.
    """

    def __init__(self, *, consents: str, parameters: Mapping[str, Any]) -> None:
        self._consents = consents
        self._parameters = parameters
        # Behind this contact stand those of the next rows, if the order is that of last time.
        self._after = -1

    def take(self, sketch: Sketch, *, count: int) -> set[int]:
        """
        Take those of `count` rows that change nothing, in the caller's transaction.

        Return the numbers of the others. The import has met the contacts of these rows then, as those of any
        other that it took.
        """
        with connection.cursor() as cursor:
            _stage(cursor, sketch)
            parts = {"consents": self._consents, "names": _OTHER_NAMES if sketch.names else "false"}
            unknown = self._of_stretch(cursor, parts, count)
            if not unknown:
                return unknown
            looked_up = _TAKE.format(contacts=_LOOKED_UP, **parts)
            return unknown & self._left(cursor, looked_up, {"rows": list(unknown)})

    def _of_stretch(self, cursor: CursorWrapper, parts: Mapping[str, str], count: int) -> set[int]:
        """Take of those who come next; return which rows are left."""
        told = {**self._parameters, "after": self._after, "most": ceil(SLACK * count)}
        cursor.execute(_ENDS, told)
        first, last = cursor.fetchone()
        # No statistics know of tables that imports are filling: a loop in a loop would be chosen for one row,
        # and for the names of a stretch all names of their kind would be read.
        cursor.execute("SET LOCAL enable_nestloop = off; SET LOCAL enable_bitmapscan = off")
        sql = _TAKE.format(contacts=_OF_STRETCH, **parts)
        unknown = self._left(cursor, sql, {"first": first, "last": last})
        cursor.execute("SET LOCAL enable_nestloop = on; SET LOCAL enable_bitmapscan = on")
        return unknown

    def _left(self, cursor: CursorWrapper, sql: str, told: Mapping[str, Any]) -> set[int]:
        cursor.execute(sql, {**self._parameters, **told})
        *rows, (_row, last) = cursor.fetchall()
        self._after = self._after if last is None else last
        return {row for row, _last in rows}


def _stage(cursor: CursorWrapper, sketch: Sketch) -> None:
    cursor.execute(_TABLES)
    with cursor.cursor.copy("COPY import_sketch FROM STDIN") as copy:
        copy.write(sketch.lines)
    if sketch.names:
        with cursor.cursor.copy("COPY import_sketch_name FROM STDIN") as copy:
            copy.write(sketch.names)
        cursor.execute("CREATE INDEX ON import_sketch_name (row)")
