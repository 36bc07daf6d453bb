"""
What a metric is counted by: events, or a ledger of an app above, which registers it from `AppConfig.ready`:

    metrics.built_ins.register("delivered", BuiltIn(_("E-mails delivered"), _("people"), count))
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apps.campaigns.models import Campaign
from apps.core.registry import Registry

Measure = Campaign.GoalMeasure


@dataclass(frozen=True)
class BuiltIn:
    """
    Something that is counted without events. `label` says how, as the end of “Counted by …”.

    `count` returns what a campaign has of it, or None while nobody has counted.
    """

    label: str | Promise
    count: Callable[[Campaign, datetime], Decimal | None]


built_ins: Registry[BuiltIn] = Registry()


def built_in(name: str) -> BuiltIn | None:
    """Return what is registered under a metric's `built_in`; None: its app has gone."""
    return next((one for key, one in built_ins.items() if key == name), None)


def counted_text(says: dict[str, Any]) -> str:
    """Say in words how a metric is counted; `says` is what its definition says."""
    if says["built_in"]:
        known = built_in(says["built_in"])
        return _("Built in: %(what)s") % {"what": known.label if known else says["built_in"]}
    told = {"event": says["event"], "property": says["value_property"]}
    match says["measure"]:
        case Measure.VALUE:
            text = _("The sum of “%(property)s” over the events “%(event)s”") % told
        case Measure.EVENTS:
            text = _("How often “%(event)s” happened") % told
        case _other:
            text = _("How many people did “%(event)s”") % told
    if conditions := where_text(says["where"]):
        text = _("%(counted)s, only where %(conditions)s") % {"counted": text, "conditions": conditions}
    return text


def where_text(where: list[dict[str, Any]]) -> str:
    """Say conditions on a property in a line; empty for none."""
    words = {
        "eq": _("is"),
        "ne": _("is not"),
        "gt": _("is more than"),
        "gte": _("is at least"),
        "lt": _("is less than"),
        "lte": _("is at most"),
        "contains": _("contains"),
        "exists": _("is there"),
        "missing": _("is missing"),
    }
    parts = [
        f"{one.get('property', '')} {words.get(one.get('op', ''), one.get('op', ''))}"
        + (f" {one['value']}" if "value" in one else "")
        for one in where
    ]
    return _(" and ").join(parts)
