"""The sums of a budget as its page shows them: figures, table by channel, table by month, chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils import formats
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.campaigns import selectors
from apps.campaigns.budget import Amounts, month_first
from apps.campaigns.models import Campaign
from apps.core import charts


@dataclass(frozen=True)
class ChannelSum:
    key: str  # as the filter of the lines names it
    label: str
    amounts: Amounts


@dataclass(frozen=True)
class Figures:
    """`months`: month, its name, its sums, and what is planned and forecast by its end."""

    total: Amounts
    channels: Sequence[ChannelSum]
    months: Sequence[tuple[date, str, Amounts, Decimal, Decimal]]
    chart: SafeString
    this_month: date

    @property
    def highest(self) -> Decimal:
        """Where the axis of the chart ends."""
        return max((max(plan, will) for *_about, plan, will in self.months), default=Decimal(0))

    @property
    def over(self) -> list[ChannelSum]:
        """The parts whose forecast is above their plan."""
        return [part for part in self.channels if part.amounts.over]


def figures_of(campaign: Campaign, now: datetime) -> Figures:
    summary = selectors.budget_summary(campaign, now)
    known = {channel.pk: channel for channel in campaign.channels.all()}
    this_month = month_first(now.date())
    planned, forecast = summary.planned_curve, summary.forecast_curve
    return Figures(
        total=summary.total,
        channels=[
            ChannelSum(known[pk].kind, str(known[pk].get_kind_display()), amounts)
            if pk in known
            else ChannelSum(selectors.WHOLE, _("Whole campaign"), amounts)
            for pk, amounts in summary.by_channel
        ],
        months=[
            (month, month_text(month), amounts, plan, will)
            for (month, amounts), plan, will in zip(summary.by_month, planned, forecast, strict=True)
        ],
        chart=charts.lines(
            [
                charts.Series("neutral", planned),
                charts.Series("accent", forecast, is_dashed=True),
                charts.Series("accent", summary.actual_curve(this_month)),
            ]
        ),
        this_month=this_month,
    )


def month_text(month: date) -> str:
    return formats.date_format(month, "M Y")
