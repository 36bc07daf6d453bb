"""Words of the segments' templates: `{% load segments %}`."""

import math

from django import template
from django.utils.translation import gettext as _

from apps.core import display
from apps.segments.selectors import Count

register = template.Library()


@register.filter
def about(count: Count) -> str:
    """Say a number of people as precisely as it is known: 12,345 or ≈ 12,300."""
    if count.is_exact:
        return display.number(count.count)
    if not count.count:
        return _("fewer than %(n)s") % {"n": display.number(count.high)}
    half = max((count.high - count.low) / 2, 1)
    unit = 10 ** int(math.log10(half))
    return f"≈ {display.number(round(count.count / unit) * unit)}"
