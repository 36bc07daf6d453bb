"""What a backup holds, that it comes back whole or not at all, and what happens before anybody is let in."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from apps.contacts import services as contacts
from apps.contacts.models import Contact
from apps.core import clock
from apps.messaging import homes
from apps.operations import backups
from apps.operations.backups import BackupRefused, backup_make, backup_read, backup_restore
from tests.databases import elsewhere
from tests.factories.contacts import ContactFactory, IdentityFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.ERASURE_LOG = tmp_path / "erasures.jsonl"
    kept = settings.MEDIA_ROOT / "attachments" / "ab"
    kept.mkdir(parents=True)
    (kept / "plan.pdf").write_bytes(b"%PDF plan")
    return settings.MEDIA_ROOT


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "backup"


def restore(folder):
    return list(backup_restore(folder, now=clock.now()))


def test_it_comes_back_as_it_was_and_sends_nothing_by_itself(folder, media, settings, tmp_path):
    ann, ben = ContactFactory(), ContactFactory(email="ben@example.com")
    IdentityFactory(contact=ann, namespace="email", value="ann@example.com")
    call_command("backup", folder)
    assert folder.stat().st_mode & 0o077 == 0
    ben.delete()
    contacts.contact_erase(contact=ann, why="asked", by=None, now=clock.now())
    contacts.erasures_sweep(now=clock.now())

    settings.MEDIA_ROOT = tmp_path / "new"
    with elsewhere():
        told = restore(folder)
        assert Contact.objects.filter(email="ben@example.com").exists()
        assert Contact.objects.get(pk=ann.pk).erased_at  # after the backup, and not forgotten
        assert homes.is_copy()
    assert (settings.MEDIA_ROOT / "attachments/ab/plan.pdf").read_bytes() == b"%PDF plan"
    assert told[1:] == [
        "1 file came back.",
        "1 person was erased again.",
        "Nothing is sent until an administrator lets this database send: Settings, Sending rules.",
    ]


def test_without_the_log_of_erasures_it_says_what_is_left_to_do(folder, settings, tmp_path):
    backup_make(folder, now=clock.now())

    settings.MEDIA_ROOT = tmp_path / "new"
    with elsewhere():
        told = restore(folder)

    assert any("No log of erasures" in sentence for sentence in told)


def test_two_into_the_same_folder_do_not_mix(folder, monkeypatch):
    """Whoever ends second is told that the first was faster; what is there is whole."""
    run = backups._run

    def meanwhile(*arguments):
        run(*arguments)
        monkeypatch.setattr(backups, "_run", run)
        ContactFactory()
        backup_make(folder, now=clock.now())

    monkeypatch.setattr(backups, "_run", meanwhile)
    with pytest.raises(BackupRefused, match="is there already"):
        backup_make(folder, now=clock.now())

    assert backup_read(folder).files
    assert list(folder.parent.glob("backup*")) == [folder]


def test_files_on_another_disk_are_in_it_once(folder, media, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    (disk / "big.csv").write_text("a")
    (media / "imports").symlink_to(disk)
    (disk / "round").symlink_to(media)

    made = backup_make(folder, now=clock.now())

    assert set(made.files) == {"database.dump", "media/attachments/ab/plan.pdf", "media/imports/big.csv"}


def test_programs_are_told_all_that_the_url_says_of_the_connection(monkeypatch):
    said = {"user": "ann", "password": "p w", "dbname": "b", "sslmode": "verify-full", "sslcrl": "/c.pem"}
    monkeypatch.setattr(connection, "get_connection_params", lambda: said | {"cursor_factory": object})
    assert backups._connection() == {
        "PGUSER": "ann",
        "PGPASSWORD": "p w",
        "PGDATABASE": "b",
        "PGSSLMODE": "verify-full",
        "PGSSLCRL": "/c.pem",
    }


class TestRefused:
    @pytest.fixture
    def made(self, folder):
        ContactFactory()
        backup_make(folder, now=clock.now())
        return folder

    def test_where_a_backup_is_already(self, made):
        with pytest.raises(CommandError, match="is there already"):
            call_command("backup", made)

    def test_in_the_folder_of_uploaded_files(self, media):
        with pytest.raises(CommandError, match="lies in MEDIA_ROOT"):
            call_command("backup", media / "backups" / "one")
        assert not (media / "backups").exists()

    def test_where_nothing_can_be_written(self, folder):
        folder.write_text("a file")
        with pytest.raises(CommandError, match="File exists"):
            call_command("backup", folder / "one")

    def test_a_failed_one_leaves_no_folder(self, folder, tmp_path, monkeypatch):
        broken = tmp_path / "pg_dump"
        broken.write_text("#!/bin/sh\necho 'no space left on device' >&2\nexit 1\n")
        broken.chmod(0o700)
        monkeypatch.setattr(backups, "_program", lambda _name: str(broken))

        with pytest.raises(BackupRefused, match="pg_dump says: no space left on device"):
            backup_make(folder, now=clock.now())
        assert list(folder.parent.glob("backup*")) == []

    def test_into_a_database_that_has_something(self, made):
        with pytest.raises(CommandError, match="This database is not empty"):
            call_command("restore", made)
        assert Contact.objects.count() == 1

    def test_where_other_files_lie(self, made):
        with elsewhere(), pytest.raises(BackupRefused, match="has files in it"):
            restore(made)

    def test_with_another_suppression_key(self, made, settings):
        settings.SUPPRESSION_KEY = b"another"
        with elsewhere(), pytest.raises(BackupRefused, match="another SUPPRESSION_KEY"):
            restore(made)

    def test_of_a_newer_version(self, made):
        manifest = json.loads((made / "manifest.json").read_text())
        manifest["migrations"].append(["messaging", "9999_from_the_future"])
        (made / "manifest.json").write_text(json.dumps(manifest))
        with elsewhere(), pytest.raises(BackupRefused, match="newer Bookend"):
            restore(made)

    @pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"other")])
    def test_damaged(self, made, harm):
        harm(made / "media/attachments/ab/plan.pdf")
        with pytest.raises(BackupRefused, match="damaged"):
            backup_read(made)

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": {"../../etc/passwd": [1, "a"]}}'])
    def test_what_is_no_backup(self, made, text):
        (made / "manifest.json").write_text(text)
        with pytest.raises(BackupRefused, match="no backup"):
            backup_read(made)

    def test_what_leads_out_of_its_folder(self, made):
        manifest = json.loads((made / "manifest.json").read_text())
        manifest["files"]["../backup/manifest.json"] = [1, "a"]
        manifest["files"]["../../../etc/passwd"] = [1, "a"]
        (made / "manifest.json").write_text(json.dumps(manifest))
        with pytest.raises(BackupRefused, match="damaged"):
            backup_read(made)

    def test_a_dump_that_breaks_in_the_middle_leaves_nothing(self, made, settings, tmp_path, monkeypatch):
        dump = made / "database.dump"
        dump.write_bytes(dump.read_bytes()[:-2000])
        monkeypatch.setattr(backups, "_digest", lambda _path: None)
        monkeypatch.setattr(backups, "backup_read", lambda _folder: backups.Backup("", 0, [], _key(), {}))
        settings.MEDIA_ROOT = tmp_path / "new"
        with elsewhere():
            with pytest.raises(BackupRefused, match="pg_restore says"):
                restore(made)
            assert connection.introspection.table_names() == []
        assert list(settings.MEDIA_ROOT.iterdir()) == []

    def test_where_the_files_cannot_be_written(self, made, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path / "file"
        settings.MEDIA_ROOT.write_text("no folder")
        with elsewhere():
            with pytest.raises(BackupRefused, match="Not a directory"):
                restore(made)
            assert connection.introspection.table_names() == []

    def test_while_another_is_under_way(self, made):
        with elsewhere():
            other = connection.copy()
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(hashtext('bookend restore'))")
            with pytest.raises(BackupRefused, match="under way"):
                restore(made)
            other.close()

    def test_by_a_client_that_is_older_than_the_server(self, folder, tmp_path, monkeypatch):
        old = tmp_path / "pg_dump"
        old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
        old.chmod(0o700)
        monkeypatch.setattr(backups.shutil, "which", lambda _name: str(old))
        monkeypatch.setattr(backups, "_embedded", lambda _name: None)
        with pytest.raises(BackupRefused, match=r"pg_dump of PostgreSQL \d+ or later is needed"):
            backup_make(folder, now=clock.now())

    def test_by_the_embedded_client_where_tls_is_demanded(self, folder, monkeypatch):
        """It is built without, and would only say so."""
        monkeypatch.setattr(backups, "_connection", lambda: {"PGSSLMODE": "verify-full"})
        monkeypatch.setattr(backups.shutil, "which", lambda _name: None)
        with pytest.raises(BackupRefused, match="Install PostgreSQL's client programs"):
            backup_make(folder, now=clock.now())

    @pytest.mark.parametrize("command", ["backup", "restore"])
    def test_where_no_database_answers(self, made, tmp_path, monkeypatch, command):
        def gone(*_arguments, **_options):
            raise OperationalError("connection refused\nIs the server running?")

        monkeypatch.setattr(clock, "now", gone)
        with pytest.raises(CommandError, match=r"does not answer: connection refused$"):
            call_command(command, made if command == "restore" else tmp_path / "new")


def _key():
    return backups._fingerprint()
