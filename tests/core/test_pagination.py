import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models.functions import Lower
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import ApiToken, User
from apps.core.pagination import BadCursor, Page, keyset_page, keyset_page_strict
from tests.factories.accounts import ApiTokenFactory, UserFactory

pytestmark = pytest.mark.django_db


def walk(queryset, *, ordering, limit, forwards=True):
    """Read all pages, one way, and return the rows as they came."""
    page = keyset_page_strict(queryset, ordering=[ordering], size=limit)
    while not forwards and page.older:
        page = keyset_page_strict(queryset, ordering=[ordering], size=limit, cursor=page.older)
    pages = [page.rows]
    while cursor := (page.older if forwards else page.newer):
        page = keyset_page_strict(queryset, ordering=[ordering], size=limit, cursor=cursor)
        pages.append(page.rows)
    return [row for rows in (pages if forwards else reversed(pages)) for row in rows]


@pytest.fixture
def people():
    for name in ["b", "a", "a", "a", "a", "c", ""]:
        UserFactory(name=name)


@pytest.mark.parametrize("forwards", [True, False])
@pytest.mark.parametrize("ordering", ["name", "-name", "-pk", "-date_joined"])
@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_every_row_comes_once_and_in_order_though_many_are_equal(people, ordering, limit, forwards):
    tie = "-pk" if ordering.startswith("-") else "pk"
    everyone = User.objects.order_by(ordering, tie)

    assert walk(User.objects.all(), ordering=ordering, limit=limit, forwards=forwards) == list(everyone)


@pytest.mark.parametrize("forwards", [True, False])
@pytest.mark.parametrize("ordering", ["last_used_at", "-last_used_at"])
def test_rows_without_a_value_stand_at_the_end(noon, ordering, forwards):
    for moment in (None, noon, None, noon, None):
        ApiTokenFactory(last_used_at=moment)

    found = walk(ApiToken.objects.all(), ordering=ordering, limit=2, forwards=forwards)

    assert [token.last_used_at for token in found] == [noon, noon, None, None, None]
    assert len(set(found)) == 5


def test_a_row_that_comes_in_between_shifts_nothing(people):
    first = keyset_page(User.objects.all(), ordering=["name"], size=3)
    UserFactory(name=" ")

    second = keyset_page(User.objects.all(), ordering=["name"], size=3, cursor=first.older)

    assert not set(first.rows) & set(second.rows)


def test_an_annotation_and_another_table_can_order(people):
    for user in User.objects.all():
        ApiTokenFactory(user=user)
    tokens = ApiToken.objects.annotate(letter=Lower("user__name"))

    for ordering in ("letter", "-user__name"):
        assert len(set(walk(tokens, ordering=ordering, limit=2))) == 7


def test_an_empty_list_has_no_pages_around_it():
    assert keyset_page(User.objects.all(), ordering=["name"]) == Page(rows=[], newer="", older="")


def test_a_cursor_of_another_ordering_opens_the_first_page_and_is_an_error_to_programs(people):
    cursor = keyset_page(User.objects.all(), ordering=["name"], size=1).older

    page = keyset_page(User.objects.all(), ordering=["date_joined"], size=1, cursor=cursor)

    assert page == keyset_page(User.objects.all(), ordering=["date_joined"], size=1)
    with pytest.raises(BadCursor):
        keyset_page_strict(User.objects.all(), ordering=["date_joined"], cursor=cursor)


def test_a_later_page_starts_in_the_index_where_it_begins(noon):
    """The plan itself is asked: with a filter instead of a start, page 10,000 would read 9,999 pages."""
    cursor = keyset_page(ContentType.objects.all(), ordering=["-pk"], size=1).older

    with CaptureQueriesContext(connection) as queries:
        keyset_page(ContentType.objects.all(), ordering=["-pk"], size=1, cursor=cursor)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + queries[0]["sql"])
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "Index Cond" in plan
    assert "Sort" not in plan


def test_a_later_page_among_equals_starts_in_the_index_too(noon):
    ordering = ["app_label", "model"]
    cursor = keyset_page(ContentType.objects.all(), ordering=ordering, size=5).older

    with CaptureQueriesContext(connection) as queries:
        keyset_page(ContentType.objects.all(), ordering=ordering, size=5, cursor=cursor)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + queries[0]["sql"])
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "Index Cond: (ROW(" in plan
