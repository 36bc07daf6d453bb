from typing import Any

from django.core.management.base import BaseCommand

from apps.core import clock
from apps.messaging import services
from apps.messaging.models import Message, Recipient


class Command(BaseCommand):
    help = "Send what is due, here and now, without a worker; ends when nothing is in line any more."

    def handle(self, *args: Any, **options: Any) -> None:
        while True:
            services.messages_send(now=clock.now())
            in_line = Recipient.objects.claimable().filter(message__in=Message.objects.running())
            if not in_line.exists():
                return
