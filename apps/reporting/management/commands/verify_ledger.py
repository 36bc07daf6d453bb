from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import clock
from apps.messaging.models import Message
from apps.messaging.selectors import ledger_problems, message_ledger, record_share
from apps.operations import mailbox
from apps.reporting import services
from config.mailcatcher import KEPT


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
        record = _record()
        problems = ledger_problems(message, now=clock.now(), record=record, answer=KEPT)
        problems += services.message_rollups_verify(message=message, now=clock.now())
        ledger = message_ledger(message)
        for state, count in ledger.lines:
            self.stdout.write(f"{state.label:<28} {count:>12,}")
        self.stdout.write(f"{'Audience':<28} {ledger.audience:>12,}")
        for line in _compared(message):
            self.stdout.write(line)
        if problems:
            raise CommandError("\n".join(problems))
        self.stdout.write("The ledger is true.")


def _record() -> list[str] | None:
    """Return the Message-IDs that the mail catcher of these settings has; None: they have no catcher."""
    if settings.MAILBOX_DIR is None:
        return None
    return [caught.message_id for caught in mailbox.caught_all(settings.MAILBOX_DIR)]


def _compared(message: Message) -> Iterator[str]:
    """Say with whose record the ledger was compared, and how much of it with none."""
    if settings.MAILBOX_DIR is None:
        yield "Not compared with a mail server: EMAIL_URL is set, and no mail catcher keeps a record."
        return
    share = record_share(message, answer=KEPT)
    if share.here or not (share.elsewhere or share.forgotten):
        yield f"Compared with the mail catcher in {settings.MAILBOX_DIR}: {share.here:,} that a catcher took."
    if share.elsewhere:
        yield (
            f"Not compared: {share.elsewhere:,} that something else than a mail catcher took, of which there "
            "is no record here."
        )
    if share.forgotten:
        yield f"Not compared: {share.forgotten:,} whose row says no more who took it: they were erased."
