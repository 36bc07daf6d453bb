"""What the acts of this app refuse with. The sentence is for the person; `field` is where it belongs."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from apps.core.errors import DomainError, StaleEdit


class Refused(DomainError):
    def __init__(self, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class NotEligible(Refused):
    """This person cannot be what they were named."""


class DatesDoNotFit(Refused):
    pass


class BookendMissing(Refused):
    """A campaign that has left its first stage keeps both bookends."""


class PutAway(Refused):
    """The campaign is archived: it can be read, and brought back."""


class ChannelRefused(Refused):
    pass


class JustificationMissing(Refused):
    """The channel is on the year's not-doing list, and nobody says why it is to be used all the same."""


class StrategyRefused(Refused):
    pass


class TaskRefused(Refused):
    pass


class KpiRefused(Refused):
    pass


class OverrideRefused(Refused):
    pass


class BudgetRefused(Refused):
    pass


class ChallengeRefused(Refused):
    pass


class ApprovalRefused(Refused):
    pass


class HeldByChallenge(Refused):
    """An open challenge holds the thing, or the launch; `url` is where it is answered."""

    def __init__(self, sentence: str, *, url: str) -> None:
        super().__init__(sentence)
        self.url = url


class ExpectationRefused(Refused):
    pass


class StageNotEntered(Refused):
    """`unmet` has a sentence for each entry criterion that is not met."""

    def __init__(self, unmet: list[str]) -> None:
        super().__init__(" ".join(unmet))
        self.unmet = unmet


class ChangedMeanwhile(StaleEdit):
    """
    Someone else changed what this edit would overwrite, after its form was opened.

    `theirs` has a sentence by field, saying who wrote what; saving upon `version` overwrites it.
    """

    def __init__(self, theirs: Mapping[str, str], *, version: int, part: str = "") -> None:
        super().__init__(_("Somebody else has changed this since you opened it."))
        self.theirs = theirs
        self.version = version
        self.part = part  # which of several rows of one form


class DependencyRefused(Refused):
    """The tasks are of two campaigns, or would wait for each other: `field` is `task`."""


class PlanRefused(Refused):
    """A template cannot be applied, or a move cannot be made or undone."""


class MoveUnseen(Exception):
    """
    The new dates would move tasks, and nobody has been shown which, or others than were shown.

    No refusal: whoever asked shows the preview and asks again.
    """


class TemplateRefused(Refused):
    """A plan template cannot be as it is asked to be."""


class CalendarRefused(Refused):
    """A holiday or a working week that cannot be."""


class MetricRefused(Refused):
    pass


class SignOffRefused(Refused):
    """The set of KPIs cannot be asked for, reviewed or signed like this."""
