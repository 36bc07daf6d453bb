"""Cells of the result tables: a figure, its rate, what machines did, and the way to the people behind it."""

from urllib.parse import urlencode

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.core import display
from apps.core.statistics import Estimate
from apps.reporting.figures import FIGURES
from apps.reporting.selectors import Comparison, Figures

register = template.Library()
SHARE_OF = {"opened": "tracked", "clicked": "tracked", "unsubscribed": "delivered"}


@register.simple_tag(takes_context=True)
def figure_cell(context: Context, name: str) -> SafeString:
    """Return the `<td>` of one figure of `figures`; a link to its people for who may see them."""
    figures: Figures = context["figures"]
    count = int(getattr(figures, name))
    shown = _linked(context, name, count)
    label, note = FIGURES[name].label, ""
    if name in SHARE_OF:
        whole = int(getattr(figures, SHARE_OF[name]))
        if figures.delivered and not whole:
            return format_html('<td class="num muted small" data-label="{}">{}</td>', label, _("not counted"))
        note = display.percent(count / whole) if whole else ""
    machine = int(getattr(figures, f"{name}_machine", 0))
    if machine:
        by_machines = _linked(context, f"{name}-machine", machine)
        return format_html(
            '<td class="num" data-label="{}">{} <span class="muted small">{}</span>'
            '<div class="muted small">{}</div></td>',
            label,
            shown,
            note,
            format_html(_("and {} by machines only"), by_machines),
        )
    cell = '<td class="num" data-label="{}">{} <span class="muted small">{}</span></td>'
    return format_html(cell, label, shown, note)


def _linked(context: Context, name: str, count: int) -> SafeString | str:
    text = display.number(count)
    if not count or not context.get("may_see_people"):
        return text
    url = reverse("reporting:people", args=[context["campaign"].pk, name])
    query = urlencode({"message": context["query"]}) if context["query"] else ""
    return format_html('<a href="{}?{}">{}</a>', url, query, text)


@register.filter
def lift(estimate: Estimate | None) -> str:
    """Return a relative lift with its interval: “+72 % (+65 % to +80 %)”."""
    if estimate is None:
        return display.NOTHING
    value, low, high = (
        f"{display.signed(part * 100, 0)}\N{NO-BREAK SPACE}%"
        for part in (estimate.value, estimate.low, estimate.high)
    )
    return _("%(value)s (%(low)s to %(high)s)") % {"value": value, "low": low, "high": high}


@register.simple_tag
def effect_told(comparison: Comparison, currency: str) -> str:
    """Return in one sentence what a message did, as one would tell it: in people, not in points."""
    people, value = comparison.people_more, comparison.value_more
    if people is None:
        return _("Nobody was held out, so its effect cannot be known.")
    if not people.is_clear:
        found = {"low": _whole(people.low), "high": _whole(people.high)}
        return _("No clear effect yet: between %(low)s and %(high)s people.") % found
    few, many = sorted((abs(people.low), abs(people.high)))
    found = {"n": display.number(abs(people.value)), "low": display.number(few), "high": display.number(many)}
    if people.value < 0:
        return _("About %(n)s people fewer than without it (%(low)s to %(high)s).") % found
    if value is None or not value.is_clear:
        return _("About %(n)s people more than without it (%(low)s to %(high)s).") % found
    found["value"] = display.money(abs(value.value), currency, 0)
    if value.value < 0:
        return _("About %(n)s people more than without it (%(low)s to %(high)s), but %(value)s less.") % found
    return _("About %(n)s people more than without it (%(low)s to %(high)s), worth %(value)s.") % found


def _whole(people: float) -> str:
    return display.signed(round(people), 0)


@register.filter
def more_money(estimate: Estimate | None, currency: str) -> str:
    """Return a difference in money with its interval."""
    if estimate is None:
        return display.NOTHING
    value, low, high = (
        _signed_money(part, currency) for part in (estimate.value, estimate.low, estimate.high)
    )
    return _("%(value)s (%(low)s to %(high)s)") % {"value": value, "low": low, "high": high}


def _signed_money(value: float, currency: str) -> str:
    return f"{'+' if round(value, 2) > 0 else ''}{display.money(value, currency)}"
