"""What load balancers and monitors ask. They do not sign in, and are told nothing about people."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from apps.core import clock
from apps.core.health import Level
from apps.operations import checks, metrics, selectors

_migrated = False  # once true, true for the life of this process


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Say that this process answers, and no more: a database that is down is no reason to kill us."""
    return JsonResponse({"status": Level.OK})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """
    Say if requests should come here: the database answers and the tables are those of this version.

    Redis and the other processes are reported, and are no reason to turn people away.
    """
    try:
        answer = _readiness()
    except DatabaseError as error:
        answer = {"status": Level.FAILED, "database": type(error).__name__}
    status = HTTPStatus.OK if answer["status"] == Level.OK else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse(answer, status=status)


def _readiness() -> dict[str, Any]:
    global _migrated
    pulses = selectors.pulses(now=clock.now()) if _migrated else []
    if not _migrated:
        _migrated = checks.migrations_check().level == Level.OK
        pulses = selectors.pulses(now=clock.now()) if _migrated else []
    return {
        "status": Level.OK if _migrated else Level.FAILED,
        "database": Level.OK,
        "migrations": Level.OK if _migrated else Level.FAILED,
        "redis": checks.redis_check().level,
        "heartbeats": {
            pulse.name: {"status": pulse.level, "age_seconds": pulse.age and pulse.age.total_seconds()}
            for pulse in pulses
        },
        "sending_enabled": settings.SENDING_ENABLED,
    }


@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(generate_latest(metrics.registry()), content_type=CONTENT_TYPE_LATEST)
