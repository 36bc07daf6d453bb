"""MJML to HTML. The Liquid in it stays; includes are refused; a fault has its line."""

import html
import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from html.parser import HTMLParser

import mjml
from django.utils.translation import gettext as _

from apps.content.rendering.faults import Part, TemplateFault, fault_at
from apps.content.rendering.masking import Mask
from apps.content.rendering.scan import liquid_spans

# What MRML knows. Anything else that begins with mj- it passes through, and mail programs ignore it.
ELEMENTS = frozenset(
    {"mjml", "mj-head", "mj-body"}
    | {
        f"mj-{name}"
        for name in ("all", "attributes", "breakpoint", "class", "font", "preview", "style", "title")
    }
    | {f"mj-{name}" for name in ("accordion", "accordion-element", "accordion-text", "accordion-title")}
    | {
        f"mj-{name}"
        for name in ("button", "carousel", "carousel-image", "column", "divider", "group", "hero")
    }
    | {
        f"mj-{name}"
        for name in ("image", "navbar", "navbar-link", "raw", "section", "social", "social-element")
    }
    | {f"mj-{name}" for name in ("spacer", "table", "text", "wrapper")}
)
VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
# Boxes that hold only other elements.
BOXES = frozenset({f"mj-{name}" for name in ("body", "column", "group", "hero", "section", "wrapper")})
LISTS = frozenset(
    {"mjml", "mj-head", "mj-attributes", "mj-social", "mj-navbar", "mj-accordion", "mj-carousel"}
)
# MRML walks the tree by recursion: 10,000 elements deep it takes the whole process down.
DEPTH_LIMIT = 60

# MRML writes attributes as Rust's debug format does, which spells such characters out (`\u{e000}`, `\\`).
FOREIGN = re.compile(r"[^\x20-\x7e\n\t]+|\\+")
START_TAG = re.compile(r"<[A-Za-z][^<>]*>")
# MRML drops blanks between two tags when they begin with a line end, and the words there grow together.
BETWEEN_TAGS = re.compile(r"(</?(?!mj)[A-Za-z][^<>]*>)\n(?=\s*<(?!/?mj))")
QUOTED = re.compile(r'"[^"]*"|\'[^\']*\'')
UNQUOTED = re.compile(r"=\s*[^\s\"']")
POSITION = re.compile(r" in root template(?: at position (\d+):\d+)?$")


def mjml_compile(source: str, *, preheader: str = "") -> str:
    """
    Return the HTML of `source`, with its Liquid, and `preheader` hidden at its beginning.

    :raises TemplateFault: with the line and column of what is wrong
    """
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    spans = liquid_spans(source, Part.MJML)
    mask = Mask(source, spans)
    reader = _Reader(source, mask)
    reader.read()
    masked = FOREIGN.sub(lambda match: mask.hide(match.group()), reader.wrapped())
    masked = BETWEEN_TAGS.sub(r"\1 \n", masked)
    masked = START_TAG.sub(lambda match: _tidy_tag(match.group(), mask), masked)
    compiled = mask.restore(_mrml(masked, source, mask))
    return _with_preheader(compiled, preheader) if preheader.strip() else compiled


def _mrml(masked: str, source: str, mask: Mask) -> str:
    try:
        # No fonts: each would be fetched from Google by every reader, for a default nobody chose.
        return mjml.mjml2html(masked, fonts={})
    except ValueError as error:
        message = str(error)
        match = POSITION.search(message)
        reason = _("MJML says: %(reason)s.") % {"reason": POSITION.sub("", message)}
        if match and match.group(1):
            raise fault_at(Part.MJML, source, mask.origin(int(match.group(1))), reason) from error
        raise TemplateFault(Part.MJML, reason) from error


def _tidy_tag(tag: str, mask: Mask) -> str:
    """Write the attributes of one start tag so that MRML copies them faithfully."""

    def value(match: re.Match[str]) -> str:
        quote, inner = match.group()[0], match.group()[1:-1]
        inner = inner.replace("\n", " ").replace("\t", " ")
        if quote == "'" and '"' in inner:
            inner = inner.replace('"', mask.hide("&quot;"))
        return f'"{inner}"'

    return QUOTED.sub(value, tag)


def _with_preheader(compiled: str, preheader: str) -> str:
    """Hide the preheader before everything else, and blanks after it, so inboxes do not show what follows."""
    text = " ".join(preheader.split())
    mask = Mask(text, liquid_spans(text, Part.PREHEADER))
    safe = mask.restore(html.escape(mask.text, quote=False))
    hidden = (
        '<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;'
        f'overflow:hidden;mso-hide:all;">{safe}{"&#847;&zwnj;&nbsp;" * 40}</div>'
    )
    body = re.search(r"<body[^>]*>", compiled)
    at = body.end() if body else 0
    return compiled[:at] + hidden + compiled[at:]


@dataclass
class _Open:
    tag: str
    offset: int


@dataclass
class _Wrap:
    """A stretch of the masked text that must stand in mj-raw: Liquid between the boxes."""

    start: int
    end: int


@dataclass
class _Reader(HTMLParser):
    """Reads the masked text once, to say in words and with the line what MRML would only refuse."""

    source: str
    mask: Mask
    open: list[_Open] = field(default_factory=list)
    wraps: list[_Wrap] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._lines = [0, *(match.end() for match in re.finditer("\n", self.mask.text))]

    def read(self) -> None:
        self.feed(self.mask.text)
        self.close()
        if self.open:
            tag = self.open[-1].tag
            raise self._fault(_("<%(tag)s> is never closed.") % {"tag": tag}, self.open[-1].offset)
        if not {"mjml", "mj-body"} <= self.seen:
            raise self._fault(_("An e-mail is <mjml>, and in it <mj-body>."), 0)

    def wrapped(self) -> str:
        """Return the masked text with mj-raw around the Liquid that stands between boxes."""
        text = self.mask.text
        for wrap in reversed(self.wraps):
            text = f"{text[: wrap.start]}<mj-raw>{text[wrap.start : wrap.end]}</mj-raw>{text[wrap.end :]}"
        return text

    def _here(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def _fault(self, reason: str, offset: int | None = None) -> TemplateFault:
        place = self._here() if offset is None else offset
        return fault_at(Part.MJML, self.source, self.mask.origin(place), reason)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check(tag)
        if tag in VOID:
            return
        if len(self.open) >= DEPTH_LIMIT:
            raise self._fault(_("Elements are nested more than %(limit)s deep.") % {"limit": DEPTH_LIMIT})
        self.open.append(_Open(tag, self._here()))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        inner = self.open[-1] if self.open else None
        if inner is None:
            raise self._fault(_("</%(tag)s> closes nothing.") % {"tag": tag})
        if inner.tag != tag:
            line = self.source.count("\n", 0, self.mask.origin(inner.offset)) + 1
            reason = _("</%(tag)s> comes before </%(inner)s>: <%(inner)s> of line %(line)s is still open.")
            raise self._fault(reason % {"tag": tag, "inner": inner.tag, "line": line})
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if "<" in data and self.cdata_elem is None:
            offset = self._here() + data.index("<")
            raise self._fault(_("This tag is not complete. For the sign itself write “&lt;”."), offset)
        parent = self.open[-1].tag if self.open else ""
        if not data.strip() or not (parent in BOXES or parent in LISTS or not self.open):
            return
        start = self._here() + len(data) - len(data.lstrip())
        if parent not in BOXES or self.mask.without(data).strip():
            where = f"<{parent}>" if parent else _("the e-mail")
            reason = _("Text cannot stand directly in %(where)s: put it into <mj-text>.") % {"where": where}
            raise self._fault(reason, start)
        self.wraps.append(_Wrap(start, start + len(data.strip())))

    def handle_entityref(self, name: str) -> None:
        self._no_text(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._no_text(f"&#{name};")

    def _no_text(self, text: str) -> None:
        if not self.open or self.open[-1].tag in BOXES | LISTS:
            reason = _("“%(text)s” cannot stand here: put it into <mj-text>.") % {"text": text}
            raise self._fault(reason)

    def _check(self, tag: str) -> None:
        self.seen.add(tag)
        if tag == "mj-include":
            raise self._fault(_("<mj-include> is not allowed: a template stands for itself."))
        if tag.startswith("mj-") and tag not in ELEMENTS:
            near = get_close_matches(tag, ELEMENTS, n=1)
            reason = _("There is no <%(tag)s> in MJML.") % {"tag": tag}
            if near:
                reason += " " + _("Did you mean <%(near)s>?") % {"near": near[0]}
            raise self._fault(reason)
        text = QUOTED.sub('""', self.get_starttag_text() or "")
        if UNQUOTED.search(text):
            raise self._fault(_("In <%(tag)s> a value needs quotes around it.") % {"tag": tag})
