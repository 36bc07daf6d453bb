"""
How many people a second one compiled e-mail is filled in for, on one core.

The limit is the bare substitution: `str.format` of the finished subject, HTML and text with the same values,
ready and escaped beforehand. Beside it the Liquid library alone, for the HTML alone.
"""

import json
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")

import django

django.setup()

from apps.content.rendering import CompiledEmail, EmailSource, Rendered, compile_email  # noqa: E402  # needs it
from apps.content.rendering.faults import Part  # noqa: E402
from apps.content.rendering.language import HTML, parse  # noqa: E402
from apps.content.rendering.markup import links_find  # noqa: E402

RUNS, ROUNDS = 5, 4_000
WORDS = "<mj-text><p>" + "Lorem ipsum dolor sit amet, consectetur adipiscing elit. " * 6 + "</p></mj-text>"
MJML = """
<mjml><mj-body><mj-section><mj-column>
  <mj-text><h1>Hello {{ contact.first_name | default: "you" }}</h1></mj-text>BUTTONS
  <mj-text>{{ contact.city | default: "town" }}, {{ contact.orders }} orders, {{ contact.tier }}</mj-text>
  <mj-text>{{ campaign.name }}:
    <a href="https://shop.net/?e={{ contact.email | url_encode }}">yours</a></mj-text>
  <mj-text><a href="{{ unsubscribe_url }}">Unsubscribe</a> <a href="{{ view_url }}">View</a></mj-text>
</mj-column></mj-section></mj-body></mjml>
"""
BUTTON = '<mj-button href="https://shop.net/p/{0}?ref=mail">Product {0}</mj-button>'
SUBJECT = '{{ contact.first_name | default: "You" }}, come'
CONTACT = {"first_name": "Ann <3", "city": "Paris", "orders": "3", "tier": "gold", "email": "ann@example.com"}
SHARED = {"campaign": {"name": "Spring & summer"}, "message": {"name": "First"}}


def source() -> EmailSource:
    """Return an e-mail of about 11 KB of HTML with six variables and six tracked links."""
    buttons = "".join(BUTTON.format(number) + WORDS for number in range(5))
    return EmailSource(SUBJECT, "For {{ contact.city }}", MJML.replace("BUTTONS", buttons), "")


def fill(
    email: CompiledEmail, contact: dict[str, str], shared: dict[str, dict[str, str]], links: list[str]
) -> Rendered:
    return email.render(
        {"contact": contact, **shared},
        link_urls=links,
        pixel_url="https://t.example/o/x.gif",
        unsubscribe_url="https://t.example/u/x",
        view_url="https://t.example/view/x",
    )


def substitution(email: CompiledEmail, links: list[str]) -> Callable[[], tuple[str, ...]]:
    """Return the bare substitution that gives the same mail: marks filled in once, then made holes."""
    values = [*CONTACT.values(), SHARED["campaign"]["name"], *links]
    marks = [f"MARK{number}." for number in range(len(values))]
    count = len(CONTACT)
    marked = fill(
        email,
        dict(zip(CONTACT, marks[:count], strict=True)),
        {**SHARED, "campaign": {"name": marks[count]}},
        marks[count + 1 :],
    )
    formats = []
    for text in (marked.subject, marked.html, marked.text):
        text = text.replace("{", "{{").replace("}", "}}")
        for number, mark in enumerate(marks):
            text = text.replace(mark, f"{{{number}}}")
        formats.append(text)
    escaped = [value.replace("&", "&amp;").replace("<", "&lt;") for value in values]
    subject, html, text = formats
    return lambda: (subject.format(*values), html.format(*escaped), text.format(*values))


def per_second(act: Callable[[], object]) -> float:
    """Return the median of some runs."""
    rates = []
    for _run in range(RUNS):
        begin = time.perf_counter()
        for _round in range(ROUNDS):
            act()
        rates.append(ROUNDS / (time.perf_counter() - begin))
    return statistics.median(rates)


def main() -> None:
    email = source()
    begin = time.perf_counter()
    compiled = compile_email(email.subject, email.preheader, email.mjml, email.text)
    compiling = time.perf_counter() - begin
    links = [f"https://t.example/c/{'x' * 60}{link.position}" for link in compiled.links]
    bare = substitution(compiled, links)
    mail = fill(compiled, CONTACT, SHARED, links)
    assert bare() == (mail.subject, mail.html, mail.text), "the limit would not be of the same work"

    renders = per_second(lambda: fill(compiled, CONTACT, SHARED, links))
    limit = per_second(bare)
    template = parse(links_find(compiled.html)[0], Part.MJML, HTML)
    scope = {"contact": CONTACT, **SHARED, "bookend_links": links, "unsubscribe_url": "u", "view_url": "v"}
    library = per_second(lambda: template.render(**scope))
    figure = {
        "figure": "render one e-mail",
        "renders_per_s": round(renders),
        "limit_per_s": round(limit),
        "ratio_to_limit": round(renders / limit, 2),
        "library_per_s": round(library),
        "html_bytes": len(mail.html.encode()),
        "links": len(links),
        "compile_ms": round(compiling * 1000, 1),
    }
    print(json.dumps(figure))


if __name__ == "__main__":
    main()
