"""Rows that an earlier import has taken already are known by their digest, and not read again."""

import random
from datetime import timedelta

import pytest
from django.db import connection, transaction

from apps.contacts import services
from apps.contacts.knownrows import KnownRows
from apps.contacts.mapping import Preparer
from apps.contacts.models import Attribute, Contact, Identity, ImportFile, ImportKey
from apps.contacts.services import import_contacts
from tests.contacts.test_imports import PROOF, counts, people
from tests.factories.contacts import (
    AttributeFactory,
    ContactFactory,
    IdentityFactory,
    SuppressionFactory,
)

pytestmark = pytest.mark.django_db
FILE = "email,city\nann@example.com,Bonn\nbob@example.com,Rome\ncat@example.com,Oslo\n"


@pytest.fixture
def read(monkeypatch):
    """Return the list of how many rows were read, chunk by chunk."""
    rows = []
    real = Preparer.prepare

    def prepare(self, chunk):
        rows.append(len(chunk.rows))
        return real(self, chunk)

    monkeypatch.setattr(Preparer, "prepare", prepare)
    return rows


@pytest.fixture
def told(run, read):
    """
    Return a function that runs a file which was taken before, on terms; it returns counts and rows read.

    Twice before: a test is one transaction, in which only contacts that stay as they are have a version.
    """

    def make(before, text=None, change=None, **terms):
        run(before, **terms)
        run(before, **terms)
        if change:
            change()
        read.clear()
        done = run(before if text is None else text, **terms)
        return counts(done), sum(read)

    return make


@pytest.mark.django_db(transaction=True)
def test_what_one_import_has_made_or_changed_the_next_one_does_not_read(run, read):
    AttributeFactory(key="city")
    ContactFactory(email="ann@example.com", attributes={"city": "Paris"})
    first = counts(run(FILE))
    read.clear()

    second = counts(run(FILE))

    assert (first, second) == ({"created": 2, "updated": 1}, {"unchanged": 3})
    assert read == [0]


def test_it_is_counted_shown_and_met_as_if_it_had_been_read(run, told, read):
    assert told(FILE) == ({"unchanged": 3}, 0)

    done = ImportFile.objects.latest("pk")
    assert [sample["row"] for sample in done.samples["unchanged"]] == [2, 3, 4]
    assert done.keys.filter(is_new=False, before__isnull=True).count() == 3


@pytest.mark.parametrize(
    ("text", "outcome", "rows"),
    [
        (FILE.replace("Rome", "Nice"), {"unchanged": 2, "updated": 1}, 1),
        (FILE + "dan@example.com,Pisa\n", {"unchanged": 3, "created": 1}, 1),
        (FILE + "bad,Pisa\n", {"unchanged": 3, "invalid": 1}, 1),
        (FILE + "\n\n", {"unchanged": 3}, 0),
        (FILE + "ann@example.com,Bonn\n", {"unchanged": 3, "duplicate": 1}, 2),
        # The first row about somebody counts, known or not.
        (
            FILE.replace("\n", "\nann@example.com,Pisa\n", 1),
            {"unchanged": 2, "updated": 1, "duplicate": 1},
            2,
        ),
        ("city,email\nOslo,cat@example.com\nBonn,ann@example.com\n", {"unchanged": 2}, 0),
        (
            "email,city,rest\nann@example.com,Bonn,1\nbob@example.com,Rome,2\n",
            {"unchanged": 2},
            0,
        ),
    ],
)
def test_only_what_is_new_in_the_file_is_read(told, text, outcome, rows):
    mapping = {"email": "email", "city": "attr:city:text"}

    assert told(FILE, text, mapping=mapping) == (outcome, rows)


def ann():
    return Contact.objects.get(email="ann@example.com")


CHANGES = {
    "edited": lambda: Contact.objects.filter(pk=ann().pk).update(attributes={"city": "Pisa"}),
    "suppressed": lambda: SuppressionFactory(address="ann@example.com"),
    "renamed": lambda: Identity.objects.filter(contact=ann()).update(contact=ContactFactory()),
}


@pytest.mark.parametrize(
    ("change", "outcome"),
    [("edited", "updated"), ("suppressed", "suppressed"), ("renamed", "updated")],
)
def test_somebody_to_whom_anything_has_happened_is_read(told, change, outcome):
    assert told(FILE, change=CHANGES[change]) == ({"unchanged": 2, outcome: 1}, 1)


def test_whoever_said_no_meanwhile_is_asked_for(told):
    terms = {"consent": {"status": "pending", "channel": "email", **PROOF}}

    def withdraw():
        consent = ann().consents.get()
        consent.status = "unsubscribed"
        consent.save()

    def ended():
        ann().consents.all().delete()

    assert told(FILE, **terms) == ({"unchanged": 3}, 0)
    assert told(FILE, change=withdraw, **terms) == ({"unchanged": 3}, 0)
    assert told(FILE, change=ended, **terms) == ({"unchanged": 2, "updated": 1}, 1)


def test_identities_besides_the_key_are_asked_for(told):
    text = "email,crm\nann@example.com,17\nbob@example.com,18\ncat@example.com,\n"
    mapping = {"email": "email", "crm": "identity:crm"}

    def away():
        Identity.objects.filter(value="17").update(contact=ContactFactory())

    def gone():
        Identity.objects.filter(value="18").delete()

    assert told(text, mapping=mapping) == ({"unchanged": 3}, 0)
    assert told(text, change=away, mapping=mapping) == ({"unchanged": 2, "invalid": 1}, 1)
    assert told(text, change=gone, mapping=mapping) == ({"unchanged": 1, "updated": 1, "invalid": 1}, 2)


def test_of_somebody_with_two_addresses_in_the_file_the_first_row_counts(told):
    IdentityFactory(contact=ContactFactory(email="ann@example.com"), namespace="email", value="a@example.com")

    outcome = told(FILE, FILE.replace("\n", "\na@example.com,Pisa\n", 1))

    assert outcome == ({"updated": 1, "unchanged": 2, "duplicate": 1}, 2)
    assert ann().attributes == {"city": "Pisa"}


@pytest.mark.parametrize("what", ["type", "rule", "mode", "release"])
def test_on_other_terms_every_row_is_read(run, told, read, settings, what):
    mapping = {"email": "email", "n": "attr:n:text"}
    text = "email,n\nann@example.com,7\n"
    assert told(text, mapping=mapping) == ({"unchanged": 1}, 0)
    terms = {}
    if what == "type":
        Attribute.objects.filter(key="n").update(type="number")
    elif what == "rule":
        terms = {"rules": {"n": "never"}}
    elif what == "mode":
        terms = {"mode": "update"}
    else:
        settings.PRODUCT_VERSION = "another"
    read.clear()

    run(text, mapping={"email": "email", "n": "attr:n"}, **terms)

    assert read == [1]


def test_a_dry_run_asks_too_and_leaves_nothing(run, told, read):
    told(FILE)
    read.clear()

    done = run(FILE.replace("Rome", "Nice"), is_dry_run=True)
    dry = sum(read)
    read.clear()
    after = counts(run(FILE))

    assert (counts(done), dry) == ({"unchanged": 2, "updated": 1}, 1)
    assert not done.keys.exists()
    assert (after, sum(read)) == ({"unchanged": 3}, 0)


def test_an_import_that_was_undone_is_not_asked(run, told, read):
    told(FILE)
    ImportFile.objects.update(state="undone")
    read.clear()

    run(FILE)

    assert read == [3]


def test_a_file_of_other_rows_is_not_asked_chunk_after_chunk(run, told, read, monkeypatch, first_chunk):
    told("email\n" + "".join(f"p{n}@example.com\n" for n in range(6)))
    first_chunk(2)
    asked = []
    real = KnownRows.take
    monkeypatch.setattr(KnownRows, "take", lambda *a, **k: asked.append(1) or real(*a, **k))

    run("email\n" + "".join(f"q{n}@example.com\n" for n in range(160)))

    assert 1 <= len(asked) <= 3


class TestKept:
    def test_digests_of_the_last_import_outlive_its_undoing(self, run, noon):
        AttributeFactory(key="city")
        ContactFactory(email="ann@example.com", attributes={"city": "Paris"})
        done = run(FILE)

        services.imports_forget(now=done.finished_at + timedelta(days=7))
        kept = list(ImportKey.objects.values_list("before", "digest"))
        services.imports_forget(now=done.finished_at + timedelta(days=35))

        assert [before for before, _digest in kept] == [None] * 3
        assert all(digest for _before, digest in kept)
        assert not ImportKey.objects.exists()

    def test_a_later_import_relieves_an_earlier_one(self, run):
        first, second, third = (run(FILE) for _time in range(3))

        services.imports_forget(now=third.finished_at + timedelta(days=1))

        # What the first one made can still be undone.
        assert [one.keys.count() for one in (first, second, third)] == [3, 0, 3]

    def test_nothing_is_known_again_of_somebody_who_was_erased(self, run, noon):
        run(FILE)

        services.contact_erase(contact=ann(), by=None, now=noon)

        assert ImportKey.objects.filter(digest=None).count() == 1
        assert ImportKey.objects.exclude(digest=None).count() == 2


def test_any_file_ends_as_if_all_of_it_were_read(run, monkeypatch):
    dice = random.Random(11)  # noqa: S311  # the same files each time
    AttributeFactory(key="n", type="number")
    IdentityFactory(
        contact=ContactFactory(email="p0@example.com"), namespace="email", value="alias@example.com"
    )
    names = [f"p{n}@example.com" for n in range(12)] + ["alias@example.com", "bad", ""]
    mapping = {"email": "email", "n": "attr:n:number", "crm": "identity:crm"}
    rules = {"n": "if_empty"}

    def row():
        crm = dice.choice(["", "", str(dice.randrange(8))])
        return f"{dice.choice(names)},{dice.choice(['1', '2', 'x', ''])},{crm}"

    def ended(text, *, asks):
        with monkeypatch.context() as patch:
            if not asks:
                patch.setattr(import_contacts, "_earlier", lambda *_args: None)
            before = transaction.savepoint()
            done = run(text, mapping=mapping, rules=rules)
            named = Identity.objects.order_by("namespace", "value")
            seen = (counts(done), people(), list(named.values_list("value", "contact__email")))
            transaction.savepoint_rollback(before)
            return seen

    rows = [row() for _row in range(25)]
    for _round in range(8):
        text = "email,n,crm\n" + "\n".join(rows)
        assert ended(text, asks=True) == ended(text, asks=False)
        run(text, mapping=mapping, rules=rules)
        rows = [row() if dice.random() < 0.15 else old for old in rows]
        rows.insert(dice.randrange(len(rows)), row())
        with connection.cursor() as cursor:  # somebody edits somebody
            cursor.execute(
                "UPDATE contacts_contact SET attributes = '{\"n\": 2}' WHERE id %% 5 = %s",
                [dice.randrange(5)],
            )
