from collections.abc import Sequence
from datetime import datetime


class DomainError(Exception):
    """
    A rule of the product said no. The message is the sentence that the user reads.

    `field` names the input that it is about, if it is about one: a form shows the sentence beside that field.
    `url` is a page of this installation on which the reason can be mended, if there is one.
    """

    field: str = ""
    url: str = ""


class StaleEdit(DomainError):
    """
    Somebody else has changed what this edit would overwrite, since its author read it.

    `fields` are the names of that, where it is told by field.
    """

    fields: Sequence[str] = ()


class SavedSince(StaleEdit):
    """It was saved by somebody else, or in another tab; `saved_at` says when, and the sentence by whom."""

    def __init__(self, sentence: str, *, saved_at: datetime) -> None:
        super().__init__(sentence)
        self.saved_at = saved_at
