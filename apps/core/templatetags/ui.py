"""The words of the design system: `{% load ui %}`. docs/design-system.md shows each of them."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.forms import BaseForm, BoundField, CheckboxInput, Select
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from apps.core import charts, display, icons, paths

register = template.Library()
register.simple_tag(icons.icon, name="icon")
register.simple_tag(paths.path_to, name="path")
register.simple_tag(display.rate, name="rate")
register.filter("number", display.number)
register.filter("percent", display.percent)
register.filter("points", display.points)
register.filter("duration", display.duration)
register.simple_tag(charts.bar, name="bar")
register.simple_tag(charts.sparkline, name="sparkline")
register.simple_tag(charts.stack, name="stack")
register.simple_tag(charts.columns, name="columns")
register.simple_tag(charts.curve, name="curve")
register.simple_tag(charts.interval, name="interval")
register.simple_tag(charts.against, name="against")


@register.simple_tag
def once() -> SafeString:
    """Return the hidden field by which a form that makes something acts once, however often it is sent."""
    return format_html('<input type="hidden" name="once" value="{}">', uuid.uuid4())


TONES = ("neutral", "info", "good", "warn", "bad")


@register.filter
def money(amount: display.Number | None, currency: str = "USD") -> str:
    return display.money(amount, currency)


@register.simple_tag
def when(value: datetime | date | None, now: datetime | None = None) -> str | SafeString:
    """Say how long ago, with the exact time in the viewer's zone on hover; a day without a time is itself."""
    if value is None:
        return display.NOTHING
    if not isinstance(value, datetime):
        return _day(value, get_language())
    text = display.relative(value, now or timezone.now())
    return format_html(
        '<time datetime="{}" title="{}" data-when>{}</time>', value.isoformat(), display.exact(value), text
    )


@lru_cache(maxsize=4096)  # rows share their days
def _day(day: date, _language: str | None) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', day.isoformat(), display.dated(day))


@register.simple_tag
def status(label: object, tone: str = "neutral", icon: str = "") -> SafeString:
    """Return a badge: what people call the state, in one of the five tones."""
    if tone not in TONES:
        raise template.TemplateSyntaxError(f"{tone}: a tone is one of {', '.join(TONES)}")
    mark = icons.icon(icon) if icon else mark_safe('<span class="status-dot" aria-hidden="true"></span>')
    return format_html('<span class="status status-{}">{}{}</span>', tone, mark, label)


@register.simple_tag
def avatar(person: Any, css: str = "") -> SafeString:
    """Return a person's initials in a disc; the name beside it is the page's to write."""
    if person is None:
        return format_html('<span class="avatar avatar-none {}" aria-hidden="true">?</span>', css)
    return _disc(int(person.pk or 0) % 6, css, str(person), person.initials)


@lru_cache(maxsize=1024, typed=True)  # the same few people stand in every row
def _disc(hue: int, css: str, name: str, initials: str) -> SafeString:
    return format_html(
        '<span class="avatar avatar-{} {}" title="{}" aria-hidden="true">{}</span>', hue, css, name, initials
    )


@register.simple_tag
def field(bound: BoundField) -> SafeString:
    """Return a form field with its label, help and errors, wired for screen readers."""
    return bound.as_field_group()


@register.simple_tag
def control(bound: BoundField) -> SafeString:
    """Return the bare input of a field, with the class that its kind takes."""
    widget = bound.field.widget
    match widget:
        case CheckboxInput():
            css = "form-check-input"
        case Select():
            css = "form-select"
        case _:
            css = "form-control"
    own = widget.attrs.get("class", "")
    return bound.as_widget(attrs={"class": f"{css} {own}".strip()})


@register.filter
def is_checkbox(bound: BoundField) -> bool:
    return isinstance(bound.field.widget, CheckboxInput)


@register.simple_tag(takes_context=True)
def url_with(context: Context, **changes: object) -> str:
    """Return the query string of this page with some keys changed; an empty value takes its key away."""
    query = context["request"].GET.copy()
    for key, value in changes.items():
        if value in (None, ""):
            query.pop(key, None)
        else:
            query[key] = str(value)
    return f"?{query.urlencode()}"


@register.filter
def refused(form: BaseForm) -> list[tuple[BoundField, list[str]]]:
    """Return the fields that were refused, each with its errors."""
    return [(bound, [str(error) for error in bound.errors]) for bound in form if bound.errors]


@register.filter
def tone(message: Message) -> str:
    """Return the tone of one of Django's messages."""
    return {"success": "good", "warning": "warn", "error": "bad"}.get(message.level_tag, "info")


@register.filter
def values(points: Sequence[tuple[object, float]]) -> list[float]:
    """Return the values of (label, value) pairs."""
    return [value for _, value in points]


@register.filter
def highest(points: Sequence[tuple[object, float]]) -> float:
    """Return the highest value of (label, value) pairs; 0 of none."""
    return max(values(points), default=0)
