"""Reading one JSON object with care: each fault is collected with its path, and the reading goes on."""

from collections.abc import Callable, Mapping, Sequence
from typing import Never, TypeAlias, TypeVar

from django.utils.translation import gettext as _

from apps.segments.rules import values
from apps.segments.rules.faults import Fault
from apps.segments.rules.tree import Value
from apps.segments.rules.values import SHAPES, Moment, Op, Scalar, Shape

T = TypeVar("T")
Json = Mapping[str, object]
Parse = Callable[[object], T]
Nothing: TypeAlias = "Never | None"  # noqa: RUF020  # plain None may not be handed on, says mypy


def join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def one_of(known: Sequence[str]) -> Parse[str]:
    def parse(raw: object) -> str:
        if isinstance(raw, str) and raw in known:
            return raw
        raise values.Unfit(_("This has to be one of: %(known)s.") % {"known": ", ".join(known)})

    return parse


class Reader:
    """Methods return None (or an empty tuple) where they have left a fault."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, path: str, message: str) -> Nothing:
        """Note a fault, and return the None that stands for the value that is not there."""
        self.faults.append(Fault(path, message))
        return None  # handed on by the callers

    def only(self, raw: Json, known: Sequence[str], path: str) -> None:
        for key in raw:
            if key not in known:
                unknown = _("“%(key)s” is not known here. Known are: %(known)s.")
                self.fault(join(path, key[:50]), unknown % {"key": key[:50], "known": ", ".join(known)})

    def parsed(self, raw: object, parse: Parse[T], path: str) -> T | None:
        try:
            return parse(raw)
        except values.Unfit as refusal:
            return self.fault(path, str(refusal))

    def required(self, raw: Json, key: str, parse: Parse[T], path: str) -> T | None:
        if key not in raw:
            return self.fault(join(path, key), _("“%(key)s” is missing.") % {"key": key})
        return self.parsed(raw[key], parse, join(path, key))

    def optional(self, raw: Json, key: str, parse: Parse[T], path: str, default: T | None) -> T | None:
        return self.parsed(raw[key], parse, join(path, key)) if key in raw else default

    def op(self, raw: Json, allowed: Sequence[Op], path: str, *, label: str) -> Op | None:
        here = join(path, "op")
        if "op" not in raw:
            return self.fault(here, _("The operator is missing."))
        op = raw["op"]
        if isinstance(op, str) and op in allowed:
            return Op(op)
        if isinstance(op, str) and op in list(Op):
            refusal = _("“%(op)s” does not go with “%(label)s”. What does: %(known)s.")
        else:
            refusal = _("“%(op)s” is not an operator. Those of “%(label)s” are: %(known)s.")
        return self.fault(here, refusal % {"op": str(op)[:30], "label": label, "known": ", ".join(allowed)})

    def op_value(
        self, raw: Json, op: Op, scalar: Parse[Scalar], duration: Parse[values.Duration], path: str
    ) -> Value:
        here = join(path, "value")
        shape = SHAPES[op]
        if shape == Shape.NONE:
            return self.fault(here, _("“%(op)s” takes no value.") % {"op": op}) if "value" in raw else None
        if "value" not in raw:
            return self.fault(here, _("The value is missing."))
        match shape:
            case Shape.ONE:
                return self.parsed(raw["value"], scalar, here)
            case Shape.DURATION:
                return self.parsed(raw["value"], duration, here)
            case Shape.PAIR:
                return self.pair(raw["value"], scalar, here)
        return self.many(raw["value"], scalar, here)

    def many(self, raw: object, scalar: Parse[Scalar], path: str) -> Value:
        if not isinstance(raw, list) or not raw:
            return self.fault(path, _("This has to be a list of values, at least one."))
        if len(raw) > values.MAX_VALUES:
            return self.fault(path, _("At most %(n)s values, please.") % {"n": values.MAX_VALUES})
        parsed = [self.parsed(one, scalar, f"{path}[{place}]") for place, one in enumerate(raw)]
        return tuple(one for one in parsed if one is not None)

    def pair(self, raw: object, scalar: Parse[T], path: str) -> tuple[T, T] | None:
        if not isinstance(raw, list) or len(raw) != 2:
            return self.fault(path, _("This has to be a list of two values, the smaller first."))
        low, high = (self.parsed(one, scalar, f"{path}[{place}]") for place, one in enumerate(raw))
        if low is None or high is None:
            return None
        if _is_greater(low, high):
            return self.fault(path, _("The smaller value comes first."))
        return low, high


def _is_greater(low: object, high: object) -> bool:
    if isinstance(low, Moment) and isinstance(high, Moment):
        return values.day_start(low) > values.day_start(high)
    assert isinstance(low, int | float), "moments and numbers have an order"
    assert isinstance(high, int | float)
    return low > high
