from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.accounts import audit, scopes, tokens
from apps.accounts.models import ApiToken, User
from apps.core.errors import DomainError


class TokenNotMade(DomainError):
    pass


@transaction.atomic
def token_create(
    *,
    user: User,
    name: str,
    by: User | None,
    now: datetime,
    chosen: Collection[str] = (),
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """
    Make a token for `user` and return it with its secret, which cannot be had again.

    `chosen` are scopes; none gives the token everything that the user's role allows.

    :raises TokenNotMade: no name, an unknown scope, an expiry in the past, or a user who may not sign in
    """
    if not name.strip():
        raise TokenNotMade(_("Say what the token is for: its owner tells it from others by its name."))
    if unknown := sorted(set(chosen) - set(scopes.ALL)):
        raise TokenNotMade(_("There is no scope “%(scope)s”.") % {"scope": unknown[0]})
    if expires_at and expires_at <= now:
        raise TokenNotMade(_("Pick an expiry in the future."))
    if not user.is_active:
        raise TokenNotMade(_("This person is deactivated."))
    secret = tokens.api_token_new()
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=secret[: tokens.SHOWN],
        digest=tokens.digest(secret),
        scopes=sorted(set(chosen)),
        created_at=now,
        expires_at=expires_at,
    )
    audit.record(
        action="token.created",
        subject=token,
        by=by,
        now=now,
        details={"scopes": token.scopes, "for": str(user)},
    )
    return token, secret


@transaction.atomic
def token_revoke(*, token: ApiToken, by: User, now: datetime) -> ApiToken:
    """Make the token worthless from now on. Revoking again changes nothing."""
    token = ApiToken.objects.select_for_update(no_key=True).get(pk=token.pk)
    if token.revoked_at is None:
        token.revoked_at = now
        token.save(update_fields=["revoked_at"])
        audit.record(action="token.revoked", subject=token, by=by, now=now)
    return token


def token_use(secret: str) -> ApiToken | None:
    """
    Find the token that may act now, with its user, and note the use.

    One query per request; the note is written at most once in `ApiToken.USE_RECORDED_EVERY`.
    """
    usable = ApiToken.objects.usable().with_is_seen_long_ago().select_related("user")
    token = usable.filter(digest=tokens.digest(secret)).first()
    if token and token.is_seen_long_ago:
        ApiToken.objects.filter(pk=token.pk, last_used_at=token.last_used_at).update(last_used_at=Now())
    return token
