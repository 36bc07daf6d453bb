"""What may stand in a name that people write and read on one line."""

# They join letters of Persian and Indic scripts, and the parts of an emoji; Python calls them unprintable.
_JOINERS = dict.fromkeys(map(ord, "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"))


def is_one_line(text: str) -> bool:
    """Test if there is something to read, and no line break, control or turn of direction in it."""
    shown = text.translate(_JOINERS)
    return bool(shown.strip()) and shown.isprintable()
