from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.contacts import selectors, services
from apps.core import clock
from apps.core.errors import DomainError


class Command(BaseCommand):
    help = "Forget a person for ever; or, with --reapply, all whom the log says were erased before."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "contact", nargs="?", help="address, identity such as crm:4711, or number of the contact"
        )
        parser.add_argument("--why", default="", help="for the record; nothing personal")
        parser.add_argument(
            "--yes", action="store_true", help="do it; without this, only say who it would be"
        )
        parser.add_argument(
            "--reapply",
            type=Path,
            nargs="?",
            const=settings.ERASURE_LOG,
            metavar="FILE",
            help="after a restore: erase again whom this log names (default: the log of this installation)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["reapply"]:
            self._reapply(options["reapply"])
        elif options["contact"]:
            self._erase(options["contact"], why=options["why"], is_meant=options["yes"])
        else:
            raise CommandError("Say whom to erase, or --reapply.")

    def _reapply(self, path: Path) -> None:
        try:
            with path.open("rb") as lines:
                done = services.erasures_reapply(lines=lines, by=None, now=clock.now())
        except OSError as error:
            raise CommandError(f"The log cannot be read: {error}") from error
        self.stdout.write(f"{done} erased again")

    def _erase(self, told: str, *, why: str, is_meant: bool) -> None:
        found = selectors.contacts_named(told)
        if len(found) != 1:
            raise CommandError("Nobody, or more than one contact, is known by this.")
        if not is_meant:
            raise CommandError(f"This would erase contact {found[0].pk}, for ever. Say --yes to do it.")
        try:
            services.contact_erase(contact=found[0], by=None, now=clock.now(), why=why)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        services.erasures_sweep(now=clock.now())
        self.stdout.write(f"contact {found[0].pk} erased")
