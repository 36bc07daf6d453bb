"""
Rows that say what an earlier import has said already: told by a digest, and found without reading them.

Most rows of a file that comes every day are those of the day before. An import keeps with each contact the
digest of the row it took, and the version of the contact it left. A row with the same digest for a contact
that still is in this version would change nothing; it is not read, compared or written. Everything that may
have changed beside the contact is asked: identities, suppressions, consents. In doubt a row is read.

The digest is about the row and about all terms on which it was taken: what the columns mean, types, rules,
consent. Its key is secret, for a row of a person could be guessed. `knownrows` asks the database.
"""

import hmac
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b, sha256
from operator import itemgetter

import orjson
from django.conf import settings

from apps.contacts.mapping import ColumnMap
from apps.contacts.staging import Terms


class RowDigests:
    """
    The digests of rows that are taken on the same terms; `fingerprint` names these terms.

    In what order the columns stand does not matter, nor what is in those that mean nothing.
    """

    def __init__(self, mapping: ColumnMap, *, terms: Terms) -> None:
        told = sorted((target, place) for place, target in enumerate(mapping.targets) if target)
        targets = [target for target, _place in told]
        entries = [vars(mapping.dictionary[key]) for key in map(_attribute, targets) if key]
        about = {
            "read_by": settings.PRODUCT_VERSION,  # another release may read the same text otherwise
            "key": mapping.key,
            "targets": targets,
            "entries": entries,
            "mode": terms.mode,
            "rules": sorted(terms.rules.by_target.items()),
            "consent": vars(terms.consent) if terms.consent else None,
        }
        self._key = hmac.digest(settings.SUPPRESSION_KEY, orjson.dumps(about), "sha256")
        self.fingerprint = sha256(self._key).hexdigest()
        self._cells = _cells_of([place for _target, place in told])

    def of(self, rows: Iterable[Sequence[str]]) -> list[int]:
        """Return the digest of each row: 64 bits, as PostgreSQL's bigint."""
        key, cells = self._key, self._cells
        return [
            int.from_bytes(
                blake2b("\0".join(cells(row)).encode(), digest_size=8, key=key).digest(), signed=True
            )
            for row in rows
        ]


def _attribute(target: str) -> str:
    return target.removeprefix("attr:") if target.startswith("attr:") else ""


def _cells_of(places: Sequence[int]) -> Callable[[Sequence[str]], Sequence[str]]:
    """Return what takes these cells of a row, as a sequence however many they are."""
    if len(places) == 1:
        return itemgetter(slice(places[0], places[0] + 1))
    return itemgetter(*places)
