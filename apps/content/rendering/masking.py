"""Take the Liquid out of a text before something reads it that does not know it, and put it back after."""

import re
from bisect import bisect_right
from collections.abc import Callable

from apps.content.rendering.scan import Span


class Mask:
    """
    A text in which each span has become one word of plain letters: no parser sees a `<` or a quote of it.

    `text` is the masked text; `restore` works on whatever was made of it.
    """

    def __init__(self, source: str, spans: list[Span]) -> None:
        self._word = "liquidx"
        while self._word in source:
            self._word += "x"
        self._pattern = re.compile(f"{self._word}([0-9]+)z")
        self._hidden: list[str] = []
        self._starts: list[int] = []  # where each unchanged stretch begins, in the masked text
        self._origins: list[int] = []  # and in the source
        pieces: list[str] = []
        length = position = 0
        for span in spans:
            word = self.hide(source[span.start : span.end])
            stretch = source[position : span.start]
            self._starts += [length, length + len(stretch)]
            self._origins += [position, span.start]
            pieces += [stretch, word]
            length += len(stretch) + len(word)
            position = span.end
        self._starts.append(length)
        self._origins.append(position)
        pieces.append(source[position:])
        self.text = "".join(pieces)

    def hide(self, secret: str) -> str:
        """Return the word that stands for `secret` from now on."""
        self._hidden.append(secret)
        return f"{self._word}{len(self._hidden) - 1}z"

    def origin(self, offset: int) -> int:
        """Return where in the source the character at `offset` of the masked text came from."""
        index = bisect_right(self._starts, offset) - 1
        # Inside a word, all characters come from where the Liquid begins.
        inside = 0 if index % 2 and index < len(self._starts) - 1 else offset - self._starts[index]
        return self._origins[index] + inside

    def holds(self, text: str) -> bool:
        """Test if a word of this mask stands in `text`."""
        return self._word in text

    def without(self, text: str) -> str:
        """Return `text` with the words taken out."""
        return self._pattern.sub("", text)

    def restore(self, text: str, change: Callable[[str], str] = str) -> str:
        """Put back what was hidden, each piece through `change`."""
        return self._pattern.sub(lambda match: change(self._hidden[int(match.group(1))]), text)
