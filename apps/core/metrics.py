"""
What `/metrics` counts. Requests are timed here; an app that has something to measure registers a collector:

    collectors.register("messaging", messages_collect)      # -> Iterable[Metric], read at each scrape
"""

import time
from collections.abc import Callable, Iterable

from django.http import HttpRequest, HttpResponse
from prometheus_client import Histogram
from prometheus_client.core import Metric

from apps.core.registry import Registry

collectors: Registry[Callable[[], Iterable[Metric]]] = Registry()

REQUEST_SECONDS = Histogram(
    "bookend_http_request_seconds",
    "Time from the first middleware to the answer, by URL name and status",
    ["method", "url", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10),
)


class RequestTimingMiddleware:
    """Time every request. Labels are names out of our own code, so their number is bounded."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        name = match.view_name or match.route if match else "none"
        method = (
            request.method if request.method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} else "other"
        )
        REQUEST_SECONDS.labels(method, name, response.status_code).observe(time.perf_counter() - started)
        return response
