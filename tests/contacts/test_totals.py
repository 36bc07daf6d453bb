import pytest

from apps.contacts import selectors
from apps.contacts.selectors import people
from tests.factories.contacts import ContactFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("estimate", "total"),
    [(None, people.Total(3, is_exact=True)), (64_000, people.Total(64_000, is_exact=False))],
)
def test_many_are_estimated_as_soon_as_there_are_statistics(monkeypatch, estimate, total):
    ContactFactory.create_batch(3)
    monkeypatch.setattr(people, "COUNTED_EXACTLY", 2)
    monkeypatch.setattr(people, "_estimate", lambda model: estimate)

    assert selectors.contacts_total() == total
