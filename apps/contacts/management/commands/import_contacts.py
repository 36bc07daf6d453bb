import json
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from apps.accounts.models import User
from apps.contacts import selectors, services
from apps.contacts.models import ImportFile
from apps.core import clock
from apps.core.errors import DomainError


def json_texts(text: str) -> dict[str, str | None]:
    """
    Return a JSON object of texts and nulls.

    :raises ArgumentTypeError: it is something else
    """
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not all(one is None or isinstance(one, str) for one in told.values()):
        raise ArgumentTypeError("this has to be a JSON object of texts and nulls")
    return told


class Command(BaseCommand):
    help = (
        "Import a CSV file or an Excel workbook of contacts, companies or events, by the path that the "
        "browser and the API use, and wait for its end."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--sheet", default="", help="which sheet of a workbook that has several")
        parser.add_argument("--about", choices=ImportFile.About.values, default=ImportFile.About.CONTACTS)
        parser.add_argument(
            "--key", default="", help="what a row is known by: email, of companies domain, or identity:NAME"
        )
        parser.add_argument(
            "--mapping",
            type=json_texts,
            help='{"Column": "email" | "phone" | "attr:KEY[:TYPE]" | "identity:NAME" | null}; without it the '
            "columns are guessed, and new attributes are flagged until somebody describes them",
        )
        parser.add_argument("--mode", choices=ImportFile.Mode.values, default=ImportFile.Mode.UPSERT)
        parser.add_argument(
            "--rules",
            type=json_texts,
            help='{"Column": "always" | "if_empty" | "never"}: what may be written over of known contacts',
        )
        parser.add_argument(
            "--consent", type=json_texts, help='{"status", "channel", "topic", "basis", "source", "wording"}'
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would happen, and change nothing"
        )
        parser.add_argument(
            "--errors", type=Path, metavar="FILE", help="write the rows that were refused here"
        )
        parser.add_argument("--by", metavar="EMAIL", help="who imports, for the record")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            import_file = self._run(options)
        except (OSError, DomainError) as refusal:
            if options["json"]:
                self.stdout.write(json.dumps({"status": "failed", "error": str(refusal)}))
                sys.exit(1)
            raise CommandError(str(refusal)) from refusal
        if options["errors"]:
            with options["errors"].open("w", encoding="utf-8", newline="") as file:
                file.writelines(selectors.import_errors(import_file))
        self._report(import_file, as_json=options["json"])
        if import_file.state != ImportFile.State.DONE:
            sys.exit(1)

    def _run(self, options: dict[str, Any]) -> ImportFile:
        by = User.objects.filter(email__iexact=options["by"]).first() if options["by"] else None
        if options["by"] and by is None:
            raise services.ImportRefused(f"Nobody here signs in as {options['by']}.")
        with options["file"].open("rb") as file:
            import_file = services.import_upload(
                file=File(file, name=options["file"].name),
                sheet=options["sheet"],
                about=options["about"],
                by=by,
            )
        self._read(import_file)
        import_file = services.import_start(
            import_file=import_file,
            mapping=options["mapping"],
            key=options["key"],
            mode=options["mode"],
            rules=options["rules"],
            consent=options["consent"],
            is_dry_run=options["dry_run"],
            by=by,
            now=clock.now(),
        )
        return self._wait(import_file)

    def _read(self, import_file: ImportFile) -> None:
        """See to it that the columns are there: those of a large workbook are not, to begin with."""
        if import_file.state == ImportFile.State.SHEET:
            services.import_discard(import_file=import_file)
            sheets = ", ".join(import_file.sheets)
            raise services.ImportRefused(f"The workbook has several sheets: {sheets}. Say which by --sheet.")
        while import_file.state == ImportFile.State.READING:
            try:
                services.workbook_read(import_file=import_file, now=clock.now())
            except services.ImportRefused:
                time.sleep(0.5)
                import_file.refresh_from_db()
        if import_file.error:
            raise services.ImportRefused(import_file.error)

    def _wait(self, import_file: ImportFile) -> ImportFile:
        """Do the work here, or where a worker was faster, wait until it is done."""
        while import_file.state in (ImportFile.State.PENDING, ImportFile.State.RUNNING):
            try:
                return services.import_run(import_file=import_file, now=clock.now())
            except services.ImportRefused:
                time.sleep(0.5)
                import_file.refresh_from_db()
        return import_file

    def _report(self, import_file: ImportFile, *, as_json: bool) -> None:
        data = selectors.import_as_data(import_file, errors_url=f"/api/v1/imports/{import_file.pk}/errors/")
        if as_json:
            self.stdout.write(json.dumps(data, cls=DjangoJSONEncoder))
            return
        self.stdout.write(f"{import_file.get_state_display()}: {import_file.rows_total:,} rows")
        for name in selectors.IMPORT_COUNTS:
            self.stdout.write(f"  {name:<12}{getattr(import_file, name):>12,}")
        if import_file.error:
            self.stdout.write(import_file.error)
