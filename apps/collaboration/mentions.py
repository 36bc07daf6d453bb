"""Who a comment names: `@` and a name as it is shown, or an address."""

import re
from collections.abc import Iterable

from django.db.models import Model, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration.subjects import Subject
from apps.core.errors import DomainError

# An @ that begins a word: that of an address (ann@shop.example) stands inside one.
BEGINS = re.compile(r"(?<![\w@.+-])@(?=\w)")
WORD = re.compile(r"[\w.'’-]+")
AT_MOST = 20  # people of one comment
OFFERED = 8


class MentionRefused(DomainError):
    """Somebody is named who is not here, or who may not see what it is about."""

    field = "text"


def mentioned(text: str, *, kind: Subject | None, subject: Model) -> list[User]:
    """
    Return those whom the text names, each once. At most two queries.

    :raises MentionRefused: a name that nobody has, somebody who cannot see the thing, or too many
    """
    starts = [match.end() for match in BEGINS.finditer(text)]
    if not starts:
        return []
    known = [(label, person) for person in _in_text(text) for label in labels(person)]
    named: dict[int, User] = {}
    for start in starts:
        found = _named_at(text[start:], known)
        if not found:
            word = WORD.match(text[start:])
            said = _("Nobody here is called “@%(name)s”. Choose somebody from the list, or leave the @ out.")
            raise MentionRefused(said % {"name": word.group() if word else ""})
        named |= {person.pk: person for person in found}
    if len(named) > AT_MOST:
        raise MentionRefused(_("At most %(n)s people can be named in one comment.") % {"n": AT_MOST})
    _refuse_strangers(named, kind=kind, subject=subject)
    return list(named.values())


def mentionable(kind: Subject, subject: Model, text: str) -> QuerySet[User]:
    """Return those who may be named where the thing is talked about, and whose name has this text in it."""
    return kind.viewers(subject, _people()).filter(name__icontains=text).order_by("name", "pk")[:OFFERED]


def labels(person: User) -> list[str]:
    """Return by what someone can be named."""
    return [label for label in (person.name, person.email) if label]


def _people() -> QuerySet[User]:
    found: QuerySet[User] = User.objects.active().exclude(role=User.Role.INTEGRATION)
    return found


def _in_text(text: str) -> Iterable[User]:
    said = _people().alias(said=Value(text, output_field=TextField()))
    by_name = Q(said__icontains=Concat(Value("@"), "name")) & ~Q(name="")
    return said.filter(by_name | Q(said__icontains=Concat(Value("@"), "email")))[: 10 * AT_MOST]


def _named_at(rest: str, known: list[tuple[str, User]]) -> list[User]:
    """Return who is named where `rest` begins: of “Ann” and “Ann Lee” the longer; namesakes together."""
    lowered = rest.casefold()
    fits = [
        (label, person)
        for label, person in known
        if lowered.startswith(label.casefold()) and not rest[len(label) : len(label) + 1].isalnum()
    ]
    longest = max((len(label) for label, _person in fits), default=0)
    return [person for label, person in fits if len(label) == longest]


def _refuse_strangers(named: dict[int, User], *, kind: Subject | None, subject: Model) -> None:
    people = _people().filter(pk__in=named)
    may_see = set((kind.viewers(subject, people) if kind else people.none()).values_list("pk", flat=True))
    if hidden := [str(person) for pk, person in named.items() if pk not in may_see]:
        said = _("%(people)s cannot see this. Let them see it first, or leave the @ out.")
        raise MentionRefused(said % {"people": ", ".join(hidden)})
