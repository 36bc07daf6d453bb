from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.up import Options, UpError, up


class Command(BaseCommand):
    help = (
        "Start everything: embedded servers for URLs that are unset, web, workers, scheduler, mail catcher."
    )
    requires_system_checks: list[str] = []  # `doctor` runs them, in the environment of the programs

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="port of the web server (8000)")
        parser.add_argument("--data-dir", type=Path, default=settings.DATA_DIR, help="(DATA_DIR, or var)")
        demo = parser.add_mutually_exclusive_group()
        demo.add_argument(
            "--demo", action="store_true", default=None, help="load the demo, if not yet loaded"
        )
        demo.add_argument("--no-demo", action="store_false", dest="demo", help="start empty")
        parser.add_argument("--workers", type=int, default=2, help="worker processes for everyday tasks (2)")

        parser.add_argument(
            "--with-parent", action="store_true", help="stop when the calling process is gone"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 < options["port"] < 65536 or options["workers"] < 1:
            raise CommandError("--port must be between 1 and 65535, --workers at least 1.")
        chosen = Options(
            **{name: options[name] for name in ("port", "data_dir", "demo", "workers", "with_parent")}
        )
        try:
            code = up(chosen)
        except UpError as error:
            raise CommandError(str(error)) from error
        raise SystemExit(code)
