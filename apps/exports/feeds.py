"""What exports tell the register of systems: scheduled exports, and the views that BI tools read."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.contacts import registries
from apps.contacts.registries import Feed, FeedThing
from apps.exports import bi
from apps.exports.models import Export, Schedule

SCHEDULE = "export_schedule"
VIEWS = 0  # the one thing of its kind


def register() -> None:
    registries.feeds.register(
        SCHEDULE,
        Feed(_("Scheduled export"), "out", "exports.view_schedule", _schedules, _last_delivery),
    )
    registries.feeds.register(
        "bi_views", Feed(_("SQL views for BI tools"), "out", "exports.view_schedule", _views)
    )


def _schedules(ids: Collection[int] | None) -> Mapping[int, FeedThing]:
    found = Schedule.objects.order_by("name")
    found = found[: Feed.OFFERED] if ids is None else found.filter(pk__in=ids)
    return {
        one.pk: FeedThing(
            one.name,
            reverse("exports:schedule-detail", args=[one.pk]),
            "" if one.is_active else gettext("It is switched off."),
        )
        for one in found
    }


def _last_delivery(_now: datetime) -> Subquery:
    done = Export.objects.filter(schedule=OuterRef("object_id"), state=Export.State.DONE)
    return Subquery(done.order_by("-finished_at").values("finished_at")[:1])


def _views(ids: Collection[int] | None) -> Mapping[int, FeedThing]:
    """Who reads them, and when, only the database knows: so they say nothing of the last sync."""
    if ids is not None and VIEWS not in ids:
        return {}
    note = (
        "" if bi.role_is_there() else gettext("The role that reads them is not made yet: manage.py bi_role.")
    )
    return {VIEWS: FeedThing(gettext("Views of the role %(role)s") % {"role": bi.ROLE}, note=note)}
