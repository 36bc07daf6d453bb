from dataclasses import dataclass
from enum import StrEnum

from apps.content.rendering import Part


class Level(StrEnum):
    """How bad it is: an error keeps a message from being launched; a note is only said."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """
    One thing that is wrong with an e-mail, or could be better.

    `code` is for programs. `line` and `column` count from 1; 0 is "the part as a whole". `attribute` is the
    key of the one it is about, where an override could settle it.
    """

    level: Level
    part: Part
    code: str
    message: str
    line: int = 0
    column: int = 0
    attribute: str = ""


@dataclass(frozen=True)
class KnownAttribute:
    """
    What the data dictionary says of one attribute: may content print it, has anybody described it.

    `override` is the reason for which a reviewer lets this one template print it all the same.
    """

    key: str
    label: str
    may_print: bool = True
    is_defined: bool = True
    override: str = ""
