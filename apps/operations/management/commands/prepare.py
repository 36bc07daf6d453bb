from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from apps.accounts.models import User
from apps.core import clock
from apps.core.welcome import sign_ins
from apps.operations import services
from apps.operations.models import Installation
from config.embedded import runtime_dir

LOAD = "load_demo"


class Command(BaseCommand):
    help = "Make the installation ready to start: migrate, partitions, and the demo on the first start."
    requires_system_checks: list[str] = []  # `doctor` runs them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", default=None, help="load it, if not yet loaded")
        parser.add_argument("--no-demo", action="store_false", dest="demo")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            installation = self._prepare(demo=options["demo"])
        except services.DemoNotAvailable as refusal:
            raise CommandError(str(refusal)) from refusal
        except (OperationalError, OSError) as error:  # a full disk, most of the time
            raise CommandError(" ".join(str(error).split())) from error
        # What `up` says below the address, once all is ready.
        welcome = runtime_dir(settings.DATA_DIR) / "welcome.txt"
        welcome.write_text("".join(f"{line}\n" for line in _welcome(installation)))

    def _prepare(self, *, demo: bool | None) -> Installation:
        call_command("migrate", verbosity=0)
        services.partitions_ensure(now=clock.now())
        return services.first_start(demo=demo, load=self._load if LOAD in get_commands() else None)

    def _load(self) -> None:
        self.stdout.write("Loading the demo …")
        self.stdout.flush()
        call_command(LOAD)


def _welcome(installation: Installation) -> list[str]:
    if installation.demo == Installation.Demo.LOADED:
        width = max((len(person.email) for person in sign_ins), default=0)
        return [f"  {person.email:<{width}}  {person.password}  {person.role}" for person in sign_ins]
    if not User.objects.exists():
        return ["  Nobody can sign in yet: `python manage.py createsuperuser` makes the first administrator."]
    return []
