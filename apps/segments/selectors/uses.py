"""What would break if a segment or a list were gone."""

from collections.abc import Collection, Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.contacts import registries as topics
from apps.core.registry import Registry
from apps.segments import registry
from apps.segments.models import Segment
from apps.segments.registry import Use, Uses


def segment_uses(ids: Collection[int]) -> dict[int, list[Use]]:
    """Return what needs these segments: other segments first, then what higher apps name."""
    return _uses("segment", ids, registry.uses)


def list_uses(ids: Collection[int]) -> dict[int, list[Use]]:
    """Return what needs these lists."""
    return _uses("list", ids, registry.list_uses)


def topic_uses(key: str) -> list[topics.Use]:
    """Return the segments whose rules ask about consent to this topic."""
    return [
        topics.Use(_("Segment"), segment.name, reverse("segments:detail", args=[segment.pk]))
        for segment in Segment.objects.active()
        if key in _topics_named(segment.rule)
    ]


def _topics_named(rule: object) -> Iterator[object]:
    match rule:
        case {"consent": {"topic": topic}}:
            yield topic
        case dict():
            for inner in rule.values():
                yield from _topics_named(inner)
        case list():
            for inner in rule:
                yield from _topics_named(inner)


def _uses(key: str, ids: Collection[int], upstairs: Registry[Uses]) -> dict[int, list[Use]]:
    found: dict[int, list[Use]] = {pk: [] for pk in ids}
    for segment in Segment.objects.active():
        label = _("Segment “%(name)s”") % {"name": segment.name}
        for pk in found.keys() & set(_named(segment.rule, key)):
            found[pk].append((label, reverse("segments:detail", args=[segment.pk])))
    for ask in upstairs:
        for pk, uses in ask(ids).items():
            found[pk] += uses
    return found


def _named(rule: object, key: str) -> Iterator[int]:
    """Yield the ids in conditions `{key: id}` of a rule, valid or not."""
    match rule:
        case dict():
            if isinstance(rule.get(key), int):
                yield rule[key]
            for inner in rule.values():
                yield from _named(inner, key)
        case list():
            for inner in rule:
                yield from _named(inner, key)
