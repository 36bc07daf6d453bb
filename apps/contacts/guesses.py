"""What the columns of a file may mean, for a person to confirm. No database here."""

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

from apps.contacts.attributes import key_suggest
from apps.contacts.csvfile import FAULT_COLUMNS, Layout
from apps.contacts.importkinds import ATTR, COMPANY, CONTACTS, IDENTITY, PROPERTY, Kind, property_split
from apps.contacts.values import type_guess

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# As our own exports call columns: an identity, and what no import takes.
_IDENTITY = re.compile(r"identity:[a-z][a-z0-9_]{0,31}")
_DESCRIBES = ("consent:", "contact:")
SHOWN_SAMPLES = 3


@dataclass(frozen=True)
class ColumnGuess:
    """One column: a target or None, and for an attribute its type; `is_new`: the dictionary lacks it."""

    name: str
    samples: list[str]
    target: str | None
    type: str = ""
    is_new: bool = False

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def columns_guess(
    layout: Layout,
    dictionary: Mapping[str, tuple[str, str]],
    *,
    kind: Kind = CONTACTS,
    computed: Collection[str] = (),
) -> list[ColumnGuess]:
    """
    Return a guess for each column, no target twice. `dictionary`: key → label and type.

    A column is an address by its name or by what it holds, an attribute by its system or business name, and
    otherwise a new attribute, or a property of an event. Those that are `computed` nobody imports, such as of
    a file that we exported.
    """
    by_label = {label.casefold(): key for key, (label, _type) in dictionary.items()}
    used: set[str] = set()
    guesses = []
    for place, name in enumerate(layout.names):
        cells = layout.samples(place)
        shown = list(dict.fromkeys(cell.strip()[:80] for cell in cells if cell.strip()))[:SHOWN_SAMPLES]
        target = _target(name, cells, kind, by_label, dictionary)
        if target in used or (target or "").removeprefix("attr:") in computed:
            target = None
        if target is None:
            guesses.append(ColumnGuess(name, shown, None))
            continue
        used.add(target)
        guesses.append(_guess(name, shown, target, cells, dictionary))
    return guesses


def _guess(
    name: str,
    shown: list[str],
    target: str,
    cells: list[str],
    dictionary: Mapping[str, tuple[str, str]],
) -> ColumnGuess:
    family, _colon, key = target.partition(":")
    if family == PROPERTY:
        return ColumnGuess(name, shown, f"{target}:{(told := type_guess(name, cells).value)}", told)
    if family != ATTR:
        return ColumnGuess(name, shown, target)
    known = dictionary.get(key)
    told = known[1] if known else type_guess(name, cells).value
    return ColumnGuess(name, shown, target, told, is_new=known is None)


def _target(
    name: str,
    cells: list[str],
    kind: Kind,
    by_label: Mapping[str, str],
    dictionary: Mapping[str, tuple[str, str]],
) -> str | None:
    if _is_left_out(name, kind):
        return None
    if IDENTITY in kind.families and _IDENTITY.fullmatch(name):
        return name
    key = key_suggest(name)
    named = next((target for target, names in kind.names.items() if key in names), None)
    if named != "email" and "email" in kind.words and _mostly_addresses(cells):
        return "email"
    if named:
        return named
    if PROPERTY in kind.families and property_split(f"{PROPERTY}:{name}:text"):
        return f"{PROPERTY}:{name}"
    if key not in dictionary:
        key = by_label.get(name.casefold(), key)
    return f"{ATTR}:{key}" if ATTR in kind.families else None


def _is_left_out(name: str, kind: Kind) -> bool:
    """Test if our own files call a column so that only describes."""
    is_told = name.startswith(f"{COMPANY}:") and COMPANY not in kind.families
    return name in FAULT_COLUMNS or name.startswith(_DESCRIBES) or is_told


def _mostly_addresses(cells: list[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and sum(bool(_ADDRESS.fullmatch(cell.strip())) for cell in filled) >= 0.8 * len(
        filled
    )
