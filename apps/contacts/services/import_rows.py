"""
What is done with the rows of a file, by what it is about: read (`prepare`), then written in sets (`write`).

The work of an import calls these chunk by chunk, and knows nothing of what the rows are.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Generic, Protocol, TypeVar

import orjson
from django.db import connection

from apps.contacts.csvfile import Chunk, Fault, cells_shown
from apps.contacts.mapping import ColumnMap, Prepared, unquoted
from apps.contacts.staging import Outcome

T = TypeVar("T")
SAMPLES = 5  # rows shown of each outcome
LOOKED_AT = 50  # of a chunk, to find those among them that may be shown

# In the order of the keys: two workers of one import cannot meet here, but nothing is lost by it.
_CLAIM = """
    INSERT INTO contacts_importkey (import_file_id, key)
    SELECT %s, key FROM (SELECT DISTINCT unnest(%s::bigint[]) AS key ORDER BY 1) AS told
    ON CONFLICT DO NOTHING RETURNING key
"""

_RECORD = """
    INSERT INTO contacts_importkey (import_file_id, key, is_new, before)
    SELECT %s, told.* FROM jsonb_to_recordset(%s::jsonb) AS told(key bigint, is_new boolean, before jsonb)
    ORDER BY 2
    ON CONFLICT (import_file_id, key) DO UPDATE SET is_new = excluded.is_new, before = excluded.before
"""


@dataclass
class Written:
    """How many rows ended in each way, the first of them, and those that only the database could refuse."""

    counts: dict[Outcome, int]
    places: dict[Outcome, list[int]]
    faults: list[Fault]


class Rows(Protocol):
    """The work on the rows of one import."""

    width: int  # how many columns a row has

    def prepare(self, chunk: Chunk) -> Prepared:
        """Read the rows of a chunk, in a thread of its own: no database."""

    def ready(self, prepared: Prepared) -> None:
        """Make what the rows need and what must not wait for the chunk's transaction to end."""

    def write(self, prepared: Prepared, *, wanted: Collection[Outcome], now: datetime) -> Written:
        """
        Write the rows of a chunk, in the caller's transaction; of a dry run, only find out.

        Of the outcomes that are `wanted` the first rows are told.

        :raises IntegrityError: somebody else has made one of the records meanwhile: do it all again
        """


class RowRefused(Exception):
    """A row cannot be read: the target at fault, '' for the row as a whole, and the reason."""

    def __init__(self, target: str, reason: str) -> None:
        super().__init__(reason)
        self.target = target
        self.reason = reason


@dataclass
class Told(Prepared, Generic[T]):
    """A chunk that is read; `told` is what each row says, by its number."""

    told: dict[int, T] = field(default_factory=dict)


@dataclass
class Verdicts:
    """What became of the rows of one chunk."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    refused: dict[int, tuple[str, str]] = field(default_factory=dict)  # target or '', and the reason


class RowReader(ABC, Generic[T]):
    """Reads rows one by one, cell by cell; a kind of row says what a row is (`read`)."""

    def __init__(self, mapping: ColumnMap) -> None:
        self.mapping = mapping
        self.width = len(mapping.names)
        self._places = {target: place for place, target in enumerate(mapping.targets) if target}

    @abstractmethod
    def read(self, cells: list[str]) -> T:
        """:raises RowRefused: it cannot be taken"""

    def cell(self, cells: list[str], target: str) -> str:
        """Return the text of the column that is this; '' where there is none."""
        place = self._places.get(target)
        return "" if place is None else unquoted(cells[place].strip())

    def prepare(self, chunk: Chunk) -> Told[T]:
        done: Told[T] = Told(chunk=chunk, faults=list(chunk.faults))
        for number, cells in zip(chunk.numbers, chunk.rows, strict=True):
            if not any(cell.strip() for cell in cells):
                done.blank += 1
                continue
            try:
                done.told[number] = self.read(cells)
            except RowRefused as refusal:
                done.faults.append(self._fault(number, cells, refusal.target, refusal.reason))
        done.rows = list(done.told)
        return done

    def ready(self, prepared: Prepared) -> None:
        """Nothing is needed; a kind of row may say otherwise."""

    def written(self, prepared: Prepared, verdicts: Verdicts, wanted: Collection[Outcome]) -> Written:
        counts = dict.fromkeys(Outcome, 0)
        places: dict[Outcome, list[int]] = {outcome: [] for outcome in wanted}
        for number in sorted(verdicts.outcomes):
            outcome = verdicts.outcomes[number]
            counts[outcome] += 1
            if outcome in places and len(places[outcome]) < LOOKED_AT:
                places[outcome].append(number)
        rows = dict(zip(prepared.chunk.numbers, prepared.chunk.rows, strict=True)) if verdicts.refused else {}
        faults = [
            self._fault(number, rows[number], target, reason)
            for number, (target, reason) in sorted(verdicts.refused.items())
        ]
        return Written(counts, places, faults)

    def _fault(self, number: int, cells: list[str], target: str, reason: str) -> Fault:
        place = self._places.get(target)
        column = "" if place is None else self.mapping.names[place]
        return Fault(number, column, reason, cells_shown(cells))


def keys_claim(import_id: int, keys: Mapping[int, int]) -> set[int]:
    """
    Remember what the rows are about, key by number of the row; return the rows that are the first about it.

    Over the whole import: what another chunk has met is not claimed again.
    """
    first: dict[int, int] = {}
    for number in sorted(keys):
        first.setdefault(keys[number], number)
    if not first:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [import_id, list(first)])
        return {first[key] for (key,) in cursor.fetchall()}


def keys_record(import_id: int, records: Mapping[int, tuple[bool, Mapping[str, Any]]]) -> None:
    """Keep for the undoing, by number, whether each record is new, and what it was before."""
    if not records:
        return
    told = [{"key": key, "is_new": is_new, "before": before} for key, (is_new, before) in records.items()]
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [import_id, orjson.dumps(told).decode()])


def key_of(*told: Any) -> int:
    """Return a key for what has no number yet, or more than one."""
    digest = sha256("\0".join(map(str, told)).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
