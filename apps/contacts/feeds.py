"""What imports tell the register of systems: files that come with a saved mapping."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.contacts import registries
from apps.contacts.models import ImportFile, ImportMapping
from apps.contacts.registries import Feed, FeedThing

MAPPING = "import_mapping"


def register() -> None:
    registries.feeds.register(
        MAPPING, Feed(_("Files with a saved mapping"), "in", "contacts.view_import", _mappings, _last_import)
    )


def _mappings(ids: Collection[int] | None) -> Mapping[int, FeedThing]:
    found = ImportMapping.objects.order_by("name")
    found = found[: Feed.OFFERED] if ids is None else found.filter(pk__in=ids)
    return {
        one.pk: FeedThing(one.name, reverse("contacts:import-mapping-edit", args=[one.pk])) for one in found
    }


def _last_import(_now: datetime) -> Subquery:
    """Return when the last file was imported; not merely tried, and not undone since."""
    done = ImportFile.objects.filter(
        saved_mapping=OuterRef("object_id"), state=ImportFile.State.DONE, is_dry_run=False
    )
    return Subquery(done.order_by("-finished_at").values("finished_at")[:1])
