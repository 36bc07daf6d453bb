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
from apps.reporting.selectors import Figures

register = template.Library()
SHARE_OF = {"opened": "tracked", "clicked": "tracked", "unsubscribed": "delivered"}


@register.simple_tag(takes_context=True)
def figure_cell(context: Context, name: str) -> SafeString:
    """Return the `<td>` of one figure of `figures`; a link to its people for who may see them."""
    figures: Figures = context["figures"]
    count = int(getattr(figures, name))
    shown = _linked(context, name, count)
    note = ""
    if name in SHARE_OF:
        whole = int(getattr(figures, SHARE_OF[name]))
        if figures.delivered and not whole:
            return format_html('<td class="num muted small">{}</td>', _("not counted"))
        note = display.percent(count / whole) if whole else ""
    machine = int(getattr(figures, f"{name}_machine", 0))
    if machine:
        by_machines = _linked(context, f"{name}-machine", machine)
        return format_html(
            '<td class="num">{} <span class="muted small">{}</span><div class="muted small">{}</div></td>',
            shown,
            note,
            format_html(_("and {} by machines only"), by_machines),
        )
    return format_html('<td class="num">{} <span class="muted small">{}</span></td>', shown, note)


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
    return f"{'+' if value > 0 else ''}{display.money(value, currency)}"
