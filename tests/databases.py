"""Databases beside the test's own, for backups that are brought back."""

import subprocess
from contextlib import contextmanager

from django.db import connection

from config import servers


@contextmanager
def elsewhere():
    """Have the test use an empty database of its own meanwhile; it is dropped at the end."""
    original, other = connection.settings_dict["NAME"], f"{connection.settings_dict['NAME']}_elsewhere"
    in_another(f"CREATE DATABASE {other}")
    try:
        connection.close()
        connection.settings_dict["NAME"] = other
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = original
        in_another(f"DROP DATABASE {other}")


def in_another(statement):
    """Run what cannot be run from within the database that it is about."""
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


def program(name, *arguments, **options):
    """Run one of PostgreSQL's programs on the test's server; return what it writes."""
    usual = connection.settings_dict
    host = usual["HOST"] or usual["OPTIONS"]["host"]
    command = [servers.postgres_bin(name), "-h", host, "-U", usual["USER"], *arguments]
    return subprocess.run(command, check=True, capture_output=True, **options).stdout
