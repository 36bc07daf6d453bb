"""
Named numbers of a rule: a length of time, a number of times, a value. No database here.

A threshold is a name and the path of its number, as faults tell paths: `all[0].within`. So the rule stays one
of the published grammar, and changing 90 days to 60 is one field.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.errors import DomainError
from apps.core.texts import is_one_line
from apps.segments.rules.parsing import COUNT_OPS
from apps.segments.rules.values import is_number

MAX_NAME = 60
UNITS = {
    "m": gettext_lazy("minutes"),
    "h": gettext_lazy("hours"),
    "d": gettext_lazy("days"),
    "w": gettext_lazy("weeks"),
    "mo": gettext_lazy("months"),
    "y": gettext_lazy("years"),
}
MAX_THRESHOLDS = 20
_STEPS = re.compile(r"[a-z_]+|\[\d+\]", re.ASCII)
_DURATION = re.compile(r"(\d{1,5})(m|h|d|w|mo|y)", re.ASCII)
_COUNT = "count"


class ThresholdInvalid(DomainError):
    """A threshold cannot be named or set like this."""

    field = "thresholds"


@dataclass(frozen=True)
class Threshold:
    """`value` as it stands in the rule: "90d", or a number. `unit` is that of a length of time, or empty."""

    name: str
    path: str
    value: str | float

    @property
    def amount(self) -> str:
        found = _DURATION.fullmatch(str(self.value))
        return found[1] if found else str(self.value)

    @property
    def unit(self) -> str:
        found = _DURATION.fullmatch(str(self.value))
        return found[2] if found else ""

    @property
    def unit_label(self) -> str:
        return str(UNITS.get(self.unit, ""))


def thresholds_read(rule: object, told: Sequence[Mapping[str, object]]) -> list[Threshold]:
    """
    Return the thresholds `[{"name": …, "path": …}, …]` with their values in this rule.

    :raises ThresholdInvalid: no name, one given twice, or no number at its path
    """
    if len(told) > MAX_THRESHOLDS:
        raise ThresholdInvalid(_("At most %(n)s thresholds, please.") % {"n": MAX_THRESHOLDS})
    places = dict(places_of(rule))
    found: dict[str, Threshold] = {}
    for one in told:
        name, path = str(one.get("name", "")).strip(), str(one.get("path", ""))
        if not name or len(name) > MAX_NAME or not is_one_line(name):
            raise ThresholdInvalid(_("A threshold needs a name of at most %(n)s letters.") % {"n": MAX_NAME})
        if name in found or path in {other.path for other in found.values()}:
            raise ThresholdInvalid(_("“%(name)s” is named twice.") % {"name": name})
        if path not in places:
            sentence = _("There is no number at “%(path)s” that “%(name)s” could be.")
            raise ThresholdInvalid(sentence % {"path": path[:100], "name": name})
        found[name] = Threshold(name, path, places[path])
    return list(found.values())


def thresholds_set(rule: object, known: Sequence[Threshold], values: Mapping[str, object]) -> object:
    """
    Return the rule with these thresholds changed, by name. A bare number of a length of time keeps its unit.

    Whether the rule can be used then says the parser.

    :raises ThresholdInvalid: there is no threshold of this name
    """
    by_name = {one.name: one for one in known}
    changed = deepcopy(rule)
    for name, value in values.items():
        if name not in by_name:
            sentence = _("There is no threshold “%(name)s”. Known are: %(known)s.")
            names = ", ".join(by_name) or "–"
            raise ThresholdInvalid(sentence % {"name": str(name)[:MAX_NAME], "known": names})
        _put(changed, by_name[name].path, _value(by_name[name], value))
    return changed


def places_of(rule: object, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path and the value of each number that a threshold can be, in reading order."""
    if not isinstance(rule, dict):
        return
    dot = f"{path}." if path else ""
    for match in ("all", "any", "none"):
        if isinstance(rule.get(match), list):
            for place, inner in enumerate(rule[match]):
                yield from places_of(inner, f"{dot}{match}[{place}]")
            return
    count = rule.get(_COUNT)
    if isinstance(count, dict):
        yield from ((f"{dot}{_COUNT}.{op}", count[op]) for op in COUNT_OPS if is_number(count.get(op)))
    for name in ("within", "value"):
        value = rule.get(name)
        is_length = isinstance(value, str) and _DURATION.fullmatch(value) is not None
        if is_number(value) or (is_length and (name == "within" or "op" in rule)):
            yield f"{dot}{name}", value


def _value(threshold: Threshold, told: object) -> object:
    if isinstance(told, str) and re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", told.strip(), re.ASCII):
        text = told.strip()
        told = float(text) if "." in text else int(text)
    if threshold.unit and isinstance(told, int) and not isinstance(told, bool):
        return f"{told}{threshold.unit}"
    return told


def _put(rule: object, path: str, value: object) -> None:
    *steps, last = [int(step[1:-1]) if step[0] == "[" else step for step in _STEPS.findall(path)]
    for step in steps:
        rule = rule[step]  # type: ignore[index]  # `thresholds_read` found a number at the end of this path
    rule[last] = value  # type: ignore[index]  # as above
