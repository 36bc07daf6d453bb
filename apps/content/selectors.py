"""What screens, endpoints and other rooms read about templates."""

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from apps.contacts import selectors as contacts
from apps.contacts.models import Attribute, Contact
from apps.content.lint import Finding, KnownAttribute, lint
from apps.content.models import Template, TemplateVersion, UseOverride
from apps.content.rendering import CompiledEmail, EmailSource, load_email, render_data
from apps.content.sample import SampleAttribute, sample_contact
from apps.core.together import read_together

LABELS = {"subject": _("Subject"), "preheader": _("Preheader"), "mjml": _("MJML"), "text": _("Plain text")}


def templates(*, search: str = "", archived: bool = False) -> QuerySet[Template]:
    """Return the library, or what was put away."""
    found = Template.objects.archived() if archived else Template.objects.active()
    return found.matching(search).select_related("current", "edited_by")


def template_current(template: Template) -> TemplateVersion:
    """Return the version that is current, with who saved it."""
    return TemplateVersion.objects.select_related("by").get(pk=template.current_id or 0)


def version_before(version: TemplateVersion) -> TemplateVersion | None:
    """Return the version that this one was saved over; None of the first."""
    older = TemplateVersion.objects.filter(template=version.template_id, number__lt=version.number)
    return older.order_by("-number").first()


def version_email(version: TemplateVersion) -> CompiledEmail:
    """Return a saved version ready to be filled in. Versions never change, so it is kept in memory."""
    return _email(version.pk, version.subject, version.html, version.text)


@lru_cache(maxsize=32)
def _email(pk: int, subject: str, html: str, text: str) -> CompiledEmail:
    return load_email(subject, html, text)


def version_source(version: TemplateVersion) -> EmailSource:
    return EmailSource(version.subject, version.preheader, version.mjml, version.text)


def version_findings(version: TemplateVersion, dictionary: "Dictionary") -> list[Finding]:
    """Return what the lint has to say of a saved version; `dictionary` knows its template."""
    return lint(version_source(version), version_email(version), dictionary.known(version.template_id))


@dataclass(frozen=True)
class Dictionary:
    """The data dictionary of one moment, and by template why it may print what others may not, by key."""

    attributes: Sequence["Entry"]
    overrides: Mapping[int, Mapping[str, str]]

    def known(self, template: int | None) -> list[KnownAttribute]:
        """Return the dictionary as the lint of this template wants it; None is one that is not made yet."""
        reasons = self.overrides.get(template or 0, {})
        return [
            KnownAttribute(
                key=attribute.key,
                label=attribute.label,
                may_print=Attribute.Use.CONTENT in attribute.uses,
                is_defined=attribute.is_defined,
                override=reasons.get(attribute.key, ""),
            )
            for attribute in self.attributes
        ]


class Entry(NamedTuple):
    """What the lint asks of an attribute."""

    key: str
    label: str
    uses: Sequence[str]
    is_defined: bool


def dictionary_for(templates: Collection[int]) -> Dictionary:
    """Return the data dictionary for the lint of these templates, in one query however many they are."""
    return dictionary_of(read_together(dictionary_rows(Q(template__in=templates or [0]))))


def dictionary_rows(templates: Q) -> dict[str, QuerySet[Any, Any]]:
    """
    Return what that dictionary is made of: by name, statements for rows of one object each.

    Whoever asks something else at the same time takes them along, and hands what came to `dictionary_of`.
    `templates` are conditions on overrides.
    """
    overrides = UseOverride.objects.filter(templates).order_by()
    attributes = JSONObject(key="key", label="label", uses="uses", is_defined="is_defined")
    return {
        "attributes": Attribute.objects.values_list(attributes),
        "overrides": overrides.values_list(
            JSONObject(template="template", key="attribute__key", reason="reason")
        ),
    }


def dictionary_of(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> Dictionary:
    """Return the dictionary that these rows, as `dictionary_rows` names them, make."""
    overrides: dict[int, dict[str, str]] = {}
    for row in found["overrides"]:
        overrides.setdefault(row["template"], {})[row["key"]] = row["reason"]
    return Dictionary([Entry(**row) for row in found["attributes"]], overrides)


def known_attributes(*, template: int | None = None) -> list[KnownAttribute]:
    """Return the data dictionary as the lint of this template wants it; None is one that is not made yet."""
    return dictionary_for([template] if template else []).known(template)


def printable_attributes() -> list[Attribute]:
    """Return the attributes that content may print, by label: what can be inserted into a template."""
    attributes = Attribute.objects.filter(uses__contains=[Attribute.Use.CONTENT])
    return list(attributes.only("key", "label").order_by("label"))


def template_overrides(template: Template) -> list[UseOverride]:
    """Return the overrides of one template, by the attribute's name."""
    return list(template.overrides.select_related("attribute", "by").order_by("attribute__label"))


def attributes_to_override(template: Template) -> QuerySet[Attribute]:
    """Return the attributes that content may not print, and this template no more than others."""
    found: QuerySet[Attribute] = Attribute.objects.exclude(uses__contains=[Attribute.Use.CONTENT])
    return found.exclude(pk__in=template.overrides.values("attribute")).order_by("label")


def preview_data(contact: Contact | None) -> dict[str, Any]:
    """Return what a preview is filled in with: this contact, or one made up of the data dictionary."""
    if contact is not None:
        data = contacts.contacts_as_data([contact.pk]).get(contact.pk)
        if data is not None:
            return render_data(data, campaign="Campaign", message="Message")
    attributes = Attribute.objects.only("key", "label", "type", "choices")
    sample = sample_contact(SampleAttribute(a.key, a.label, a.type, a.choices) for a in attributes)
    return render_data(sample, campaign="Campaign", message="Message")


def contacts_by_address(text: str, *, limit: int = 8) -> list[Contact]:
    """Return the first contacts whose address begins with `text`; the index of addresses serves it."""
    text = text.strip().lower()
    if not text:
        return []
    return list(Contact.objects.known().filter(email__startswith=text).order_by("email")[:limit])


@dataclass(frozen=True)
class DiffLine:
    """One line of a comparison. `kind` is `same`, `added` or `removed`, or `gap` for lines left out."""

    kind: str
    text: str


@dataclass(frozen=True)
class PartDiff:
    """What changed in one part of an e-mail; parts that did not are left out."""

    part: str
    label: str
    lines: list[DiffLine]


def sources_diff(old: EmailSource, new: EmailSource) -> list[PartDiff]:
    """Compare two e-mails line by line, with three lines around each change."""
    found = []
    for part in LABELS:
        before, after = getattr(old, part), getattr(new, part)
        if before != after:
            found.append(PartDiff(part, str(LABELS[part]), _lines(before.splitlines(), after.splitlines())))
    return found


def versions_diff(old: TemplateVersion | None, new: TemplateVersion) -> list[PartDiff]:
    """Compare two versions; before the first there was nothing."""
    return sources_diff(version_source(old) if old else EmailSource("", "", "", ""), version_source(new))


KINDS = {" ": "same", "+": "added", "-": "removed", "@": "gap"}


def _lines(before: Collection[str], after: Collection[str]) -> list[DiffLine]:
    told = list(difflib.unified_diff(list(before), list(after), lineterm="", n=3))[2:]
    return [DiffLine(KINDS[line[0]], "" if line[0] == "@" else line[1:]) for line in told]
