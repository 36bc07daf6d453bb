import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.segments import selectors
from apps.segments.services.members import members_write
from tests.factories.contacts import ContactFactory
from tests.factories.segments import SegmentFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("is_narrowed", [True, False])
def test_who_leaves_is_looked_up_and_not_joined_with_all_members(noon, is_narrowed):
    """
    Of a segment newer than the last ANALYZE the planner expects one member. With a join it walked all of them
    for each who left: a hundred segments were half a minute behind.
    """
    segment = SegmentFactory()
    people = [contact.pk for contact in ContactFactory.create_batch(3)]
    node = selectors.rule_read({"all": []})

    with CaptureQueriesContext(connection) as asked:
        change = members_write(segment, node, now=noon, among=people if is_narrowed else None)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {asked[-1]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert change.entered == 3
    _before, _found, rest = plan.partition("CTE gone")
    leaving, _found, _after = rest.partition("CTE new")
    assert "contact_id = ANY" in leaving
    assert "Nested Loop" not in leaving
    assert "Join" not in leaving
