"""
From the rows of a file to the lines that COPY takes: what columns mean, and their values. No database here.

A chunk is worked column by column. Of each column every distinct text is read once and remembered, so most
cells cost one look-up at C speed; only the addresses, which all differ, are read one by one.
"""

import hmac
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import orjson
from django.conf import settings
from django.utils.translation import gettext as _

from apps.contacts.addresses import (
    PLAIN_EMAIL,
    AddressInvalid,
    identity_normalise,
    phone_normalise,
)
from apps.contacts.csvfile import Chunk, Fault, cells_shown
from apps.contacts.importkinds import CONTACTS, Kind, target_bare
from apps.contacts.models.contact import Identity
from apps.contacts.values import AttributeInvalid, value_parse
from apps.contacts.zones import zone_is_known
from apps.core.errors import DomainError

EMAIL, PHONE, ZONE = "email", "phone", "timezone"
T = TypeVar("T")
Digests = Callable[[Iterable[Sequence[str]]], list[int]]
REMEMBERED = 20_000  # distinct texts per column; then forget and begin again
# What our own exports put before formulas, and before what they would take off themselves.
_UNQUOTE = re.compile(r"\A'(?='*[=+\-@\t\r])")


class MappingInvalid(DomainError):
    """The columns cannot be used like this; the message says which and why."""


@dataclass(frozen=True)
class Entry:
    """What a mapping needs to know of an entry of the dictionary."""

    type: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class ColumnMap:
    """
    What the columns of a file mean, in their order: a target or None for each.

    Which targets there are says the kind; of contacts: "email", "phone", "timezone", "attr:KEY",
    "identity:NAMESPACE".
    `key` is the target that says who or what a row is about: the kind's own, or an identity.
    """

    names: tuple[str, ...]
    targets: tuple[str | None, ...]
    key: str
    dictionary: Mapping[str, Entry]
    kind: Kind = CONTACTS

    @property
    def key_namespace(self) -> str:
        return self.key.removeprefix("identity:")

    def index(self, target: str) -> int | None:
        return self.targets.index(target) if target in self.targets else None


def mapping_check(mapping: ColumnMap) -> None:
    """:raises MappingInvalid: a target that is not known, used twice, or no column for what a row needs"""
    used: set[str] = set()
    for name, target in zip(mapping.names, mapping.targets, strict=True):
        if target is None:
            continue
        if not mapping.kind.is_target(target, mapping.dictionary):
            raise MappingInvalid(
                _("Column “%(column)s” cannot be “%(target)s”.") % {"column": name, "target": target[:100]}
            )
        bare = target_bare(target)
        if bare in used:
            raise MappingInvalid(_("Two columns are “%(target)s”. Leave one of them out.") % {"target": bare})
        used.add(bare)
    _needs_check(mapping, used)


def _needs_check(mapping: ColumnMap, used: Collection[str]) -> None:
    kind = mapping.kind
    if not kind.is_key(mapping.key):
        raise MappingInvalid(_("A row is known by “%(key)s” or by “identity:NAME”.") % {"key": kind.key})
    if mapping.key not in used:
        raise MappingInvalid(
            _("No column is “%(key)s”, so nobody can tell who a row is about.") % {"key": mapping.key}
        )
    if missing := kind.missing(used):
        raise MappingInvalid(_("No column is: %(what)s. A row needs it.") % {"what": missing})
    if len([target for target in used if target.startswith("company:")]) > 1:
        raise MappingInvalid(_("Two columns say which company it is. Leave one of them out."))


def unquoted(text: str) -> str:
    """Return the text of a cell without the mark that our own exports put before formulas."""
    return _UNQUOTE.sub("", text)


@dataclass(frozen=True)
class Sketch:
    """
    What is asked first about rows, as COPY takes it: number, key and digest; and other identities.

    `left_out` are the numbers of the rows that have to be read in any case.
    """

    left_out: frozenset[int]
    lines: bytes
    names: bytes


@dataclass
class Prepared:
    """
    A chunk as COPY takes it: `lines` for the rows, `names` for identities other than the key.

    `rows` are the numbers of the rows in `lines`; `faults` and `duplicates` (numbers) are the others. Where
    there is a `sketch`, nothing else is prepared yet.
    """

    chunk: Chunk
    sketch: Sketch | None = None
    lines: bytes = b""
    names: bytes = b""
    rows: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    duplicates: list[int] = field(default_factory=list)
    blank: int = 0

    def take(self, other: "Prepared") -> None:
        """Become what the other one is, but for the chunk and the sketch."""
        self.lines, self.names, self.rows = other.lines, other.names, other.rows
        self.faults, self.duplicates, self.blank = other.faults, other.duplicates, other.blank

    @property
    def total(self) -> int:
        return len(self.rows) + len(self.faults) + len(self.duplicates)


class _Remembered(dict[str, str | None]):
    """Text of a cell → what COPY takes of it: `"key":value`, '' for a blank; None if it cannot be read."""

    def __init__(self, key: str, entry: Entry) -> None:
        super().__init__()
        self._prefix = f'"{key}":'
        self._entry = entry
        self.reasons: dict[str, str] = {}

    def __missing__(self, text: str) -> str | None:
        fragment: str | None
        try:
            value = value_parse(self._entry.type, _UNQUOTE.sub("", text), choices=self._entry.choices)
        except AttributeInvalid as error:
            self.reasons[text[:1_000]] = str(error)
            fragment = None
        else:
            told = "" if value is None else self._prefix + orjson.dumps(value).decode()
            fragment = told.replace("\\", "\\\\")
        if len(text) < 500:  # the remembered shall not fill the memory
            if len(self) >= REMEMBERED:
                self.clear()
            self[text] = fragment
        return fragment


class Preparer:
    """
    Makes what COPY takes of chunks of one file. Keeps what it has read of each column's texts.

    `digests` gives each row its own (`rowdigests`).
    """

    def __init__(self, mapping: ColumnMap, *, digests: Digests) -> None:
        mapping_check(mapping)
        self._mapping = mapping
        self._digests = digests
        self._suppression_key = settings.SUPPRESSION_KEY
        self._attributes = [
            (
                place,
                _Remembered(target.removeprefix("attr:"), mapping.dictionary[target.removeprefix("attr:")]),
            )
            for place, target in enumerate(mapping.targets)
            if target and target.startswith("attr:")
        ]
        # Identities besides the key, with their columns; an address is one of them.
        self._others = [
            (place, target.removeprefix("identity:"))
            for place, target in enumerate(mapping.targets)
            if target and target != mapping.key and (target == EMAIL or target.startswith("identity:"))
        ]

    def prepare(self, chunk: Chunk) -> Prepared:
        """Return the rows that can be taken as lines for COPY, and the others with the reason."""
        done = Prepared(chunk=chunk, faults=list(chunk.faults))
        if not chunk.rows:
            return done
        columns = list(zip(*chunk.rows, strict=True))
        bad: dict[int, tuple[str, str]] = {}  # place in the chunk → column, reason
        keys = self._keys(columns, bad)
        phones = self._phones(columns, bad)
        others = [
            (namespace, self._identities(place, namespace, columns, bad)) for place, namespace in self._others
        ]
        attributes, zones = self._json(columns, bad), self._zones(columns, bad)
        good = self._sort(chunk, keys, others, bad, done)
        self._write(done, good, keys, phones, others, (attributes, zones))
        return done

    def sketch(self, chunk: Chunk) -> Sketch:
        """Return of the rows that may turn out to be known what that is asked by; the others are left out."""
        columns = list(zip(*chunk.rows, strict=True))
        bad: dict[int, tuple[str, str]] = {}
        keys = self._keys(columns, bad)
        others = [
            (namespace, self._identities(place, namespace, columns, bad)) for place, namespace in self._others
        ]
        met = Counter(keys)
        good = [place for place, key in enumerate(keys) if place not in bad and met[key] == 1]
        rows = [chunk.rows[place] for place in good]
        numbers = [str(chunk.numbers[place]) for place in good]
        named = [_escaped(keys[place]) for place in good]
        lines = _copied((numbers, named, map(str, self._digests(rows))))
        left_out = frozenset() if len(good) == len(keys) else frozenset(chunk.numbers) - {*map(int, numbers)}
        return Sketch(left_out, lines, _names(numbers, [(space, _at(good, of)) for space, of in others]))

    def _keys(self, columns: list[tuple[str, ...]], bad: dict[int, tuple[str, str]]) -> list[str]:
        place = self._mapping.index(self._mapping.key)
        assert place is not None, "mapping_check asked for it"
        keys = self._identities(place, self._mapping.key_namespace, columns, bad)
        if not all(keys):
            name = self._mapping.names[place]
            for row, key in enumerate(keys):
                if not key and row not in bad:
                    bad[row] = (name, _("This is empty, so nobody can tell who the row is about."))
        return keys

    def _identities(
        self, place: int, namespace: str, columns: list[tuple[str, ...]], bad: dict[int, tuple[str, str]]
    ) -> list[str]:
        """Return the values as they are kept, '' for blank and bad ones."""
        values: list[str] = []
        plain = PLAIN_EMAIL.fullmatch
        is_email = namespace == Identity.EMAIL
        for row, cell in enumerate(columns[place]):
            value = cell.strip().lower() if is_email else cell.strip()
            if value[:1] == "'":  # an apostrophe may begin an address, too
                value = _UNQUOTE.sub("", value)
            if not (is_email and plain(value)) and value:
                try:
                    value = identity_normalise(namespace, value)[1]
                except AddressInvalid as error:
                    bad.setdefault(row, (self._mapping.names[place], str(error)))
                    value = ""
            values.append(value)
        return values

    def _phones(self, columns: list[tuple[str, ...]], bad: dict[int, tuple[str, str]]) -> list[str]:
        place = self._mapping.index(PHONE)
        if place is None:
            return [""] * len(columns[0])
        phones = []
        for row, cell in enumerate(columns[place]):
            number = ""
            try:
                number = phone_normalise(_UNQUOTE.sub("", cell.strip())) if cell.strip() else ""
            except AddressInvalid as error:
                bad.setdefault(row, (self._mapping.names[place], str(error)))
            phones.append(number)
        return phones

    def _zones(self, columns: list[tuple[str, ...]], bad: dict[int, tuple[str, str]]) -> list[str]:
        place = self._mapping.index(ZONE)
        if place is None:
            return [""] * len(columns[0])
        told = [_UNQUOTE.sub("", cell.strip()) for cell in columns[place]]
        for row, zone in enumerate(told):
            if zone and not zone_is_known(zone):
                bad.setdefault(row, (self._mapping.names[place], _("There is no such time zone.")))
        return told

    def _json(self, columns: list[tuple[str, ...]], bad: dict[int, tuple[str, str]]) -> list[str]:
        fragments: list[list[str | None]] = []
        for place, remembered in self._attributes:
            column = columns[place]
            read = [*map(remembered.__getitem__, column)]
            if None in read:
                name = self._mapping.names[place]
                for row, fragment in enumerate(read):
                    if fragment is None:
                        bad.setdefault(row, (name, remembered.reasons[column[row][:1_000]]))
                remembered.reasons.clear()
                _forget_bad(remembered)
            fragments.append(read)
        if not fragments:
            return ["{}"] * len(columns[0])
        return ["{" + ",".join(filter(None, row)) + "}" for row in zip(*fragments, strict=True)]

    def _sort(
        self,
        chunk: Chunk,
        keys: list[str],
        others: list[tuple[str, list[str]]],
        bad: dict[int, tuple[str, str]],
        done: Prepared,
    ) -> Sequence[int]:
        """Tell faults and duplicates from the rest, and return the places of the rest in order."""
        if not bad and len(set(keys)) == len(keys) and not others:
            return range(len(keys))
        good: list[int] = []
        seen: set[str] = set()
        owners: dict[tuple[str, str], str] = {}
        for place, key in enumerate(keys):
            fault = bad.get(place) or self._clash(place, key, others, owners)
            number = chunk.numbers[place]
            if fault:
                cells = chunk.rows[place]
                if any(cell.strip() for cell in cells):
                    done.faults.append(Fault(number, *fault, cells_shown(cells)))
                else:
                    done.blank += 1
            elif key in seen:
                done.duplicates.append(number)
            else:
                seen.add(key)
                good.append(place)
        return good

    def _clash(
        self, place: int, key: str, others: list[tuple[str, list[str]]], owners: dict[tuple[str, str], str]
    ) -> tuple[str, str] | None:
        """Tell if another row of the chunk says that this identity is somebody else's."""
        for namespace, values in others:
            value = values[place]
            if value and owners.setdefault((namespace, value), key) != key:
                reason = _("“%(value)s” belongs to another row of this file.") % {"value": value[:100]}
                return self._column_of(namespace), reason
        return None

    def _column_of(self, namespace: str) -> str:
        return next(self._mapping.names[place] for place, other in self._others if other == namespace)

    def _write(
        self,
        done: Prepared,
        good: Sequence[int],
        keys: Sequence[str],
        phones: Sequence[str],
        others: list[tuple[str, list[str]]],
        rest: Iterable[Sequence[str]],
    ) -> None:
        # Column by column, as all of this module.
        def kept(column: Sequence[T]) -> Sequence[T]:
            return column if isinstance(good, range) else _at(good, column)

        emails = keys if self._mapping.key == EMAIL else dict(others).get(EMAIL, [""] * len(keys))
        done.rows = [*kept(done.chunk.numbers)]
        numbers = [*map(str, done.rows)]
        called, mailed = kept(phones), kept(emails)
        columns = (
            numbers,
            map(_escaped, kept(keys)),
            mailed,
            self._hashes(mailed),
            called,
            self._hashes(called),
            *map(kept, rest),
            map(str, self._digests(kept(done.chunk.rows))),
        )
        done.lines = _copied(columns)
        done.names = _names(numbers, [(space, kept(of)) for space, of in others])

    def _hashes(self, addresses: Sequence[str]) -> list[str]:
        """Return what COPY takes of the keyed hash of each address; NULL for a blank one."""
        if not any(addresses):
            return ["\\N"] * len(addresses)
        secret, digest = self._suppression_key, hmac.digest
        return [
            "\\\\x" + digest(secret, address.encode(), "sha256").hex() if address else "\\N"
            for address in addresses
        ]


def _at(places: Iterable[int], column: Sequence[T]) -> list[T]:
    return [column[place] for place in places]


def _names(numbers: Sequence[str], others: Iterable[tuple[str, Sequence[str]]]) -> bytes:
    """Return the identities of the rows but the key, by namespace, as COPY takes them."""
    return b"".join(
        _copied(
            zip(
                *((number, space, _escaped(name)) for number, name in zip(numbers, of, strict=True) if name),
                strict=True,
            )
        )
        for space, of in others
    )


def _copied(columns: Iterable[Iterable[str]]) -> bytes:
    """Return rows as COPY takes them."""
    return "".join([f"{line}\n" for line in map("\t".join, zip(*columns, strict=True))]).encode()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\") if "\\" in text else text


def _forget_bad(remembered: _Remembered) -> None:
    for text in [text for text, fragment in remembered.items() if fragment is None]:
        del remembered[text]
