"""The variants of a draft, and what is fixed about them at launch."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from django.utils.translation import gettext as _

from apps.content.models import Template, TemplateVersion
from apps.content.selectors import version_email
from apps.core.errors import DomainError
from apps.messaging.models import VARIANTS_MOST, Experiment, Link, Message, Variant
from apps.messaging.selectors import experiment_of, variant_version, variants


class VariantsRefused(DomainError):
    """There are too few variants, or more than have a letter."""


class VariantFields(TypedDict):
    """A variant beside the control; what is empty is as in the message."""

    subject: str
    template: Template | None


class ExperimentFields(TypedDict):
    sample_percent: int
    metric: str
    wait_minutes: int
    confidence: int
    otherwise: str
    variants: Sequence[VariantFields]


def experiment_put(message: Message, fields: ExperimentFields | None) -> None:
    """
    Let a draft try out just these variants; None: none, everybody gets the same.

    :raises VariantsRefused: none beside the control, or too many
    """
    Experiment.objects.filter(message=message).delete()
    if fields is None:
        return
    written = fields["variants"]
    if not 1 <= len(written) < VARIANTS_MOST:
        told = _("An experiment has one to %(n)s variants beside the message itself.")
        raise VariantsRefused(told % {"n": VARIANTS_MOST - 1})
    experiment = Experiment.objects.create(
        message=message,
        sample_percent=fields["sample_percent"],
        metric=fields["metric"],
        wait_minutes=fields["wait_minutes"],
        confidence=fields["confidence"],
        otherwise=fields["otherwise"],
    )
    others = (Variant(experiment=experiment, number=n, **one) for n, one in enumerate(written, start=1))
    Variant.objects.bulk_create([Variant(experiment=experiment, number=0), *others])


def experiment_too_late(message: Message, *, now: datetime) -> bool:
    """Test if the winner would be chosen when the message may not come any more."""
    experiment = experiment_of(message)
    if experiment is None or experiment.sends_all or message.not_after is None:
        return False
    return message.not_after <= experiment.decided_earliest(max(message.scheduled_at or now, now))


def content_fix(message: Message, version: TemplateVersion) -> None:
    """Fix what is sent: the message's links, and of each variant its words and the places of its links."""
    places = {version.pk: 0}
    following = _links_keep(message, version, first=0)
    fixed = variants(message)
    for variant in fixed:
        worded = variant_version(variant, message)
        assert worded  # or there would have been a problem
        if worded.pk not in places:
            places[worded.pk] = following
            following = _links_keep(message, worded, first=following)
        variant.template_version_id, variant.first_link = worded.pk, places[worded.pk]
    Variant.objects.bulk_update(fixed, ["template_version", "first_link"])


def _links_keep(message: Message, version: TemplateVersion, *, first: int) -> int:
    """Keep the links of a version from place `first` on; return the place after them."""
    links = version_email(version).links
    Link.objects.bulk_create(
        Link(message=message, position=first + link.position, url=link.url, label=link.label[:200])
        for link in links
    )
    return first + len(links)


def variants_free(message: Message) -> None:
    """Take back what a launch fixed, and what was decided since: the message is a draft again."""
    Variant.objects.filter(experiment=message.pk).update(template_version=None, first_link=0)
    Experiment.objects.filter(message=message).update(
        decide_at=None, decided_at=None, decided_by=None, winner=None, has_won=False, found=[]
    )
