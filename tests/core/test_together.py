import pytest

from apps.core.together import read_together
from apps.segments.models import ContactList, Segment
from tests.factories.campaigns import AudienceFactory

pytestmark = pytest.mark.django_db


def test_each_query_gets_its_rows_in_its_order_in_one_statement(django_assert_num_queries):
    rule = {"all": [{"attribute": "email", "op": "eq", "value": "100%s ä"}]}
    AudienceFactory(name="B"), AudienceFactory(name="A", rule=rule)

    with django_assert_num_queries(1):
        segments, lists, chosen = read_together(
            Segment.objects.order_by("name").values_list("name", "rule", "archived_at"),
            ContactList.objects.values_list("pk", "name"),
            Segment.objects.filter(name="B").values_list("name"),
        )

    assert [name for name, _rule, _at in segments] == ["A", "B"]
    assert segments[0] == ("A", rule, None)
    assert (lists, chosen) == ([], [("B",)])
