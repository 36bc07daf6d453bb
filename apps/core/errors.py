from collections.abc import Sequence


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
