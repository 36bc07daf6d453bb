"""The cards of the fair have something of every kind that the quality centre finds."""

import pytest
from django.db import connection

from apps.contacts.models import Contact, ImportFile, QualityMend, QualityPair, QualityScan
from apps.contacts.quality import RULES
from apps.demo.fair import cards_import
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def undurable():
    """Claims are transactions of their own; a test's block around them may believe that it is outermost."""
    connection.atomic_blocks[-1]._from_testcase = True


@pytest.fixture
def cards(noon):
    by = UserFactory(role="data_lead")
    assert cards_import(by, now=noon) is True
    assert cards_import(by, now=noon) is False
    return ImportFile.objects.get()


def test_most_cards_come_in_and_the_others_stand_in_the_error_file(cards):
    assert (cards.rows_total, cards.created, cards.invalid, cards.duplicate) == (59, 53, 5, 1)
    assert set(cards.faults.values_list("column", flat=True)) == {
        "E-mail",
        "Mobile",
        "Born",
        "Met at",
        "Card",
    }
    assert Contact.objects.count() == 53 + 4
    assert not Contact.objects.filter(consents__isnull=False).exists()


def test_every_rule_finds_somebody_and_what_was_mended_raises_the_score(cards):
    first, second = QualityScan.objects.order_by("pk")

    assert first.score < second.score
    assert dict(second.results.values_list("rule", "found")) == {
        "completeness": 3,
        "address_validity": 2,
        "value_validity": 3,
        "staleness": 4,
        "exact_duplicates": 8,
        "similar_duplicates": 6,
        "role_addresses": 3,
        "disposable_addresses": 2,
        "swapped_names": 3,
        "suspicious_names": 7,
        "shared_addresses": 3,
    }
    assert set(second.results.values_list("rule", flat=True)) == {*RULES}
    assert set(QualityPair.objects.values_list("reason", flat=True)) == set(QualityPair.Reason)
    assert (QualityMend.objects.get().changed, QualityMend.objects.get().skipped) == (2, 0)
