"""
What `manage.py doctor` and the health page ask. Each app registers its checks from `AppConfig.ready`:

    checks.register("mail", Check(_("Mail server"), mail_check, uses_network=True))
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import structlog
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apps.core.registry import Registry

log = structlog.get_logger(__name__)


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """What a check found: a sentence that says what is, and if something is wrong, what to do."""

    level: Level
    detail: str


@dataclass(frozen=True)
class Check:
    """`uses_network`: left out where a page would have to wait for it."""

    label: str | Promise
    run: Callable[[], Finding]
    uses_network: bool = False


@dataclass(frozen=True)
class Report:
    """All checks with what they found. The worst of them is the level of the whole."""

    findings: list[tuple[Check, Finding]]

    @property
    def level(self) -> Level:
        order = list(Level)
        return max((finding.level for _check, finding in self.findings), key=order.index, default=Level.OK)


checks: Registry[Check] = Registry()


def examine(*, with_network: bool) -> Report:
    """Run all checks. One that breaks is a finding too, so the others are heard."""
    return Report([(check, _run(check)) for check in checks if with_network or not check.uses_network])


def _run(check: Check) -> Finding:
    try:
        return check.run()
    except Exception as error:
        log.exception("health check broke", check=str(check.label))
        return Finding(
            Level.FAILED, _("The check itself broke: %(error)s.") % {"error": type(error).__name__}
        )
