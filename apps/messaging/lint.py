"""What the lint says of messages, by the data dictionary of now: read once, whatever the number of them."""

from apps.content.lint import Finding, errors
from apps.content.lint.variables import variables_lint
from apps.content.models import TemplateVersion
from apps.content.rendering import Part
from apps.content.selectors import Dictionary, version_findings


class DraftLint:
    """The findings of versions whose templates a dictionary knows, and of texts; each is looked at once."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._dictionary = dictionary
        self._found: dict[tuple[int, str], list[Finding]] = {}

    def findings(self, version: TemplateVersion) -> list[Finding]:
        """
        Return what is to be said of a version.

        :raises TemplateFault: its own subject, which is not part of a saved template, cannot be read
        """
        key = version.pk, version.subject  # a variant may have words of its own above the same mail
        if key not in self._found:
            self._found[key] = version_findings(version, self._dictionary)
        return self._found[key]

    def problems(self, version: TemplateVersion) -> list[str]:
        """Return a sentence for each finding that keeps a message with this version from being launched."""
        return [finding.message for finding in errors(self.findings(version))]

    def text_problems(self, text: str) -> list[str]:
        """Return the same of a text that can be read."""
        found = variables_lint(text, Part.TEXT, self._dictionary.known(None))
        return [finding.message for finding in errors(list(found))]
