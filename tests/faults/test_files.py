"""
The worker of an export, or of an import, is killed with `kill -9` in the middle, and another one goes on.

Asserted after that: a file is offered once it is whole, and never half of one; every row of an import is in
once, and the counts add up.
"""

from io import BytesIO

import pytest
from django.core.files.base import File

from apps.contacts import services as contacts
from apps.contacts.models import Company, Contact, Event, ImportFile
from apps.exports import files, services
from apps.exports.models import Export
from tests.exports.files import content
from tests.factories.contacts import ContactFactory
from tests.faults.workers import Worker, locked, wait_until, waits_for_a_lock

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
PEOPLE = 5
ROWS = 3_000  # a first chunk of 1,000, and the rest


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def worker(media):
    """Return a function that starts a process which does one ring's work."""

    def start(app, act):
        return Worker(act=f"apps.{app}.services.{act}", MEDIA_ROOT=media)

    return start


class TestExport:
    @pytest.fixture
    def export(self, lead, noon):
        ContactFactory.create_batch(PEOPLE)
        return services.export_start(kind="contacts", file_format="csv", by=lead, now=noon)

    # Before the consent of the first batch is read; before the audit's line, which the last state comes with.
    @pytest.mark.parametrize("table", ["contacts_consent", "collaboration_auditevent"])
    def test_killed_with_half_a_file_or_a_whole_one_it_offers_none_and_the_next_begins_anew(
        self, export, worker, table
    ):
        with locked(f"LOCK {table} IN ACCESS EXCLUSIVE MODE"), worker("exports", "exports_run") as first:
            wait_until(lambda: any(files.folder().iterdir()), "it has begun a file")
            if table == "collaboration_auditevent":
                wait_until(
                    lambda: all(path.stat().st_size for path in files.folder().iterdir()), "it is written"
                )
            first.kill()
        export.refresh_from_db()
        assert (export.state, export.file_name, export.finished_at) == ("running", "", None)
        left = {path.name for path in files.folder().iterdir()}
        Export.objects.update(leased_until="2020-01-01T00:00Z")

        with worker("exports", "exports_run") as second:
            second.finish()

        export.refresh_from_db()
        assert (export.state, export.rows_done, export.attempts) == ("done", PEOPLE, 2)
        assert len(content(export)) == PEOPLE + 1
        assert export.file_name not in left


class TestImport:
    TEXT = {
        "contacts": "email,town\n" + "".join(f"p{n}@example.com,Bonn\n" for n in range(ROWS)) + "bad,Bonn\n",
        "companies": "name,domain\n" + "".join(f"C {n},c{n}.example\n" for n in range(ROWS)) + "C,bad\n",
        "events": "email,event,date,message_id\n"
        + "".join(f"p{n % 7}@example.com,Seen,2026-01-05,m{n}\n" for n in range(ROWS))
        + "bad,Seen,2026-01-05,m\n",
    }
    MADE = {"contacts": Contact, "companies": Company, "events": Event}

    @pytest.mark.parametrize("about", ["contacts", "companies", "events"])
    def test_killed_in_its_second_chunk_it_goes_on_behind_the_first(self, worker, noon, about):
        model = self.MADE[about]
        upload = contacts.import_upload(
            file=File(BytesIO(self.TEXT[about].encode()), name="a.csv"), about=about, by=None
        )
        contacts.import_start(import_file=upload, by=None, now=noon)
        # The bad row at the end is the last thing that its chunk writes down.
        with locked("LOCK contacts_importfault IN SHARE MODE"), worker("contacts", "imports_run") as first:
            wait_until(lambda: ImportFile.objects.filter(rows_total=1_000).exists(), "the first chunk is in")
            wait_until(waits_for_a_lock, "the second chunk is written, and not yet committed")
            first.kill()
        upload.refresh_from_db()
        assert (upload.state, upload.rows_total, model.objects.count()) == ("running", 1_000, 1_000)
        ImportFile.objects.update(leased_until="2020-01-01T00:00Z")

        with worker("contacts", "imports_run") as second:
            second.finish()

        upload.refresh_from_db()
        assert (upload.state, upload.rows_total) == ("done", ROWS + 1)
        assert (upload.created, upload.invalid) == (ROWS, 1)
        assert model.objects.count() == ROWS
