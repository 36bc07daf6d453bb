"""Keeping two cores busy from one process: what lets the database and a second thread work meanwhile."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Seconds for which one thread may keep the interpreter while another waits for it. With the usual five
# milliseconds, answers of a database or a mail server lie there while other work is done.
SWITCH_INTERVAL = 0.001


def interpreter_share() -> None:
    """Have this process's threads take turns often enough for one that waits for answers."""
    sys.setswitchinterval(SWITCH_INTERVAL)


@contextmanager
def pipeline() -> Iterator[None]:
    """
    Send the statements within without waiting for the one before; the end waits for them all.

    PostgreSQL works while the caller does something else. Whoever asks for rows within waits for these.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


@contextmanager
def cycles_kept() -> Iterator[None]:
    """
    Leave the search for cycles of references for later: for work that makes many objects and no cycles.

    They go as soon as nobody needs them, as always. The search looks at all that are there, again and again,
    and takes a third of the time of reading a file.
    """
    was_searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_searching:
            gc.enable()
