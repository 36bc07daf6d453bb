"""How a campaign differs from the one that it was replayed from. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apps.campaigns.models import Campaign, Channel, Kpi, YearGoal
from apps.campaigns.models.version import Versioned
from apps.campaigns.wording import conditions_shown, shown
from apps.core import display

FIELDS = (
    "outcome", "goal_event", "goal_where", "goal_measure", "value_property", "goal_target", "goal_date",
    "conversion_window_days", "currency", "segment", "audience_note", "idea", "start_date", "launch_date",
    "captain", "year_goal",
)  # fmt: skip
OF_CHANNEL = ("owner", "why", "expected_result", "justification")
OF_KPI = ("target", "reason")


@dataclass(frozen=True)
class Difference:
    """One field that says something else; `part` is the channel or KPI that it is of, '' the campaign."""

    part: str
    field: str
    before: str
    after: str


def differences(
    parent: Campaign,
    child: Campaign,
    *,
    channels: tuple[Sequence[Channel], Sequence[Channel]],
    kpis: tuple[Sequence[Kpi], Sequence[Kpi]],
) -> list[Difference]:
    """Return what the child says otherwise than its parent does now, in the order of the plan."""
    own = _of_rows("", parent, child, FIELDS)
    by_kind = [{str(channel): channel for channel in side} for side in channels]
    by_label = [{kpi.label: kpi for kpi in side} for side in kpis]
    return [
        *own,
        *_of_sets(by_kind[0], by_kind[1], OF_CHANNEL, _("Channel")),
        *_of_sets(by_label[0], by_label[1], OF_KPI, _("KPI")),
    ]


def is_comparable(one: Campaign, other: Campaign) -> bool:
    """Test if both count the same thing, so that their targets and results can stand on one axis."""
    counted = ("goal_event", "goal_where", "goal_measure", "value_property", "currency")
    return bool(one.goal_event) and all(getattr(one, name) == getattr(other, name) for name in counted)


def _of_sets(
    before: Mapping[str, Versioned], after: Mapping[str, Versioned], names: Sequence[str], what: str
) -> list[Difference]:
    found = []
    for key in [*before, *(key for key in after if key not in before)]:
        if key not in after:
            found.append(Difference(key, what, _("there"), _("not there")))
        elif key not in before:
            found.append(Difference(key, what, _("not there"), _("there")))
        else:
            found += _of_rows(key, before[key], after[key], names)
    return found


def _of_rows(part: str, before: Versioned, after: Versioned, names: Sequence[str]) -> list[Difference]:
    return [
        Difference(
            part,
            _label(before, name),
            _said(before, name),
            _said(after, name),
        )
        for name in names
        if _value(before, name) != _value(after, name)
    ]


def _value(row: Versioned, name: str) -> Any:
    return getattr(row, row._meta.get_field(name).attname)  # type: ignore[union-attr]  # own fields only


def _said(row: Versioned, name: str) -> str:
    if name in {"goal_where", "where"}:
        return conditions_shown(getattr(row, name))
    value = getattr(row, name)
    if isinstance(value, Decimal):  # 500 and not 500.00
        return display.number(value, 0 if value == value.to_integral_value() else 2)
    if isinstance(value, YearGoal):  # the next year may have one of the same name
        return f"{value.name} ({value.year})"
    return shown(row, name, value)


def _label(row: Versioned, name: str) -> str:
    label: str | Promise = row._meta.get_field(name).verbose_name  # type: ignore[union-attr]
    text = str(label)
    return text[:1].upper() + text[1:]
