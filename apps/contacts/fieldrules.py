"""
What an import may overwrite of contacts that are known already, field by field.

The rules become parts of the statements in `staging`; where everything is always written, these are what they
are without rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class FieldRule(models.TextChoices):
    ALWAYS = "always", _("Always written")
    IF_EMPTY = "if_empty", _("Only if empty so far")
    NEVER = "never", _("Only for new ones")


@dataclass(frozen=True)
class FieldRules:
    """
    The rule of each target, such as "phone" or "attr:KEY"; of one that is not named it is `ALWAYS`.

    They are about known records: what is new gets everything. An address remains something that its contact
    is known by, even where it does not become the one that is written to.
    """

    by_target: Mapping[str, str]

    def leaves(self, target: str, *, is_empty: bool) -> bool:
        """Test if what is known stays as it is, whatever the file says."""
        rule = self._rule(target)
        return rule == FieldRule.NEVER or (rule == FieldRule.IF_EMPTY and not is_empty)

    def attributes(self, row: str) -> str:
        """Return SQL for the attributes of contact `c` once those of `row` are written."""
        if not (self._keys(FieldRule.IF_EMPTY) or self._keys(FieldRule.NEVER)):
            return f"c.attributes || {row}.attributes"
        # Those that only fill stand below what is there, the others above it.
        return (
            f"(({row}.attributes - %(rule_never)s::text[]) || c.attributes"
            f" || ({row}.attributes - %(rule_never)s::text[] - %(rule_if_empty)s::text[]))"
        )

    def and_phone(self) -> str:
        """Return SQL for what else has to be so before a number changes; '' where nothing has."""
        return self._and("phone")

    def and_zone(self) -> str:
        """Return the same for the time zone."""
        return self._and("timezone")

    def phone(self, told: str) -> str:
        """Return SQL for what is written of the number, or of its hash: `told`, or NULL to leave it."""
        condition = self.and_phone().removeprefix(" AND ")
        return f"CASE WHEN {condition} THEN {told} END" if condition else told

    def email_wins(self) -> str:
        """Return SQL for whether the address in use changes."""
        return {FieldRule.IF_EMPTY: "c.email = ''", FieldRule.NEVER: "false"}.get(self._rule("email"), "true")

    def parameters(self) -> dict[str, Any]:
        return {
            "rule_never": self._keys(FieldRule.NEVER),
            "rule_if_empty": self._keys(FieldRule.IF_EMPTY),
        }

    def _and(self, column: str) -> str:
        conditions = {FieldRule.IF_EMPTY: f" AND c.{column} = ''", FieldRule.NEVER: " AND false"}
        return conditions.get(self._rule(column), "")

    def _rule(self, target: str) -> FieldRule:
        return FieldRule(self.by_target.get(target, FieldRule.ALWAYS))

    def _keys(self, rule: FieldRule) -> list[str]:
        return [
            target.removeprefix("attr:")
            for target, told in self.by_target.items()
            if told == rule and target.startswith("attr:")
        ]


ALWAYS = FieldRules({})
