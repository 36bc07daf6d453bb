"""
What each table holds about a person: how it is handed over to them, and what erasing them does to it.

One `Holding` per table, registered by its app in `registries.holdings`. A test compares them with the tables
of the database, so a new table with data of people cannot be forgotten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.db import connection
from django.utils.functional import Promise

from apps.accounts.models import User

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Person:
    """
    Whom an erasure or export is about: the contact, and those that were merged into it.

    `values` are all their addresses, numbers and other names, as they are kept.
    """

    contacts: Sequence[int]
    values: Sequence[str]
    by: User | None
    now: datetime


@dataclass(frozen=True)
class Holding:
    """
    The rows of one table that are about a person.

    They are deleted, unless `blanks` says which columns are emptied instead (column to SQL), or `kept` says
    why the rows may stay: they are then about nobody, since the contact they name is empty. `hidden` are
    columns that are of no meaning to the person. The statements are built from what only code ever writes.
    """

    label: str | Promise
    table: str
    contact: str = "contact_id"
    blanks: Mapping[str, str] = field(default_factory=dict)
    kept: str = ""
    hidden: tuple[str, ...] = ()

    def export(self, person: Person) -> Rows:
        """Return the rows as plain JSON."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT (to_jsonb(it) - %(hidden)s::text[])::text "
                f"FROM {self.table} AS it WHERE {self._theirs}",
                {**vars(person), "hidden": list(self.hidden)},
            )
            return [orjson.loads(row) for (row,) in cursor.fetchall()]

    def erase(self, person: Person) -> int:
        """Take the person out of the table; return how many rows that was. Doing it again does no harm."""
        if self.kept:
            return 0
        changed = ", ".join(f"{column} = {sql}" for column, sql in self.blanks.items())
        verb = f"UPDATE {self.table} AS it SET {changed}" if changed else f"DELETE FROM {self.table} AS it"
        with connection.cursor() as cursor:
            cursor.execute(f"{verb} WHERE {self._theirs}", vars(person))
            return int(cursor.rowcount)

    @property
    def _theirs(self) -> str:
        return f"it.{self.contact} = ANY(%(contacts)s::bigint[])"


@dataclass(frozen=True)
class Mentions(Holding):
    """
    Rows that do not name the contact, but hold its values; `mention` is SQL about `it` and `value`.

    Short values, such as a customer's number 17, stand anywhere by chance, and are passed by.
    """

    mention: str = "false"

    @property
    def _theirs(self) -> str:
        long = "(SELECT value FROM unnest(%(values)s::text[]) AS value WHERE length(value) > 5)"
        return f"EXISTS (SELECT FROM {long} AS told WHERE {self.mention})"
