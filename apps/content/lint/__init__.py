"""
What is wrong with an e-mail that compiles, or could be better. Pure: no database.

Errors keep a message from being launched (`errors`); warnings and notes are for whoever writes.
"""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from apps.content.lint.findings import Finding, KnownAttribute, Level
from apps.content.lint.structure import structure_lint
from apps.content.lint.variables import prints, variables_lint
from apps.content.lint.way_out import WayOut, way_out
from apps.content.rendering import CompiledEmail, EmailSource, Part

__all__ = ["Finding", "KnownAttribute", "Level", "errors", "lint"]

GMAIL_LIMIT = 102 * 1024  # bytes of HTML, after which Gmail hides the rest behind a link
SUBJECT_LIMIT = 60  # characters that most inboxes show
TRACKING = 120  # bytes that a tracked address is long


def lint(source: EmailSource, email: CompiledEmail, known: Sequence[KnownAttribute]) -> list[Finding]:
    """Return what there is to say of `source`, of which `email` was compiled; the worst first."""
    findings = [
        *_subject(source),
        *(finding for part, text in source.parts() for finding in variables_lint(text, part, known)),
        *structure_lint(source.mjml),
        *_whole(source, email),
    ]
    order, parts = list(Level), list(Part)
    return sorted(
        findings, key=lambda one: (order.index(one.level), parts.index(one.part), one.line, one.column)
    )


def errors(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level == Level.ERROR]


def _subject(source: EmailSource) -> Iterator[Finding]:
    subject = source.subject.strip()
    if not subject:
        yield Finding(Level.ERROR, Part.SUBJECT, "no-subject", _("Write a subject."))
    elif len(subject.splitlines()) > 1:
        # In the mail they become blanks, so that nobody adds a header; what was meant, nobody knows.
        message = _("A subject is one line: take the line breaks out.")
        yield Finding(Level.ERROR, Part.SUBJECT, "subject-lines", message)
    elif "{" not in subject and len(subject) > SUBJECT_LIMIT:
        message = _("The subject has %(length)s characters; most inboxes show about %(limit)s.")
        values = {"length": len(subject), "limit": SUBJECT_LIMIT}
        yield Finding(Level.WARNING, Part.SUBJECT, "long-subject", message % values)
    if not source.preheader.strip() and "<mj-preview" not in source.mjml:
        message = _("Without a preheader, inboxes show the first words of the e-mail beside the subject.")
        yield Finding(Level.NOTE, Part.PREHEADER, "no-preheader", message)
    elif source.preheader.strip() and "<mj-preview" in source.mjml:
        message = _("There is a preheader here and in <mj-preview>: readers get both.")
        yield Finding(Level.WARNING, Part.PREHEADER, "two-preheaders", message)


def _whole(source: EmailSource, email: CompiledEmail) -> Iterator[Finding]:
    if problem := _way_out_problem(way_out(email.html)):
        yield Finding(Level.ERROR, Part.MJML, "no-unsubscribe", problem)
    if not email.links:
        message = _("There is no link: nothing for the reader to do, and no click to count.")
        yield Finding(Level.WARNING, Part.MJML, "no-link", message)
    size = len(email.html.encode()) + TRACKING * len(email.links)
    if size > GMAIL_LIMIT:
        message = _(
            "The HTML has %(size)s KB. Gmail cuts e-mails off after 102 KB, and with them your links."
        )
        yield Finding(Level.WARNING, Part.MJML, "too-big", message % {"size": round(size / 1024)})
    if not source.text.strip():
        message = _("The plain text is made from the HTML. Write your own if it reads badly.")
        yield Finding(Level.NOTE, Part.TEXT, "text-made", message)
    elif not prints(source.text, Part.TEXT, "unsubscribe_url"):
        message = _("The plain text has no way to unsubscribe: add {{ unsubscribe_url }}.")
        yield Finding(Level.WARNING, Part.TEXT, "no-unsubscribe", message)


def _way_out_problem(found: WayOut) -> str:
    if found == WayOut.NEVER:
        return _("There is no way to unsubscribe: add a link to {{ unsubscribe_url }}.")
    if found == WayOut.SOMETIMES:
        return _(
            "Not every reader sees the link to unsubscribe: it depends on a condition. Put one outside it."
        )
    return ""
