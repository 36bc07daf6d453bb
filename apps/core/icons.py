"""The drawings under `static/vendor/tabler-icons-…`, inlined so that they take the colour of their text."""

from functools import cache, lru_cache
from pathlib import Path

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

FOLDER = Path(__file__).resolve().parents[2] / "static" / "vendor" / "tabler-icons-3.51.0"


class IconMissing(Exception):
    """No such drawing is vendored. `tools/icons.py` adds it."""


@cache
def drawing(name: str) -> SafeString:
    """
    Return what is inside the `<svg>` of this icon.

    :raises IconMissing: with the name, so a typing error shows at once and not as a hole on the page
    """
    try:
        return mark_safe((FOLDER / f"{name}.svg").read_text().strip())  # noqa: S308  # our own vendored file
    except FileNotFoundError:
        raise IconMissing(f"{name}: not in {FOLDER}; add it with tools/icons.py") from None


@lru_cache(maxsize=2048, typed=True)  # a page has hundreds, of a few dozen kinds
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """Return the icon as inline SVG: decoration, unless `label` says what it stands for."""
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor"'
        ' stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" {}>{}</svg>',
        css,
        role,
        drawing(name),
    )
