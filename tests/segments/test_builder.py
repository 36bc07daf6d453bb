"""The builder's form holds any rule, and gives the same rule back."""

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.contacts.models import Attribute
from apps.segments import builder
from apps.segments.rules import SegmentTerm, Term, Vocabulary, rule_parse
from tests.segments import strategies
from tests.segments.test_rules_refused import REFUSED, attribute, event

WORDS = Vocabulary(
    attributes={key: Term(key, key, Attribute.Type(kind)) for key, kind in strategies.KINDS.items()},
    companies={key: Term(key, key, Attribute.Type(kind)) for key, kind in strategies.COMPANY_KINDS.items()},
    segments={1: SegmentTerm("one", {"all": []})},
    lists={1: "one"},
    topics={"news": "News"},
)


def posted(draft):
    """Return what a form with this tree posts."""
    form = QueryDict(mutable=True)
    for node in draft.walk():
        if not node.is_group:
            form[f"{node.path}:kind"] = node.kind
        else:
            form[f"{node.path}:kind"] = "group"
        for name, text in node.values.items():
            form[f"{node.path}:{name}"] = text
    return form


def there_and_back(rule):
    return builder.draft_to_rule(builder.draft_from_form(posted(builder.draft_from_rule(rule))), WORDS)


@settings(max_examples=300, deadline=None)
@given(rule=strategies.rules([1], [1]))
def test_a_rule_goes_through_the_form_unchanged(rule):
    if not set(rule) & {"all", "any", "none"}:
        rule = {"all": [rule]}

    assert rule_parse(there_and_back(rule), WORDS) == rule_parse(rule, WORDS)


@pytest.mark.parametrize(
    "rule",
    [
        attribute("city", "in", ["Rome, Italy", 'the "big" one', "plain"]),
        attribute("visits", "between", [-1.5, 2]),
        attribute("seen", "before", "2026-01-31T09:00:00Z"),
        event(count={"gte": 1, "lt": 5}, where=[{"property": "total", "op": "in", "value": [1, 2.5]}]),
        event(count={"gte": 1, "lt": 9, "gt": 2}),
        # What a field of one line would drop.
        attribute("city", "contains", "Bad "),
        attribute("city", "in", [" Rome", "Oslo"]),
        attribute("city", "eq", "Rome\nItaly"),
        event(where=[{"property": "note", "op": "eq", "value": "one\r\ntwo"}]),
    ],
)
def test_odd_values_go_through_the_form_unchanged(rule):
    assert rule_parse(there_and_back({"all": [rule]}), WORDS) == rule_parse({"all": [rule]}, WORDS)


@pytest.mark.parametrize("rule", [rule for rule, _path, _sentence in REFUSED])
def test_a_form_can_be_made_of_whatever_was_a_rule_once(rule):
    wrapped = rule if isinstance(rule, dict) and set(rule) & {"all", "any", "none"} else {"all": [rule]}

    assert set(there_and_back(wrapped)) & {"all", "any", "none"}


@given(form=st.dictionaries(st.text(st.sampled_from("r.019:whereop-d_"), max_size=12), st.text(max_size=4)))
def test_any_form_is_a_tree(form):
    builder.draft_to_rule(builder.draft_from_form(form), WORDS)


def names(draft):
    return [node.values.get("key", node.values.get("match")) for node in draft.walk()]


@pytest.fixture
def draft():
    rule = {
        "all": [
            attribute("city", "exists"),
            {"any": [attribute("tier", "exists"), attribute("tags", "exists")]},
            attribute("visits", "exists"),
        ]
    }
    return builder.draft_from_rule(rule)


@pytest.mark.parametrize(
    ("act", "after", "focus"),
    [
        ("add-row r", ["all", "city", "any", "tier", "tags", "visits", None], "r"),
        ("add-row r.1", ["all", "city", "any", "tier", "tags", None, "visits"], "r.1"),
        ("add-row r.0", ["all", "city", "any", "tier", "tags", "visits"], "r.0"),
        ("add-group r.1", ["all", "city", "any", "tier", "tags", "any", None, "visits"], "r.1"),
        ("remove r.1.0", ["all", "city", "any", "tags", "visits"], "r.1"),
        ("remove r.1", ["all", "city", "visits"], "r"),
        ("remove r", ["all", "city", "any", "tier", "tags", "visits"], "r"),
        ("up r.1", ["all", "any", "tier", "tags", "city", "visits"], "r.0"),
        ("up r.0", ["all", "city", "any", "tier", "tags", "visits"], "r.0"),
        ("down r.1.0", ["all", "city", "any", "tags", "tier", "visits"], "r.1.1"),
        ("down r.2", ["all", "city", "any", "tier", "tags", "visits"], "r.2"),
        ("down r.0", ["all", "any", "city", "tier", "tags", "visits"], "r.0.0"),
        ("up r.2", ["all", "city", "any", "tier", "tags", "visits"], "r.1.2"),
        ("up r.1.0", ["all", "city", "tier", "any", "tags", "visits"], "r.1"),
        ("down r.1.1", ["all", "city", "any", "tier", "tags", "visits"], "r.2"),
        ("move r.0 r.1 1", ["all", "any", "tier", "city", "tags", "visits"], "r.0.1"),
        ("move r.0 r 3", ["all", "any", "tier", "tags", "visits", "city"], "r.2"),
        ("move r.2 r 0", ["all", "visits", "city", "any", "tier", "tags"], "r.0"),
        ("move r.1.1 r 999", ["all", "city", "any", "tier", "visits", "tags"], "r.3"),
        ("move r.1 r.1 0", ["all", "city", "any", "tier", "tags", "visits"], "r.1"),
        ("move r.0 r.2 0", ["all", "city", "any", "tier", "tags", "visits"], "r.0"),
        ("move r.0 r.1 x", ["all", "city", "any", "tier", "tags", "visits"], "r.0"),
        ("move r r.1 0", ["all", "city", "any", "tier", "tags", "visits"], "r"),
        ("add-row r.9", ["all", "city", "any", "tier", "tags", "visits"], ""),
        ("explode r.1", ["all", "city", "any", "tier", "tags", "visits"], "r.1"),
        ("", ["all", "city", "any", "tier", "tags", "visits"], ""),
    ],
)
def test_acts_change_the_tree(draft, act, after, focus):
    assert builder.draft_act(draft, act) == focus
    assert names(draft) == after


def test_of_two_rows_that_say_the_same_the_one_that_is_meant_moves(draft):
    draft = builder.draft_from_rule(
        {"all": [attribute("city", "exists")] * 2 + [attribute("tier", "exists")]}
    )
    second = draft.children[1]

    assert builder.draft_act(draft, "down r.1") == "r.2"
    assert draft.children[2] is second


def test_nothing_moves_to_where_its_path_would_be_too_long():
    rule = attribute("city", "exists")
    for _level in range(7):
        rule = {"any": [rule]}
    draft = builder.draft_from_rule({"all": [rule, {"any": [attribute("tier", "exists")]}]})
    before = names(draft)

    builder.draft_act(draft, "move r.1 r.0.0.0.0.0.0 0")

    assert names(draft) == before


@pytest.mark.parametrize(
    ("act", "focus"),
    [
        ("down r.0", "r-0-0-down"),
        ("remove r.0", "r-add-row"),
        ("add-row r", "r-3-kind"),
        ("add-group r.1", "r-1-2-match"),
        ("add-where r.2", "r-2-where-0-property"),
        ("refresh", ""),
        ("up r.7", ""),
    ],
)
def test_what_an_act_has_in_hand_keeps_the_focus(draft, act, focus):
    assert builder.focus_on(draft, act, builder.draft_act(draft, act)) == focus


def test_acts_change_the_conditions_on_properties():
    draft = builder.draft_from_rule({"all": [event()]})
    for name in ("a", "b", "c"):
        builder.draft_act(draft, "add-where r.0")
        draft.children[0].values[f"where-{'abc'.index(name)}-property"] = name

    builder.draft_act(draft, "remove-where r.0 1")

    rule = builder.draft_to_rule(draft, WORDS)
    assert [line["property"] for line in rule["all"][0]["where"]] == ["a", "c"]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("", ("r", "")),
        ("all[1].any[0].op", ("r.1.0", "op")),
        ("all[1]", ("r.1", "")),
        ("all[2].where[0].value", ("r.2", "where[0].value")),
        ("all[0].value[1]", ("r.0", "value[1]")),
        ("any", ("r", "any")),
        ("all[1].none", ("r.1", "none")),
    ],
)
def test_a_fault_finds_its_row(path, place):
    assert builder.fault_place(path) == place


def test_a_row_whose_attribute_is_gone_from_the_form_is_one_without():
    draft = builder.draft_from_form({"r.0:kind": "attribute", "r.0:was_key": "city", "r.0:value": "Rome"})

    assert draft.children[0].values == {"key": ""}


@pytest.mark.parametrize("mark", ["[", '{"all":['])
def test_json_nested_deeper_than_any_rule_is_text_to_be_refused(mark):
    form = {"r.0:kind": "json", "r.0:json": mark * 100_000}

    rule = builder.draft_to_rule(builder.draft_from_form(form), WORDS)

    assert rule == {"all": [mark * 100_000]}
