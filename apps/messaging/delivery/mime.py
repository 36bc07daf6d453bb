"""
The bytes of an e-mail. What is the same for everyone is encoded once per message, the rest per person.

The standard library's `email` builds and serialises an object tree per mail, which takes ten times as long
as sending it.
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime, formataddr
from typing import NamedTuple
from urllib.parse import quote

from apps.messaging.addresses import CONTROL, Address

LONGEST_PLAIN_HEADER = 200
SOFT_BREAK = b"=\r\n"
LONGEST_LINE = 72
WORD_SIZE = 42  # bytes of text in an encoded word: 56 characters of base64, and 75 with what goes around it


class Person(NamedTuple):
    """
    What differs from mail to mail; without `unsubscribe_url` it is no mail to a list (a test).

    `returns_to` is read by us, so who leaves by mail writes there; '' where nobody reads: to the sender.
    """

    address: Address
    mail_id: str
    subject: str
    text: Sequence[str]  # both in pieces, as `Rendered` has them
    html: Sequence[str]
    unsubscribe_url: str
    unsubscribe_subject: str
    returns_to: str = ""


def header_text(value: str) -> str:
    """Encode a header's value (RFC 2047); line breaks and controls become spaces, whoever sent them."""
    if not value.isprintable():
        value = CONTROL.sub(" ", value)
    value = value.strip()
    if value.isascii() and len(value) <= LONGEST_PLAIN_HEADER and "=?" not in value:
        return value
    return "\r\n ".join(_encoded_words(value))


def _encoded_words(value: str) -> list[str]:
    words, chunk = [], b""
    for character in value:
        octets = character.encode("utf-8", "replace")
        if len(chunk) + len(octets) > WORD_SIZE:
            words.append(chunk)
            chunk = b""
        chunk += octets
    return [f"=?utf-8?B?{base64.b64encode(word).decode()}?=" for word in [*words, chunk]]


def mailbox(name: str, address: str) -> str:
    """Return `Name <address>` for a header; the name may be anything a person typed."""
    name = CONTROL.sub(" ", name).strip()
    if name.isascii():
        return formataddr((name, address))
    return f"{header_text(name)}\r\n <{address}>" if name else address


class BodyEncoder:
    """
    Quoted-printable by the piece, remembering the pieces that come again.

    Most of a personalised mail is the same for everyone: what the first two mails have in common is encoded
    once. Only that is kept, so memory does not grow with the audience. A soft line break parts the pieces, so
    none depends on its neighbours.
    """

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}
        self._first: frozenset[str] | None = None
        self._is_learning = True

    @property
    def remembered(self) -> int:
        return len(self._known)

    def encode(self, pieces: Sequence[str]) -> bytes:
        """Return the text in quoted-printable, CRLF lines, dots stuffed, ended by CRLF."""
        if self._is_learning:
            self._learn(pieces)
        known = self._known.get
        body = b"".join([known(piece) or _piece(piece) for piece in pieces])
        return body.removesuffix(SOFT_BREAK) + b"\r\n"

    def _learn(self, pieces: Sequence[str]) -> None:
        if self._first is None:
            self._first = frozenset(pieces)
        else:
            self._known = {piece: _piece(piece) for piece in self._first.intersection(pieces)}
            self._is_learning = False


def _piece(piece: str) -> bytes:
    """Encode some lines; where the last of them goes on in the next piece, a soft break ends it."""
    if not piece:
        return b""
    if _stands_as_it_is(piece):
        return piece.encode() + SOFT_BREAK
    encoded = b"\r\n".join([_line(line) for line in piece.split("\n")])
    return encoded if piece.endswith("\n") else encoded + SOFT_BREAK


def _stands_as_it_is(piece: str) -> bool:
    """
    Test for what most holes are filled with, names and addresses of links: one short line without encoding.

    By the methods of str, which take a third of the time of an expression that says the same.
    """
    return (
        len(piece) <= LONGEST_LINE
        and piece.isascii()
        and piece.isprintable()
        and "=" not in piece
        and piece[0] not in " ."
        and piece[-1] != " "
    )


def _line(line: str) -> bytes:
    """Encode one line without its end; long ones get soft breaks."""
    octets = line.rstrip("\r").encode("utf-8", "replace")
    encoded = binascii.b2a_qp(octets, quotetabs=False, istext=False)
    if b"\n" in encoded:
        encoded = encoded.replace(b"\n", b"\r\n").replace(b"\r\n.", b"\r\n..")
    return b"." + encoded if encoded.startswith(b".") else encoded


class Skeleton:
    """What all mails of one message have in common; `fill` makes one of them."""

    def __init__(
        self,
        *,
        sender_name: str,
        sender: Address,
        reply_to: Address | None,
        list_id: str,
        feedback_id: str,
        boundary: str,
    ) -> None:
        self.sender = sender
        self._answers = quote((reply_to or sender).text, safe="@+")
        self._html, self._text = BodyEncoder(), BodyEncoder()
        fixed = [
            f"From: {mailbox(sender_name, self.sender.text)}",
            *([f"Reply-To: {reply_to.text}"] if reply_to else []),
            "MIME-Version: 1.0",
            f'Content-Type: multipart/alternative; boundary="{boundary}"',
            f"List-Id: <{list_id}>",
            f"Feedback-ID: {feedback_id}",
        ]
        kind = "Content-Type: text/{}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        self._head = "\r\n".join([*fixed, ""]).encode()
        self._before_text = f"\r\n--{boundary}\r\n{kind.format('plain')}".encode()
        self._before_html = f"--{boundary}\r\n{kind.format('html')}".encode()
        self._end = f"--{boundary}--\r\n".encode()
        self._dated: tuple[datetime, str] | None = None

    def fill(self, person: Person, *, at: datetime) -> bytes:
        """Return the whole mail for the wire, without the final dot."""
        head = (
            f"Date: {self._date(at)}\r\n"
            f"To: {person.address.text}\r\n"
            f"Subject: {header_text(person.subject)}\r\n"
            f"Message-ID: <{person.mail_id}>\r\n"
        )
        if person.unsubscribe_url:
            answers = quote(person.returns_to, safe="@+") or self._answers
            mailto = f"mailto:{answers}?subject={person.unsubscribe_subject}"
            head += (
                f"List-Unsubscribe: <{person.unsubscribe_url}>,\r\n <{mailto}>\r\n"
                "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
            )
        return b"".join(
            (
                head.encode(),
                self._head,
                self._before_text,
                self._text.encode(person.text),
                self._before_html,
                self._html.encode(person.html),
                self._end,
            )
        )

    def _date(self, at: datetime) -> str:
        # Mails are built some dozens at one moment, and to write a date takes as long as a body.
        if self._dated is None or self._dated[0] is not at:
            self._dated = at, format_datetime(at)
        return self._dated[1]
