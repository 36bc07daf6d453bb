"""
The rules as SQL: conditions about one contact, and questions that compare contacts with each other.

Built from rules, settings and keys of the dictionary; whatever a person typed goes in as a parameter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from disposable_email_domains import blocklist

from apps.contacts.attributes import key_is_valid
from apps.contacts.models.dictionary import Attribute

Type = Attribute.Type
Settings = Mapping[str, Any]

BIRTH_KEYS = ("birth_date", "birthdate", "date_of_birth", "birthday", "dob")
PLACE_KEYS = ("city", "town")
NAME_PAIRS = (("first_name", "last_name"), ("firstname", "lastname"))
NAME_WHOLES = ("full_name", "name")
# Of one key: more people than this are a common name or a switchboard, and not one person.
MOST_ALIKE = 20
UNKNOWN = "''"  # what the dictionary has no attribute for
EMAIL = r"^[^@[:space:]]{1,64}@[^@[:space:].]+([.][^@[:space:].]+)+$"
PHONE = r"^[+]?[0-9]{6,15}$"
PLACEHOLDERS = (
    "^(test(er|ing|user)?|none|null|nil|unknown|n/a|na|nobody|anonymous|undefined|name|first ?name|last ?name"
    "|xxx*|-+|[.]+)$"
)
KEYBOARD = "(qwert|wertz|werty|asdf|sdfg|dfgh|fghj|hjkl|yxcv|zxcv|xcvb|12345|abcdef)"
GMAIL = "('gmail.com', 'googlemail.com')"
# What fingers make of the domains that most people have, and of their ends. Not what may be somebody's own
# by right, such as mail.com and ymail.com; of other domains not .co and .om, which are countries.
MISTYPED = [
    f"{name}.com"
    for names in (
        ("gmial", "gmali", "gamil", "gmal", "gmil", "gmai", "gmaill", "gmaul", "gnail", "gmaik", "ggmail"),
        ("hotmial", "hotmal", "hotmil", "hotmai", "hotmali", "hotmaill", "hotnail"),
        ("yaho", "yahooo", "yhaoo", "yhoo", "yahho", "yaoo", "outlok", "oulook", "outloo", "outllook"),
        ("icoud", "iclod", "iclould"),
    )
    for name in names
] + [
    f"{name}.{end}"
    for name in ("gmail", "hotmail", "yahoo", "outlook", "icloud")
    for end in ("co", "cm", "om", "cim", "comm")
]
MISTYPED_END = "[.](con|cmo|ocm|cpm|vom|xom)$"
_SHAPES = {
    Type.NUMBER: "jsonb_typeof({value}) <> 'number'",
    Type.MONEY: "jsonb_typeof({value}) <> 'number'",
    Type.BOOLEAN: "jsonb_typeof({value}) <> 'boolean'",
    Type.LIST: "jsonb_typeof({value}) <> 'array'",
    Type.TEXT: "jsonb_typeof({value}) <> 'string'",
    Type.DATE: r"{text} !~ '^\d{{4}}-\d\d-\d\d$'",
    Type.DATETIME: r"{text} !~ '^\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ$'",
}


@dataclass(frozen=True)
class Entry:
    """What the statements need to know of an attribute."""

    key: str
    type: str
    choices: Sequence[str] = ()


@dataclass(frozen=True)
class Condition:
    """Something that may be wrong with one contact, in SQL about the row `c`."""

    rule: str
    detail: str
    sql: str


@dataclass(frozen=True)
class Question:
    """
    One statement that compares contacts: `pairs` finds who may be one person, else it only writes findings.

    Each statement selects `contact_id`, of pairs also `other_id` and `likeness`.
    """

    rule: str
    detail: str
    sql: str
    is_pairs: bool = True


class Statements:
    """
    All that one scan asks, of these rules with these settings, and of this dictionary.

    `params` are the parameters of every statement.
    """

    def __init__(self, rules: Mapping[str, Settings], dictionary: Sequence[Entry], *, now: datetime) -> None:
        self._rules = rules
        self._dictionary = {entry.key: entry for entry in dictionary if key_is_valid(entry.key)}
        self.params: dict[str, Any] = {}
        self._now = now

    def conditions(self) -> list[Condition]:
        asked = {
            "completeness": self._completeness,
            "address_validity": self._address_validity,
            "value_validity": self._value_validity,
            "staleness": self._staleness,
            "role_addresses": self._role_addresses,
            "disposable_addresses": self._disposable,
            "swapped_names": self._comma,
            "suspicious_names": self._suspicious,
        }
        return [
            Condition(rule, detail, sql)
            for rule, make in asked.items()
            if rule in self._rules
            for detail, sql in make(self._rules[rule])
        ]

    def questions(self) -> list[Question]:
        asked = {
            "exact_duplicates": self._exact,
            "similar_duplicates": self._similar,
            "shared_addresses": self._shared,
            "swapped_names": self._swapped,
        }
        return [
            question
            for rule, make in asked.items()
            if rule in self._rules
            for question in make(self._rules[rule])
        ]

    # About one contact.

    def _completeness(self, settings: Settings) -> list[tuple[str, str]]:
        blank = {"email": "c.email = ''", "phone": "c.phone = ''"}
        blank |= {key: f"NOT c.attributes ? '{key}'" for key in self._dictionary}
        return [(field, blank[field]) for field in settings["fields"] if field in blank]

    def _address_validity(self, _settings: Settings) -> list[tuple[str, str]]:
        self.params |= {"email_shape": EMAIL, "phone_shape": PHONE}
        self.params |= {"mistyped": MISTYPED, "mistyped_end": MISTYPED_END}
        return [
            ("email", "c.email <> '' AND c.email !~ %(email_shape)s"),
            (
                "domain",
                "split_part(c.email, '@', 2) = ANY(%(mistyped)s) OR c.email ~ %(mistyped_end)s",
            ),
            ("phone", "c.phone <> '' AND c.phone !~ %(phone_shape)s"),
        ]

    def _value_validity(self, _settings: Settings) -> list[tuple[str, str]]:
        return [(key, wrong) for key in self._dictionary if (wrong := self.misfit(key))]

    def misfit(self, key: str) -> str:
        """Return the condition that a value of this attribute does not fit; '' where anything fits."""
        entry = self._dictionary[key]
        if entry.type == Type.CHOICE:
            if not entry.choices:
                return ""
            self.params[f"choices_{key}"] = list(entry.choices)
            return f"c.attributes ? '{key}' AND c.attributes->>'{key}' <> ALL(%(choices_{key})s)"
        shape = _SHAPES[Type(entry.type)].format(
            value=f"(c.attributes->'{key}')", text=f"(c.attributes->>'{key}')"
        )
        return f"c.attributes ? '{key}' AND {shape}"

    def _staleness(self, settings: Settings) -> list[tuple[str, str]]:
        self.params["quiet_since"] = self._now - timedelta(days=int(settings["days"]))
        heard = (
            "SELECT FROM contacts_event AS e WHERE e.contact_id = c.id AND e.occurred_at >= %(quiet_since)s"
        )
        return [("", f"c.updated_at < %(quiet_since)s AND NOT EXISTS ({heard})")]

    def _role_addresses(self, settings: Settings) -> list[tuple[str, str]]:
        self.params["roles"] = [word.lower() for word in settings["words"]]
        return [("", "split_part(split_part(c.email, '@', 1), '+', 1) = ANY(%(roles)s)")]

    def _disposable(self, settings: Settings) -> list[tuple[str, str]]:
        # Some who collect mail to mistyped domains stand in the list; those who wrote them meant another one.
        known = blocklist - {*MISTYPED} | {word.lower() for word in settings["more"]}
        self.params["disposable"] = sorted(known - {word.lower() for word in settings["allowed"]})
        return [("", "split_part(c.email, '@', 2) = ANY(%(disposable)s)")]

    def _comma(self, _settings: Settings) -> list[tuple[str, str]]:
        pair = self.name_pair
        return [("comma", f"c.attributes->>'{pair[0]}' ~ ',[[:space:]]*$'")] if pair else []

    def _suspicious(self, _settings: Settings) -> list[tuple[str, str]]:
        names = [f"(c.attributes->>'{key}')" for key in self.name_keys]
        if not names:
            return []
        self.params |= {"placeholders": PLACEHOLDERS, "keyboard": KEYBOARD}
        whole = f"concat_ws(' ', {', '.join(names)})"
        return [
            ("spaces", _any(r"{0} ~ '^\s|\s$|\s\s'", names)),
            # Two letters are initials; scripts without capitals are neither.
            ("capitals", _any("length({0}) > 2 AND ({0} = upper({0})) <> ({0} = lower({0}))", names)),
            ("digits", f"{whole} ~ '[0-9]'"),
            ("placeholder", _any("lower(trim({0})) ~ %(placeholders)s", names)),
            ("keyboard", _any("lower({0}) ~ %(keyboard)s", names)),
        ]

    # Names.

    @property
    def name_pair(self) -> tuple[str, str] | None:
        """The attributes of first and last name, as this dictionary calls them."""
        return next((pair for pair in NAME_PAIRS if {*pair} <= self._dictionary.keys()), None)

    @property
    def name_keys(self) -> list[str]:
        """The attributes that hold names."""
        known = [key for key in NAME_WHOLES if key in self._dictionary]
        return [*(self.name_pair or ()), *known]

    def _name(self) -> str:
        """Return the whole name in plain small letters, as `alike.name_normalise` does; '' for none."""
        wholes = [f"c.attributes->>'{key}'" for key in NAME_WHOLES if key in self._dictionary]
        if pair := self.name_pair:
            both = f"concat_ws(' ', c.attributes->>'{pair[0]}', c.attributes->>'{pair[1]}')"
            wholes = [f"NULLIF(trim({both}), '')", *wholes]
        if not wholes:
            return UNKNOWN
        told = f"COALESCE({', '.join(wholes)}, '')"
        letters = rf"regexp_replace(normalize({told}, NFKD), '[\u0300-\u036f]', '', 'g')"
        return f"trim(lower(regexp_replace({letters}, '[^[:alnum:]]+', ' ', 'g')))"

    def _first_of(self, keys: Sequence[str]) -> str:
        known = [f"lower(trim(c.attributes->>'{key}'))" for key in keys if key in self._dictionary]
        return f"COALESCE({', '.join(known)}, '')" if known else UNKNOWN

    # About contacts beside each other.

    def _exact(self, _settings: Settings) -> list[Question]:
        name, birth, place = self._name(), self._first_of(BIRTH_KEYS), self._first_of(PLACE_KEYS)
        local = "split_part(split_part(c.email, '@', 1), '+', 1)"
        mailbox = (
            f"CASE WHEN c.email = '' THEN '' WHEN split_part(c.email, '@', 2) IN {GMAIL} "
            f"THEN replace({local}, '.', '') || '@gmail.com' "
            f"ELSE {local} || '@' || split_part(c.email, '@', 2) END"
        )
        # Of a number the last nine digits: with and without the country it is the same one.
        number = "right(regexp_replace(c.phone, '[^0-9]', '', 'g'), 9)"
        keyed = {
            "mailbox": ([mailbox], 100),
            "phone_name": ([number, name], 95),
            "name_birth": ([name, birth], 95),
            "name_place": ([name, place], 80),
        }
        return [
            Question("exact_duplicates", kind, _same(_joined(parts), likeness))
            for kind, (parts, likeness) in keyed.items()
            if UNKNOWN not in parts
        ]

    def _similar(self, settings: Settings) -> list[Question]:
        self.params |= {"likeness": int(settings["likeness"]), "roles_known": self._role_words()}
        name = self._name()
        birth, place = self._first_of(BIRTH_KEYS), self._first_of(PLACE_KEYS)
        # Who shares a block is compared: the sound of the last name, the first letter, and one thing more.
        last = "substring(name from '[^ ]+$')"
        spoken = f"regexp_replace(substr({last}, 2), '[aeiouyhw]', '', 'g')"
        sound = rf"left({last}, 1) || regexp_replace({spoken}, '(.)\1+', '\1', 'g')"
        near = f"COALESCE(NULLIF({birth}, ''), NULLIF({place}, ''), split_part(c.email, '@', 2))"
        letters = "replace(split_part(split_part(c.email, '@', 1), '+', 1), '.', '')"
        by_name = _alike(
            name=name,
            more=near,
            block=f"CASE WHEN name LIKE '%% %%' AND more <> '' "
            f"THEN left(name, 1) || '|' || {sound} || '|' || more ELSE '' END",
            differ="a.name <> b.name",
        )
        by_local = _alike(
            name=name,
            more=letters,
            block="CASE WHEN length(more) > 7 AND more <> ALL(%(roles_known)s) THEN more ELSE '' END",
            differ="true",
            unnamed=70,
            start=50,
        )
        questions = [Question("similar_duplicates", "local_alike", by_local)]
        if name != UNKNOWN:
            questions.insert(0, Question("similar_duplicates", "name_alike", by_name))
        return questions

    def _role_words(self) -> list[str]:
        return [str(word).lower() for word in self._rules.get("role_addresses", {}).get("words", [])]

    def _shared(self, settings: Settings) -> list[Question]:
        self.params["people"] = int(settings["people"])
        name = self._name()
        return [
            Question(
                "shared_addresses",
                column,
                f"""
                SELECT unnest(ids) AS contact_id FROM (
                    SELECT array_agg(c.id) AS ids FROM contacts_contact AS c
                    WHERE c.erased_at IS NULL AND c.{column} <> '' GROUP BY c.{column}
                    HAVING count(*) >= %(people)s AND (count(DISTINCT {name}) > 1)
                ) AS shared
                """,
                is_pairs=False,
            )
            for column in ("phone", "email")
        ]

    def _swapped(self, _settings: Settings) -> list[Question]:
        if not (pair := self.name_pair):
            return []
        first, last = (f"lower(trim(c.attributes->>'{key}'))" for key in pair)
        # A word is a first name where it stands there five times, and ten times as often as it is a last name
        # of anybody else.
        sql = f"""
            WITH words AS MATERIALIZED (
                SELECT word, sum(is_first) AS firsts, count(*) - sum(is_first) AS lasts FROM (
                    SELECT {first} AS word, 1 AS is_first FROM contacts_contact AS c WHERE c.erased_at IS NULL
                    UNION ALL
                    SELECT {last}, 0 FROM contacts_contact AS c WHERE c.erased_at IS NULL
                ) AS told WHERE word <> '' GROUP BY word
            )
            SELECT c.id AS contact_id FROM contacts_contact AS c
            JOIN words AS a ON a.word = {first} AND a.lasts >= 5 AND a.lasts >= 10 * (a.firsts - 1)
            JOIN words AS b ON b.word = {last} AND b.firsts >= 5 AND b.firsts >= 10 * (b.lasts - 1)
            WHERE c.erased_at IS NULL
        """
        return [Question("swapped_names", "", sql, is_pairs=False)]


def _any(condition: str, names: Sequence[str]) -> str:
    """Return that the condition is true of one of the names."""
    return "(" + " OR ".join(f"COALESCE({condition.format(name)}, false)" for name in names) + ")"


def _joined(parts: Sequence[str]) -> str:
    """Return one key of all parts, '' where one of them is blank."""
    told = " || '|' || ".join(f"NULLIF({part}, '')" for part in parts)
    return f"COALESCE({told}, '')"


def _same(key: str, likeness: int) -> str:
    """Pair everyone of one key with the first of them: as many pairs as people, less one."""
    return f"""
        SELECT ids[1] AS contact_id, unnest(ids[2:]) AS other_id, {likeness} AS likeness FROM (
            SELECT array_agg(id ORDER BY id) AS ids FROM (
                SELECT c.id, {key} AS key FROM contacts_contact AS c WHERE c.erased_at IS NULL
            ) AS keyed WHERE key <> '' GROUP BY key HAVING count(*) BETWEEN 2 AND {MOST_ALIKE}
        ) AS found
    """


def _alike(*, name: str, more: str, block: str, differ: str, unnamed: int = 0, start: int = 0) -> str:
    """
    Compare everyone of one block with each other, by the trigrams of their names.

    Blocks of more than MOST_ALIKE are left out, so there are at most MOST_ALIKE / 2 pairs for each contact.
    Where a name is not known the likeness is `unnamed`; else it lies between `start`, which the block itself
    says, and 100.
    """
    likeness = (
        f"CASE WHEN a.name = '' OR b.name = '' THEN {unnamed} "
        f"ELSE round({start} + {100 - start} * similarity(a.name, b.name))::int END"
    )
    return f"""
        WITH named AS MATERIALIZED (
            SELECT c.id, {name} AS name, {more} AS more FROM contacts_contact AS c WHERE c.erased_at IS NULL
        ),
        blocks AS MATERIALIZED (
            SELECT id, name, block FROM (
                SELECT id, name, block, count(*) OVER (PARTITION BY block) AS size
                FROM (SELECT id, name, {block} AS block FROM named) AS keyed WHERE block <> ''
            ) AS sized WHERE size BETWEEN 2 AND {MOST_ALIKE}
        )
        SELECT a.id AS contact_id, b.id AS other_id, {likeness} AS likeness
        FROM blocks AS a JOIN blocks AS b ON a.block = b.block AND a.id < b.id
        WHERE {differ} AND {likeness} >= %(likeness)s
    """
