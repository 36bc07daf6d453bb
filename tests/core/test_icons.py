import pytest
from django.template import Context, Template

from apps.core.icons import IconMissing, drawing, icon


def test_an_icon_beside_a_word_is_hidden_from_screen_readers():
    assert 'aria-hidden="true"' in icon("users")
    assert drawing("users") in icon("users")


def test_an_icon_that_stands_alone_says_what_it_means():
    said = Template('{% load ui %}{% icon "lock" "icon-sm" label %}').render(Context({"label": "Locked <x>"}))

    assert 'role="img" aria-label="Locked &lt;x&gt;"' in said
    assert 'class="icon icon-sm"' in said


def test_an_icon_that_is_missing_is_named():
    with pytest.raises(IconMissing, match="no-such-thing"):
        icon("no-such-thing")
