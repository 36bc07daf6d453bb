import time
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.core import clock
from apps.messaging import homes, ledger, services
from apps.messaging.models import HELD, Recipient

PATIENCE = 0.2  # seconds, while others send what nobody else can


class Command(BaseCommand):
    help = "Send what is due, here and now, without a worker; ends when nothing is in line any more."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SENDING_ENABLED:
            raise CommandError("Sending is switched off on this server (SENDING_ENABLED).")
        if homes.is_copy():
            raise CommandError(
                "This database is a copy of the one that sends: nothing leaves until an administrator lets "
                "it, on the page of the sending rules."
            )
        services.messages_send(now=clock.now())
        now = clock.now()
        while waiting := self._waiting(now):
            services.messages_send(now=now)
            # Of the same people: whoever has become due meanwhile must not hide that nothing moves.
            still = self._waiting(now)
            if still >= waiting and ledger.opens_at(now=clock.now()):
                self.stdout.write(f"{still} recipients wait until a rate limit has room.")
                return
            if still >= waiting and self._others_send():
                time.sleep(PATIENCE)
            elif still >= waiting:
                raise CommandError(
                    f"Nothing moves: {still} recipients stay in line. Is the mail server in reach?"
                )
            now = clock.now()

    def _others_send(self) -> bool:
        """Test if others have somebody in hand: what they take of a limit is known when they are done."""
        return Recipient.objects.filter(state__in=HELD).exists()

    def _waiting(self, now: datetime) -> int:
        return Recipient.objects.waiting(at=now).count()
