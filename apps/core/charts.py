"""
Small charts as SVG, drawn by the server. Pure functions; the colours are in `static/css/charts.css`.

A chart is a picture beside the figures, which stand in the page as text: so each is hidden from screen
readers unless it is given a `label`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

Number = int | float | Decimal
WIDTH = 100.0


@dataclass(frozen=True)
class Series:
    """One of several lines of a chart, from left to right; None where there is nothing yet."""

    tone: str
    values: Sequence[Number | None]
    is_dashed: bool = False


def _svg(css: str, height: float, body: SafeString, label: str) -> SafeString:
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="plot {}" viewBox="0 0 {} {}" preserveAspectRatio="none" {}>{}</svg>',
        css,
        _short(WIDTH),
        _short(height),
        role,
        body,
    )


def _short(value: float) -> str:
    """Two decimals are below a pixel here; trailing zeros are weight."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def scale(value: float, low: float, high: float, width: float = WIDTH) -> float:
    """Return where `value` stands between `low` and `high`, kept inside; the middle when they are one."""
    if high <= low:
        return width / 2
    return min(max((value - low) / (high - low), 0.0), 1.0) * width


def bar(
    value: Number, of: Number, tone: str = "accent", mark: Number | None = None, label: str = ""
) -> SafeString:
    """Return a horizontal bar: `value` on an axis from 0 to `of`, with a tick at `mark` (a target)."""
    value, of = float(value), float(of)  # money is decimal, and a picture is not
    length = scale(value, 0, of) if of > 0 else 0.0
    body = mark_safe('<rect class="chart-track" width="100" height="8" rx="1"/>')
    body += format_html('<rect class="chart-fill" width="{}" height="8" rx="1"/>', _short(length))
    if mark is not None:
        at = _short(scale(float(mark), 0, of))
        body += format_html('<line class="chart-mark" x1="{0}" x2="{0}" y1="0" y2="8"/>', at)
    return _svg(f"chart-bar tone-{tone}", 8, body, label)


def stack(parts: Sequence[tuple[float, str]], label: str = "") -> SafeString:
    """Return one bar of several parts, each a size and a tone; they fill it whatever they sum to."""
    total = sum(size for size, _ in parts)
    left, body = 0.0, mark_safe("")
    for size, tone in parts:
        length = WIDTH * size / total if total else 0.0
        body += format_html(
            '<rect class="chart-fill tone-{}" x="{}" width="{}" height="8"/>',
            tone,
            _short(left),
            _short(length),
        )
        left += length
    return _svg("chart-stack", 8, body, label)


def sparkline(values: Sequence[float], label: str = "", tone: str = "accent") -> SafeString:
    """Return a line through the values, from lowest to highest; fewer than two values draw nothing."""
    if len(values) < 2:
        return _svg(f"chart-spark tone-{tone}", 24, mark_safe(""), label)
    low, high = min(values), max(values)
    step = WIDTH / (len(values) - 1)
    points = [(index * step, 22 - scale(value, low, high, 20)) for index, value in enumerate(values)]
    path = " ".join(f"{_short(x)},{_short(y)}" for x, y in points)
    body = format_html('<polygon class="chart-area" points="0,24 {} 100,24"/>', path)
    body += format_html('<polyline class="chart-line" points="{}"/>', path)
    return _svg(f"chart-spark tone-{tone}", 24, body, label)


def columns(values: Sequence[float], label: str = "", tone: str = "accent") -> SafeString:
    """Return one column per value, from 0 up to the highest; below 0 there is nothing to draw."""
    if not values:
        return _svg(f"chart-columns tone-{tone}", 100, mark_safe(""), label)
    high, step = max(values), WIDTH / len(values)
    body = mark_safe("")
    for index, value in enumerate(values):
        height = scale(value, 0, high, 98) if high > 0 else 0.0
        body += format_html(
            '<rect class="chart-fill" x="{}" y="{}" width="{}" height="{}"/>',
            _short(index * step + step * 0.1),
            _short(100 - height),
            _short(step * 0.8),
            _short(height),
        )
    return _svg(f"chart-columns tone-{tone}", 100, body, label)


def curve(values: Sequence[Number], label: str = "", tone: str = "accent", floor: Number = 0) -> SafeString:
    """Return a large line over the axis from `floor` to the highest value, with quarters as grid lines."""
    body = format_html_join(
        "",
        '<line class="chart-grid" x1="0" x2="100" y1="{0}" y2="{0}"/>',
        ((y,) for y in (2, 26.5, 51, 75.5)),
    )
    if len(values) > 1:
        told = [float(value) for value in values]
        low, high, step = float(floor), max(told), WIDTH / (len(told) - 1)
        heights = (scale(value, low, high, 98) if high > low else 0.0 for value in told)
        path = " ".join(f"{_short(i * step)},{_short(100 - height)}" for i, height in enumerate(heights))
        body += format_html('<polygon class="chart-area" points="0,100 {} 100,100"/>', path)
        body += format_html('<polyline class="chart-line" points="{}"/>', path)
    return _svg(f"chart-curve tone-{tone}", 100, body, label)


def interval(
    low: float,
    value: float,
    high: float,
    axis_low: float,
    axis_high: float,
    reference: float | None = None,
    tone: str = "accent",
    label: str = "",
) -> SafeString:
    """
    Return an estimate with its interval: a whisker from `low` to `high`, a dot at `value`.

    `reference` (no difference, or a target) is a line through the whole height. Draw all rows of a table on
    the same axis.
    """
    x = [_short(scale(point, axis_low, axis_high)) for point in (low, value, high)]
    body = mark_safe("")
    if reference is not None:
        at = _short(scale(reference, axis_low, axis_high))
        body += format_html('<line class="chart-reference" x1="{0}" x2="{0}" y1="0" y2="24"/>', at)
    body += format_html('<line class="chart-whisker" x1="{}" x2="{}" y1="12" y2="12"/>', x[0], x[2])
    body += format_html_join(
        "", '<line class="chart-cap" x1="{0}" x2="{0}" y1="8" y2="16"/>', ((x[0],), (x[2],))
    )
    # A line of no length with round ends stays a circle, however wide the picture is drawn.
    body += format_html('<line class="chart-dot" x1="{0}" x2="{0}" y1="12" y2="12"/>', x[1])
    return _svg(f"chart-interval tone-{tone}", 24, body, label)


def against(
    values: Sequence[Number | None], targets: Sequence[Number | None], label: str = "", tone: str = "accent"
) -> SafeString:
    """
    Return a line of what was reached, one dot per step, and a dashed one of what was aimed at, over 0.

    Both have one entry per step; None leaves the line out there, without a break in the steps.
    """
    known = [float(one) for one in (*values, *targets) if one is not None]
    high, step = max(known, default=0.0), WIDTH / max(len(values) - 1, 1)
    body = format_html_join(
        "",
        '<line class="chart-grid" x1="0" x2="100" y1="{0}" y2="{0}"/>',
        ((y,) for y in (2, 26.5, 51, 75.5, 99)),
    )
    for css, line in (("chart-target", targets), ("chart-line", values)):
        points = [
            (_short(place * step), _short(99 - scale(float(one), 0, high, 97) if high > 0 else 99.0))
            for place, one in enumerate(line)
            if one is not None
        ]
        body += format_html('<polyline class="{}" points="{}"/>', css, " ".join(map(",".join, points)))
        if css == "chart-line":
            # Lines of no length with round ends stay circles, however wide the picture is drawn.
            body += format_html_join(
                "", '<line class="chart-dot" x1="{0}" x2="{0}" y1="{1}" y2="{1}"/>', points
            )
    return _svg(f"chart-against tone-{tone}", 100, body, label)


def lines(series: Sequence[Series], label: str = "") -> SafeString:
    """
    Return several lines over one axis from 0 to the highest value, with quarters as grid lines.

    All are as long as the longest: each has one value per step, or None. A line of one value is a dot.
    """
    values = [value for one in series for value in one.values if value is not None]
    steps = max((len(one.values) for one in series), default=0)
    high = float(max(values, default=0))
    body = format_html_join(
        "",
        '<line class="chart-grid" x1="0" x2="100" y1="{0}" y2="{0}"/>',
        ((y,) for y in (2, 26.5, 51, 75.5)),
    )
    for one in series:
        path = " ".join(
            f"{_short(scale(place, 0, steps - 1))},{_short(100 - scale(float(value), 0, high, 98))}"
            for place, value in enumerate(one.values)
            if value is not None and high > 0
        )
        if path:
            # Doubled, so that a line of one point is drawn too: with round ends it is a dot.
            path = path if " " in path else f"{path} {path}"
            css = f"tone-{one.tone} is-dashed" if one.is_dashed else f"tone-{one.tone}"
            body += format_html('<polyline class="chart-line {}" points="{}"/>', css, path)
    return _svg("chart-curve", 100, body, label)
