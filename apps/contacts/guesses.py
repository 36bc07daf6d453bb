"""What the columns of a file may mean, for a person to confirm. No database here."""

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

from apps.contacts.attributes import key_suggest
from apps.contacts.csvfile import FAULT_COLUMNS, Layout
from apps.contacts.values import type_guess

_EMAIL_NAMES = frozenset({"email", "e_mail", "mail", "email_address", "e_mail_address", "mail_address"})
_PHONE_NAMES = frozenset(
    {"phone", "mobile", "telephone", "tel", "phone_number", "mobile_number", "mobile_phone"}
)
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
    layout: Layout, dictionary: Mapping[str, tuple[str, str]], *, computed: Collection[str] = ()
) -> list[ColumnGuess]:
    """
    Return a guess for each column, no target twice. `dictionary`: key → label and type.

    A column is an address by its name or by what it holds, an attribute by its system or business name, and
    otherwise a new attribute. Those that are `computed` nobody imports, such as of a file that we exported.
    """
    by_label = {label.casefold(): key for key, (label, _type) in dictionary.items()}
    used: set[str] = set()
    guesses = []
    for place, name in enumerate(layout.names):
        cells = layout.samples(place)
        shown = list(dict.fromkeys(cell.strip()[:80] for cell in cells if cell.strip()))[:SHOWN_SAMPLES]
        target = _target(name, cells, by_label, dictionary)
        if target in used or (target or "").removeprefix("attr:") in computed:
            target = None
        if target is None:
            guesses.append(ColumnGuess(name, shown, None))
            continue
        used.add(target)
        key = target.removeprefix("attr:")
        is_attribute, known = key != target, dictionary.get(key)
        kind = "" if not is_attribute else known[1] if known else type_guess(name, cells).value
        guesses.append(ColumnGuess(name, shown, target, kind, is_new=is_attribute and known is None))
    return guesses


def _target(
    name: str, cells: list[str], by_label: Mapping[str, str], dictionary: Mapping[str, tuple[str, str]]
) -> str | None:
    key = key_suggest(name)
    if name in FAULT_COLUMNS or name.startswith(_DESCRIBES):
        return None
    if _IDENTITY.fullmatch(name):
        return name
    if key in _EMAIL_NAMES or _mostly_addresses(cells):
        return "email"
    if key in _PHONE_NAMES:
        return "phone"
    if key not in dictionary:
        key = by_label.get(name.casefold(), key)
    return f"attr:{key}"


def _mostly_addresses(cells: list[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and sum(bool(_ADDRESS.fullmatch(cell.strip())) for cell in filled) >= 0.8 * len(
        filled
    )
