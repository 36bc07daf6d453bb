"""The envelope of a mail: where it comes back to, which host its links name, and who signs it."""

from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from apps.core import secrets
from apps.messaging.addresses import own_address
from apps.messaging.delivery import dkim
from apps.messaging.models import Sender
from apps.messaging.selectors import domain_of
from apps.messaging.tokens import return_token_make


@dataclass(frozen=True)
class Key:
    """A DKIM key of ours, as `dkim.signer` takes it."""

    domain: str
    selector: str
    private_pem: str = field(repr=False)


@dataclass(frozen=True)
class Envelope:
    """What the mails of one sender share outside their content. No `return_path`: back to the sender."""

    return_path: str = ""
    links: str = ""  # the base of links, without a slash at the end
    key: Key | None = None

    def mail_from(self, recipient_id: int) -> str:
        """Return one recipient's return path (VERP): it says under our signature whose mail it was."""
        if not self.return_path:
            return ""
        local, _at, domain = self.return_path.rpartition("@")
        return f"{local}+{return_token_make(recipient_id)}@{domain}"

    def sign(self, content: bytes, *, at: datetime) -> bytes:
        """Return the mail signed, or as it is where nobody signs here."""
        if self.key is None:
            return content
        signer = dkim.signer(self.key.domain, self.key.selector, self.key.private_pem)
        return signer.sign(content, at=at)


def envelope_of(sender: Sender) -> Envelope:
    """
    Return what the mails of a sender go out in: what its sending domain says, or else the settings.

    Links name the domain's own host once DNS and ALLOWED_HOSTS were seen to lead here.

    :raises AddressNotUsable: RETURN_PATH is no address that mail servers take
    :raises SecretLost: the domain's key was sealed with a SECRET_KEY that is gone
    """
    domain = domain_of(sender.email)
    return_path = domain.return_path if domain and domain.return_path else settings.RETURN_PATH
    has_host = domain is not None and domain.tracking_host and domain.state_of("tracking") == "ok"
    return Envelope(
        return_path=own_address(return_path).text if return_path else "",
        links=f"https://{domain.tracking_host}" if domain and has_host else settings.TRACKING_BASE_URL,
        key=Key(domain.name, domain.selector, secrets.unseal(domain.private_key))
        if domain and domain.is_signing
        else None,
    )
