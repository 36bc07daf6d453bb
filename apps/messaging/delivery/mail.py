from collections.abc import Mapping
from typing import NamedTuple


class Mail(NamedTuple):
    """
    One e-mail, ready for the wire: CRLF lines, dots stuffed, ended by CRLF, without the final dot.

    `id` is whatever the caller knows it by, `mail_id` its Message-ID without brackets. Addresses are as SMTP
    wants them (domains in A-labels); `needs_utf8` if a local part is not ASCII. `data` is what it was filled
    in with, for ways that write something of their own.
    """

    id: int
    sender: str
    recipient: str
    mail_id: str
    content: bytes
    needs_utf8: bool = False
    data: Mapping[str, object] | None = None
