"""What a preview shows: the same code that sends, and what the lint has to say. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from apps.content.lint import Finding, KnownAttribute, Level, lint
from apps.content.rendering import EmailSource, Part, Rendered, RenderFault, TemplateFault, preheader_render


@dataclass(frozen=True)
class Preview:
    """
    An e-mail filled in for one contact. Without `rendered` it could not be, and the first finding says why.

    `preheader` is what inboxes show beside the subject.
    """

    rendered: Rendered | None
    findings: list[Finding] = field(default_factory=list)
    preheader: str = ""

    def count(self, level: Level) -> int:
        return sum(finding.level == level for finding in self.findings)

    @property
    def error_count(self) -> int:
        return self.count(Level.ERROR)

    @property
    def warning_count(self) -> int:
        return self.count(Level.WARNING)


def preview(source: EmailSource, data: Mapping[str, Any], known: Sequence[KnownAttribute]) -> Preview:
    """Compile, lint and fill in `source`; never raises: what is wrong is among the findings."""
    try:
        email = source.compile()
    except TemplateFault as fault:
        code = "syntax"
        return Preview(
            rendered=None,
            findings=[Finding(Level.ERROR, fault.part, code, fault.reason, fault.line, fault.column)],
        )
    findings = lint(source, email, known)
    try:
        rendered, preheader = email.preview(data), preheader_render(source.preheader, data)
    except RenderFault as fault:
        message = _("It cannot be filled in for this contact: %(reason)s.") % {"reason": fault}
        return Preview(
            rendered=None, findings=[Finding(Level.ERROR, Part.MJML, "render", message), *findings]
        )
    return Preview(rendered=rendered, findings=findings, preheader=preheader)
