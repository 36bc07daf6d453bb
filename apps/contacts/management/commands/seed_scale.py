import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.contacts.scale import scale_seed
from apps.core import clock


class Command(BaseCommand):
    help = "Add synthetic contacts and events for benchmarks; the same for the same seed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--contacts", type=int, required=True)
        parser.add_argument("--events", type=int, required=True)
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, contacts: int, events: int, seed: int, **options: Any) -> None:
        start = time.monotonic()

        def report(text: str) -> None:
            self.stderr.write(f"{time.monotonic() - start:7.1f} s  {text}")

        made = scale_seed(contacts=contacts, events=events, seed=seed, now=clock.now(), report=report)
        report("done")
        self.stdout.write(f"{made.first} {made.last}")
