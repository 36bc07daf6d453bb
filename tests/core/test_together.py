import pytest
from django.db.models.functions import JSONObject

from apps.core.together import read_together
from apps.segments.models import ContactList, Segment
from tests.factories.campaigns import AudienceFactory

pytestmark = pytest.mark.django_db


def test_each_query_gets_its_rows_in_its_order_in_one_statement(django_assert_num_queries):
    rule = {"all": [{"attribute": "email", "op": "eq", "value": "100%s ä"}]}
    AudienceFactory(name="B"), AudienceFactory(name="A", rule=rule)

    with django_assert_num_queries(1):
        found = read_together(
            {
                "segments": Segment.objects.order_by("name").values_list(
                    JSONObject(name="name", rule="rule")
                ),
                "lists": ContactList.objects.values_list(JSONObject(pk="pk")),
                "chosen": Segment.objects.filter(name="B").values_list(JSONObject(name="name")),
            }
        )

    assert [row["name"] for row in found["segments"]] == ["A", "B"]
    assert found["segments"][0]["rule"] == rule
    assert (found["lists"], found["chosen"]) == ([], [{"name": "B"}])
