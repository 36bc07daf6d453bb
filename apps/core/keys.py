"""Keys of rows, as addresses and forms tell them: nobody but a program writes one by hand."""

from collections.abc import Iterable

MOST_DIGITS = 18  # one more may be beyond what a column holds, which is an error of the database


def key_read(told: str) -> int:
    """Return the key; 0, which no row has, for anything else."""
    return int(told) if told.isascii() and told.isdigit() and len(told) <= MOST_DIGITS else 0


def keys_read(told: Iterable[str]) -> list[int]:
    """Return the keys among what was told, in its order."""
    return [key for one in told if (key := key_read(one))]
