"""
Whose it is, when a program knows one person by several names. The thinking, without a database.

A visitor nobody knew becomes the person as soon as a user id or an address comes along. Two people who are
known are never joined here, whatever a program says: a name that is somebody's stays theirs.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from apps.contacts.models import Identity

Name = tuple[str, str]


@dataclass(frozen=True)
class Who:
    """
    The names of one person, as they are kept. `previous` is one that the user id takes the place of.

    `namespace` is that of the user id: the identity scheme says which.
    """

    user: str = ""
    email: str = ""
    anonymous: str = ""
    previous: str = ""
    namespace: str = Identity.USER

    def names(self) -> list[Name]:
        """Return every name that may lead to the person, the surest first."""
        told = [
            (self.namespace, self.user),
            (Identity.EMAIL, self.email),
            (Identity.ANONYMOUS, self.anonymous),
            (self.namespace, self.previous),
            (Identity.ANONYMOUS, self.previous),
        ]
        return [(namespace, value) for namespace, value in told if value]


@dataclass
class Joining:
    """
    What is to be written so that all names of each person lead to one contact.

    Contacts are ids; a negative number is one who is to be made. `known` is what was found for all names, and
    `spaces` the namespaces of each contact among them; it may be empty while `is_plain` of all.
    """

    known: dict[Name, int]
    spaces: Mapping[int, set[str]]
    namespace: str = Identity.USER  # of the user ids
    added: dict[Name, int] = field(default_factory=dict)
    absorbed: dict[int, int] = field(default_factory=dict)  # a visitor -> whose contact it turned out to be
    _strangers: int = 0

    def owner(self, who: Who) -> tuple[int, list[Name]]:
        """Return whose contact it is, and the names that were left with somebody else."""
        names = self._told(who)
        owner = self._owner(names)
        left = [name for name in names if not self._give(name, owner)]
        return owner, left

    def settled(self, owner: int) -> int:
        """Return who an owner has become by what was told after it."""
        while owner in self.absorbed:
            owner = self.absorbed[owner]
        return owner

    def _told(self, who: Who) -> list[Name]:
        """Leave out of the two readings of `previous` the one that is not meant."""
        if not who.previous:
            return who.names()
        visitor, user = (Identity.ANONYMOUS, who.previous), (who.namespace, who.previous)
        unmeant = visitor if visitor not in self.known and user in self.known else user
        return [name for name in who.names() if name != unmeant or name == (who.namespace, who.user)]

    def _owner(self, names: list[Name]) -> int:
        surest, *others = names
        if surest in self.known:
            return self.known[surest]
        for name in others:
            owner = self.known.get(name)
            if owner is not None and self._may_become(owner, surest, by=name):
                return owner
        self._strangers -= 1
        return self._strangers

    def _may_become(self, owner: int, surest: Name, *, by: Name) -> bool:
        """Test if the contact found by a lesser name may be the one whom the surest name means."""
        if by[0] == self.namespace:
            return True  # an alias says so in as many words
        if surest[0] == self.namespace and by[0] == Identity.EMAIL:
            return self.namespace not in self._spaces(owner)
        return self._is_visitor(owner)

    def _give(self, name: Name, owner: int) -> bool:
        """Let the name lead to the owner; False if it is another person's."""
        holder = self.known.get(name)
        if holder is None:
            self.known[name] = self.added[name] = owner
        elif holder != owner:
            if name[0] != Identity.ANONYMOUS:
                return False
            if self._is_visitor(holder):
                self._absorb(holder, owner)
            # A device that two people share: neither its earlier owner nor the name is touched.
        return True

    def _absorb(self, gone: int, keep: int) -> None:
        self.known = {name: keep if owner == gone else owner for name, owner in self.known.items()}
        self.added = {name: keep if owner == gone else owner for name, owner in self.added.items()}
        self.absorbed[gone] = keep

    def _is_visitor(self, contact: int) -> bool:
        return self._spaces(contact) <= {Identity.ANONYMOUS}

    def _spaces(self, contact: int) -> set[str]:
        fresh = {name[0] for name, owner in self.added.items() if owner == contact}
        return self.spaces.get(contact, set()) | fresh


def is_plain(who: Who, known: Mapping[Name, int]) -> bool:
    """Test if nothing has to be joined: every name leads to the same contact, or the only one to nobody."""
    return len({known.get(name) for name in who.names()}) == 1 and not who.previous


def contacts_in_question(people: Collection[Who], known: Mapping[Name, int]) -> set[int]:
    """Return the contacts of whom it matters who they are."""
    return {
        known[name] for who in people if not is_plain(who, known) for name in who.names() if name in known
    }
