"""Every way in which a rule can be wrong is told with its place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.contacts.models import Attribute
from apps.segments.rules import RuleInvalid, SegmentTerm, Term, Vocabulary, rule_parse

Type = Attribute.Type
WORDS = Vocabulary(
    attributes={
        **{kind: Term(kind, kind.title(), kind) for kind in Type},
        "income": Term("income", "Income", Type.MONEY, is_for_targeting=False),
    },
    companies={"industry": Term("industry", "Industry", Type.TEXT)},
    segments={
        1: SegmentTerm("Refers to 2", {"segment": 2}),
        2: SegmentTerm("Refers to 1", {"all": [{"segment": 1}]}),
        3: SegmentTerm("Broken", {"attribute": "gone", "op": "exists"}),
        4: SegmentTerm("Sound", {"attribute": "text", "op": "exists"}),
        5: SegmentTerm("Long", {"all": [{"attribute": "text", "op": "exists"}] * 99}),
    },
    lists={1: "Pasted"},
)


def nested(depth):
    rule = {"attribute": "text", "op": "exists"}
    for _level in range(depth):
        rule = {"all": [rule]}
    return rule


def attribute(key, op, *value):
    return {"attribute": key, "op": op} | ({"value": value[0]} if value else {})


def event(**parts):
    return {"event": "order", "did": True, **parts}


REFUSED = [
    # the shape of the whole
    ([], "", "group or a condition"),
    ("all", "", "group or a condition"),
    (None, "", "group or a condition"),
    ({}, "", "empty"),
    ({"colour": "red"}, "colour", "not a kind of condition"),
    ({"all": [{"all": [{}]}]}, "all[0].all[0]", "empty"),
    ({"all": {}}, "all", "list of conditions"),
    ({"any": []}, "any", "group is empty"),
    ({"all": [{"none": []}]}, "all[0].none", "group is empty"),
    ({"all": [], "any": []}, "any", "not known here"),
    ({"all": ["text"]}, "all[0]", "group or a condition"),
    # companies
    ({"company": "text", "op": "exists"}, "company", "no attribute “text”"),
    ({"company": "industry", "op": "gt", "value": "x"}, "op", "does not go with"),
    ({"company": "industry", "op": "exists", "role": "boss"}, "role", "one of"),
    ({"company": "industry", "op": "exists", "member": "no"}, "member", ""),
    ({"company": "industry", "op": "exists", "since": "30d"}, "since", "not known here"),
    # attributes
    ({"attribute": "gone", "op": "eq", "value": "x"}, "attribute", "no attribute “gone”"),
    ({"attribute": 5, "op": "eq", "value": "x"}, "attribute", "no attribute"),
    ({"attribute": ["text"], "op": "eq", "value": "x"}, "attribute", "no attribute"),
    (attribute("income", "gt", 5), "attribute", "may not be used for targeting"),
    ({"attribute": "text", "value": "x"}, "op", "operator is missing"),
    (attribute("text", "like", "x"), "op", "not an operator"),
    (attribute("text", ["eq"], "x"), "op", "not an operator"),
    (attribute("text", "gt", "x"), "op", "does not go with “Text”"),
    (attribute("boolean", "in", [True]), "op", "does not go with"),
    (attribute("list", "eq", "x"), "op", "does not go with"),
    (attribute("text", "eq"), "value", "value is missing"),
    (attribute("text", "exists", "x"), "value", "takes no value"),
    (attribute("text", "eq", 5), "value", "has to be text"),
    (attribute("text", "eq", None), "value", "has to be text"),
    (attribute("text", "eq", " "), "value", "empty"),
    (attribute("text", "eq", "a\0b"), "value", "cannot be stored"),
    (attribute("text", "eq", "\ud800"), "value", "cannot be stored"),
    (attribute("text", "eq", "x" * 501), "value", "at most 500"),
    (attribute("text", "in", "x"), "value", "list of values"),
    (attribute("text", "in", []), "value", "list of values"),
    (attribute("text", "in", ["x", 5]), "value[1]", "has to be text"),
    (attribute("text", "in", ["x"] * 1001), "value", "At most 1000"),
    (attribute("choice", "eq", True), "value", "has to be text"),
    (attribute("number", "eq", "5"), "value", "has to be a number"),
    (attribute("number", "eq", True), "value", "has to be a number"),
    (attribute("number", "gt", float("nan")), "value", "too large"),
    (attribute("money", "gt", 10**400), "value", "too large"),
    (attribute("number", "between", [1]), "value", "list of two"),
    (attribute("number", "between", [2, 1]), "value", "smaller value comes first"),
    (attribute("number", "between", [1, "2"]), "value[1]", "has to be a number"),
    (attribute("boolean", "eq", "true"), "value", "true or false"),
    (attribute("boolean", "eq", 1), "value", "true or false"),
    (attribute("date", "before", "31.01.2026"), "value", "has to be a date"),
    (attribute("date", "before", "2026-02-30"), "value", "has to be a date"),
    (attribute("date", "before", "2026-01-31T00:00:00Z"), "value", "has to be a date"),
    (attribute("date", "after", "9999-12-31"), "value", "has to be a date"),
    (attribute("date", "between", ["2026-02-01", "2026-01-01"]), "value", "smaller value comes first"),
    (attribute("date", "within_last", "12h"), "value", "no hours"),
    (attribute("datetime", "before", "noon"), "value", "date or a time"),
    (attribute("datetime", "before", 1769904000), "value", "date or a time"),
    (attribute("datetime", "within_last", "30 days"), "value", "length of time"),
    (attribute("datetime", "within_last", "0d"), "value", "length of time"),
    (attribute("datetime", "within_last", "-5d"), "value", "length of time"),
    (attribute("datetime", "within_last", 30), "value", "length of time"),
    (attribute("datetime", "older_than", "99999y"), "value", "hundred years"),
    (attribute("text", "exists") | {"colour": "red"}, "colour", "not known here"),
    # events
    ({"event": ""}, "event", "empty"),
    ({"event": 5}, "event", "has to be text"),
    ({"event": "x" * 129}, "event", "at most 128"),
    ({"event": "order", "did": "yes"}, "did", "true or false"),
    (event(within="soon"), "within", "length of time"),
    (event(within="30d", between=["2026-01-01", "2026-02-01"]), "between", "not both"),
    (event(between="2026-01-01"), "between", "list of two"),
    (event(between=["2026-02-01", "2026-01-01"]), "between", "smaller value comes first"),
    (event(between=["2026-01-01", "2026-01-01"]), "between", "period is empty"),
    (event(between=["2026-01-01", "later"]), "between[1]", "date or a time"),
    (event(count=2), "count", "object such as"),
    (event(count={}), "count", "object such as"),
    (event(count={"ne": 2}), "count.ne", "not known here"),
    (event(count={"gte": "2"}), "count.gte", "whole number"),
    (event(count={"gte": 2.5}), "count.gte", "whole number"),
    (event(count={"gte": True}), "count.gte", "whole number"),
    (event(count={"gte": -1}), "count.gte", "whole number"),
    (event(count={"eq": 0}), "count", "“did”: false"),
    (event(count={"gt": 2, "lt": 3}), "count", "No number of times"),
    (event(where={}), "where", "list of conditions on properties"),
    (event(where=["total"]), "where[0]", "condition in braces"),
    (event(where=[{"op": "eq", "value": 1}]), "where[0].property", "missing"),
    (event(where=[{"property": 5, "op": "eq", "value": 1}]), "where[0].property", "has to be text"),
    (event(where=[{"property": "total", "value": 1}]), "where[0].op", "operator is missing"),
    (event(where=[{"property": "total", "op": "contains", "value": 1}]), "where[0].op", "does not go with"),
    (event(where=[{"property": "total", "op": "gt", "value": "x"}]), "where[0].value", "date or a time"),
    (event(where=[{"property": "total", "op": "in", "value": [1, "x"]}]), "where[0].value[1]", "a number"),
    (event(where=[{"property": "total", "op": "eq", "value": None}]), "where[0].value", "has to be text"),
    (event(where=[{"property": "total", "op": "eq", "value": {}}]), "where[0].value", "has to be text"),
    (event(where=[{"property": "a", "op": "exists", "colour": 1}]), "where[0].colour", "not known here"),
    (event(colour="red"), "colour", "not known here"),
    # segments and lists
    ({"segment": 99}, "segment", "no segment"),
    ({"segment": "1"}, "segment", "no segment"),
    ({"segment": True}, "segment", "no segment"),
    ({"segment": 3}, "segment", "cannot be used here"),
    ({"segment": 1}, "segment", "cannot be used here"),
    ({"segment": 4, "member": "yes"}, "member", "true or false"),
    ({"segment": 4, "op": "eq"}, "op", "not known here"),
    ({"list": 99}, "list", "no list"),
    ({"list": "1"}, "list", "no list"),
    ({"list": 1, "member": 1}, "member", "true or false"),
    # consent
    ({"consent": "email", "status": "subscribed"}, "consent", "object such as"),
    ({"consent": {}, "status": "subscribed"}, "consent.channel", "missing"),
    ({"consent": {"channel": "fax"}, "status": "subscribed"}, "consent.channel", "one of: email, sms"),
    ({"consent": {"channel": "email", "topic": 5}, "status": "none"}, "consent.topic", "has to be text"),
    ({"consent": {"channel": "email", "topic": "x"}, "status": "none"}, "consent.topic", "no topic “x”"),
    ({"consent": {"channel": "email", "to": 5}, "status": "none"}, "consent.to", "not known here"),
    ({"consent": {"channel": "email"}}, "status", "missing"),
    ({"consent": {"channel": "email"}, "status": "yes"}, "status", "one of: subscribed"),
]
LIMITS = [
    (nested(9), "all[0].all[0].all[0].all[0].all[0].all[0].all[0].all[0]", "nested 8 deep"),
    ({"all": [attribute("text", "exists")] * 101}, "all", "at most 100"),
    ({"all": [{"any": [attribute("text", "exists")] * 60}] * 2}, "all[1].any[40]", "at most 100"),
    ({"all": [{"segment": 5}] * 6}, "all[5]", "at most 500"),
]


@pytest.mark.parametrize(("rule", "path", "sentence"), [*REFUSED, *LIMITS])
def test_a_fault_is_told_with_its_path(rule, path, sentence):
    with pytest.raises(RuleInvalid) as refusal:
        rule_parse(rule, WORDS)

    fault = refusal.value.faults[0]
    assert (fault.path, sentence in fault.message) == (path, True), fault


@pytest.mark.parametrize(("rule", "path", "sentence"), REFUSED)
def test_the_path_leads_there_from_any_depth(rule, path, sentence):
    with pytest.raises(RuleInvalid) as refusal:
        rule_parse({"any": [attribute("text", "exists"), rule]}, WORDS)

    here = "any[1]" if not path or path.startswith("[") else f"any[1].{path}"
    assert refusal.value.faults[0].path == here


def test_all_faults_are_told_at_once():
    rule = {
        "all": [attribute("gone", "exists"), attribute("text", "gt", 1), event(within="x", count={"eq": 0})]
    }

    with pytest.raises(RuleInvalid) as refusal:
        rule_parse(rule, WORDS)

    assert [fault.path for fault in refusal.value.faults] == [
        "all[0].attribute",
        "all[1].op",
        "all[2].within",
        "all[2].count",
    ]
    assert str(refusal.value).startswith("all[0].attribute: There is no attribute")


def test_a_segment_may_not_refer_to_itself_through_another():
    with pytest.raises(RuleInvalid, match="“Refers to 1” cannot be used here"):
        rule_parse({"segment": 2}, WORDS, segment=1)
    with pytest.raises(RuleInvalid, match="“Sound” refers back to this segment"):
        rule_parse({"segment": 4}, WORDS, segment=4)


def test_an_empty_rule_is_everyone():
    assert rule_parse({"all": []}, WORDS).rules == ()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "all",
                    "any",
                    "none",
                    "attribute",
                    "op",
                    "value",
                    "event",
                    "count",
                    "where",
                    "segment",
                    "consent",
                ]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(raw=anything)
def test_whatever_arrives_is_a_rule_or_a_refusal(raw):
    try:
        rule_parse(raw, WORDS)
    except RuleInvalid as refusal:
        json.dumps([fault.message for fault in refusal.faults])
