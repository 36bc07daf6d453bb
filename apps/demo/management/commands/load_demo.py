from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from apps.core import clock
from apps.demo import services


class Command(BaseCommand):
    help = "Load the demo: 64,000 customers, a finished campaign, one in building. Again: nothing changes."

    def handle(self, *args: Any, **options: Any) -> None:
        services.demo_load(now=clock.now())
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # or the first counts are planned as if the tables were still empty
