from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func
from django.db.models.expressions import Col
from django.db.models.sql.compiler import SQLCompiler

from apps.segments.registry import Clock
from apps.segments.rules.sql import rule_condition
from apps.segments.rules.tree import Node


class RuleHolds(Func):
    """
    That a rule holds for the contact of a query: `Contact.objects.filter(RuleHolds(node, clock))`.

    Not to be negated (it may be NULL): put the rule into a group "none".
    """

    output_field = BooleanField()

    def __init__(self, node: Node, clock: Clock) -> None:
        super().__init__(F("pk"))
        self.node, self.clock = node, clock

    def as_sql(
        self,
        compiler: SQLCompiler,
        connection: BaseDatabaseWrapper,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
        **extra_context: Any,
    ) -> tuple[str, tuple[Any, ...]]:
        (column,) = self.get_source_expressions()
        assert isinstance(column, Col), "asked of a query on contacts"
        contacts = compiler.quote_name_unless_alias(column.alias)
        text, params = rule_condition(self.node, contacts=contacts, clock=self.clock)
        if self.clock.among is None:
            return f"({text})", params
        # Not `pk__in`, of which each id would be a parameter of its own.
        return f"(({text}) AND {contacts}.id = ANY(%s::bigint[]))", (*params, self.clock.among_text)
