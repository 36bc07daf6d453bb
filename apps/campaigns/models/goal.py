from datetime import date, datetime
from decimal import Decimal

from django.db import models

from apps.campaigns.models.campaign import Campaign


class GoalCount(models.Model):
    """
    What a campaign's goal had reached from the events received before `horizon`, day by day.

    Pages add to it what was received since: however many events there are, they read the last minutes.
    `counted_by` is what was counted; once the goal or its days differ from it, this says nothing.
    """

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="goal_count")
    counted_by = models.JSONField()
    horizon = models.DateTimeField()
    days = models.JSONField()  # [["2030-03-01", "12"], …]: what came on each day

    def __str__(self) -> str:
        return f"goal of campaign {self.campaign_id}"

    @property
    def by_day(self) -> dict[date, Decimal]:
        return {date.fromisoformat(day): Decimal(count) for day, count in self.days}

    def is_after(self, end: datetime | None) -> bool:
        """Test if it was counted when the goal's last day was over."""
        return end is not None and self.horizon >= end
