"""What may stand in a name that people write and read on one line."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

NOT_ONE_LINE = _("There is nothing to read in it, or something in it that cannot be seen: write it anew.")

# They turn all that follows them to the other direction, beyond the name itself.
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKS = frozenset({"Cc", "Cs", "Zl", "Zp"})
# What joins letters of Persian and Indic scripts or the parts of an emoji, where a word may be parted, marks
# of direction: at home in many texts, and alone nothing to read.
_UNSEEN = frozenset({"Cf", "Zs"})


def is_one_line(text: str) -> bool:
    """Test if there is something to read, and no line break, control or turn of direction in it."""
    kinds = {unicodedata.category(letter) for letter in text}
    return bool(kinds - _UNSEEN) and not kinds & _BREAKS and _TURNS.isdisjoint(text)


def line_validate(text: str) -> None:
    """
    Test what is typed into a field of one line; for forms and serializers.

    :raises ValidationError: there is nothing to read, or a break or a turn
    """
    if text and not is_one_line(text):
        raise ValidationError(NOT_ONE_LINE)


def name_check(name: str) -> None:
    """
    Test a name that is typed now; that there is one at all is for others to say.

    :raises ValidationError: of the field `name`
    """
    if name and not is_one_line(name):
        raise ValidationError({"name": [NOT_ONE_LINE]})
