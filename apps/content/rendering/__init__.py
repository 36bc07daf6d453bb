"""
E-mails: what a person wrote, compiled once, then filled in for contact after contact. Pure: no database.

The contract with those who send:

    email = compile_email(subject, preheader, mjml, text)  # or load_email(…) of a stored version
    email.links  # list of LinkTarget(position, url, label), to be stored at launch
    email.render(data, link_urls=…, pixel_url=…, unsubscribe_url=…, view_url=…)  # a Rendered

`data` is plain: `{"contact": {…}, "campaign": {"name": …}, "message": {"name": …}}`, see `render_data`.
The n-th of `link_urls` stands in the mail for the link with position n; `render_url` says where it leads.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

from apps.content.rendering.faults import Part, RenderFault, TemplateFault
from apps.content.rendering.language import ADDRESSES, HTML, LINKS, PLAIN, parse
from apps.content.rendering.markup import LinkTarget, links_find, text_from_html, text_with_holes
from apps.content.rendering.mjml import mjml_compile
from apps.content.rendering.program import Program

__all__ = [
    "CompiledEmail",
    "DestinationRefused",
    "EmailSource",
    "LinkTarget",
    "Part",
    "RenderFault",
    "Rendered",
    "TemplateFault",
    "compile_email",
    "load_email",
    "preheader_render",
    "render_data",
    "render_url",
]

CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
PIXEL_BEGIN = '<img src="'
PIXEL_END = '" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0;">'
BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)


class DestinationRefused(Exception):
    """A click leads nowhere: the address is not http(s) once the person's data is in it."""


@dataclass(frozen=True)
class EmailSource:
    """An e-mail as a person writes it."""

    subject: str
    preheader: str
    mjml: str
    text: str

    def parts(self) -> list[tuple[Part, str]]:
        """Return each part with what is written in it."""
        return [(part, getattr(self, part)) for part in Part]

    def compile(self) -> "CompiledEmail":
        """
        Compile it.

        :raises TemplateFault: as `compile_email`
        """
        return compile_email(self.subject, self.preheader, self.mjml, self.text)


@dataclass(frozen=True)
class Rendered:
    """
    One person's e-mail. `subject` is free of line ends; lines of `html` and `text` end in LF.

    Both come in pieces, most of them the same objects in every e-mail of the template, so that whoever
    encodes many does those once.
    """

    subject: str
    html_pieces: list[str]
    text_pieces: list[str]

    @property
    def html(self) -> str:
        return "".join(self.html_pieces)

    @property
    def text(self) -> str:
        return "".join(self.text_pieces)


@dataclass(frozen=True)
class CompiledEmail:
    """An e-mail ready to be filled in many times. `html` is the compiled HTML with its Liquid, to store."""

    html: str
    links: list[LinkTarget]
    _subject: Program
    _before_pixel: Program
    _after_pixel: str
    _text: Program
    # Of the addresses, those that the author wrote down somewhere: the others need not be made.
    addresses: frozenset[str]

    def render(
        self,
        data: Mapping[str, Any],
        *,
        link_urls: Sequence[str],
        pixel_url: str,
        unsubscribe_url: str,
        view_url: str,
        preferences_url: str = "",
    ) -> Rendered:
        """
        Fill in one person's data. `link_urls` has one address per link, by position; '' for no pixel.

        :raises RenderFault: it cannot be filled in for this person: a limit was reached, or a value misfits
        """
        scope = {
            **data,
            LINKS: link_urls,
            "unsubscribe_url": unsubscribe_url,
            "view_url": view_url,
            # Who knows of no page of choices leads to the one where everything can be stopped.
            "preferences_url": preferences_url or unsubscribe_url,
        }
        return Rendered(
            subject=_one_line(self._subject.render(scope)),
            html_pieces=[*self._before_pixel.pieces(scope), *_pixel(pixel_url), self._after_pixel],
            text_pieces=_without_gaps(self._text.pieces(scope)),
        )

    def preview(self, data: Mapping[str, Any]) -> Rendered:
        """
        Fill in `data` with no tracking: each link goes where the click would lead.

        :raises RenderFault: as `render`
        """
        return self.render(
            data,
            link_urls=self.destinations(data),
            pixel_url="",
            unsubscribe_url="#",
            view_url="#",
            preferences_url="#",
        )

    def destinations(self, data: Mapping[str, Any]) -> list[str]:
        """Return where each link leads for this contact; “#” where its address would not be a web page."""
        urls = []
        for link in self.links:
            try:
                urls.append(render_url(link.url, data))
            except DestinationRefused:
                urls.append("#")
        return urls


def preheader_render(preheader: str, data: Mapping[str, Any]) -> str:
    """
    Return the line that inboxes show beside the subject.

    :raises RenderFault: as `CompiledEmail.render`
    """
    return " ".join(Program(parse(preheader, Part.PREHEADER, PLAIN)).render(data).split())


def compile_email(subject: str, preheader: str, mjml: str, text: str) -> CompiledEmail:
    """
    Compile what a person wrote. An empty `text` is made from the HTML.

    :raises TemplateFault: the first thing that is wrong, with its part, line and column
    """
    parse(subject, Part.SUBJECT, PLAIN)
    parse(preheader, Part.PREHEADER, PLAIN)
    # Before the MJML is read, so that a fault in the Liquid has its line as typed.
    parse(mjml, Part.MJML, HTML)
    return load_email(subject, mjml_compile(mjml, preheader=preheader), text)


def load_email(subject: str, html: str, text: str) -> CompiledEmail:
    """
    Make a stored version ready: `html` is what `compile_email` gave, Liquid still in it.

    :raises TemplateFault: as `compile_email`
    """
    with_holes, links = links_find(html)
    text = text_with_holes(text, links) if text.strip() else text_from_html(with_holes)
    ends = list(BODY_END.finditer(with_holes))
    at = ends[-1].start() if ends and "{" not in with_holes[ends[-1].start() :] else len(with_holes)
    return CompiledEmail(
        html=html,
        links=links,
        _subject=Program(parse(subject, Part.SUBJECT, PLAIN)),
        _before_pixel=Program(parse(with_holes[:at], Part.MJML, HTML)),
        _after_pixel=with_holes[at:],
        _text=Program(parse(text.replace("\r\n", "\n"), Part.TEXT, PLAIN)),
        addresses=frozenset(name for name in ADDRESSES if name in f"{subject}{with_holes}{text}"),
    )


def render_data(contact: Mapping[str, Any], *, campaign: str, message: str) -> dict[str, Any]:
    """
    Return what templates are filled in with.

    `contact` is one of `contacts.selectors.contacts_as_data`: the attributes by key, with e-mail and phone
    beside them; the two others are names.
    """
    return {"contact": dict(contact), "campaign": {"name": campaign}, "message": {"name": message}}


def render_url(url: str, data: Mapping[str, Any]) -> str:
    """
    Return where a click on a link goes for one person; `url` is a `LinkTarget.url`.

    :raises DestinationRefused: not http(s), or no host, once the data is in it
    """
    if "{" in url:
        try:
            url = _url_program(url).render(data)
        except (RenderFault, TemplateFault) as error:
            raise DestinationRefused(str(error)) from error
    # What an address cannot hold is encoded: a line end here would be a second header of the redirect.
    url = quote(url.strip(), safe="!#$%&'()*+,/:;=?@[]~")
    try:
        parts = urlsplit(url)
        fit = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError as error:
        raise DestinationRefused(str(error)) from error
    if not fit:
        raise DestinationRefused(url)
    return url


@lru_cache(maxsize=1024)
def _url_program(url: str) -> Program:
    return Program(parse(url, Part.MJML, PLAIN))


def _without_gaps(pieces: list[str]) -> list[str]:
    """Close the gaps that a condition left where it printed nothing."""
    text = "".join(pieces)
    if "\n\n\n" not in text and not text.startswith("\n"):
        return pieces
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return [text.lstrip("\n")]


def _one_line(text: str) -> str:
    return (text if text.isprintable() else CONTROLS.sub(" ", text)).strip()


def _pixel(url: str) -> tuple[str, ...]:
    return (PIXEL_BEGIN, url, PIXEL_END) if url else ()
