"""What makes two contacts look like the same person. No database here."""

import unicodedata
from collections.abc import Collection, Mapping
from itertools import combinations

NAME_KEYS = (("first_name", "last_name"), ("firstname", "lastname"), ("full_name",), ("name",))
MAX_DOTTED = 25  # letters: all ways to put two dots into so many are 300


def name_normalise(attributes: Mapping[str, object]) -> str:
    """Return the name in plain letters, so that “Ánna  Smith” is “anna smith”; '' if none is known."""
    for keys in NAME_KEYS:
        told = " ".join(str(attributes.get(key) or "") for key in keys)
        letters = (
            letter for letter in unicodedata.normalize("NFKD", told) if not unicodedata.combining(letter)
        )
        words = "".join(letter if letter.isalnum() else " " for letter in letters).casefold().split()
        if words:
            return " ".join(words)
    return ""


def mailbox(email: str) -> str:
    """Return the address without what many servers ignore: dots before the @, and what follows a plus."""
    local, _at, domain = email.rpartition("@")
    return f"{local.partition('+')[0].replace('.', '')}@{domain}"


def email_spellings(email: str) -> list[str]:
    """
    Return what may stand before the @, or before a plus there, in another spelling of this address.

    With no dot, with one, with two, and with the dots that it has. More dots than that are not looked for.
    """
    local = email.rpartition("@")[0].partition("+")[0]
    letters = local.replace(".", "")
    found = {local, letters}
    if len(letters) <= MAX_DOTTED:
        places = range(1, len(letters))
        found |= {_dotted(letters, [place]) for place in places}
        found |= {_dotted(letters, pair) for pair in combinations(places, 2)}
    return sorted(found - {""})


def _dotted(letters: str, places: Collection[int]) -> str:
    return "".join(f".{letter}" if place in places else letter for place, letter in enumerate(letters))
