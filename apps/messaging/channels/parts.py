"""A mail's own bytes read back: what is written for the wire once more in parts, as other ways want it."""

import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage

from apps.messaging.delivery.mail import Mail

# Of our headers those that a reader's mailbox needs. The rest whoever carries the mail writes, and signs.
PASSED_ON = ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID")


@dataclass(frozen=True)
class Parts:
    sender: str  # with its name
    reply_to: str  # '' where answers go to the sender
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    mark: str  # the mail's signed name: whoever brings it back speaks of this mail, and it never changes


def parts_of(mail: Mail) -> Parts:
    raw = mail.content.replace(b"\r\n..", b"\r\n.")
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    text, html = (part.get_content() for part in parsed.iter_parts())
    return Parts(
        sender=str(parsed["From"]),
        reply_to=str(parsed["Reply-To"] or ""),
        subject=str(parsed["Subject"]),
        text=text,
        html=html,
        headers={name: str(parsed[name]) for name in PASSED_ON if parsed[name]},
        mark=mail.mail_id.partition("@")[0],
    )
