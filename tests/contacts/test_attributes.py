import pytest
from django.db import connection

from apps.contacts.attributes import index_name, key_suggest, keys_alike, sql_expression
from apps.contacts.models import Contact
from tests.factories.contacts import ContactFactory


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Last Order", "last_order"),
        ("lastOrder", "last_order"),
        ("Größe (cm)", "groe_cm"),
        ("2nd choice", "n_2nd_choice"),
        ("日本", "attribute"),
        ("x" * 80, "x" * 63),
    ],
)
def test_a_name_that_people_use_becomes_a_system_name(name, key):
    assert key_suggest(name) == key


def test_keys_that_may_mean_the_same_are_found():
    known = {"last_orders": "", "order_last": "", "country": "", "postcode": "", "city": "Town"}

    assert keys_alike("last_order", known) == ["last_orders", "order_last"]
    assert keys_alike("zip", known) == ["postcode"]
    assert keys_alike("birthday", known) == []
    assert keys_alike("countries", known) == ["country"]
    assert keys_alike("place", known, label="Towns") == ["city"]
    assert keys_alike("size", {"one": "日本"}, label="大きさ") == []


@pytest.mark.parametrize("key", ["a' OR 1=1 --", "Country", "", "x" * 64, "a__b"])
def test_only_a_system_name_may_stand_in_sql(key):
    with pytest.raises(ValueError, match="is not a system name"):
        sql_expression(key, "text")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "value", "condition"),
    [
        ("text", "Öl", "= 'öl'"),
        ("choice", "Gold", "= 'gold'"),
        ("number", 2.5, "> 2"),
        ("money", 10, "= 10"),
        ("boolean", True, "= true"),
        ("date", "2030-12-31", "< '2031-01-01'"),
        ("list", ["VIP", "New"], "@> '[\"vip\"]'"),
    ],
)
def test_the_expression_compares_each_type_as_it_is_meant(kind, value, condition):
    there = ContactFactory(attributes={"it": value})
    ContactFactory()

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM contacts_contact WHERE {sql_expression('it', kind)} {condition}")
        assert cursor.fetchall() == [(there.pk,)]
    assert Contact.objects.count() == 2


def test_names_of_indexes_fit_and_differ():
    first, second = index_name("x" * 63), index_name("x" * 62 + "y")

    assert len(first) <= 63
    assert first != second
