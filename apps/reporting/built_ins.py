"""Metrics that the ledger counts: the sums of the roll-ups, so that a KPI says what the results say."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from apps.campaigns.metrics import BuiltIn, built_ins
from apps.campaigns.models import Campaign
from apps.messaging.models import Message
from apps.reporting.selectors import Figures, figures_by

OWN: dict[str, tuple[object, Callable[[Figures], Decimal | int]]] = {
    "sent": (_("messages sent, from the ledger"), lambda figures: figures.sent),
    "delivered": (_("messages sent and not returned, from the ledger"), lambda figures: figures.delivered),
    "clicked": (_("people who clicked, from the ledger"), lambda figures: figures.clicked),
    "unsubscribed": (_("people who unsubscribed, from the ledger"), lambda figures: figures.unsubscribed),
    "complained": (_("people who complained, from the ledger"), lambda figures: figures.complained),
    "conversions": (
        _("goal events credited to messages, from the results"),
        lambda figures: figures.conversions,
    ),
    "conversion_value": (
        _("value of the goal events credited to messages, from the results"),
        lambda figures: figures.value,
    ),
}


def register() -> None:
    """Called from `AppConfig.ready`."""
    for name, (label, read) in OWN.items():
        built_ins.register(name, BuiltIn(label, _counted(read)))  # type: ignore[arg-type]  # lazy text


def _counted(read: Callable[[Figures], Decimal | int]) -> Callable[[Campaign, datetime], Decimal | None]:
    def count(campaign: Campaign, now: datetime) -> Decimal | None:
        figures = figures_by("campaign", Message.objects.filter(campaign=campaign)).get(campaign.pk)
        return None if figures is None else Decimal(read(figures))

    return count
