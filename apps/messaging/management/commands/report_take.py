import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core import clock
from apps.messaging import services
from apps.messaging.bounces import LARGEST
from apps.messaging.models import DeliveryReport


class Command(BaseCommand):
    help = (
        "Take in one mail that came back to a return path, from a file or from standard input: for a mail "
        "server that pipes them to a program instead of keeping them in a mailbox."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="left out: standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with options["file"].open("rb") if options["file"] else sys.stdin.buffer as opened:
                raw = opened.read(LARGEST)
        except OSError as error:
            raise CommandError(str(error)) from error
        taken = services.report_take(raw=raw, source=DeliveryReport.Source.MAIL, by=None, now=clock.now())
        told = taken.report.get_verdict_display()
        about = "of a mail of ours" if taken.report.recipient_id else "of no mail of ours: nothing follows"
        self.stdout.write(f"{told}, {about}{'' if taken.is_new else ' (known already)'}")
