import pytest

from apps.core.keys import key_read, keys_read


@pytest.mark.parametrize(
    ("told", "key"),
    [
        ("7", 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, 0),
        ("", 0),
        ("-7", 0),
        ("7.0", 0),
        (" 7", 0),
        ("\N{ARABIC-INDIC DIGIT SEVEN}", 0),
    ],
)
def test_what_is_no_key_is_the_one_that_no_row_has(told, key):
    assert key_read(told) == key


def test_of_several_those_that_are_keys_are_read_in_their_order():
    assert keys_read(["9", "x", "", "3", "0"]) == [9, 3]
