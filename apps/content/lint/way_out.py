"""Whether every reader of an e-mail sees a link to unsubscribe: asked of the compiled HTML."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.output import OutputNode

from apps.content.rendering import Part
from apps.content.rendering.language import PLAIN
from apps.content.rendering.markup import links_shown
from apps.content.rendering.scan import BLOCKS, MIDDLES, Span, liquid_spans

NAME = "unsubscribe_url"
CONDITIONS = frozenset({"if", "unless", "case"})


class WayOut(StrEnum):
    """How many readers see a link to unsubscribe: all, only those for whom a condition holds, or none."""

    ALWAYS = "always"
    SOMETIMES = "sometimes"
    NEVER = "never"


@dataclass
class _Block:
    """A block of Liquid, or the whole: which of its branches have a link that is always there."""

    name: str
    branches: list[bool] = field(default_factory=list)
    has_else: bool = False

    def found(self) -> None:
        if self.branches:
            self.branches[-1] = True

    def branch(self, name: str) -> None:
        self.branches.append(False)
        self.has_else = self.has_else or name == "else"

    @property
    def is_sure(self) -> bool:
        return self.name in CONDITIONS and self.has_else and all(self.branches)


def way_out(html: str) -> WayOut:
    """Tell who of the readers of `html`, Liquid still in it, sees a link to `unsubscribe_url`."""
    spans = liquid_spans(html, Part.MJML)
    links = set(_links(html, spans))
    whole = _Block("", [False])
    open_blocks = [whole]
    seen = False
    for span in spans:
        inner = open_blocks[-1]
        if span in links:
            seen = seen or not any(block.name in {"comment", "capture"} for block in open_blocks)
            inner.found()
        elif span.name in BLOCKS and inner.name != "comment":
            # A case has no branch before its first "when".
            open_blocks.append(_Block(span.name, [] if span.name == "case" else [False]))
        elif span.name in MIDDLES and inner.name != "comment":
            inner.branch(span.name)
        elif span.name == f"end{inner.name}":
            open_blocks.pop()
            if inner.is_sure:
                open_blocks[-1].found()
    if whole.branches[0]:
        return WayOut.ALWAYS
    return WayOut.SOMETIMES if seen else WayOut.NEVER


def _links(html: str, spans: list[Span]) -> Iterator[Span]:
    """Yield each output of the address with which a shown link begins."""
    shown = links_shown(html)
    for span in spans:
        if span.name or not _prints(html[span.start : span.end]):
            continue
        for start, end in shown:
            if start <= span.start < end and not html[start : span.start].strip():
                yield span


def _prints(snippet: str) -> bool:
    if NAME not in snippet:
        return False
    (node,) = PLAIN.from_string(snippet).nodes
    if not isinstance(node, OutputNode) or not isinstance(node.expression, FilteredExpression):
        return False
    left = node.expression.left
    return isinstance(left, Path) and left.path == [NAME]
