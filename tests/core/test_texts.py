import pytest

from apps.core.texts import is_one_line


@pytest.mark.parametrize(
    "text",
    [
        "Spring",
        "Prix\u00a0: 3",  # as a word processor writes it
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, joined by nothing
        "\u05e9\u05dc\u05d5\u05dd\u200f!",  # Hebrew, with a mark of direction
        "\U0001f469\u200d\U0001f467",  # one emoji of two
        "\U0001f3f4\U000e0067\U000e0062\U000e007f",  # a flag
        "\U0001fae8",  # younger than this Python
    ],
)
def test_what_people_write_is_a_line(text):
    assert is_one_line(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "\u200b\u200b", "a\nb", "a\tb", "a\x00", "\u202eelprup", "a\u2067b", "a\u2028b"],
)
def test_nothing_to_read_a_break_or_a_turn_is_none(text):
    assert not is_one_line(text)
