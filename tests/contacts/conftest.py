from io import BytesIO

import psycopg
import pytest
from django.core.files.base import File
from django.db import connection

from apps.contacts import services
from apps.contacts.services import import_work


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def upload():
    """Return a function that uploads the text (or bytes) of a CSV file."""

    def make(text, by=None, **more):
        raw = text if isinstance(text, bytes) else text.encode()
        return services.import_upload(file=File(BytesIO(raw), name="people.csv"), by=by, **more)

    return make


@pytest.fixture
def run(upload, noon):
    """Return a function that uploads a file, starts it, and works it to its end."""

    def make(text, by=None, encoding="", about="contacts", **terms):
        import_file = upload(text, by=by, encoding=encoding, about=about)
        services.import_start(import_file=import_file, by=by, now=noon, **terms)
        return services.import_run(import_file=import_file, now=noon)

    return make


@pytest.fixture
def first_chunk(monkeypatch):
    """Return a function: the first chunk of a file has so many rows, each later one a hundred."""

    def of(rows):
        monkeypatch.setattr(import_work, "FIRST_ROWS", rows)
        monkeypatch.setattr(import_work, "CHUNK_ROWS", 100)

    return of


@pytest.fixture
def other_connection():
    """A second connection to the same database: somebody else, in the middle of something."""
    parameters = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    with psycopg.connect(**{name: parameters[name] for name in names if name in parameters}) as other:
        yield other


@pytest.fixture
def rival(other_connection, monkeypatch):
    """Return a function: just before a service describes a new key, somebody else does, with another type."""
    described = []

    def describe_first(module, kind):
        real = module.dictionary_add

        def add(unknown):
            for key in unknown:
                described.append(key)
                other_connection.execute(
                    "INSERT INTO contacts_attribute (created_at, updated_at, key, label, type, definition,"
                    " source, sensitivity, uses, choices, is_indexed, is_defined)"
                    " VALUES (now(), now(), %s, %s, %s, '', '', 'normal', '{}', '{}', false, false)"
                    " ON CONFLICT DO NOTHING",
                    [key, key, kind],
                )
                other_connection.commit()
            real(unknown)

        monkeypatch.setattr(module, "dictionary_add", add)

    yield describe_first
    other_connection.execute("DELETE FROM contacts_attribute WHERE key = ANY(%s)", [described])
