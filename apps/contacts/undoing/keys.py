"""
What an import keeps of each record that it has met, and how it is taken back, chunk by chunk.

The record is the key: `is_new`, and for what was known `before`, the fields that were changed, as they were
and as they became. It is written in the chunk's own transaction. Taking back compares: what is no more as the
import left it, somebody else has the word on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from apps.accounts.models import User

Told = dict[str, Any]

# The records `k` of an import that are not settled yet.
LEFT = "k.import_file_id = %(import_id)s AND k.kept = '' AND (k.is_new OR k.before IS NOT NULL)"

_NEXT = f"""
    SELECT k.key FROM contacts_importkey AS k WHERE {LEFT} AND k.key > %(after)s ORDER BY 1 LIMIT %(limit)s
"""
_SETTLED = """
    DELETE FROM contacts_importkey AS k USING import_undo AS u
    WHERE k.import_file_id = %(import_id)s AND k.key = u.id AND u.reason = ''
"""
_KEPT = """
    UPDATE contacts_importkey AS k SET kept = u.reason, before = CASE WHEN %(remembers)s THEN k.before END
    FROM import_undo AS u
    WHERE k.import_file_id = %(import_id)s AND k.key = u.id AND u.reason <> ''
"""


@dataclass(frozen=True)
class Verdict:
    """How many records of one kind (made by the import, or changed) have one reason to stay; '' is none."""

    is_new: bool
    reason: str
    count: int


@dataclass(frozen=True)
class Taken:
    """One chunk: the last of its records, None if none was left, what became of them, and who went along."""

    last: int | None = None
    verdicts: Sequence[Verdict] = ()
    people: int = 0


@dataclass(frozen=True)
class Undoing:
    """
    How imports about one thing are taken back.

    `verdicts` is a query of the records `k` that are `LEFT`, each as `id`, `is_new`, `before` and the
    `reason` to stay, ending in its WHERE. What it says of those in hand stands in the table `import_undo`
    when `take_back` carries it out. `lock` takes what is about to change, by the `ids` of its records.
    Where contacts go along with what it is about, `take_back` returns how many, and `people` is a query that
    counts whom it would be.
    """

    verdicts: Callable[[], str]
    lock: str
    take_back: Callable[[CursorWrapper, Told], int]
    people: Callable[[], str] | None = None
    # Of some `ids` those that cannot be settled without one another; nothing is the same ones.
    together: str = ""
    # Whether the record stays with the reason: only where nothing of it is about a person.
    remembers: bool = False

    def count(self, told: Told) -> list[Verdict]:
        """Count what taking the import back would do now."""
        sql = f"SELECT is_new, reason, count(*) FROM ({self.verdicts()}) AS u GROUP BY 1, 2 ORDER BY 1, 2"
        with connection.cursor() as cursor:
            cursor.execute(sql, told)
            return [Verdict(*row) for row in cursor.fetchall()]

    def people_count(self, told: Told) -> int:
        """Count the contacts that would go along now."""
        if self.people is None:
            return 0
        with connection.cursor() as cursor:
            cursor.execute(self.people(), told)
            return int(cursor.fetchone()[0])

    def chunk(self, told: Told, *, after: int, limit: int, by: User | None, now: datetime) -> Taken:
        """Take back what the import did to the next records, in the caller's transaction."""
        told = {**told, "by": by.pk if by else None, "now": now, "remembers": self.remembers}
        with connection.cursor() as cursor:
            ids = _keys(cursor, _NEXT, {**told, "after": after, "limit": limit})
            if not ids:
                return Taken()
            told["ids"] = ids
            if self.together:
                told["ids"] = _keys(cursor, self.together, told)
            cursor.execute(self.lock, told)
            cursor.execute("DROP TABLE IF EXISTS pg_temp.import_undo")
            cursor.execute(
                "CREATE TEMPORARY TABLE import_undo ON COMMIT DROP AS "
                f"{self.verdicts()} AND k.key = ANY(%(ids)s)",
                told,
            )
            people = self.take_back(cursor, told)
            cursor.execute(_SETTLED, told)
            cursor.execute(_KEPT, told)
            cursor.execute("SELECT is_new, reason, count(*) FROM import_undo GROUP BY 1, 2")
            return Taken(ids[-1], [Verdict(*row) for row in cursor.fetchall()], people)


def _keys(cursor: CursorWrapper, sql: str, told: Told) -> list[int]:
    cursor.execute(sql, told)
    return [key for (key,) in cursor.fetchall()]
