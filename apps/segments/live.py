"""Statements that somebody waits for: limited in time, and ended in PostgreSQL when nobody waits any more."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.errors import QueryCanceled

from apps.core.errors import DomainError

NO_SETTINGS: Mapping[str, str] = {}
_SET = (
    "SELECT name, current_setting(name), set_config(name, value, true) "
    "FROM unnest(%s::text[], %s::text[]) AS setting (name, value)"
)


class Replaced(DomainError):
    """The same editor has asked something newer, or somebody else has ended the statement."""


class TookTooLong(DomainError):
    """The statement was ended because its time was over."""


@contextmanager
def replaceable(
    editor: str, *, limit: timedelta, settings: Mapping[str, str] = NO_SETTINGS
) -> Iterator[None]:
    """
    Run what is inside for at most `limit`, after ending what the same `editor` is still waiting for.

    The editor's name stands in `pg_stat_activity` while the transaction runs: any process can find it, and
    nothing is left to clear up after one that was killed. `settings` are further ones of PostgreSQL for it.

    :raises Replaced: ended by a newer request of the same editor
    :raises TookTooLong: ended after `limit`
    """
    if editor:
        editor_cancel(editor)
    start = time.monotonic()
    try:
        with transaction.atomic(), _settings(_session(editor, limit) | dict(settings)):
            yield
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        if time.monotonic() - start < limit.total_seconds():
            raise Replaced(_("A newer question has taken the place of this one.")) from error
        raise TookTooLong(_("This takes too long to count while you wait.")) from error


def editor_cancel(editor: str) -> int:
    """End what this editor is waiting for; return how many statements that were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE pg_cancel_backend(pid)) FROM pg_stat_activity "
            "WHERE application_name = %s AND state = 'active' AND pid <> pg_backend_pid() "
            "AND datname = current_database()",  # another installation has editors of the same names
            [_name(editor)],
        )
        (ended,) = cursor.fetchone()
    return int(ended)


def _name(editor: str) -> str:
    """Return what stands in `pg_stat_activity`, which keeps 63 bytes and shows them to administrators."""
    return f"bookend-editor:{sha256(editor.encode()).hexdigest()[:32]}"


def _session(editor: str, limit: timedelta) -> dict[str, str]:
    return {
        "statement_timeout": f"{limit // timedelta(milliseconds=1)}ms",
        # Compiling to machine code takes longer than most counts, and cannot be cancelled meanwhile.
        "jit": "off",
        **({"application_name": _name(editor)} if editor else {}),
    }


@contextmanager
def _settings(values: dict[str, str]) -> Iterator[None]:
    """Set these for the transaction, or for this part of it. After an error the rollback takes them back."""
    with connection.cursor() as cursor:
        cursor.execute(_SET, [list(values), list(values.values())])
        before = {name: value for name, value, _new in cursor.fetchall()}
        yield
        cursor.execute(_SET, [list(before), list(before.values())])
