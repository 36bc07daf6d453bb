"""What sources tell the register of systems: when the last message of each was kept."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import DateTimeField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.contacts import registries
from apps.contacts.registries import Feed, FeedThing
from apps.contacts.services import EventOutcome
from apps.integrations.models import Source, Tally

SOURCE = "source"


def register() -> None:
    registries.feeds.register(
        SOURCE, Feed(_("Source of events"), "in", "integrations.view_source", _sources, _last_kept)
    )


def _sources(ids: Collection[int] | None) -> Mapping[int, FeedThing]:
    found = Source.objects.order_by("name")
    found = found.filter(revoked_at=None)[: Feed.OFFERED] if ids is None else found.filter(pk__in=ids)
    return {
        one.pk: FeedThing(
            one.name,
            reverse("integrations:source-detail", args=[one.pk]),
            gettext("Its key is revoked: nothing more comes.") if one.revoked_at else "",
        )
        for one in found
    }


def _last_kept(now: datetime) -> Coalesce:
    """
    Return when the last message was kept, to five minutes; to have been heard is not enough, for all of it
    may have been refused. Of a time that is counted no more it is when the source was heard last.
    """
    sources = Source.objects.filter(pk=OuterRef("object_id"))
    kept = Tally.objects.filter(source=OuterRef("object_id"), outcome=EventOutcome.RECORDED)
    return Coalesce(
        Subquery(kept.order_by("-at").values("at")[:1]),
        Subquery(sources.filter(heard_at__lt=now - Tally.KEPT_FOR).values("heard_at")[:1]),
        output_field=DateTimeField(null=True),
    )
