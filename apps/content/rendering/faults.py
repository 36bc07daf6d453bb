from enum import StrEnum

from django.utils.translation import gettext as _

from apps.core.errors import DomainError


class Part(StrEnum):
    """The parts of an e-mail that a person writes; also the names of the fields they are typed into."""

    SUBJECT = "subject"
    PREHEADER = "preheader"
    MJML = "mjml"
    TEXT = "text"


class TemplateFault(DomainError):
    """
    What a person wrote cannot be compiled. `reason` is a sentence without the place.

    `line` and `column` count from 1; 0 is "somewhere in this part".
    """

    def __init__(self, part: Part, reason: str, *, line: int = 0, column: int = 0) -> None:
        self.part, self.reason, self.line, self.column = part, reason, line, column
        place = _("Line %(line)s: %(reason)s") % {"line": line, "reason": reason}
        super().__init__(place if line and part in {Part.MJML, Part.TEXT} else reason)


class RenderFault(DomainError):
    """The template compiles, but not with this person's data: a limit was reached, or a value misfits."""


def fault_at(part: Part, source: str, offset: int, reason: str) -> TemplateFault:
    """Make the fault of the character at `offset` of `source`."""
    line = source.count("\n", 0, offset) + 1
    column = offset - (source.rfind("\n", 0, offset) + 1) + 1
    return TemplateFault(part, reason, line=line, column=column)
