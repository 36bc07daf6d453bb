"""How metrics read: `{% load metrics %}`."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django import template

from apps.campaigns.metrics import counted_text
from apps.campaigns.models import Kpi, Metric
from apps.core import display

register = template.Library()


@register.simple_tag
def counted(says: dict[str, Any] | Metric) -> str:
    """Say how a metric is counted."""
    return counted_text(says.says if isinstance(says, Metric) else says)


@register.simple_tag
def amount(kpi: Kpi, value: Decimal | str | None) -> str:
    """Return a number of this KPI with its unit, money as money."""
    if value is None:
        return display.NOTHING
    try:
        number = Decimal(value)
    except InvalidOperation:
        return str(value)
    if kpi.metric.unit == "money":
        return display.money(number, kpi.campaign.currency, 0 if number == number.to_integral_value() else 2)
    return f"{display.number(number)} {kpi.unit}"
