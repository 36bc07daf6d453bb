from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import scopes, services
from apps.accounts.models import User
from apps.core import clock
from apps.core.errors import DomainError


class Command(BaseCommand):
    help = "Make an API token and print it, alone and for the only time, on stdout."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="whose token: it may do what this person may do")
        parser.add_argument("--name", required=True, help="what it is for, as its owner will read it")
        parser.add_argument(
            "--scope",
            action="append",
            nargs="+",
            default=[],
            metavar="RESOURCE:VERB",
            help=f"narrow the token; may be repeated. One of: {', '.join(scopes.ALL)}",
        )

    def handle(self, **options: Any) -> None:
        try:
            user = User.objects.get_by_natural_key(options["email"])
        except User.DoesNotExist:
            raise CommandError(f"Nobody has the address {options['email']}.") from None
        chosen = [scope for group in options["scope"] for scope in group]
        try:
            _token, secret = services.token_create(
                user=user, name=options["name"], by=None, now=clock.now(), chosen=chosen
            )
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(secret)
