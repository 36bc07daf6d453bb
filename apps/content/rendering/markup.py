"""What is read out of the compiled HTML: its links, and the text part when nobody wrote one."""

import html
import re
from dataclasses import dataclass
from html.parser import HTMLParser

from django.utils.translation import gettext as _
from liquid.exceptions import LiquidError

from apps.content.rendering.faults import Part, TemplateFault
from apps.content.rendering.language import ADDRESSES, DATA, LINKS, PLAIN, roots
from apps.content.rendering.masking import Mask
from apps.content.rendering.mjml import VOID
from apps.content.rendering.scan import liquid_spans

URL_LIMIT = 2_000  # characters of a destination
LABEL_LIMIT = 200
LINK_LIMIT = 500

HREF = re.compile(r"""(\shref\s*=\s*)("[^"]*"|'[^']*')""", re.IGNORECASE)
HTTP = re.compile(r"https?://", re.IGNORECASE)
TEXT_URL = re.compile(r"https?://[^\s<>\"]+")
BLANK = re.compile(r"[\s\u200b\u200c\u034f]+")
HIDDEN = re.compile(r"display:\s*none|mso-hide:\s*all", re.IGNORECASE)

SKIPPED = frozenset({"head", "style", "script", "title", "template", "noscript"})
BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "footer", "form"}
) | {*("header", "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "tfoot", "thead", "tr", "ul")}
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


@dataclass(frozen=True)
class LinkTarget:
    """Where a tracked link goes. `position` counts from 1; `url` may hold Liquid, see `render_url`."""

    position: int
    url: str
    label: str


@dataclass
class _Anchor:
    """One `<a href>` of the masked HTML: the value stands at `start:end`, quotes included."""

    start: int
    end: int
    url: str
    is_shown: bool
    label: str = ""


class _Walk(HTMLParser):
    """Knows where in the HTML it is, and whether readers are shown what stands there."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._skipping: list[str] = []  # open elements from the one that is not shown inwards

    def enter(self, tag: str, attrs: list[tuple[str, str | None]]) -> bool:
        """Go into an element; False: it is not shown."""
        if not self._skipping and tag not in SKIPPED and not HIDDEN.search(dict(attrs).get("style") or ""):
            return True
        if tag not in VOID:
            self._skipping.append(tag)
        return False

    def leave(self, tag: str) -> bool:
        """Go out of an element; False: it was not shown."""
        if not self._skipping:
            return True
        if tag in self._skipping:
            while self._skipping.pop() != tag:
                pass
        return False

    def here(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column


class _Anchors(_Walk):
    """Finds the links. Comments are skipped, and with them what only old Outlook reads."""

    def __init__(self, mask: Mask) -> None:
        super().__init__(mask.text)
        self.found: list[_Anchor] = []
        self._inside: _Anchor | None = None
        self.feed(mask.text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        is_shown = self.enter(tag, attrs)
        if tag == "img" and self._inside:
            self._inside.label += f" {dict(attrs).get('alt') or ''}"
        if tag != "a":
            return
        match = HREF.search(self.get_starttag_text() or "")
        if match:
            at = self.here()
            url = html.unescape(match.group(2)[1:-1]).strip()
            self._inside = _Anchor(at + match.start(2), at + match.end(2), url, is_shown)
            self.found.append(self._inside)

    def handle_endtag(self, tag: str) -> None:
        self.leave(tag)
        if tag == "a":
            self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside:
            self._inside.label += data


def links_find(source: str) -> tuple[str, list[LinkTarget]]:
    """
    Return `source` with each tracked destination replaced by its hole, and the destinations in order.

    Tracked is what goes to http(s), and what only the person's data says. `mailto:`, `tel:`, anchors, the
    ways to unsubscribe and links that depend on a loop stay as they are.

    :raises TemplateFault: more links, or longer ones, than can be kept
    """
    mask = Mask(source, liquid_spans(source, Part.MJML))
    links: list[LinkTarget] = []
    pieces: list[str] = []
    position = 0
    for anchor in _Anchors(mask).found:
        url = mask.restore(anchor.url)
        if not is_tracked(url):
            continue
        label = " ".join(mask.restore(anchor.label).split())[:LABEL_LIMIT]
        links.append(LinkTarget(len(links) + 1, url, label))
        pieces += [mask.text[position : anchor.start], f'"{link_hole(len(links))}"']
        position = anchor.end
    pieces.append(mask.text[position:])
    _check(links)
    return mask.restore("".join(pieces)), links


def links_shown(source: str) -> list[tuple[int, int]]:
    """Return where in `source` the addresses of links stand that readers can see, without their quotes."""
    mask = Mask(source, liquid_spans(source, Part.MJML))
    return [
        (mask.origin(anchor.start) + 1, mask.origin(anchor.end - 1))
        for anchor in _Anchors(mask).found
        if anchor.is_shown and BLANK.sub("", anchor.label)
    ]


def link_hole(position: int) -> str:
    return f"{{{{ {LINKS}[{position - 1}] }}}}"


def is_tracked(url: str) -> bool:
    """Test if clicks on `url` can be counted: it is http(s), or what it is follows from the person alone."""
    if "{{" not in url and "{%" not in url:
        return bool(HTTP.match(url))
    if not HTTP.match(url) and not url.startswith("{"):
        return False
    try:
        names = roots(PLAIN.from_string(url))
    except LiquidError:
        return False  # half of a block: the rest of it stands outside the link
    return not names & ADDRESSES and names <= DATA


def _check(links: list[LinkTarget]) -> None:
    if len(links) > LINK_LIMIT:
        raise TemplateFault(Part.MJML, _("There are more than %(limit)s links.") % {"limit": LINK_LIMIT})
    for link in links:
        if len(link.url) > URL_LIMIT:
            reason = _("The link “%(label)s” is longer than %(limit)s characters.")
            raise TemplateFault(Part.MJML, reason % {"label": link.label, "limit": f"{URL_LIMIT:,}"})


def text_with_holes(source: str, links: list[LinkTarget]) -> str:
    """Return a text part in which the addresses that the HTML links to are tracked as those links."""
    positions = {link.url: link.position for link in reversed(links)}
    mask = Mask(source, liquid_spans(source, Part.TEXT))

    def hole(match: re.Match[str]) -> str:
        url = match.group().rstrip(".,;:!?)")
        position = positions.get(mask.restore(url))
        return link_hole(position) + match.group()[len(url) :] if position else match.group()

    return mask.restore(TEXT_URL.sub(hole, mask.text))


def text_from_html(source: str) -> str:
    """Return the text part of compiled HTML, its Liquid kept: headings, lists, links as `text (address)`."""
    mask = Mask(source, liquid_spans(source, Part.MJML))
    return mask.restore(_Text(mask).written())


class _Text(_Walk):
    """Walks the HTML in the order of reading, so Liquid that stands around rows stays in its order."""

    def __init__(self, mask: Mask) -> None:
        super().__init__(mask.text)
        self._out: list[str] = []
        self._hrefs: list[tuple[str, int]] = []
        self._lists: list[int] = []  # the number of the next item; 0 for dots
        self.feed(mask.text)
        self.close()

    def written(self) -> str:
        lines = [" ".join(line.split()) for line in "".join(self._out).split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self.enter(tag, attrs):
            return
        if tag in HEADINGS or tag == "p":
            self._out.append("\n\n")
        elif tag in BLOCKS or tag == "br":
            self._out.append("\n")
        self._start_special(tag, dict(attrs))

    def _start_special(self, tag: str, values: dict[str, str | None]) -> None:
        match tag:
            case "hr":
                self._out.append("\n---\n")
            case "td" | "th":
                self._out.append(" ")
            case "ul" | "ol":
                self._lists.append(1 if tag == "ol" else 0)
            case "li":
                self._out.append(f"\n{self._bullet()} ")
            case "img":
                self._out.append(f" {values.get('alt') or ''} ")
            case "a":
                self._hrefs.append(((values.get("href") or "").strip(), len(self._out)))

    def _bullet(self) -> str:
        if not self._lists or not self._lists[-1]:
            return "-"
        self._lists[-1] += 1
        return f"{self._lists[-1] - 1}."

    def handle_endtag(self, tag: str) -> None:
        if not self.leave(tag):
            return
        if tag in HEADINGS or tag == "p":
            self._out.append("\n\n")
        elif tag in BLOCKS:
            self._out.append("\n")
        if tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        if tag == "a" and self._hrefs:
            self._end_link()

    def _end_link(self) -> None:
        href, begin = self._hrefs.pop()
        label = " ".join("".join(self._out[begin:]).split())
        if href.startswith(("#", "mailto:", "tel:")) or not href:
            return
        self._out[begin:] = [f"{label} ({href})" if label and label != href else href]

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self._out.append(BLANK.sub(" ", data))
