"""
What permissions ask the database, asked once while a page is shown.

A page asks for each of its links whether it leads this person in, and many of these questions come down to
the same one: is the person on the team? While a page is only read, nothing that it goes by changes.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")
_answers: ContextVar[dict[Hashable, Any] | None] = ContextVar("permission_answers", default=None)


@contextmanager
def asking_once() -> Iterator[None]:
    """Keep the answers within the block, and no longer."""
    token = _answers.set({})
    try:
        yield
    finally:
        _answers.reset(token)


def answer(question: Hashable, ask: Callable[[], T]) -> T:
    """Return the answer; asked for every time where nobody keeps them."""
    known = _answers.get()
    if known is None:
        return ask()
    if question not in known:
        known[question] = ask()
    found: T = known[question]
    return found
