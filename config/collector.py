"""
Python's collector of reference cycles, kept out of a start.

A start makes some hundred thousand objects and throws almost none away, yet the collector looks through all
of them again and again: a fifth of the time that the imports take.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def pause() -> None:
    """Let no reference cycle be searched for until `resume`."""
    gc.disable()


def resume() -> None:
    """Search again, but never among what is there by now: it stays, and processes forked later share it."""
    gc.freeze()
    gc.enable()


def spare_requests() -> None:
    """
    Search more seldom, in a process that answers requests.

    A page makes some ten thousand objects and drops them without a cycle. At the usual 700 between two
    searches, every tenth page or so met one through all that lives, 50 to 100 ms. What a cycle keeps until
    the next search is some megabytes.
    """
    gc.set_threshold(50_000, 10, 20)


@contextmanager
def paused() -> Iterator[None]:
    """Start something up in this context."""
    pause()
    try:
        yield
    finally:
        resume()
