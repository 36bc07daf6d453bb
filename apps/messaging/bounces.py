"""
Reads what mail systems send back: delivery status notifications (RFC 3464, statuses of RFC 3463; RFC 6533 for
addresses beyond ASCII) and complaints (ARF, RFC 5965); and what readers send who leave by mail (RFC 2369).
Pure.

Everything in such a mail may be made up. It is about a mail of ours only if it carries what we have signed:
the return path that it came to, or the Message-ID of the mail that it brings back.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.errors import MessageError
from email.message import Message

from apps.messaging.models import Verdict
from apps.messaging.tokens import Purpose, return_token_read, token_read

LARGEST = 1_000_000  # bytes that are read of a report: the rest is the mail that it brings back
MOST_PARTS = 50
RETURN_TOKEN = re.compile(r"\+([a-z2-7]{26,48})@", re.IGNORECASE)
MAIL_TOKEN = re.compile(r"<\s*([A-Za-z0-9_-]{20,40})@[^<>\s]+>")
LEAVES = re.compile(r"\s*unsubscribe\s+([A-Za-z0-9_-]{20,40})\s*", re.IGNORECASE)  # a subject
STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
# Headers in which the address stands that a report was delivered to.
DELIVERED_TO = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
STATUS_TYPES = {"message/delivery-status", "message/global-delivery-status"}
ORIGINAL_TYPES = {"message/rfc822", "message/global"}
HEADERS_TYPES = {"text/rfc822-headers", "message/global-headers"}
# 5.1.x that speak of the sender's address: the recipient's may be as good as ever.
SENDER_AT_FAULT = {"5.1.7", "5.1.8", "5.1.9"}
# What a server says in the talk of a mailbox that is not there; others of 5.1.x are also said of senders.
NO_MAILBOX = re.compile(r"5\d\d[ -]5\.1\.(?:1|2|3|6|10)\b")
# A mailbox that is full or closed, and servers that give no reason at all.
MAY_PASS = {"5.0.0", "5.2.0", "5.2.1", "5.2.2"}


@dataclass(frozen=True)
class Report:
    """
    What a report says. `recipient_id`: of which recipient, as signed by us; None if nothing in it is.

    `event_key` is the same for the same report, however it came.
    """

    verdict: Verdict
    recipient_id: int | None
    event_key: bytes
    status: str = ""
    answer: str = ""
    number: str = ""  # who says so by a text message that is about no message of ours: STOP


def bounce_verdict(status: str) -> Verdict:
    """
    Return what a failed delivery means by its status.

    5.1.x: there is no such address. 4.x.x, a full or closed mailbox and 5.0.0: it may pass. The rest is
    about what or how we send: policy (5.7.x), size (5.2.3, 5.3.4), content, protocol, servers between.
    """
    if status.startswith("4.") or status in MAY_PASS:
        return Verdict.SOFT
    if status.startswith("5.1.") and status not in SENDER_AT_FAULT:
        return Verdict.HARD
    return Verdict.OURS


def is_no_mailbox(answer: str) -> bool:
    """
    Test if a server's answer, code first, says that there is no such mailbox.

    Without an enhanced status (RFC 3463) it is not said: a bare 550 is as often about us.
    """
    return NO_MAILBOX.match(answer) is not None


def report_read(raw: bytes) -> Report:
    """Read one mail out of the bounce mailbox; whatever it is, there is an answer."""
    try:
        return _read(raw[:LARGEST])
    except (RecursionError, MessageError):  # parts within parts, thousands deep, or headers that are none
        return Report(Verdict.OTHER, None, hashlib.sha256(raw).digest())


def _read(raw: bytes) -> Report:
    mail = message_from_bytes(raw)
    parts = [part for part, _number in zip(mail.walk(), range(MOST_PARTS), strict=False)]
    verdict, status, answer = _judgement(parts)
    recipient_id = _whose(mail, parts)
    if verdict == Verdict.OTHER and (leaves := _who_leaves(mail)):
        verdict, recipient_id = Verdict.UNSUBSCRIBED, leaves
    name = _text(mail, "Message-ID").strip().encode("utf-8", "replace") or raw
    return Report(
        verdict=verdict,
        recipient_id=recipient_id,
        event_key=hashlib.sha256(f"{recipient_id}:{verdict}:{status}:".encode() + name).digest(),
        status=status,
        answer=answer[:500],
    )


def _judgement(parts: list[Message]) -> tuple[Verdict, str, str]:
    for part in parts:
        kind = part.get_content_type()
        if kind == "message/feedback-report":
            return _complaint(_inner(part))
        if kind in STATUS_TYPES:
            return _delivery(list(_blocks(part)))
    return Verdict.OTHER, "", ""


def _complaint(fields: Message | None) -> tuple[Verdict, str, str]:
    kind = _text(fields, "Feedback-Type").strip().lower() if fields else ""
    # `not-spam` is the contrary; what else there is (virus, dkim failures) is not the reader's word.
    verdict = Verdict.COMPLAINT if kind in {"abuse", "fraud", "opt-out"} else Verdict.OTHER
    return verdict, "", kind[:100]


def _delivery(blocks: list[Message]) -> tuple[Verdict, str, str]:
    """Judge the first recipient of a notification: a mail of ours has one."""
    for block in blocks:
        action = _text(block, "Action").strip().lower()
        if not action:
            continue
        answer = " ".join(_text(block, "Diagnostic-Code").partition(";")[2].split())
        status = _status(_text(block, "Status"), answer)
        match action:
            case "failed":
                return bounce_verdict(status), status, answer
            case "delayed":
                return Verdict.DELAYED, status, answer
            case "delivered" | "relayed" | "expanded":
                return Verdict.DELIVERED, status, answer
            case _:
                return Verdict.OTHER, status, answer
    return Verdict.OTHER, "", ""


def _status(told: str, answer: str) -> str:
    """Return the status; where it says nothing (5.0.0), what the server itself had answered."""
    found = STATUS.search(told)
    status = ".".join(found.groups()) if found else "5.0.0"
    if status in {"5.0.0", "4.0.0"} and (said := STATUS.search(answer)) and said[1] == status[0]:
        return ".".join(said.groups())
    return status


def _blocks(part: Message) -> Iterator[Message]:
    """Return the groups of fields of a delivery status: of the mail first, then of each recipient."""
    payload = part.get_payload()
    if part.get_content_type() == "message/delivery-status" and isinstance(payload, list):
        yield from (block for block in payload if isinstance(block, Message))
        return
    inner = _inner(part)
    text = inner.as_string() if inner else _decoded(part)
    yield from map(message_from_string, re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()))


def _whose(mail: Message, parts: list[Message]) -> int | None:
    """Return the recipient that what we signed speaks of; None where two signs do not agree."""
    told = set()
    for name in DELIVERED_TO:
        told |= {return_token_read(token) for token in RETURN_TOKEN.findall(_all(mail, name))}
    for part in parts:
        kind = part.get_content_type()
        if kind == "message/feedback-report":
            sender = _all(_inner(part), "Original-Mail-From")
            told |= {return_token_read(token) for token in RETURN_TOKEN.findall(sender)}
        elif kind in ORIGINAL_TYPES | HEADERS_TYPES:
            original = _inner(part) or message_from_string(_decoded(part).lstrip())
            told |= {_of_mail(token) for token in MAIL_TOKEN.findall(_all(original, "Message-ID"))}
    known = told - {None}
    return known.pop() if len(known) == 1 else None


def _who_leaves(mail: Message) -> int | None:
    """Return the recipient whose signed name stands in the subject that our own List-Unsubscribe asks for."""
    found = LEAVES.fullmatch(_text(mail, "Subject"))
    told = token_read(Purpose.UNSUBSCRIBE, found[1]) if found else None
    return told[0] if told else None


def _of_mail(token: str) -> int | None:
    found = token_read(Purpose.MAIL, token)
    return found[0] if found else None


def _inner(part: Message) -> Message | None:
    payload = part.get_payload()
    return payload[0] if isinstance(payload, list) and payload and isinstance(payload[0], Message) else None


def _decoded(part: Message) -> str:
    octets = part.get_payload(decode=True)
    return octets.decode("utf-8", "replace") if isinstance(octets, bytes) else ""


def _text(fields: Message, name: str) -> str:
    return str(fields.get(name, "")).replace("\0", "")


def _all(fields: Message | None, name: str) -> str:
    return " ".join(map(str, fields.get_all(name, []))) if fields else ""
