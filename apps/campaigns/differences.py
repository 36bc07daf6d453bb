"""How a text differs from what it was, for people to read: by lines, or by words. Pure."""

import re
from difflib import SequenceMatcher, unified_diff
from typing import NamedTuple

LINES = 120  # that differ, of one long text, that are shown
WORDS = 600  # of a text that is compared word by word
LEAST_SHARED = 0.4  # of the words: below, nothing is seen in marks on nearly all of them


class Piece(NamedTuple):
    """Some words of a text; `differs`: they stand in the other one no more, or not yet."""

    text: str
    differs: bool


def differing_lines(old: str, new: str) -> list[tuple[str, str]]:
    """Return the lines that went and came, each with its sign; nothing where neither side has several."""
    if "\n" not in old + new:
        return []
    told = unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0)
    differing = [(line[0], line[1:]) for line in list(told)[2:] if line[0] in "+-"]
    return differing[:LINES]


def differing_words(old: str, new: str) -> tuple[list[Piece], list[Piece]]:
    """Return both texts in pieces; nothing of two that share too little, or are too long to be compared."""
    was, now = (re.findall(r"\S+\s*", text) for text in (old, new))
    if max(len(was), len(now)) > WORDS:
        return [], []
    found = SequenceMatcher(None, was, now, autojunk=False)
    if found.ratio() < LEAST_SHARED:
        return [], []
    sides: tuple[list[Piece], list[Piece]] = ([], [])
    for kind, first, last, begin, end in found.get_opcodes():
        for side, words in zip(sides, (was[first:last], now[begin:end]), strict=True):
            if words:
                side.append(Piece("".join(words), kind != "equal"))
    return sides
