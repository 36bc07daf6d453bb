"""Liquid, as templates may use it: no loader, no includes, limits on loops, output and work."""

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from liquid import BoundTemplate, Environment, RenderContext
from liquid.ast import Node
from liquid.builtin.expressions import LoopExpression, Path
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.exceptions import LiquidError, LoopIterationLimitError, ResourceLimitError
from liquid.expression import Expression
from liquid.static_analysis import _extract_filters
from liquid.token import Token

from apps.content.rendering.faults import Part, fault_at
from apps.content.rendering.scan import BLOCKS, PLAIN_TAGS, liquid_spans

# The roots that data comes in; a template cannot give these names another meaning.
DATA = frozenset({"contact", "campaign", "message"})
ADDRESSES = frozenset({"unsubscribe_url", "view_url", "preferences_url"})
LINKS = "bookend_links"  # what the link of each position has become, for one person
GLOBALS = DATA | ADDRESSES | {LINKS}

OUTPUT_LIMIT = 1_000_000  # bytes of one part
LOOP_LIMIT = 10_000  # rounds of all loops of one part together
WORK_LIMIT = 2_000_000  # characters and items that filters may make while one part is filled in

# `safe` would let a contact's data in as HTML; the dates and scripts of a page have no place in a mail.
REFUSED_FILTERS = frozenset({"safe", "escapejs"})


class _Context(RenderContext):
    """Counts what filters and loops do: the library limits only each value that is stored or written."""

    __slots__ = ("rounds", "work")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.work = 0
        self.rounds = 0

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        return partial(self._measured, name, super().filter(name, token))

    def _measured(
        self, name: str, func: Callable[..., object], value: object, *args: Any, **kwargs: Any
    ) -> object:
        if name == "replace" and args:
            # The one filter whose answer may be a product; ask before it is built.
            self._spend(
                len(str(value)) * len(str(args[1] if len(args) > 1 else "")) // max(1, len(str(args[0])))
            )
        if name == "join" and isinstance(value, list):
            self._spend(len(value) * (len(str(args[0])) if args else 1))
        result = func(value, *args, **kwargs)
        self._spend(len(result) if isinstance(result, str | list) else 1)
        return result

    def _spend(self, amount: int) -> None:
        self.work += amount
        if self.work > WORK_LIMIT:
            raise ResourceLimitError("this makes too much text", token=None)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self.rounds += length
        if self.rounds > LOOP_LIMIT:
            raise LoopIterationLimitError("these loops take too many rounds", token=None)


class _Template(BoundTemplate):
    context_class = _Context


class _Environment(Environment):
    template_class = _Template
    block_nesting_limit = 20
    context_depth_limit = 30
    output_stream_limit = OUTPUT_LIMIT
    local_namespace_limit = OUTPUT_LIMIT

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        for name in self.tags.keys() - BLOCKS - PLAIN_TAGS - {"content", "output", "illegal"}:
            del self.tags[name]
        for name in REFUSED_FILTERS:
            del self.filters[name]


HTML = _Environment(autoescape=True)
PLAIN = _Environment(autoescape=False)


def parse(source: str, part: Part, environment: Environment) -> BoundTemplate:
    """
    Parse `source`.

    :raises TemplateFault: with the line and column of what is wrong
    """
    spans = liquid_spans(source, part)
    try:
        template = environment.from_string(source)
    except LiquidError as error:
        offset = error.token.start_index if error.token else -1
        if offset < 0:
            # The library lost the place: look for the first output that cannot stand alone.
            alone = [span for span in spans if not span.name and not _stands(source[span.start : span.end])]
            offset = alone[0].start if alone else 0
        raise fault_at(part, source, offset, _sentence(str(error.message))) from error
    _check(template, source, part)
    return template


def walk(template: BoundTemplate) -> Iterator[Node]:
    """Yield every node of the tree, parents first."""
    context = RenderContext(template)
    waiting = list(reversed(template.nodes))
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(list(node.children(context, include_partials=False))))


def expressions(node: Node) -> Iterator[Expression]:
    """Yield every expression of this node alone, parents first."""
    waiting = list(node.expressions())
    while waiting:
        expression = waiting.pop()
        yield expression
        waiting.extend(expression.children())


def roots(template: BoundTemplate) -> set[str]:
    """Return the first words of all variables, such as `contact`."""
    paths = (e for node in walk(template) for e in expressions(node) if isinstance(e, Path))
    return {str(path.head()) for path in paths}


def _check(template: BoundTemplate, source: str, part: Part) -> None:
    for node in walk(template):
        for name in [*node.template_scope(), *node.block_scope()]:
            if name in GLOBALS:
                reason = _("“%(name)s” is taken: choose another name.") % {"name": name}
                raise fault_at(part, source, node.token.start_index, reason)
        for expression in node.expressions():
            _check_filters(expression, template.env, source, part)
            _check_ranges(expression, source, part)


def _check_filters(expression: Expression, environment: Environment, source: str, part: Part) -> None:
    for name, span in _extract_filters(expression, ""):
        if name in environment.filters:
            continue
        near = get_close_matches(name, environment.filters, n=1)
        reason = _("There is no filter “%(name)s”.") % {"name": name}
        if near:
            reason += " " + _("Did you mean “%(near)s”?") % {"near": near[0]}
        raise fault_at(part, source, span.index, reason)


def _check_ranges(expression: Expression, source: str, part: Part) -> None:
    """Refuse `(1..n)` but in a loop, which counts its rounds: other uses would write the range out."""
    children = expression.children()
    for child in children:
        if isinstance(child, RangeLiteral) and not (
            isinstance(expression, LoopExpression) and child is expression.iterable
        ):
            reason = _("A range such as (1..5) can only be looped over.")
            raise fault_at(part, source, max(0, child.token.start_index), reason)
        _check_ranges(child, source, part)


def _stands(snippet: str) -> bool:
    try:
        PLAIN.from_string(snippet)
    except LiquidError:
        return False
    return True


def _sentence(message: str) -> str:
    """Make a sentence of the library's message: `unexpected 'foo'` becomes `Unexpected 'foo'.`."""
    return f"{message[:1].upper()}{message[1:]}{'' if message.endswith('.') else '.'}"
