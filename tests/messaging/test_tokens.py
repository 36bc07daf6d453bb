import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.messaging.tokens import Purpose, token_make, token_read

IDS = st.integers(1, 2**63 - 1)


@given(IDS, st.integers(0, 2**16 - 1))
def test_a_token_is_read_back(recipient, link):
    assert token_read(Purpose.CLICK, token_make(Purpose.CLICK, recipient, link)) == (recipient, link)
    assert token_read(Purpose.OPEN, token_make(Purpose.OPEN, recipient)) == (recipient, 0)


@given(IDS, st.sampled_from(Purpose), st.sampled_from(Purpose))
def test_a_token_is_good_for_its_purpose_only(recipient, made_for, used_for):
    read = token_read(used_for, token_make(made_for, recipient))

    assert (read is not None) is (made_for is used_for)


@given(IDS, st.data())
def test_a_token_with_one_sign_changed_is_nobodys(recipient, data):
    token = token_make(Purpose.UNSUBSCRIBE, recipient)
    place = data.draw(st.integers(0, len(token) - 1))
    sign = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
    forged = token[:place] + sign + token[place + 1 :]

    assert token_read(Purpose.UNSUBSCRIBE, forged) == ((recipient, 0) if forged == token else None)


@pytest.mark.parametrize("token", ["", "a", "=", "ä" * 30, "A" * 22, "A" * 200, "%00", "a b", "\0" * 24])
def test_nonsense_is_nobodys(token):
    assert token_read(Purpose.OPEN, token) is None


def test_tokens_of_an_older_key_still_work(settings):
    token = token_make(Purpose.OPEN, 7)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"

    assert token_read(Purpose.OPEN, token) == (7, 0)
    assert token_make(Purpose.OPEN, 7) != token


def test_a_token_is_short_and_says_no_number():
    assert len(token_make(Purpose.CLICK, 10**9, 12)) == 30
