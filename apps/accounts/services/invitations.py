import logging
from datetime import datetime
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts import audit, tokens
from apps.accounts.models import Invitation, User
from apps.core.errors import DomainError

logger = logging.getLogger(__name__)


class InvitationNotPossible(DomainError):
    pass


class InvitationRenewed(InvitationNotPossible):
    """It was given a new link since it was looked at: the mail with that link is on its way."""


class InvitationNotSent(DomainError):
    pass


def invitation_create(
    *, email: str, role: str, by: User, now: datetime, message: str = ""
) -> tuple[Invitation, str]:
    """
    Open a door for one address and return it with the secret of its link; `invitation_send` comes next.

    :raises InvitationNotPossible: the address has an account, or an invitation that waits
    """
    email = email.strip().lower()
    if User.objects.filter(email=email).exists():
        raise InvitationNotPossible(_("%(email)s has an account already.") % {"email": email})
    secret = tokens.link_new()
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                email=email,
                role=role,
                message=message,
                digest=tokens.digest(secret),
                invited_by=by,
                created_at=now,
                expires_at=now + Invitation.GOOD_FOR,
            )
            audit.record(
                action="invitation.created", subject=invitation, by=by, now=now, details={"role": role}
            )
    except IntegrityError as error:
        raise InvitationNotPossible(
            _("%(email)s is invited already. Send that invitation again instead.") % {"email": email}
        ) from error
    return invitation, secret


@transaction.atomic
def invitation_renew(
    *, invitation: Invitation, by: User, now: datetime, seen: datetime | None = None
) -> tuple[Invitation, str]:
    """
    Give the invitation a new link and new time; the old link is worthless from now on.

    `seen` is the `expires_at` that was looked at: each renewal moves it, also one whose mail did not leave.

    :raises InvitationNotPossible: accepted or taken back
    :raises InvitationRenewed: renewed since `seen`; the link that is on its way stays good
    """
    invitation = _pending(invitation)
    if seen is not None and seen != invitation.expires_at:
        raise InvitationRenewed(_("%(email)s was sent a new link meanwhile.") % {"email": invitation.email})
    secret = tokens.link_new()
    invitation.digest = tokens.digest(secret)
    invitation.expires_at = now + Invitation.GOOD_FOR
    invitation.sent_at = None
    invitation.save(update_fields=["digest", "expires_at", "sent_at"])
    audit.record(action="invitation.renewed", subject=invitation, by=by, now=now)
    return invitation, secret


def invitation_send(*, invitation: Invitation, secret: str, now: datetime) -> None:
    """
    Mail the link. Outside any transaction: a mail server may take its time.

    :raises InvitationNotSent: the mail server refused or is not there; the invitation stands, unsent
    """
    context = {
        "invitation": invitation,
        "url": settings.BASE_URL + reverse("accounts:invitation", args=[secret]),
        "role": User.Role(invitation.role).label,
    }
    mail = EmailMultiAlternatives(
        subject=_("%(person)s invites you to Bookend") % {"person": invitation.invited_by},
        body=render_to_string("emails/invitation/body.txt", context),
        to=[invitation.email],
    )
    mail.attach_alternative(render_to_string("emails/invitation/body.html", context), "text/html")
    try:
        mail.send()
    except (OSError, SMTPException) as error:
        raise InvitationNotSent(
            _("The invitation is kept, but the mail server did not take the mail. Send it again later.")
        ) from error
    Invitation.objects.filter(pk=invitation.pk, digest=tokens.digest(secret)).update(sent_at=now)


def invitation_send_later(*, invitation: Invitation, secret: str, now: datetime) -> None:
    """
    Mail the link once the transaction is committed; `sent_at` stays empty when the mail server refuses.

    For who cannot be told of the refusal: an answer that is kept for its Idempotency-Key is written before.
    """

    def send() -> None:
        try:
            invitation_send(invitation=invitation, secret=secret, now=now)
        except InvitationNotSent:
            logger.warning("invitation %s was not sent", invitation.pk)

    transaction.on_commit(send)


@transaction.atomic
def invitation_revoke(*, invitation: Invitation, by: User, now: datetime) -> Invitation:
    """
    Take the invitation back.

    :raises InvitationNotPossible: accepted or taken back already
    """
    invitation = _pending(invitation)
    invitation.revoked_at = now
    invitation.save(update_fields=["revoked_at"])
    audit.record(action="invitation.revoked", subject=invitation, by=by, now=now)
    return invitation


@transaction.atomic
def invitation_accept(
    *, invitation: Invitation, name: str, password: str, timezone: str, now: datetime
) -> User:
    """
    Make the account that the invitation promised.

    :raises InvitationNotPossible: used, taken back or expired meanwhile
    """
    invitation = Invitation.objects.select_for_update(no_key=True).get(pk=invitation.pk)
    if not invitation.is_open(at=now):
        raise InvitationNotPossible(_("This invitation is not good any more. Ask for a new one."))
    if User.objects.filter(email=invitation.email).exists():
        raise InvitationNotPossible(_("There is an account with your address already. Sign in instead."))
    user = User.objects.create_user(
        invitation.email, password, name=name, role=invitation.role, timezone=timezone
    )
    invitation.accepted_at = now
    invitation.accepted_by = user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    audit.record(action="user.joined", subject=user, by=user, now=now, details={"role": user.role})
    return user


def _pending(invitation: Invitation) -> Invitation:
    invitation = Invitation.objects.select_for_update(no_key=True).get(pk=invitation.pk)
    if invitation.accepted_at:
        raise InvitationNotPossible(_("%(email)s has accepted already.") % {"email": invitation.email})
    if invitation.revoked_at:
        raise InvitationNotPossible(_("This invitation was taken back already."))
    return invitation
