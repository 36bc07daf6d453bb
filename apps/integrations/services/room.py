from collections.abc import Mapping

from apps.contacts.attributes import MAX_UNDESCRIBED
from apps.contacts.models import Attribute


class Room:
    """How many more keys about contacts, or companies, may come before somebody describes those there are."""

    def __init__(self, dictionary: Mapping[str, Attribute], subject: str = Attribute.Subject.CONTACT) -> None:
        self.known = dictionary.keys()
        self.left = MAX_UNDESCRIBED - Attribute.current.of(subject).filter(is_defined=False).count()
        self.admitted: set[str] = set()

    def admit(self, traits: dict[str, object]) -> bool:
        """Take out the keys that there is no room for; return whether there were any."""
        unknown = [key for key in traits if key not in self.known and key not in self.admitted]
        self.admitted.update(unknown[: max(0, self.left - len(self.admitted))])
        beyond = [key for key in unknown if key not in self.admitted]
        for key in beyond:
            del traits[key]
        return bool(beyond)
