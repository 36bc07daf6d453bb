"""What every template keeps: small, no inline script or style, icons that exist, saying what it needs."""

import re

import pytest
from django.template.loader import get_template

from apps.core.icons import FOLDER
from tests.architecture.source import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# Bodies of e-mails are styled inline, because mail programs want it so; nothing of them runs in a browser.
PAGES = [path for path in TEMPLATES if "emails" not in path.parts]
PARTS = [
    path
    for path in PAGES
    if path.name.startswith("_") or {"components", "elements"} & set(path.parent.parts[len(ROOT.parts) :])
]
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|<script(?![^>]*\ssrc=)", re.IGNORECASE)
# Conditions of a trigger and values that are script: htmx would have to evaluate text.
EVALUATED = re.compile(r'hx-trigger="[^"]*\[|hx-(?:vals|headers)=.js:')
LINES = 150


def each(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: str(path.relative_to(ROOT / "templates")))


def test_there_are_templates_to_look_at():
    assert len(PAGES) > len(PARTS) > 0


@each(PAGES)
def test_a_template_stays_small(path):
    assert len(path.read_text().splitlines()) <= LINES, "move a part of it to a _fragment.html"


@each(PAGES)
def test_a_page_runs_under_the_content_security_policy(path):
    text = re.sub(r'<script[^>]*type="application/json"', "<data", path.read_text())

    assert INLINE.findall(text) == [], "script belongs in static/js, style in static/css"
    without_selectors = re.sub(r'\bfrom:[^,"]*', "", text)
    assert EVALUATED.findall(without_selectors) == [], (
        "listen in static/js and send an event that hx-trigger names"
    )


@each(PAGES)
def test_an_icon_that_a_template_names_is_there(path):
    names = re.findall(r'{% icon "([^"]+)"', path.read_text())
    names += re.findall(r'\bicon="([^"]+)"', path.read_text())

    assert [name for name in names if not (FOLDER / f"{name}.svg").exists()] == []


@each(PARTS)
def test_a_part_says_what_it_needs(path):
    first = path.read_text().splitlines()[0]

    assert first.startswith("{#"), "a fragment begins with {# Needs: … #}"
    assert "Needs:" in first


@each(PAGES)
def test_a_page_and_whatever_it_includes_compile(path):
    named = re.findall(r'{%-? (?:include|extends) "([^"]+)"', path.read_text())

    for name in [str(path.relative_to(ROOT / "templates")), *named]:
        get_template(name)
