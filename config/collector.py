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


@contextmanager
def paused() -> Iterator[None]:
    """Start something up in this context."""
    pause()
    try:
        yield
    finally:
        resume()
