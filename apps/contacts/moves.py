"""
How rows change hands when two contacts are merged, and come back when that is undone.

One `Move` per table that has a `contact_id`; each app registers those of its own tables in
`registries.moves`, so that this room never learns what else is known of a contact.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.functional import Promise

from apps.accounts.models import User

Record = dict[str, Any]  # plain JSON


@dataclass(frozen=True)
class Act:
    """One merge, or its undoing: `since` is then when the merge was."""

    keep: int
    gone: int
    by: User | None
    now: datetime
    since: datetime | None = None


@dataclass(frozen=True)
class Tally:
    """What a merge would do with the rows of one kind; `stays` is what the kept contact has already."""

    label: str
    moves: int
    stays: int


@dataclass(frozen=True)
class Move:
    """
    The rows of one table follow their contact.

    `key` is a column that tells a row apart from the other rows of a contact, whoever that is. `once` are
    the columns that are unique together with the contact: a row that the kept contact has already cannot
    follow, and stays with the one that is gone. `where` narrows the rows, in SQL, where `it` is the row. An
    empty `label` is nothing that people are told of.

    The statements are built from these fields, which only code ever writes.
    """

    label: str | Promise
    table: str
    key: str = "id"
    key_type: str = "bigint"
    once: tuple[str, ...] = ()
    where: str = "true"
    # Written without a lock on the contact: some may arrive while a merge is at work, and are moved later.
    is_swept: bool = False
    # What only says who and where the contact is: no use of it, so it goes when an undone import takes the
    # contact away. Anything else makes it stay.
    goes_along: bool = False

    def check(self, act: Act) -> None:
        """:raises DomainError: rows of this kind must not change hands at this moment"""

    def tally(self, act: Act) -> Tally:
        """Count what would move and what would stay."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*) FILTER (WHERE {self._fits}), count(*) FILTER (WHERE NOT ({self._fits})) "
                f"FROM {self.table} AS it WHERE it.contact_id = %(gone)s",
                vars(act),
            )
            moves, stays = cursor.fetchone()
        return Tally(str(self.label), moves, stays)

    def merge(self, act: Act) -> Record:
        """Give the rows to the kept contact, and return what `unmerge` will ask for."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {self.table} AS it SET contact_id = %(keep)s "
                f"WHERE it.contact_id = %(gone)s AND {self._fits} RETURNING it.{self.key}::text",
                vars(act),
            )
            return {"keys": [key for (key,) in cursor.fetchall()]}

    def sweep(self, act: Act, record: Record) -> Record:
        """Give what has arrived since `record` was made to the kept contact too, and return what that was."""
        return self.merge(act)

    def unmerge(self, act: Act, record: Record) -> None:
        """Give those rows back that are still there."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {self.table} SET contact_id = %(gone)s "
                f"WHERE contact_id = %(keep)s AND {self.key} = ANY(%(keys)s::{self.key_type}[])",
                {**vars(act), "keys": record["keys"]},
            )

    @property
    def is_there(self) -> str:
        """SQL for whether contact `c` has any such row."""
        return f"EXISTS (SELECT FROM {self.table} AS it WHERE it.contact_id = c.id)"

    @property
    def _fits(self) -> str:
        """What a row must fulfil to change hands; there is no other row that it would be the double of."""
        same = " AND ".join(f"other.{column} = it.{column}" for column in self.once)
        double = (
            f"EXISTS (SELECT FROM {self.table} AS other WHERE other.contact_id = %(keep)s AND {same})"
            if same
            else "false"
        )
        return f"({self.where}) AND NOT {double}"


def records_join(first: Record, second: Record) -> Record:
    """Return one record of two movements of the same kind, list by list."""
    return {name: [*first.get(name, []), *second.get(name, [])] for name in first.keys() | second.keys()}
