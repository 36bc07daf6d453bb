"""The figures of `/metrics`: what the web processes count, and what rows and queues say at this moment."""

import os
from collections.abc import Iterable

import redis
from django.conf import settings
from django.db import DatabaseError
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from apps.core import clock
from apps.core.metrics import collectors
from apps.core.queues import Queue
from apps.operations import selectors


class _Now(Collector):
    """Reads what is registered, at each scrape. What cannot be read is missing; the `up` gauges say why."""

    def collect(self) -> Iterable[Metric]:
        try:
            yield from _heartbeats()
            for collect in collectors:
                yield from collect()
            is_up = 1.0
        except DatabaseError:
            is_up = 0.0
        yield GaugeMetricFamily("bookend_database_up", "1 if PostgreSQL answers", value=is_up)
        yield from _queues()


def registry() -> CollectorRegistry:
    """Return what to print: of this process, or with PROMETHEUS_MULTIPROC_DIR of all of them together."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        whole = CollectorRegistry()
        whole.register(_Now())
        whole.register(REGISTRY)
        return whole
    whole = CollectorRegistry()
    MultiProcessCollector(whole)  # type: ignore[no-untyped-call]  # untyped library
    whole.register(_Now())
    return whole


def _heartbeats() -> Iterable[Metric]:
    ages = GaugeMetricFamily(
        "bookend_heartbeat_age_seconds", "Since a part of the machine last reported", labels=["name"]
    )
    for pulse in selectors.pulses(now=clock.now()):
        if pulse.age is not None:
            ages.add_metric([pulse.name], pulse.age.total_seconds())
    yield ages


def _queues() -> Iterable[Metric]:
    lengths = GaugeMetricFamily("bookend_queue_length", "Doorbells not yet heard", labels=["queue"])
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        for queue in Queue:
            lengths.add_metric([queue.value], float(str(client.llen(queue.value))))
        is_up = 1.0
    except redis.RedisError:
        is_up = 0.0
    finally:
        client.close()
    yield lengths
    yield GaugeMetricFamily("bookend_redis_up", "1 if Redis answers", value=is_up)
