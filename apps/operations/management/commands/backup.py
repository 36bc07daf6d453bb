from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.template.defaultfilters import filesizeformat

from apps.core import clock
from apps.operations.backups import BackupRefused, backup_make


class Command(BaseCommand):
    help = "Write the database and the uploaded files into a new folder, while everything goes on."
    requires_system_checks: list[str] = []  # `doctor` runs them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder",
            type=Path,
            nargs="?",
            help="a folder that is not there yet (default: one named after the time, in DATA_DIR/backups)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            now = clock.now()
            folder = options["folder"] or settings.DATA_DIR / "backups" / f"{now:%Y-%m-%dT%H%M%S}"
            backup = backup_make(folder.resolve(), now=now)
        except BackupRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {str(error).partition(chr(10))[0]}") from error
        except KeyboardInterrupt as interrupt:
            raise CommandError("Interrupted: there is no backup of this time.") from interrupt
        size = filesizeformat(backup.size).replace("\N{NO-BREAK SPACE}", " ")
        self.stdout.write(f"{folder}: {len(backup.files)} files, {size}")
        self.stderr.write("Not in it: SECRET_KEY, SUPPRESSION_KEY and the log of erasures. Keep those apart.")
