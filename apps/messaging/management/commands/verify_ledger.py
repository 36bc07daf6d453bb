from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.messaging import selectors
from apps.messaging.models import Message
from apps.operations import mailbox


class Command(BaseCommand):
    help = "Compare a message's ledger with its delivery events, and with the mail catcher's record."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("message", type=int, help="the id of the message")

    def handle(self, *args: Any, **options: Any) -> None:
        message = Message.objects.filter(pk=options["message"]).first()
        if message is None:
            raise CommandError(f"There is no message {options['message']}.")
        folder = getattr(settings, "MAILBOX_DIR", None)
        record = None if folder is None else (caught.message_id for caught in mailbox.caught_all(folder))
        problems = selectors.ledger_problems(message, record=record)
        for state, count in selectors.message_ledger(message).lines:
            self.stdout.write(f"{state.label:<28} {count:>12,}")
        self.stdout.write(f"{'Audience':<28} {selectors.message_ledger(message).audience:>12,}")
        if record is None:
            self.stdout.write("There is no record of the mail server to compare with.")
        if problems:
            raise CommandError("\n".join(problems))
        self.stdout.write("The ledger is true.")
