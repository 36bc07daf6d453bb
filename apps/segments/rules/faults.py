from collections.abc import Sequence
from dataclasses import dataclass

from apps.core.errors import DomainError


@dataclass(frozen=True)
class Fault:
    """What is wrong at one place of a rule. `path` reads `all[1].any[0].op`; the whole rule is ''."""

    path: str
    message: str


class RuleInvalid(DomainError):
    """The rule cannot be used. `faults` names every place; the message is the first of them."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        assert faults
        self.faults = tuple(faults)
        first = self.faults[0]
        super().__init__(f"{first.path}: {first.message}" if first.path else first.message)
