"""
Where Liquid stands in a text, found in one pass.

Asked before the library reads the text: over unclosed braces its lexer takes time with the square of the
length (50,000 of them hold a core for minutes). What is refused here it never sees.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from django.utils.translation import gettext as _

from apps.content.rendering.faults import Part, fault_at

BLOCKS = frozenset({"if", "unless", "case", "for", "capture", "comment"})
MIDDLES = frozenset({"else", "elsif", "when"})
PLAIN_TAGS = frozenset({"assign", "break", "continue", "cycle", "decrement", "echo", "increment", "#"})
TAGS = BLOCKS | PLAIN_TAGS
SOURCE_LIMIT = 256_000  # characters
# Parsing costs a quarter of a millisecond for each piece, three times over: this keeps a save below a second.
LIQUID_PIECES = 1_000
LIQUID_CHARACTERS = 50_000

OPENING = re.compile(r"\{\{|\{%")
TAG_NAME = re.compile(r"-?\s*(#|\w+)")
RAW = re.compile(r"-?\s*raw\s*-?")
END_RAW = re.compile(r"\{%-?\s*endraw\s*-?%\}")
# Blanks in a row inside braces: the library's expressions go back over them again and again.
LONG_BLANK = re.compile(r"\s{100}")


@dataclass(frozen=True, slots=True)
class Span:
    """One `{{ … }}` or `{% … %}` at `start:end`; `name` is its tag, '' for an output; `raw` is all of it."""

    start: int
    end: int
    name: str


def liquid_spans(source: str, part: Part) -> list[Span]:
    """
    Return every piece of Liquid in `source`, in order.

    :raises TemplateFault: too long, braces not closed, a tag that is not known, blocks that do not match
    """
    if len(source) > SOURCE_LIMIT:
        reason = _("This is longer than %(limit)s characters.") % {"limit": f"{SOURCE_LIMIT:,}"}
        raise fault_at(part, source, 0, reason)
    for bad in re.finditer("[\x00\ud800-\udfff]", source):
        raise fault_at(part, source, bad.start(), _("Here is a character that no e-mail can hold."))
    spans = list(_spans(source, part))
    characters = sum(span.end - span.start for span in spans if span.name != "raw")
    if len(spans) > LIQUID_PIECES or characters > LIQUID_CHARACTERS:
        reason = _("There is more Liquid here than an e-mail may have (%(pieces)s pieces).")
        raise fault_at(part, source, 0, reason % {"pieces": f"{LIQUID_PIECES:,}"})
    _blocks_check(source, part, spans)
    return spans


def _spans(source: str, part: Part) -> Iterator[Span]:
    position = 0
    while opening := OPENING.search(source, position):
        start = opening.start()
        closing = "}}" if opening.group() == "{{" else "%}"
        end = source.find(closing, start + 2)
        if end < 0:
            reason = _("“%(opening)s” is never closed with “%(closing)s”.")
            raise fault_at(part, source, start, reason % {"opening": opening.group(), "closing": closing})
        name = _name(source, part, start, end)
        if name == "raw":
            ending = END_RAW.search(source, end)
            if ending is None:
                raise fault_at(part, source, start, _never_closed("raw"))
            end = ending.end() - 2
        position = end + 2
        yield Span(start, position, name)


def _name(source: str, part: Part, start: int, end: int) -> str:
    """Return the tag's name between the braces at `start` and `end`; '' for an output."""
    body = source[start + 2 : end]
    if LONG_BLANK.search(body):
        raise fault_at(part, source, start, _("There are too many blanks between these braces."))
    if source[start + 1] == "{":
        if not body.strip("- \t\n\r"):
            raise fault_at(part, source, start, _("There is nothing between these braces."))
        return ""
    match = TAG_NAME.match(body)
    if match is None:
        raise fault_at(part, source, start, _("A tag needs a name, such as {% if … %}."))
    return "raw" if RAW.fullmatch(body) else match.group(1)


def _blocks_check(source: str, part: Part, spans: list[Span]) -> None:
    """Match openings with endings; the library says only that something is missing at the end."""
    open_blocks: list[Span] = []
    for span in spans:
        inner = open_blocks[-1].name if open_blocks else ""
        if inner == "comment" and span.name not in {"comment", "endcomment"}:
            continue
        if problem := _misplaced(span.name, inner):
            raise fault_at(part, source, span.start, problem)
        if span.name in BLOCKS:
            open_blocks.append(span)
        elif span.name.startswith("end"):
            open_blocks.pop()
    if open_blocks:
        raise fault_at(part, source, open_blocks[-1].start, _never_closed(open_blocks[-1].name))


def _misplaced(name: str, inner: str) -> str:
    """Return why a tag of this name cannot stand in the block `inner` ('' outside all); '' when it can."""
    if not name or name == "raw" or name in TAGS:
        return ""
    if name in MIDDLES:
        return "" if inner in {"if", "unless", "case", "for"} else _closes_nothing(name, inner)
    if name.startswith("end") and name[3:] in BLOCKS | {"raw"}:
        return "" if inner and name == f"end{inner}" else _closes_nothing(name, inner)
    return _unknown_tag(name)


def _never_closed(name: str) -> str:
    return _("{%% %(name)s %%} is never closed with {%% end%(name)s %%}.") % {"name": name}


def _closes_nothing(name: str, inner: str) -> str:
    if inner:
        return _("{%% %(name)s %%} does not belong here: {%% %(inner)s %%} is still open.") % {
            "name": name,
            "inner": inner,
        }
    return _("{%% %(name)s %%} has nothing to close or divide.") % {"name": name}


def _unknown_tag(name: str) -> str:
    if name in {"include", "render", "layout"}:
        return _("{%% %(name)s %%} is not allowed: a template stands for itself.") % {"name": name}
    near = get_close_matches(name, TAGS, n=1)
    if near:
        return _("There is no tag {%% %(name)s %%}. Did you mean {%% %(near)s %%}?") % {
            "name": name,
            "near": near[0],
        }
    return _("There is no tag {%% %(name)s %%}.") % {"name": name}
