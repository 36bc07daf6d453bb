"""How everything is logged: one line each on stderr, for people or as JSON, with no personal data in it."""

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

Event = MutableMapping[str, Any]

REMOVED = "[removed]"
PRIVATE_KEYS = frozenset(
    {"email", "phone", "address", "first_name", "last_name", "password", "token", "secret"}
    | {"authorization", "cookie", "identity", "attributes"}
)
# Whatever the key: addresses, phone numbers, and tokens of programs and of tracking links.
PRIVATE_TEXT = re.compile(
    r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\+\d[\d \-()]{7,18}\d"
    r"|\b(?:bkd_live|whsec)_[\w-]+"
    r"|(?<=/[ocup]/)[\w.:=-]{8,}|(?<=/(?:view)/)[\w.:=-]{8,}|(?<=/confirm/)[\w.:=-]{8,}"
)


def without_personal_data(_logger: Any, _method: str, event: Event) -> Event:
    """Blank what could say who a line is about. Runs after tracebacks have become text."""
    return {key: REMOVED if key in PRIVATE_KEYS else _blank(value) for key, value in event.items()}


def _blank(value: Any) -> Any:
    match value:
        case str():
            return PRIVATE_TEXT.sub(REMOVED, value)
        case dict():
            return {key: REMOVED if key in PRIVATE_KEYS else _blank(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_blank(inner) for inner in value]
        case _:
            return value


def logging_config(*, style: str, level: str) -> dict[str, Any]:
    """
    Set structlog up, and return Django's `LOGGING`, through which both kinds of loggers leave by one door.

    `style` is `console` or `json`.
    """
    before: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,  # the request id
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": before,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    without_personal_data,
                    renderer,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        # Django's own handlers would print a second time, or mail tracebacks to ADMINS.
        "loggers": {"django": {"handlers": [], "level": level, "propagate": True}},
    }
