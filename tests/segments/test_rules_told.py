"""What is said about rules: the published schema, and the sentence that reads one back."""

import jsonschema
import pytest
from hypothesis import given, settings

from apps.contacts.models import Attribute
from apps.segments.rules import SegmentTerm, Term, Vocabulary, rule_parse
from apps.segments.rules.schema import rule_schema
from apps.segments.rules.sentence import rule_sentence
from tests.segments import strategies
from tests.segments.test_rules_refused import attribute, event

Type = Attribute.Type
WORDS = Vocabulary(
    attributes={kind: Term(kind, label, kind) for kind, label in Type.choices},
    companies={"industry": Term("industry", "Industry", Type.TEXT)},
    segments={1: SegmentTerm("Regulars", {"all": []})},
    lists={1: "Pasted"},
    topics={"news": "The news"},
)


class TestRuleSchema:
    validator = jsonschema.Draft202012Validator(rule_schema())

    def test_is_a_schema(self):
        self.validator.check_schema(rule_schema())

    @settings(max_examples=200, deadline=None)
    @given(rule=strategies.rules([1], [1]))
    def test_lets_every_good_rule_through(self, rule):
        self.validator.validate(rule)

    @pytest.mark.parametrize(
        "rule",
        [
            {},
            {"colour": "red"},
            {"any": []},
            {"all": [], "any": []},
            attribute("text", "like", "x"),
            attribute("text", "exists", "x"),
            attribute("text", "in", "x"),
            attribute("datetime", "within_last", "30 days"),
            event(count={"ne": 1}),
            event(within="30d", between=["2026-01-01", "2026-02-01"]),
            {"segment": "1"},
            {"consent": {"channel": "fax"}, "status": "none"},
        ],
    )
    def test_refuses_what_has_no_shape_of_a_rule(self, rule):
        assert not self.validator.is_valid(rule)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"all": []}, "Everyone."),
        (attribute("text", "eq", "Rome"), "Everyone where “Text” is “Rome”."),
        (
            {"company": "industry", "op": "eq", "value": "Tools", "role": "decision_maker"},
            "Everyone where they are decision maker at a company where “Industry” is “Tools”.",
        ),
        (
            {"company": "industry", "op": "exists", "member": False},
            "Everyone where they belong to no company where “Industry” is known.",
        ),
        (attribute("number", "gte", 1500), "Everyone where “Number” is at least 1,500."),
        (attribute("money", "between", [0.5, 20]), "Everyone where “Money” is between 0.5 and 20."),
        (attribute("boolean", "ne", True), "Everyone where “Yes or no” is not yes."),
        (attribute("date", "gt", "2026-01-31"), "Everyone where “Date” is after 31 Jan 2026."),
        (attribute("date", "lte", "2026-01-31"), "Everyone where “Date” is on or before 31 Jan 2026."),
        (attribute("date", "eq", "2026-01-31"), "Everyone where “Date” is on 31 Jan 2026."),
        (attribute("date", "older_than", "1y"), "Everyone where “Date” is more than 1 year ago."),
        (attribute("list", "in", ["a", "b"]), "Everyone where “Several of a list” has one of “a”, “b”."),
        (attribute("text", "missing"), "Everyone where “Text” is not known."),
        (event(), "Everyone where “order” happened."),
        (
            event(
                did=False,
                count={"gte": 2},
                within="30d",
                where=[{"property": "total", "op": "gt", "value": 50}],
            ),
            "Everyone where “order” did not happen at least 2 times in the last 30 days "
            "(where “total” is more than 50).",
        ),
        (
            event(count={"gte": 1, "lt": 3}, between=["2026-01-01", "2026-02-01"]),
            "Everyone where “order” happened at least once and fewer than 3 times "
            "from 1 Jan 2026 until before 1 Feb 2026.",
        ),
        ({"segment": 1, "member": False}, "Everyone where they are not in the segment “Regulars”."),
        ({"list": 1}, "Everyone where they are on the list “Pasted”."),
        (
            {"consent": {"channel": "email", "topic": "news"}, "status": "subscribed"},
            "Everyone where they are subscribed to e-mail on “The news”.",
        ),
        (
            {"all": [{"any": [{"list": 1}, {"segment": 1}]}, {"none": [event(), {"list": 1}]}]},
            "Everyone where (they are on the list “Pasted” or they are in the segment “Regulars”) "
            "and none of this holds: (“order” happened or they are on the list “Pasted”).",
        ),
    ],
)
def test_a_rule_reads_back_as_a_sentence(rule, sentence):
    assert rule_sentence(rule_parse(rule, WORDS)) == sentence
