from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from apps.accounts import tokens
from apps.accounts.departures import Estate, departures, estates
from apps.accounts.models import ApiToken, Invitation, User, UserQuerySet

OWNED_SHOWN = 10  # of each kind, before somebody leaves


def called(path: str) -> Coalesce:
    """Return, as an expression, what people call the person there: as `str` of one says it."""
    return Coalesce(NullIf(f"{path}__name", Value("")), f"{path}__email", output_field=CharField())


def users(*, search: str = "", role: str = "", active: str = "") -> UserQuerySet:
    """Return people with `has_second_factor`; `active` is "yes" or "no", empty is both."""
    found = User.objects.get_queryset().annotate(
        has_second_factor=Exists(Authenticator.objects.filter(user=OuterRef("pk")))
    )
    if search:
        found = found.filter(Q(name__icontains=search) | Q(email__icontains=search))
    if role:
        found = found.filter(role=role)
    if active:
        found = found.filter(is_active=active == "yes")
    return found


def team() -> QuerySet[User]:
    """Return those who make this more than an administrator's own: others, or whoever has invited some."""
    return User.objects.filter(~Q(role=User.Role.ADMINISTRATOR) | Exists(Invitation.objects.all()))


def user_departure(user: User) -> list[str]:
    """Say what follows from deactivating someone: their tokens stop, and what other apps add."""
    return [sentence for app in departures for sentence in app(user)]


@dataclass(frozen=True)
class Owned:
    """What somebody owns of one kind: how much, and the first of it."""

    kind: str
    estate: Estate
    count: int
    shown: list[tuple[str, str]]


def user_estate(user: User) -> list[Owned]:
    """Return what must be handed over when someone leaves; kinds of which they own nothing are left out."""
    found = []
    for kind, estate in estates.items():
        owned = estate.owned(user)
        if count := owned.count():
            shown = [(estate.name(thing), estate.url(thing)) for thing in owned.order_by("pk")[:OWNED_SHOWN]]
            found.append(Owned(kind, estate, count, shown))
    return found


def invitations(*, search: str = "") -> QuerySet[Invitation]:
    """Return the invitations that wait, with who invited."""
    pending = Invitation.objects.pending().select_related("invited_by")
    return pending.filter(email__icontains=search) if search else pending


def invitation_behind(secret: str) -> Invitation | None:
    """Return what the link opens, whatever state it is in."""
    return Invitation.objects.select_related("invited_by").filter(digest=tokens.digest(secret)).first()


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """Return the tokens that someone has not revoked; expired ones too, so that they are missed."""
    return user.api_tokens.filter(revoked_at=None)
