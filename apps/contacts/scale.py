"""
Synthetic contacts and events for benchmarks: the same for the same seed, loaded by COPY.

Attributes resemble those of the Hillstrom experiment. A few contacts do much and most do little, as in life.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate, islice
from random import Random

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from apps.contacts.addresses import address_hash
from apps.contacts.models import Attribute, EventType
from apps.core.partitions import month_after

Type = Attribute.Type
Report = Callable[[str], None]
CHUNK = 20_000
DAYS = 365
MAINTENANCE = "VACUUM (ANALYZE)"  # index-only scans need to know which pages all may see
# Key, label, type, choices.
DICTIONARY = [
    ("recency", "Months since last purchase", Type.NUMBER, []),
    ("history", "Spend in the past year", Type.MONEY, []),
    ("zip_code", "Area", Type.CHOICE, ["Surburban", "Urban", "Rural"]),
    ("channel", "Purchase channel", Type.CHOICE, ["Phone", "Web", "Multichannel"]),
    ("mens", "Bought men's merchandise", Type.BOOLEAN, []),
    ("womens", "Bought women's merchandise", Type.BOOLEAN, []),
    ("newbie", "New customer", Type.BOOLEAN, []),
    ("city", "City", Type.TEXT, []),
    ("signup_date", "Signed up", Type.DATE, []),
]
CITIES = [
    "Berlin",
    "Hamburg",
    "Wien",
    "Zürich",
    "Paris",
    "Lyon",
    "Roma",
    "Milano",
    "Madrid",
    "Oslo",
    "København",
]
# Name, share of all events, properties.
EVENTS = [
    ("page_viewed", 0.62, "jsonb_build_object('path', '/p/' || floor(r2 * 500)::int)"),
    ("product_viewed", 0.22, "jsonb_build_object('sku', 'S-' || floor(r2 * 2000)::int)"),
    ("cart_updated", 0.08, "jsonb_build_object('items', 1 + floor(r2 * 6)::int)"),
    (
        "order_placed",
        0.06,
        "jsonb_build_object('total', round((10 + r2 * r2 * 290)::numeric, 2), 'currency', 'EUR')",
    ),
    ("support_asked", 0.02, "jsonb_build_object('topic', 'T-' || floor(r2 * 9)::int)"),
]


@dataclass(frozen=True)
class Range:
    """Ids of contacts, both included."""

    first: int
    last: int


def scale_seed(*, contacts: int, events: int, seed: int, now: datetime, report: Report) -> Range:
    """Add `contacts` contacts and `events` events of theirs within the year before `now`."""
    made = _ids_reserve(contacts)
    with transaction.atomic():
        _dictionary_write(now)
        report(f"{contacts:,} contacts")
        columns = "id, created_at, updated_at, email, email_hash, attributes"
        _copy(f"contacts_contact ({columns})", _contacts(made, seed, now))
        report("identities and consent")
        _copy("contacts_identity (contact_id, namespace, value, created_at)", _identities(made, now))
        _copy("contacts_consent (contact_id, channel, topic, status, changed_at)", _consents(made, seed, now))
    for month, days in _months(now):
        share = events * days.stop // DAYS - events * days.start // DAYS
        report(f"{share:,} events of {month:%B %Y}")
        _events_load(month, days, share, made, seed=seed, now=now)
    report("ANALYZE")
    with connection.cursor() as cursor:
        tables = "contacts_contact, contacts_identity, contacts_consent, contacts_event"
        cursor.execute(f"{MAINTENANCE} {tables}")
    return made


def _ids_reserve(count: int) -> Range:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('contacts_contact', 'id'))")
        (first,) = cursor.fetchone()
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('contacts_contact', 'id'), %s)", [first + count - 1]
        )
    return Range(first, first + count - 1)


def _dictionary_write(now: datetime) -> None:
    Attribute.objects.bulk_create(
        [
            Attribute(key=key, label=label, type=kind, choices=choices, source="seed_scale")
            for key, label, kind, choices in DICTIONARY
        ],
        ignore_conflicts=True,
    )
    EventType.objects.bulk_create(
        [
            EventType(name=name, first_seen_at=now - timedelta(days=DAYS), last_seen_at=now)
            for name, _share, _properties in EVENTS
        ],
        ignore_conflicts=True,
    )


def _email(pk: int) -> str:
    return f"person-{pk:08d}@example.com"


def _has_address(pk: int) -> bool:
    return pk % 50 != 0


def _contacts(made: Range, seed: int, now: datetime) -> Iterator[str]:
    random = Random(seed).random  # noqa: S311  # figures, not secrets
    today = now.date()
    areas, channels = DICTIONARY[2][3], DICTIONARY[3][3]
    for pk in range(made.first, made.last + 1):
        r = random()
        signup = today - timedelta(days=int(random() * 1500))
        attributes = (
            f'{{"recency": {1 + int(r * 12)}, "history": {30 + random() ** 4 * 3300:.2f}, '
            f'"zip_code": "{areas[int(random() * 3)]}", "channel": "{channels[int(r * 100) % 3]}", '
            f'"mens": {"true" if random() < 0.55 else "false"}, "womens": {"true" if r < 0.55 else "false"}, '
            f'"newbie": {"true" if random() < 0.5 else "false"}, '
            f'"city": "{CITIES[int(random() ** 2 * len(CITIES))]}", "signup_date": "{signup}"}}'
        )
        address = _email(pk) if _has_address(pk) else ""
        digest = f"\\\\x{address_hash(address).hex()}" if address else "\\N"
        yield f"{pk}\t{now}\t{now}\t{address}\t{digest}\t{attributes}\n"


def _identities(made: Range, now: datetime) -> Iterator[str]:
    for pk in range(made.first, made.last + 1):
        if _has_address(pk):
            yield f"{pk}\temail\t{_email(pk)}\t{now}\n"


def _consents(made: Range, seed: int, now: datetime) -> Iterator[str]:
    random = Random(seed + 1).random  # noqa: S311  # figures, not secrets
    for pk in range(made.first, made.last + 1):
        r = random()
        if r < 0.95:
            yield f"{pk}\temail\t\t{'subscribed' if r < 0.91 else 'unsubscribed'}\t{now}\n"


def _copy(target: str, lines: Iterator[str]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        while chunk := "".join(islice(lines, CHUNK)):
            copy.write(chunk)


def _months(now: datetime) -> Iterator[tuple[date, range]]:
    """Yield each month with its days, as days before `now`."""
    start = (now - timedelta(days=DAYS)).date()
    by_month: dict[date, list[int]] = {}
    for day in range(DAYS):
        by_month.setdefault((start + timedelta(days=day)).replace(day=1), []).append(day)
    yield from ((month, range(days[0], days[-1] + 1)) for month, days in by_month.items())


@transaction.atomic
def _events_load(month: date, days: range, count: int, made: Range, *, seed: int, now: datetime) -> None:
    """Fill a month, beside the table where it is still empty: its indexes are then built once, by sorting."""
    name = f"contacts_event_y{month.year:04}m{month.month:02}"
    start = (now - timedelta(days=DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        is_beside = _partition_detach_if_empty(cursor, name)
        cursor.execute("SELECT setseed(%s)", [(seed * 31 + month.toordinal()) % 1000 / 1000])
        cursor.execute(
            _INSERT.format(table=name),
            {
                "first": made.first,
                "people": made.last - made.first + 1,
                "start": start + timedelta(days=days.start),
                "days": len(days),
                "count": count,
            },
        )
        if is_beside:
            cursor.execute(
                f"ALTER TABLE contacts_event ATTACH PARTITION {name} "
                f"FOR VALUES FROM ('{month}') TO ('{month_after(month)}')"
            )


def _partition_detach_if_empty(cursor: CursorWrapper, name: str) -> bool:
    """Make a table of this name that is not yet a partition; return False if there is one with rows."""
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
    if cursor.fetchone() == (True,):
        cursor.execute(f"SELECT EXISTS (SELECT FROM {name})")  # noqa: S608  # a name of our own making
        if cursor.fetchone() == (True,):
            return False
        cursor.execute(f"DROP TABLE {name}")
    cursor.execute(f"CREATE TABLE {name} (LIKE contacts_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
    return True


def _names_sql() -> str:
    shares = accumulate(share for _name, share, _properties in EVENTS)
    cases = (f"WHEN r1 < {share:.3f} THEN '{name}'" for (name, *_), share in zip(EVENTS, shares, strict=True))
    return f"CASE {' '.join(cases)} END"


def _properties_sql() -> str:
    cases = (f"WHEN '{name}' THEN {properties}" for name, _share, properties in EVENTS)
    return f"CASE name {' '.join(cases)} END"


# Constants of this module only. The random numbers are drawn in a subquery, so that each is drawn once a row.
_INSERT = f"""
    INSERT INTO {{table}} (contact_id, name, occurred_at, received_at, properties, source)
    SELECT contact_id, name, at, at, {_properties_sql()}, 'seed_scale'
    FROM (
        SELECT %(first)s + floor(%(people)s * r3 * r3)::bigint AS contact_id, {_names_sql()} AS name, at, r2
        FROM (
            SELECT random() AS r1, random() AS r2, random() AS r3,
                   %(start)s::timestamptz + random() * %(days)s * interval '1 day' AS at
            FROM generate_series(1, %(count)s)
        ) AS drawn
    ) AS named
"""  # noqa: S608
