"""What StrictJson takes: nothing that the database, or whatever walks the body later, breaks on."""

import io

import pytest
from rest_framework.exceptions import ParseError

from apps.core.parsers import MAX_DEPTH, StrictJson


def parse(body):
    return StrictJson().parse(io.BytesIO(body))


def nested(levels, innermost=b"1"):
    return b'{"a":' * levels + innermost + b"}" * levels


def test_a_body_as_deep_as_may_be_is_read():
    body = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH

    assert parse(body)[0][0] == parse(body[2:-2])


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (nested(MAX_DEPTH + 1), "levels"),
        (nested(1_000), "levels"),
        (nested(1_000, rb'"\u0000"'), "levels"),
        (b"[" * 100_000, "not JSON"),
        (rb'{"a\u0000": 1}', "NUL"),
        (rb'[{"a": ["\u0000"]}]', "NUL"),
        (rb'"\ud800"', "not JSON"),
        (b'"\xed\xa0\x80"', "not JSON"),
        (b'{"a": NaN}', "not JSON"),
        (b"", "not JSON"),
    ],
)
def test_what_would_break_later_is_refused(body, why):
    with pytest.raises(ParseError, match=why):
        parse(body)
