"""What `manage.py doctor`, the health page and `/metrics` know of segments."""

from collections.abc import Iterable
from datetime import timedelta

from django.utils.translation import gettext as _
from prometheus_client.core import GaugeMetricFamily, Metric

from apps.core import clock
from apps.core.health import Finding, Level
from apps.segments import selectors

LATE, TOO_LATE = timedelta(minutes=1), timedelta(minutes=10)


def changes_check() -> Finding:
    """Members follow what changes people within seconds, while a worker is there to do it."""
    age = selectors.changes_age(now=clock.now()) or timedelta(0)
    if age < LATE:
        return Finding(Level.OK, _("Members of segments follow what changes people."))
    late = _("Members of segments are %(n)d minutes behind what changes people: is a worker running?")
    level = Level.FAILED if age >= TOO_LATE else Level.WARNING
    return Finding(level, late % {"n": age // timedelta(minutes=1)})


def segments_collect() -> Iterable[Metric]:
    age = selectors.changes_age(now=clock.now()) or timedelta(0)
    yield GaugeMetricFamily(
        "bookend_segment_changes_oldest_seconds",
        "For how long the oldest change of people has waited for the segments",
        value=age.total_seconds(),
    )
    yield GaugeMetricFamily(
        "bookend_segments_behind",
        "Segments of which everybody is still to be asked",
        value=selectors.segments_behind(),
    )
