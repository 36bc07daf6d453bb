"""What a signature is under: a campaign's KPIs as JSON, its digest, and what differs between two. Pure."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
from django.utils.translation import gettext as _

from apps.campaigns.metrics import counted_text
from apps.campaigns.models import Kpi, Metric
from apps.core import display

FEW_ENOUGH = 7
Snapshot = list[dict[str, Any]]
# How a metric is counted is told in one sentence, whichever part of it has changed.
COUNTED = ("built_in", "event", "where", "measure", "value_property")


@dataclass(frozen=True)
class Difference:
    """One thing that was changed: `old` or `new` is empty where there was nothing, or is nothing any more."""

    kpi: str
    field: str
    old: str
    new: str


def snapshot_of(kpis: Sequence[Kpi]) -> Snapshot:
    """Return a set as it is now, in its order, with what each metric says."""
    return [
        {
            "metric": kpi.metric_id,
            "says": kpi.metric.says,
            "unit": kpi.unit,
            "reason": kpi.reason,
            "target": None if kpi.target is None else f"{Decimal(kpi.target):.2f}",
        }
        for kpi in kpis
    ]


def digest_of(snapshot: Snapshot) -> str:
    """Return what is the same for the same set; the order of the KPIs changes nothing."""
    signed = ("metric", "says", "reason", "target")
    content = sorted(
        ({name: kpi[name] for name in signed} for kpi in snapshot), key=lambda kpi: int(kpi["metric"])
    )
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def differences(old: Snapshot, new: Snapshot) -> list[Difference]:
    """Return what was changed between two snapshots, KPI by KPI and field by field."""
    before = {kpi["metric"]: kpi for kpi in old}
    after = {kpi["metric"]: kpi for kpi in new}
    removed = [
        Difference(_name(kpi), _("Removed"), _in_short(kpi), "")
        for key, kpi in before.items()
        if key not in after
    ]
    added = [
        Difference(_name(kpi), _("Added"), "", _in_short(kpi))
        for key, kpi in after.items()
        if key not in before
    ]
    changed = [one for key, kpi in after.items() if key in before for one in _changes(before[key], kpi)]
    return [*removed, *added, *changed]


def says_changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield what differs between two versions of a metric's definition: field, before, after."""
    labels = {
        "name": _("Name"),
        "definition": _("What it means"),
        "kind": _("Label"),
        "unit": _("Unit"),
    }
    for field, label in labels.items():
        if old[field] != new[field]:
            yield label, _said(field, old[field]), _said(field, new[field])
    if any(old[field] != new[field] for field in COUNTED):
        yield _("How it is counted"), counted_text(old), counted_text(new)


def is_only_tactical(kpis: Sequence[Kpi]) -> bool:
    """Test if a set has KPIs, and none of them is what the business is after."""
    return bool(kpis) and not any(kpi.metric.is_value for kpi in kpis)


def target_text(target: str | None, unit: str) -> str:
    return "" if target is None else f"{display.number(Decimal(target), _decimals(target))} {unit}"


def _changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Difference]:
    name = _name(new)
    if old["target"] != new["target"]:
        yield Difference(
            name,
            _("Target"),
            target_text(old["target"], old["unit"]),
            target_text(new["target"], new["unit"]),
        )
    if old["reason"] != new["reason"]:
        yield Difference(name, _("Reason"), old["reason"], new["reason"])
    for label, before, after in says_changes(old["says"], new["says"]):
        yield Difference(name, label, before, after)


def _name(kpi: dict[str, Any]) -> str:
    return str(kpi["says"]["name"])


def _in_short(kpi: dict[str, Any]) -> str:
    target = target_text(kpi["target"], kpi["unit"])
    parts = [_("target %(target)s") % {"target": target} if target else "", kpi["reason"]]
    return " · ".join(part for part in parts if part)


def _said(field: str, value: str) -> str:
    return str(Metric.Kind(value).label) if field == "kind" else value


def _decimals(target: str) -> int:
    return 0 if target.endswith(".00") else 2
