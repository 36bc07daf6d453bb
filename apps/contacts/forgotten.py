"""The rows of a file in which somebody stands who was erased: nobody keeps them again. Services call this."""

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence

from django.conf import settings
from django.db import connection

from apps.contacts.addresses import AddressInvalid, email_normalise, phone_normalise

SHORT = 5  # such as a customer's number 17: it stands anywhere by chance
_ADDRESS = re.compile(r"[^\s,;:<>()\"']+@[^\s,;:<>()\"']+")
_NUMBER = re.compile(r"[\d+ ().\-/]{6,30}", re.ASCII)
_FORGOTTEN = """
    SELECT told.row FROM unnest(%s::bigint[], %s::text[]) AS told(row, name)
    JOIN (SELECT DISTINCT unnest(names) AS name FROM contacts_erasure) AS gone USING (name)
"""


def forgotten(rows: Mapping[int, Sequence[str]]) -> set[int]:
    """
    Return of these rows, cells by number, those that hold a name of somebody who was erased.

    A name is an address or a number, wherever it stands in a cell, or what else a whole cell says. Asked in
    the transaction that keeps the rows: an erasure waits for it, or is seen by it.
    """
    told = [(row, _hash(name)) for row, cells in rows.items() for cell in cells for name in set(_names(cell))]
    if not told:
        return set()
    numbers, hashes = zip(*told, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_FORGOTTEN, [list(numbers), list(hashes)])
        return {row for (row,) in cursor.fetchall()}


def _names(cell: str) -> Iterator[str]:
    """Yield what may name a person, as erasures remember it."""
    text = cell.strip()
    if len(text) <= SHORT:
        return
    yield text.lower()
    for found in _ADDRESS.findall(text):
        try:
            yield email_normalise(found.strip("."))
        except AddressInvalid:
            continue
    if _NUMBER.fullmatch(text):
        try:
            yield phone_normalise(text)
        except AddressInvalid:
            return


def _hash(name: str) -> str:
    return hmac.digest(settings.SUPPRESSION_KEY, name.encode(errors="surrogatepass"), "sha256").hex()
