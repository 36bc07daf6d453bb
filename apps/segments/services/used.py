from collections.abc import Sequence

from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.segments.registry import Use


class StillUsed(DomainError):
    """It cannot go while something needs it. `uses` says what, each with a label and a URL."""

    def __init__(self, uses: Sequence[Use]) -> None:
        self.uses = tuple(uses)
        labels = ", ".join(label for label, _url in self.uses[:5])
        super().__init__(_("This is still used: %(uses)s. Take it out there first.") % {"uses": labels})
