import re

import pytest

from apps.contacts.values import (
    AttributeInvalid,
    type_guess,
    value_check,
    value_parse,
    value_render,
    value_to_text,
)


class TestValueParse:
    @pytest.mark.parametrize(
        ("kind", "text", "value"),
        [
            ("text", "  Ann  ", "Ann"),
            ("text", "   ", None),
            ("number", "12", 12),
            ("number", "-007", -7),
            ("number", "1,234.5", 1234.5),
            ("number", "1.234,5", 1234.5),
            ("number", "12,5", 12.5),
            ("number", "1 234", 1234),
            ("money", "$1,234.50", 1234.5),
            ("money", "12 €", 12),
            ("money", "USD 3.10", 3.1),
            ("boolean", "Yes", True),
            ("boolean", "0", False),
            ("date", "2030-12-31", "2030-12-31"),
            ("date", "31.12.2030", "2030-12-31"),
            ("datetime", "2030-12-31 18:30:00.9+02:00", "2030-12-31T16:30:00Z"),
            ("datetime", "2030-12-31", "2030-12-31T00:00:00Z"),
            ("choice", "anything", "anything"),
            ("list", "a | b|a", ["a", "b"]),
            ("list", "a;b, c", ["a", "b, c"]),
            ("list", " | ", None),
        ],
    )
    def test_reads_what_people_write(self, kind, text, value):
        assert value_parse(kind, text) == value

    @pytest.mark.parametrize(
        ("kind", "text", "reason"),
        [
            ("text", "a\0b", "This holds a NUL character, which no text has."),
            ("text", "x" * 10_001, "This has 10,001 characters; at most 10,000 fit."),
            ("text", "\ud800", "This holds half a character (a lone surrogate)."),
            ("number", "abc", "“abc” is not a number."),
            ("number", "NaN", "“NaN” is not a number."),
            ("number", "٣", "“٣” is not a number."),
            ("number", "1234567890123456", "“1234567890123456” has more than 15 digits."),
            ("money", "lots", "“lots” is not an amount of money."),
            ("boolean", "maybe", "“maybe” is neither yes nor no."),
            (
                "date",
                "03/04/2030",
                "With slashes the day or the month may come first: write “03/04/2030” like 2030-12-31.",
            ),
            ("date", "2030-02-30", "“2030-02-30” is no day of the calendar."),
            ("date", "soon", "“soon” is not a date such as 2030-12-31."),
            ("datetime", "noon", "“noon” is not a time such as 2030-12-31T18:30:00Z."),
            ("datetime", "0001-01-01T00:00+05:00", "“0001-01-01T00:00+05:00” is not a time such as "),
        ],
    )
    def test_says_why_it_cannot_read_the_rest(self, kind, text, reason):
        with pytest.raises(AttributeInvalid, match=f"^{re.escape(reason)}"):
            value_parse(kind, text)

    def test_a_choice_is_kept_as_the_dictionary_writes_it(self):
        assert value_parse("choice", "GOLD", choices=["Gold", "Silver"]) == "Gold"

    def test_a_choice_that_is_not_on_the_list_is_refused_with_the_list(self):
        with pytest.raises(AttributeInvalid, match="“Tin” is not one of: Gold, Silver"):
            value_parse("choice", "Tin", choices=["Gold", "Silver"])


class TestValueCheck:
    @pytest.mark.parametrize(
        ("kind", "raw", "value"),
        [
            ("text", "Ann", "Ann"),
            ("number", 3, 3),
            ("number", "3", 3),
            ("boolean", True, True),
            ("list", ["a", " b ", "", "a"], ["a", "b"]),
            ("list", [], None),
            ("list", ["", " "], None),
            ("text", None, None),
        ],
    )
    def test_takes_json_of_the_type(self, kind, raw, value):
        assert value_check(kind, raw) == value

    @pytest.mark.parametrize(
        ("kind", "raw"),
        [
            ("number", True),
            ("boolean", 1),
            ("text", 1),
            ("text", {"a": 1}),
            ("list", [1]),
            ("number", float("inf")),
            ("number", 10**400),
            ("number", 10**15),
            ("list", [str(n) for n in range(201)]),
        ],
    )
    def test_refuses_json_that_means_something_else(self, kind, raw):
        with pytest.raises(AttributeInvalid):
            value_check(kind, raw)


class TestTypeGuess:
    @pytest.mark.parametrize(
        ("name", "samples", "kind"),
        [
            ("newbie", ["0", "1", "1"], "boolean"),
            ("recency", ["1", "12", "3"], "number"),
            ("history", ["142.44", "29.99"], "number"),
            ("spend", ["0", "29.99"], "money"),
            ("total_price", ["$5", "$7.10"], "money"),
            ("zip", ["01234", "99999"], "text"),
            ("mobile", ["+491701234567", "+491701234568"], "text"),
            ("born", ["1990-01-02", ""], "date"),
            ("last_seen", ["2030-01-02T10:00:00Z"], "datetime"),
            ("tags", ["a|b", "c|d", "e"], "list"),
            ("segment", ["2) $100 - $200", "1) $0 - $100"], "text"),
            ("empty", ["", ""], "text"),
        ],
    )
    def test_is_the_narrowest_type_that_fits_all(self, name, samples, kind):
        assert type_guess(name, samples) == kind


@pytest.mark.parametrize(
    ("kind", "value", "shown", "text"),
    [
        ("boolean", True, "Yes", "yes"),
        ("money", 1234.5, "1,234.50", "1234.5"),
        ("number", 12, "12", "12"),
        ("date", "2030-12-31", "31 Dec 2030", "2030-12-31"),
        ("datetime", "2030-12-31T09:05:00Z", "31 Dec 2030, 09:05", "2030-12-31T09:05:00Z"),
        ("list", ["a", "b"], "a, b", "a | b"),
        ("text", None, "", ""),
    ],
)
def test_a_value_is_shown_to_people_and_written_so_that_it_can_be_read_again(kind, value, shown, text):
    assert value_render(kind, value) == shown
    assert value_to_text(value) == text
    assert value_parse(kind, text) == value
