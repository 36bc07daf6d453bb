"""
A backup: everything that only this installation has, in one folder.

    manifest.json    what follows, with sizes and SHA-256; when it was made, and by what
    database.dump    PostgreSQL's custom format (pg_dump, pg_restore)
    media/           the files that people have uploaded

The keys are not in it: whoever has the backup is not to have those too.
"""

import hashlib
import hmac
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.errors import DomainError
from apps.core.registry import Registry
from config import servers
from config.embedded import EmbeddedServerError

MANIFEST, DUMP, MEDIA, UNFINISHED = "manifest.json", "database.dump", "media", ".unfinished"
# libpq reads these; in the arguments of a program anybody on the machine could read the password.
LIBPQ = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "dbname": "PGDATABASE",
    "options": "PGOPTIONS",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "channel_binding": "PGCHANNELBINDING",
    "require_auth": "PGREQUIREAUTH",
    "requirepeer": "PGREQUIREPEER",
    "gssencmode": "PGGSSENCMODE",
    "krbsrvname": "PGKRBSRVNAME",
    "sslmode": "PGSSLMODE",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslcertmode": "PGSSLCERTMODE",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
    "sslcrldir": "PGSSLCRLDIR",
    "sslsni": "PGSSLSNI",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
}
TLS = {"require", "verify-ca", "verify-full"}
# What must happen in a database that was brought back, before anything else does; each says what it did, or
# what is left for people to do.
restored: Registry[Callable[[datetime], str]] = Registry()


class BackupRefused(DomainError):
    """No backup could be made or brought back. Nothing was changed; the sentence says why."""


@dataclass(frozen=True)
class Backup:
    """What the manifest says. `files`: path below the folder to (bytes, SHA-256 in hex)."""

    made_at: str  # ISO 8601, UTC
    postgres: int  # major version of the server
    migrations: list[tuple[str, str]]  # app, name
    key: str  # a fingerprint of SUPPRESSION_KEY
    files: dict[str, tuple[int, str]]

    @property
    def size(self) -> int:
        return sum(size for size, _digest in self.files.values())


def backup_make(folder: Path, *, now: datetime) -> Backup:
    """
    Write a backup into a new folder, while people and workers go on; the database is that of one moment.

    A folder of this name is there only once all of it is. `folder` is absolute.

    :raises BackupRefused: the folder is there already, lies in MEDIA_ROOT, or cannot be written; or
        PostgreSQL's program says no
    """
    with _told():
        part = _part_begin(folder)
        try:
            _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={part / DUMP}")
            # After the database: what it names is there, and what has come since is not in the way.
            _media_copy(Path(settings.MEDIA_ROOT), part / MEDIA)
            backup = Backup(
                made_at=now.isoformat(),
                postgres=connection.pg_version // 10_000,  # type: ignore[attr-defined]  # PostgreSQL's own
                migrations=sorted(MigrationLoader(connection).applied_migrations),
                key=_fingerprint(),
                files={str(path.relative_to(part)): _digest(path) for path in _files(part)},
            )
            (part / MANIFEST).write_text(json.dumps(asdict(backup), indent=1))
            _is_new_check(folder)
            part.rename(folder)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    return backup


def _part_begin(folder: Path) -> Path:
    """Make the folder that gets the name at the end: each run has its own, which nobody else can read."""
    _is_new_check(folder)
    if folder.is_relative_to(Path(settings.MEDIA_ROOT).resolve()):
        told = _("%(folder)s lies in MEDIA_ROOT: each backup would hold all the earlier ones. Name another.")
        raise BackupRefused(told % {"folder": folder})
    folder.parent.mkdir(parents=True, exist_ok=True)
    return Path(mkdtemp(prefix=f"{folder.name}{UNFINISHED}-", dir=folder.parent))


def _is_new_check(folder: Path) -> None:
    if folder.exists():
        raise BackupRefused(_("%(folder)s is there already: name a new folder.") % {"folder": folder})


@contextmanager
def _told() -> Iterator[None]:
    """Say as a sentence what the disk refuses."""
    try:
        yield
    except OSError as error:
        told = {"path": error.filename or "", "why": error.strerror or error}
        raise BackupRefused(_("%(path)s: %(why)s") % told) from error


def backup_read(folder: Path) -> Backup:
    """
    Return a backup of which every file is as it was written.

    :raises BackupRefused: it is no backup, or something of it is missing or was changed
    """
    try:
        told = json.loads((folder / MANIFEST).read_text())
        files = {path: (size, digest) for path, (size, digest) in told["files"].items()}
        migrations = [(app, name) for app, name in told["migrations"]]
        backup = Backup(**told | {"files": files, "migrations": migrations})
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackupRefused(_("%(folder)s is no backup of Bookend.") % {"folder": folder}) from error
    for path, known in backup.files.items():
        file = (folder / path).resolve()
        if not file.is_relative_to(folder.resolve()) or not file.is_file() or _digest(file) != known:
            raise BackupRefused(_("The backup is damaged: %(path)s is not as it was.") % {"path": path})
    return backup


def backup_restore(folder: Path, *, now: datetime) -> Iterator[str]:
    """
    Bring a backup back into an installation that has nothing yet; yield what was done, a sentence each.

    All of the database comes back or none of it. Nothing that is there is overwritten.

    :raises BackupRefused: the backup is damaged, or this installation is not empty, has another
        SUPPRESSION_KEY, or is older than the backup
    """
    with _told():
        backup = backup_read(folder)
    _fits_check(backup)
    media = Path(settings.MEDIA_ROOT)
    _is_empty_check(media)
    whole = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments")
    # The files first: once the database is there people could be let in, and what it names must be there.
    with _told(), _media_back(folder / MEDIA, media):
        _run("pg_restore", *whole, f"--dbname={connection.settings_dict['NAME']}", str(folder / DUMP))
    call_command("migrate", verbosity=0)
    yield _("The database is that of %(when)s.") % {"when": backup.made_at}
    count = len(backup.files) - 1
    yield ngettext("%(n)s file came back.", "%(n)s files came back.", count) % {"n": count}
    yield from (act(now) for act in restored)


def _is_empty_check(media: Path) -> None:
    """Test that nothing is overwritten, and that nobody else is bringing something back here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('bookend restore'))")  # until the program ends
        [is_alone] = cursor.fetchone()
    if not is_alone:
        raise BackupRefused(_("Another restore into this database is under way."))
    if connection.introspection.table_names():
        raise BackupRefused(_("This database is not empty. Name a new one (DATABASE_URL or DATA_DIR)."))
    with _told():
        if media.exists() and any(media.iterdir()):
            told = _("%(folder)s has files in it. Name an empty MEDIA_ROOT.")
            raise BackupRefused(told % {"folder": media})


@contextmanager
def _media_back(source: Path, media: Path) -> Iterator[None]:
    """Bring the files back, and take them away again if what is done with them fails."""
    try:
        _media_copy(source, media)
        yield
    except BaseException:
        _empty(media)
        raise


def _empty(media: Path) -> None:
    """Take away what was brought back: there was nothing before."""
    for path in media.iterdir() if media.is_dir() else ():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _fits_check(backup: Backup) -> None:
    if not hmac.compare_digest(backup.key, _fingerprint()):
        told = _(
            "This backup was made under another SUPPRESSION_KEY: with this one, nobody would know who must "
            "not be written to. Set the key of the installation that it was made of."
        )
        raise BackupRefused(told)
    known = MigrationLoader(None).disk_migrations
    # A squashed migration stands for those that it replaced.
    known_too = {replaced for migration in known.values() for replaced in migration.replaces}
    ours = {app for app, _name in known}
    for app, name in backup.migrations:
        if app in ours and (app, name) not in {*known, *known_too}:
            told = _("This backup was made by a newer Bookend (%(name)s): install that one first.")
            raise BackupRefused(told % {"name": f"{app}.{name}"})


def _fingerprint() -> str:
    return hmac.digest(settings.SUPPRESSION_KEY, b"backup", "sha256").hex()[:16]


def _files(folder: Path) -> Iterator[Path]:
    """Return all files below, also those behind links to other disks; a folder of many names is read once."""
    read = set[str]()
    for parent, folders, names in os.walk(folder, followlinks=True, onerror=_raise):
        folders.sort()
        here = os.path.realpath(parent)
        if here in read:
            folders.clear()
            continue
        read.add(here)
        yield from (path for name in sorted(names) if (path := Path(parent, name)).is_file())


def _raise(error: OSError) -> None:
    """A folder that may not be read is missed; one that was deleted meanwhile is not."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _digest(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _media_copy(source: Path, target: Path) -> None:
    """Copy what is there; a file that is deleted meanwhile is not missed."""
    target.mkdir(parents=True, exist_ok=True)
    for path in _files(source):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(path, copy)
        except FileNotFoundError:
            continue


def _connection() -> dict[str, str]:
    params = connection.get_connection_params()
    return {LIBPQ[name]: str(value) for name, value in params.items() if name in LIBPQ and value}


def _run(name: str, *arguments: str) -> None:
    command = [_program(name), *arguments]
    env = os.environ | _connection() | {"LC_ALL": "C", "PGCONNECT_TIMEOUT": "15"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603  # ours
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise BackupRefused(_("%(name)s says: %(why)s") % {"name": name, "why": said[-1]})


def _program(name: str) -> str:
    """Return a program that is not older than the server: an older one does not read what is new."""
    connection.ensure_connection()
    wanted = connection.pg_version // 10_000  # type: ignore[attr-defined]  # PostgreSQL's own
    # What comes with the embedded server is built without TLS, which that one does not need.
    needs_tls = _connection().get("PGSSLMODE") in TLS
    for path in filter(None, [shutil.which(name), None if needs_tls else _embedded(name)]):
        asked = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
        major = asked.stdout.split()[-1].partition(".")[0] if asked.stdout else ""
        if major.isdigit() and int(major) >= wanted:
            return path
    told = _("%(name)s of PostgreSQL %(version)s or later is needed. Install PostgreSQL's client programs.")
    raise BackupRefused(told % {"name": name, "version": wanted})


def _embedded(name: str) -> str | None:
    try:
        return str(servers.postgres_bin(name))
    except EmbeddedServerError:
        return None
