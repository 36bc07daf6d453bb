from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.exports import bi


class Command(BaseCommand):
    help = "Make the database role that may read the bi_* views and nothing else. May be run again."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            is_new = bi.role_make()
        except bi.RoleNotMade as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{'Made' if is_new else 'Found'} the role {bi.ROLE}; it may read:")
        for name in bi.VIEWS:
            self.stdout.write(f"  {name}")
        self.stdout.write(f"For a tool: CREATE USER tool PASSWORD '…' IN ROLE {bi.ROLE};")
