import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.core.health import Level, Report, examine

SIGNS = {Level.OK: "ok", Level.WARNING: "WARNING", Level.FAILED: "FAILED"}


class Command(BaseCommand):
    help = "Look at everything that Bookend needs; exit 1 if something is wrong."
    requires_system_checks: list[str] = []  # one of the checks runs them, and reports in its place

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        report = examine(with_network=True)
        self.stdout.write(_as_json(report) if options["json"] else _as_text(report))
        if report.level == Level.FAILED:
            raise SystemExit(1)


def _as_json(report: Report) -> str:
    checks = [
        {"name": str(check.label), "status": finding.level, "detail": finding.detail}
        for check, finding in report.findings
    ]
    return json.dumps({"status": report.level, "checks": checks}, indent=2)


def _as_text(report: Report) -> str:
    width = max(len(str(check.label)) for check, _finding in report.findings)
    return "\n".join(
        f"{SIGNS[finding.level]:<8} {check.label!s:<{width}}  {finding.detail}"
        for check, finding in report.findings
    )
