"""
A parsed template as what never changes and the few things that do.

Most of a mail is constant and most of the rest is `{{ contact.first_name | default: "there" }}`. These two
are done here in a fraction of the library's time; whatever is more than that is handed to the library, node
by node. A property test holds that both ways say the same.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from liquid import BoundTemplate, RenderContext
from liquid.ast import Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression, Path, StringLiteral
from liquid.builtin.expressions.arguments import PositionalArgument
from liquid.builtin.filters.misc import default
from liquid.builtin.output import OutputNode
from liquid.output import LimitedStringIO
from liquid.stringify import to_liquid_string
from markupsafe import escape

from apps.content.rendering.faults import RenderFault
from apps.content.rendering.language import ADDRESSES, DATA, LINKS, OUTPUT_LIMIT

# Words that mean something else than a key at the end of a path.
METHODS = frozenset({"size", "first", "last"})
MISSING: Final = object()


class _Frame:
    """What one rendering works with; the library's own is only made for a node that needs it."""

    __slots__ = ("_buffer", "_context", "scope", "template")

    def __init__(self, template: BoundTemplate, scope: Mapping[str, Any]) -> None:
        self.template = template
        self.scope = scope
        self._context: RenderContext | None = None

    def render(self, node: Node) -> str:
        if self._context is None:
            self._context = self.template.context_class(self.template, globals=self.scope)
            # One buffer for all nodes: it keeps count of what has been written to it, emptied or not.
            self._buffer = LimitedStringIO(OUTPUT_LIMIT)
        node.render(self._context, self._buffer)
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return text


Hole = Callable[[_Frame], str]


class Program:
    """One part of an e-mail, ready to be filled in many times."""

    __slots__ = ("_holes", "_pieces", "_template")

    def __init__(self, template: BoundTemplate) -> None:
        self._template = template
        self._pieces: list[str] = []
        self._holes: list[tuple[int, Hole]] = []
        for index, node in enumerate(template.nodes):
            if isinstance(node, ContentNode):
                self._pieces.append(node.text.replace("\0", ""))
            else:
                self._pieces.append("")
                self._holes.append((index, _hole(node, escaped=template.env.autoescape)))

    def render(self, scope: Mapping[str, Any]) -> str:
        """
        Fill in `scope`.

        :raises RenderFault: a limit was reached, or a value misfits
        """
        return "".join(self.pieces(scope))

    def pieces(self, scope: Mapping[str, Any]) -> list[str]:
        """
        Fill in `scope` and return the text in pieces: what never changes, the same objects each time, and
        between them what was filled in.

        :raises RenderFault: as `render`
        """
        frame = _Frame(self._template, scope)
        pieces = self._pieces.copy()
        try:
            for index, hole in self._holes:
                filled = hole(frame)
                pieces[index] = filled.replace("\0", "") if "\0" in filled else filled
        except Exception as error:
            # The library lets Python's own errors through (a date out of range, a number too long): whatever
            # it is, it is the fault of this template with this person's data, and nobody else's.
            raise RenderFault(str(getattr(error, "message", error))) from error
        if sum(map(len, pieces)) > OUTPUT_LIMIT:
            raise RenderFault("output stream limit reached")
        return pieces


def _hole(node: Node, *, escaped: bool) -> Hole:
    """Return what fills in this node: our own short way where it is simple enough, else the library's."""

    def library(frame: _Frame) -> str:
        return frame.render(node)

    if not isinstance(node, OutputNode) or not isinstance(node.expression, FilteredExpression):
        return library
    filters = _default_only(node.expression)
    if filters is None or not isinstance(node.expression.left, Path):
        return library
    fallback = filters[0] if filters else None
    match node.expression.left.path:
        case [str() as root] if root in ADDRESSES:
            return _address(root, fallback, escaped=escaped)
        case [str() as root, int() as index] if root == LINKS and index >= 0:
            return _link(index, escaped=escaped)
        case [str() as root, str() as key] if root in DATA and key not in METHODS:
            return _value(root, key, fallback, library, escaped=escaped)
    return library


def _default_only(expression: FilteredExpression) -> list[str] | None:
    """Return the text of a lone `| default: "…"` in a list; [] without filters; None for anything more."""
    if not expression.filters:
        return []
    if len(expression.filters) > 1 or expression.filters[0].name != "default":
        return None
    match expression.filters[0].args:
        case [PositionalArgument(value=StringLiteral(value=text))]:
            return [text]
    return None


def _value(root: str, key: str, fallback: str | None, library: Hole, *, escaped: bool) -> Hole:
    # The fallback was typed by the author, so it goes out as it stands, like all the author's HTML.
    instead = fallback or ""

    def hole(frame: _Frame) -> str:
        data = frame.scope.get(root)
        if type(data) is not dict:
            return library(frame)
        value = data.get(key)
        if type(value) is str:
            if not value:
                return instead
            return _escaped(value) if escaped else value
        if value is None or (fallback is not None and default(value, MISSING) is MISSING):
            return instead
        return to_liquid_string(value, escaped)

    return hole


def _address(root: str, fallback: str | None, *, escaped: bool) -> Hole:
    def hole(frame: _Frame) -> str:
        value = frame.scope.get(root)
        if not value:
            return fallback or ""
        return _escaped(str(value)) if escaped else str(value)

    return hole


def _link(index: int, *, escaped: bool) -> Hole:
    def hole(frame: _Frame) -> str:
        url: str = frame.scope[LINKS][index]
        return _escaped(url) if escaped else url

    return hole


def _escaped(value: str) -> str:
    # A plain string: the methods of Markup cost many times those of str, and encoding calls a dozen.
    if "&" in value or "<" in value or ">" in value or '"' in value or "'" in value:
        return str(escape(value))
    return value
