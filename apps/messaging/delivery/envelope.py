"""The envelope of a mail: where it comes back to if it cannot be delivered."""

from dataclasses import dataclass

from django.conf import settings

from apps.messaging.addresses import own_address
from apps.messaging.models import Sender
from apps.messaging.tokens import return_token_make


@dataclass(frozen=True)
class Envelope:
    """What the mails of one sender share outside their content. No `return_path`: back to the sender."""

    return_path: str = ""

    def mail_from(self, recipient_id: int) -> str:
        """Return one recipient's return path (VERP): it says under our signature whose mail it was."""
        if not self.return_path:
            return ""
        local, _at, domain = self.return_path.rpartition("@")
        return f"{local}+{return_token_make(recipient_id)}@{domain}"


def envelope_of(sender: Sender) -> Envelope:
    """
    Return what the mails of a sender go out in.

    :raises AddressNotUsable: RETURN_PATH is no address that mail servers take
    """
    return Envelope(return_path=own_address(settings.RETURN_PATH).text if settings.RETURN_PATH else "")
