from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from apps.contacts import selectors, services
from apps.core import clock
from apps.core.errors import DomainError


class Command(BaseCommand):
    help = "Write everything that is held about a person as JSON: what they may ask for by law."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("contact", help="address, identity such as crm:4711, or number of the contact")
        parser.add_argument("--output", type=Path, metavar="FILE", help="instead of standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        found = selectors.contacts_named(options["contact"])
        if len(found) != 1:
            raise CommandError("Nobody, or more than one contact, is known by this.")
        try:
            held = services.contact_export(contact=found[0], by=None, now=clock.now())
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        told = orjson.dumps(held, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        if options["output"]:
            options["output"].write_bytes(told)
        else:
            self.stdout.write(told.decode(), ending="")
