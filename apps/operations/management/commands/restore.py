from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from apps.core import clock
from apps.operations.backups import BackupRefused, backup_restore


class Command(BaseCommand):
    help = "Bring a backup back into an installation that has nothing yet."
    requires_system_checks: list[str] = []  # they may ask for tables

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="what `backup` wrote")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for done in backup_restore(options["folder"], now=clock.now()):
                self.stdout.write(done)
                self.stdout.flush()
        except BackupRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {str(error).partition(chr(10))[0]}") from error
        except KeyboardInterrupt as interrupt:
            raise CommandError(
                "Interrupted. Begin again with an empty database and an empty MEDIA_ROOT."
            ) from interrupt
