"""What would break if a segment, a list or an attribute were gone."""

from collections.abc import Collection, Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.contacts.registries import Use as ContactsUse
from apps.core.registry import Registry
from apps.segments import registry
from apps.segments.models import Segment
from apps.segments.registry import Use, Uses


def segment_uses(ids: Collection[int], *, user: User | None) -> dict[int, list[Use]]:
    """
    Return what needs these segments: other segments first, then what higher apps name.

    For `user` to read; None reads nothing of it, and only has to know.
    """
    return _uses("segment", ids, registry.uses, user)


def list_uses(ids: Collection[int], *, user: User | None) -> dict[int, list[Use]]:
    """Return what needs these lists, as for segments."""
    return _uses("list", ids, registry.list_uses, user)


def attribute_uses(key: str) -> list[ContactsUse]:
    """Return the segments whose rules ask for this attribute, archived ones too: they can be restored."""
    return [
        ContactsUse(_("Segment"), segment.name, reverse("segments:detail", args=[segment.pk]))
        for segment in Segment.objects.only("name", "rule")
        if key in _named(segment.rule, "attribute")
    ]


def company_attribute_uses(key: str) -> list[ContactsUse]:
    """Return the segments whose rules ask for this attribute of companies, archived ones too."""
    return [
        ContactsUse(_("Segment"), segment.name, reverse("segments:detail", args=[segment.pk]))
        for segment in Segment.objects.only("name", "rule")
        if key in _named(segment.rule, "company")
    ]


def topic_uses(key: str, user: User | None) -> list[ContactsUse]:
    """Return the segments whose rules ask about consent to this topic, archived ones too."""
    return [
        ContactsUse(_("Segment"), segment.name, reverse("segments:detail", args=[segment.pk]))
        for segment in Segment.objects.only("name", "rule")
        if key in _named(segment.rule, "topic")
    ]


def event_uses(name: str, user: User | None) -> list[ContactsUse]:
    """Return the segments whose rules ask who did this, archived ones too."""
    return [
        ContactsUse(_("Segment"), segment.name, reverse("segments:detail", args=[segment.pk]))
        for segment in Segment.objects.only("name", "rule")
        if name in _named(segment.rule, "event")
    ]


def _uses(
    key: str, ids: Collection[int], upstairs: Registry[Uses], user: User | None
) -> dict[int, list[Use]]:
    found: dict[int, list[Use]] = {pk: [] for pk in ids}
    for segment in Segment.objects.active():
        label = _("Segment “%(name)s”") % {"name": segment.name}
        for pk in found.keys() & set(_named(segment.rule, key)):
            found[pk].append((label, reverse("segments:detail", args=[segment.pk])))
    for ask in upstairs:
        for pk, uses in ask(ids, user).items():
            found[pk] += uses
    return found


def _named(rule: object, key: str) -> Iterator[int | str]:
    """Yield the ids or names in conditions `{key: id}` of a rule, valid or not."""
    match rule:
        case dict():
            if isinstance(rule.get(key), int | str):
                yield rule[key]
            for inner in rule.values():
                yield from _named(inner, key)
        case list():
            for inner in rule:
                yield from _named(inner, key)
