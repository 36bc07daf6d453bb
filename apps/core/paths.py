"""Addresses of pages of one thing, for lists of many: what `reverse` says, asked once per kind of page."""

from functools import cache

from django.urls import get_script_prefix, reverse

_PLACE = 9_081_726_354  # stands for the key: no address has it otherwise


@cache
def _around(name: str, rest: tuple[str, ...], _prefix: str) -> tuple[str, str]:
    before, after = reverse(name, args=[_PLACE, *rest]).split(str(_PLACE))
    return before, after


def path_to(name: str, pk: int, *rest: str) -> str:
    """
    Return the address of this page of the thing with this key; `rest` is what else its address names.

    :raises NoReverseMatch: there is no such page
    """
    before, after = _around(name, rest, get_script_prefix())
    return f"{before}{pk}{after}"
