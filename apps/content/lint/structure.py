"""Links, images and what only works on a website, where they stand in the MJML."""

import html
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from apps.content.lint.findings import Finding, Level
from apps.content.rendering import Part
from apps.content.rendering.language import ADDRESSES
from apps.content.rendering.markup import is_tracked
from apps.content.rendering.masking import Mask
from apps.content.rendering.scan import liquid_spans

ELSEWHERE = ("mailto:", "tel:", "sms:", "#")
PICTURES = frozenset({"img", "mj-image", "mj-carousel-image"})
# Mail programs take these out, and filters take the mail for a fraud.
OF_WEBSITES = frozenset({"script", "iframe", "form", "object", "embed"})
# Reserved for documentation (RFC 2606): nobody's shop.
PLACEHOLDERS = ("example.com", "example.org", "example.net", ".example")
ATTRIBUTE = r"""\s{name}\s*=\s*("[^"]*"|'[^']*')"""

Problem = tuple[Level, str, str]


@dataclass(frozen=True)
class _Element:
    tag: str
    line: int
    column: int
    values: dict[str, str]


class _Elements(HTMLParser):
    """Reads every start tag of the MJML with its place; Liquid is put back into the values."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=False)
        self._source = source
        self._mask = Mask(source, liquid_spans(source, Part.MJML))
        self._lines = [0, *(match.end() for match in re.finditer("\n", self._mask.text))]
        self.found: list[_Element] = []
        self.feed(self._mask.text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = tag in PICTURES | OF_WEBSITES or any(name == "href" or _acts(name) for name, _value in attrs)
        if not told:
            return
        line, column = self.getpos()
        offset = self._mask.origin(self._lines[line - 1] + column)
        text = self.get_starttag_text() or ""
        values = {name: self._value(text, name) for name, _value in attrs}
        place = self._source.count("\n", 0, offset) + 1, offset - self._source.rfind("\n", 0, offset)
        self.found.append(_Element(tag, *place, values))

    handle_startendtag = handle_starttag

    def _value(self, text: str, name: str) -> str:
        """Return the value as typed: the parser's own has lost what Liquid hid in it."""
        match = re.search(ATTRIBUTE.format(name=re.escape(name)), text, re.IGNORECASE)
        return self._mask.restore(html.unescape(match.group(1)[1:-1])) if match else ""


def structure_lint(source: str) -> Iterator[Finding]:
    """Yield what is wrong with the links and images of `source`; it must compile."""
    for element in _Elements(source).found:
        if "href" in element.values and element.tag not in {"mj-font", "link", "mj-class", "mj-all"}:
            yield from _findings(element, _link_problem(element.values["href"].strip()))
        if element.tag in PICTURES:
            yield from _findings(element, _picture_problem(element.values))
        yield from _findings(element, _website_problem(element))


def _findings(element: _Element, problem: Problem | None) -> Iterator[Finding]:
    if problem:
        level, code, message = problem
        yield Finding(level, Part.MJML, code, message, element.line, element.column)


def _acts(attribute: str) -> bool:
    """Test if an attribute calls a script, or has the page turn to another: `onclick`, `http-equiv`."""
    return attribute.startswith("on") or attribute == "http-equiv"


def _website_problem(element: _Element) -> Problem | None:
    named = f"<{element.tag}>" if element.tag in OF_WEBSITES else next(filter(_acts, element.values), "")
    if not named or element.values.get("http-equiv", "refresh").lower() != "refresh":
        return None
    message = _("%(named)s does not work in an e-mail: mail programs take it out, and filters mistrust it.")
    return Level.WARNING, "not-in-mail", message % {"named": named}


def _link_problem(url: str) -> Problem | None:
    if not url or url == "#":
        return Level.WARNING, "empty-link", _("This link leads nowhere.")
    if url.startswith(ELSEWHERE):
        return None
    plain = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "x", url, flags=re.DOTALL)
    if url.startswith("{"):
        return _loop_problem(url)
    problem = address_problem(plain)
    if problem:
        return Level.ERROR, "broken-link", _("“%(url)s”: %(problem)s") % {"url": url[:80], "problem": problem}
    host = urlsplit(plain).hostname or ""
    if host.endswith(PLACEHOLDERS):
        return Level.WARNING, "placeholder-link", _("“%(host)s” is a placeholder.") % {"host": host}
    return _loop_problem(url)


def _loop_problem(url: str) -> Problem | None:
    if is_tracked(url) or any(name in url for name in ADDRESSES):
        return None
    return Level.NOTE, "untracked-link", _("Clicks on this link are not counted: it depends on a loop.")


def address_problem(url: str) -> str:
    """Return why a link to `url` cannot be right; '' when it can."""
    if re.search(r"\s", url):
        return _("an address has no blanks in it.")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return _("this is not an address.")
    if not parts.scheme or (not parts.netloc and "." in parts.scheme):
        return _("an address in an e-mail begins with https://.")
    if parts.scheme not in {"http", "https"}:
        return _("only https:// addresses, mailto: and tel: work in an e-mail.")
    if _is_inside(host):
        return _("readers cannot reach this machine.")
    if "." not in host:
        return _("this is not an address.")
    return ""


def _is_inside(host: str) -> bool:
    """Test if only this machine, or this network, can reach the host."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


def _picture_problem(values: dict[str, str]) -> Problem | None:
    source = values.get("src", "").strip()
    if not source:
        return Level.ERROR, "broken-image", _("This image has no address (src).")
    if not source.startswith(("https://", "http://", "{", "data:")):
        return Level.ERROR, "broken-image", _("The address of an image begins with https://.")
    if "alt" not in values:
        message = _("This image has no description (alt): many readers see only that.")
        return Level.WARNING, "no-alt", message
    return None
