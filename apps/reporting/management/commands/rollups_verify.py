from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.campaigns.models import Campaign
from apps.core import clock
from apps.reporting import services


class Command(BaseCommand):
    help = "Count every campaign anew from the rows, and report each figure that the roll-ups have wrong."

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = 0
        for campaign in Campaign.objects.filter(result__isnull=False).iterator(100):
            for difference in self._differences(campaign):
                wrong += 1
                self.stdout.write(f"campaign {campaign.pk}: {difference}")
        if wrong:
            raise CommandError(f"{wrong} figures differ from their rows.")
        self.stdout.write("All figures agree with their rows.")

    def _differences(self, campaign: Campaign) -> list[str]:
        try:
            return services.rollups_verify(campaign=campaign, now=clock.now())
        except services.ResultsNotCountable as refusal:
            return [str(refusal)]
