"""What would break if a segment, a list or an attribute were gone."""

from collections.abc import Collection

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.contacts.registries import Use as ContactsUse
from apps.core.registry import Registry
from apps.segments import registry
from apps.segments.models import Definition, DefinitionVersion, Segment
from apps.segments.registry import Use, Uses
from apps.segments.rules.names import named


def segment_uses(ids: Collection[int], *, user: User | None) -> dict[int, list[Use]]:
    """
    Return what needs these segments: other segments and definitions first, then what higher apps name.

    For `user` to read; None reads nothing of it, and only has to know.
    """
    return _uses("segment", ids, registry.uses, user)


def list_uses(ids: Collection[int], *, user: User | None) -> dict[int, list[Use]]:
    """Return what needs these lists, as for segments."""
    return _uses("list", ids, registry.list_uses, user)


def attribute_uses(key: str) -> list[ContactsUse]:
    """Return the rules that ask for this attribute, and the definition that computes it."""
    computing = Definition.objects.filter(attribute__key=key).select_related("attribute")
    return [*map(_definition_use, computing), *_rules_naming(key, "attribute")]


def company_attribute_uses(key: str) -> list[ContactsUse]:
    """Return the rules that ask for this attribute of companies."""
    return _rules_naming(key, "company")


def topic_uses(key: str, user: User | None) -> list[ContactsUse]:
    """Return the rules that ask about consent to this topic."""
    return _rules_naming(key, "topic")


def event_uses(name: str, user: User | None) -> list[ContactsUse]:
    """Return the rules that ask who did this."""
    return _rules_naming(name, "event")


def _rules_naming(name: str, subject: str) -> list[ContactsUse]:
    """Return the segments, archived ones too as they can be restored, and the definitions; two queries."""
    segments = [
        ContactsUse(_("Segment"), segment.name, reverse("segments:detail", args=[segment.pk]))
        for segment in Segment.objects.only("name", "rule")
        if name in named(segment.rule, subject)
    ]
    definitions = {
        version.definition_id: _definition_use(version.definition)
        for version in DefinitionVersion.objects.living().select_related("definition__attribute")
        if name in named(version.rule, subject)
    }
    return [*segments, *definitions.values()]


def _definition_use(definition: Definition) -> ContactsUse:
    return ContactsUse(_("Definition"), definition.name, definition_url(definition))


def definition_url(definition: Definition) -> str:
    return reverse("segments:definition_detail", args=[definition.pk])


def _uses(
    key: str, ids: Collection[int], upstairs: Registry[Uses], user: User | None
) -> dict[int, list[Use]]:
    found: dict[int, list[Use]] = {pk: [] for pk in ids}
    for segment in Segment.objects.active():
        label = _("Segment “%(name)s”") % {"name": segment.name}
        for pk in found.keys() & set(named(segment.rule, key)):
            found[pk].append((label, reverse("segments:detail", args=[segment.pk])))
    for version in DefinitionVersion.objects.living().select_related("definition__attribute"):
        label = _("Definition “%(name)s”") % {"name": version.definition.name}
        use = (label, definition_url(version.definition))
        for pk in found.keys() & set(named(version.rule, key)):
            if use not in found[pk]:  # in force, and proposed
                found[pk].append(use)
    for ask in upstairs:
        for pk, uses in ask(ids, user).items():
            found[pk] += uses
    return found
