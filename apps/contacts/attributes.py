"""The dictionary's own thinking: names of keys, and how a value is asked for in SQL. No database here."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from functools import lru_cache
from hashlib import sha256

from apps.contacts.models.dictionary import KEY_PATTERN, Attribute

Type = Attribute.Type
Subject = Attribute.Subject
# Whose column `attributes` has the values of such entries.
TABLES: dict[str, str] = {Subject.CONTACT: "contacts_contact", Subject.COMPANY: "contacts_company"}
# Fields that are there by themselves. An attribute of such a name would take its place in every rule.
BUILT_IN: dict[str, frozenset[str]] = {
    Subject.CONTACT: frozenset({"email", "phone", "timezone"}),
    Subject.COMPANY: frozenset({"name", "domain"}),
}
MAX_KEY = 63
NAMELESS = "attribute"  # what is suggested for a name of which no letter can be used
# Entries that nobody has described, of each subject: a hostile sender cannot fill the dictionary.
MAX_UNDESCRIBED = 2_000
MAX_LABEL = 100
INDEXED_TEXT = 600  # characters of at most 4 bytes: an entry of a B-tree has room for 2,700 bytes
_KEY = re.compile(KEY_PATTERN)
# Words that mean the same in names of columns, so that `mail` finds `email`.
_SYNONYMS = {"mail": "email", "zip": "postcode", "postal": "postcode", "tel": "phone", "telephone": "phone"}
_ALIKE = 0.8


def key_is_valid(key: str) -> bool:
    return len(key) <= MAX_KEY and _KEY.fullmatch(key) is not None


def key_is_built_in(key: str, subject: str = Subject.CONTACT) -> bool:
    return key in BUILT_IN[subject]


def key_suggest(name: str) -> str:
    """Return the system name closest to what a person or a file calls it; `attribute` if nothing is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", plain).lower()
    key = "_".join(re.findall(r"[a-z0-9]+", words))[:MAX_KEY].strip("_")
    if key and not key[0].isalpha():
        key = f"n_{key}"[:MAX_KEY].strip("_")
    return key or NAMELESS


def label_suggest(name: str) -> str:
    """Return a business name for what a file or a program calls `last_order`: “Last order”."""
    words = " ".join(name.replace("_", " ").split())
    return (words[:1].upper() + words[1:])[:MAX_LABEL]


def keys_alike(key: str, known: Mapping[str, str], *, label: str = "") -> list[str]:
    """
    Return the known keys that may mean the same as `key`, the most alike first; never `key` itself.

    `known`: key → business name. Of both sides either name counts: “Towns” is like a `city` called “Town”.
    """
    wanted = _names(key, label)
    scored = [
        (max(_likeness(one, name) for one in wanted for name in _names(other, known[other])), other)
        for other in known
        if other != key
    ]
    return [other for score, other in sorted(scored, key=lambda pair: (-pair[0], pair[1])) if score >= _ALIKE]


def _names(key: str, label: str) -> set[str]:
    return {_compared(name) for name in (key, label)} - {""} or {""}


@lru_cache(maxsize=8_192)  # many keys at once are compared with the whole dictionary
def _compared(name: str) -> str:
    """Return a name as it is compared; empty if no letter of it can be used."""
    key = key_suggest(name)
    return "" if key == NAMELESS else _plain(key)


def _likeness(one: str, other: str) -> float:
    """Return how alike two names are, 0 to 1; 0 for those that are not alike enough, which is told sooner."""
    if 2 * min(len(one), len(other)) < _ALIKE * (len(one) + len(other)):
        return 0.0
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= _ALIKE else 0.0


def _plain(key: str) -> str:
    """Return the key without order, plural or synonym: `last_orders` and `order_last` are alike."""
    words = (_singular(word) for word in key.lower().split("_"))
    return " ".join(sorted(_SYNONYMS.get(word, word) for word in words))


def _singular(word: str) -> str:
    return f"{word[:-3]}y" if len(word) > 4 and word.endswith("ies") else word.rstrip("s") or word


def sql_expression(key: str, type_: str, *, column: str = "attributes") -> str:
    """
    Return the one SQL expression by which a value of this attribute is compared.

    Filters, segments and the expression index use it, so that the index is found. Text (choices, dates and
    datetimes too) is in lower case and of collation "C", where text order is time order and a prefix is a
    range; number and money are numeric; boolean is boolean; a list is a jsonb array of lower-case strings.
    NULL where the value is missing. Text and choices are cut at INDEXED_TEXT characters, because an entry of
    an index is: whoever looks for more asks `sql_text` besides.

    The casts are not guarded: every write goes through `values`, and a guard costs a third of a count.

    :raises ValueError: not a key of the dictionary; only such keys may stand in SQL
    """
    if not key_is_valid(key):
        raise ValueError(f"{key!r} is not a system name")
    match Type(type_):
        case Type.NUMBER | Type.MONEY:
            return f"({column}->'{key}')::numeric"
        case Type.BOOLEAN:
            return f"({column}->'{key}')::boolean"
        case Type.LIST:
            return f"lower(({column}->'{key}')::text)::jsonb"
        case Type.TEXT | Type.CHOICE:
            return f"""(left(lower({column}->>'{key}'), {INDEXED_TEXT}) COLLATE "C")"""
        case _:
            return sql_text(key, column=column)


def sql_text(key: str, *, column: str = "attributes") -> str:
    """
    Return the expression of the whole text in lower case, of collation "C".

    :raises ValueError: not a key of the dictionary
    """
    if not key_is_valid(key):
        raise ValueError(f"{key!r} is not a system name")
    return f"""(lower({column}->>'{key}') COLLATE "C")"""


def list_operand(items: Iterable[str]) -> str:
    """Return the JSON that a list's expression is compared with by `@>`."""
    return json.dumps([item.lower() for item in items], ensure_ascii=False)


def index_name(key: str, subject: str = Subject.CONTACT) -> str:
    """Return the name of the attribute's index; keys may be longer than names of indexes."""
    room = "contacts" if subject == Subject.CONTACT else "companies"
    return f"{room}_attr_{key[:32]}_{sha256(key.encode()).hexdigest()[:8]}"


def index_sql(key: str, type_: str, subject: str = Subject.CONTACT) -> str:
    """
    Return the statement that builds the attribute's index without blocking writers.

    The id stands second, so that a page of the contacts list, newest first, is read straight from the index.
    """
    expression = sql_expression(key, type_)
    is_list = type_ == Type.LIST
    columns = f"USING gin (({expression}) jsonb_path_ops)" if is_list else f"(({expression}), id)"
    name, table = index_name(key, subject), TABLES[subject]
    return f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} {columns}"
