"""What a template prints: asked of Liquid's own tree, not of its text."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from django.utils.translation import gettext as _
from liquid import BoundTemplate, RenderContext
from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.output import OutputNode

from apps.content.lint.findings import Finding, KnownAttribute, Level
from apps.content.rendering import EmailSource, Part
from apps.content.rendering.language import ADDRESSES, PLAIN, expressions, parse, walk

# Every recipient of an e-mail has these.
ALWAYS_THERE = frozenset({"email", "id"})
OF_THE_CONTACT = frozenset({"email", "id", "phone"})
NAMES = {"campaign": {"name"}, "message": {"name"}}
CLOCKS = frozenset({"now", "today"})


@dataclass(frozen=True)
class _Use:
    """One mention of a variable. `is_bare`: it is printed, with nothing to stand in when it is missing."""

    path: Path
    is_bare: bool


def variables_lint(source: str, part: Part, known: Iterable[KnownAttribute]) -> Iterator[Finding]:
    """Yield what is wrong with the variables of one part; its syntax must be right."""
    template = parse(source, part, PLAIN)
    own = _own_names(template)
    attributes = {attribute.key: attribute for attribute in known}
    for use in _uses(template):
        problem = (
            _computed_problem(use.path)
            or _root_problem(use.path, own, attributes)
            or _attribute_problem(use, attributes)
        )
        if problem:
            level, code, message = problem
            line, column = _place(source, use.path.token.start_index)
            yield Finding(level, part, code, message, line, column)


def prints(source: str, part: Part, name: str) -> bool:
    """Test if the variable `name` is mentioned in `source`."""
    return any(use.path.head() == name for use in _uses(parse(source, part, PLAIN)))


def attributes_printed(source: EmailSource) -> set[str]:
    """Return the keys of all attributes that an e-mail mentions, in any part."""
    uses = (use for part, text in source.parts() for use in _uses(parse(text, part, PLAIN)))
    return {str(use.path.path[1]) for use in uses if use.path.head() == "contact" and len(use.path.path) > 1}


Problem = tuple[Level, str, str]


def _computed_problem(path: Path) -> Problem | None:
    """Refuse a name that is known only once the e-mail is filled in: nobody could say what it prints."""
    root, *rest = path.path
    is_computed = isinstance(root, Path) or (root == "contact" and any(isinstance(one, Path) for one in rest))
    if not is_computed:
        return None
    message = _(
        "“%(path)s” is made up while the e-mail is filled in. Write the name of the attribute itself."
    )
    return Level.ERROR, "computed-attribute", message % {"path": path}


def _root_problem(path: Path, own: set[str], attributes: Mapping[str, KnownAttribute]) -> Problem | None:
    root = str(path.head())
    if root in own | ADDRESSES | CLOCKS or (root == "contact" and len(path.path) > 1):
        return None
    if root in NAMES:
        if len(path.path) == 2 and path.path[1] in NAMES[root]:
            return None
        message = _("“%(path)s” is not known. There is %(known)s.")
        known = ", ".join(f"{root}.{name}" for name in sorted(NAMES[root]))
        return Level.ERROR, "unknown-variable", message % {"path": path, "known": known}
    if root in attributes or root in OF_THE_CONTACT:
        message = _("“%(name)s” is not known. Did you mean “contact.%(name)s”?")
        return Level.ERROR, "unknown-variable", message % {"name": root}
    return Level.ERROR, "unknown-variable", _("“%(name)s” is not known.") % {"name": path}


def _attribute_problem(use: _Use, attributes: Mapping[str, KnownAttribute]) -> Problem | None:
    """Say what is wrong with a `contact.…`."""
    segments = use.path.path
    if segments[0] != "contact":
        return None
    key = str(segments[1])
    attribute = attributes.get(key)
    if attribute is None and key not in OF_THE_CONTACT:
        # With a fallback everybody reads that; without one everybody reads a gap.
        return Level.ERROR if use.is_bare else Level.WARNING, "unknown-attribute", _unknown(key, attributes)
    if attribute and not attribute.may_print:
        message = _("“%(label)s” may not be printed: the data dictionary does not allow it for content.")
        return Level.ERROR, "forbidden-attribute", message % {"label": attribute.label}
    if use.is_bare and key not in ALWAYS_THERE:
        message = _('Not everybody has “%(label)s”: add a fallback, such as | default: "…".')
        return Level.WARNING, "no-fallback", message % {"label": attribute.label if attribute else key}
    if attribute and not attribute.is_defined:
        message = _("Nobody has described “%(key)s” in the data dictionary yet.")
        return Level.NOTE, "undefined-attribute", message % {"key": key}
    return None


def _unknown(key: str, attributes: Mapping[str, KnownAttribute]) -> str:
    near = get_close_matches(key, [*attributes, *OF_THE_CONTACT], n=1)
    if near:
        message = _("The data dictionary has no “%(key)s”. Did you mean “%(near)s”?")
        return message % {"key": key, "near": near[0]}
    return _("The data dictionary has no “%(key)s”.") % {"key": key}


def _own_names(template: BoundTemplate) -> set[str]:
    """Return the names that the template itself gives: assigned, captured, of loops."""
    return {str(name) for node in walk(template) for name in [*node.template_scope(), *node.block_scope()]}


def _uses(template: BoundTemplate) -> Iterator[_Use]:
    context = RenderContext(template)
    waiting: list[tuple[Node, frozenset[str]]] = [(node, frozenset()) for node in reversed(template.nodes)]
    while waiting:
        node, guarded = waiting.pop()
        printed = _printed(node)
        paths = [expression for expression in expressions(node) if isinstance(expression, Path)]
        for path in paths:
            yield _Use(path, is_bare=path is printed and str(path) not in guarded)
        if not isinstance(node, OutputNode):
            # Inside a block that asks for an attribute, its being missing has been thought of.
            guarded |= {str(path) for path in paths}
        children = list(node.children(context, include_partials=False))
        waiting.extend((child, guarded) for child in reversed(children))


def _printed(node: Node) -> Path | None:
    """Return the path that this node prints without a fallback, if that is what it does."""
    if not isinstance(node, OutputNode) or not isinstance(node.expression, FilteredExpression):
        return None
    left, filters = node.expression.left, node.expression.filters or []
    if not isinstance(left, Path) or any(one.name == "default" for one in filters):
        return None
    return left


def _place(source: str, offset: int) -> tuple[int, int]:
    return source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset)
