"""What `manage.py doctor`, the health page and `/metrics` know of sending."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from prometheus_client.core import GaugeMetricFamily, Metric

from apps.core import clock
from apps.core.health import Finding, Level
from apps.messaging import checks, homes, selectors

LATE, TOO_LATE = timedelta(minutes=2), timedelta(minutes=10)


def sending_check() -> Finding:
    """Whoever is in line of a running message goes within seconds, while a worker is there to do it."""
    stuck = selectors.sending_pulse(now=clock.now()).stuck or timedelta(0)
    if not settings.SENDING_ENABLED:
        return Finding(Level.WARNING, _("Sending is switched off (SENDING_ENABLED): nothing leaves."))
    if homes.is_copy():
        return Finding(Level.WARNING, str(checks.COPY))
    if stuck < LATE:
        return Finding(Level.OK, _("Nobody waits longer than they should."))
    late = _(
        "People have been in line for %(n)d minutes and nobody sends to them: is a worker for sending there, "
        "and the mail server in reach?"
    )
    level = Level.FAILED if stuck >= TOO_LATE else Level.WARNING
    return Finding(level, late % {"n": stuck // timedelta(minutes=1)})


def sending_collect() -> Iterable[Metric]:
    pulse = selectors.sending_pulse(now=clock.now())
    yield GaugeMetricFamily("bookend_messages_running", "Messages that may send now", value=pulse.running)
    yield GaugeMetricFamily(
        "bookend_recipients_held", "Recipients in the hands of workers at this moment", value=pulse.held
    )
    yield GaugeMetricFamily(
        "bookend_recipients_abandoned",
        "Of those, whose worker did not come back in time; the next ring takes them back",
        value=pulse.abandoned,
    )
    yield GaugeMetricFamily(
        "bookend_sending_stuck_seconds",
        "For how long the first in line of a running message has waited with nobody at work on it",
        value=(pulse.stuck or timedelta(0)).total_seconds(),
    )
