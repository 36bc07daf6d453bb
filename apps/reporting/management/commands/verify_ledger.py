from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import clock
from apps.messaging.models import Message
from apps.messaging.selectors import ledger_problems, message_ledger
from apps.operations import mailbox
from apps.reporting import services


class Command(BaseCommand):
    help = (
        "Compare a message's ledger with itself, with what readers did, with the roll-ups made of it, and "
        "with the mail catcher's record where there is one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("message", type=int, help="the id of the message")

    def handle(self, *args: Any, **options: Any) -> None:
        message = Message.objects.launched().filter(pk=options["message"]).first()
        if message is None:
            raise CommandError(f"There is no message {options['message']} that was launched.")
        folder = getattr(settings, "MAILBOX_DIR", None)
        record = None if folder is None else (caught.message_id for caught in mailbox.caught_all(folder))
        problems = ledger_problems(message, now=clock.now(), record=record)
        problems += services.message_rollups_verify(message=message, now=clock.now())
        ledger = message_ledger(message)
        for state, count in ledger.lines:
            self.stdout.write(f"{state.label:<28} {count:>12,}")
        self.stdout.write(f"{'Audience':<28} {ledger.audience:>12,}")
        if record is None:
            self.stdout.write("There is no record of the mail server to compare with.")
        if problems:
            raise CommandError("\n".join(problems))
        self.stdout.write("The ledger is true.")
