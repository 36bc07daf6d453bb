from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Fault(TextChoices):
    """
    What can be wrong with a message. Ignored as far as possible; a strict sender is refused instead.

    Of those in `DROPS` the message is not kept; of the others, all but the faulty part.
    """

    NO_MESSAGE = "no_message", _("This is not a message of a known type.")
    NO_PERSON = "no_person", _("There is neither a user id nor an anonymous id.")
    NO_EVENT = "no_event", _("The event has no name.")
    UNFIT = "unfit", _("The event cannot be kept.")
    TOO_LARGE = "too_large", _("The message is larger than 32 KB.")
    WRONG_TYPE = "wrong_type", _("A value is not of the type that belongs there.")
    BAD_TEXT = "bad_text", _("A text holds characters that no text has; they were replaced.")
    BAD_TIME = "bad_time", _("A time cannot be read, or lies too far away: the time of arrival is taken.")
    BAD_NAME = "bad_name", _("An id or address cannot name anybody.")
    BAD_ZONE = "bad_zone", _("There is no time zone of this name.")
    BAD_TRAIT = "bad_trait", _("A trait does not fit its attribute.")
    TOO_MANY_TRAITS = "too_many_traits", _("There are too many traits that nobody has described yet.")
    OTHER_PERSON = "other_person", _("A name belongs to another known person, and stays theirs.")
    OTHER_COMPANY = "other_company", _("A domain belongs to another company, and stays its own.")


DROPS = frozenset({Fault.NO_MESSAGE, Fault.NO_PERSON, Fault.NO_EVENT, Fault.UNFIT, Fault.TOO_LARGE})


@dataclass(frozen=True)
class Found:
    """One fault: what, and in which field of the message. Never the value, which may be personal."""

    fault: Fault
    field: str = ""
