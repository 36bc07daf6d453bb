"""A database of its own for a benchmark: made, migrated, and dropped afterwards. `fsync` stays on."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")

import django

from config import collector

# As `config.wsgi` does. Without it each full collection walks through the whole product: 270 to 400 ms, which
# was the p95 of every page that makes many objects; with it 3 to 75 ms.
with collector.paused():
    django.setup()
    from django.db import connection  # needs the set-up
    from django.urls import get_resolver

    get_resolver().url_patterns  # noqa: B018  # imports what answers requests


@contextmanager
def database() -> Iterator[None]:
    """Give the block an empty database with all tables."""
    usual = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"bench_{os.getpid()}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 0")
        yield
    finally:
        connection.creation.destroy_test_db(usual, verbosity=0)
