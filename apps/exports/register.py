"""What exports tell the rooms below. Called from `AppConfig.ready`."""

from collections.abc import Collection

from django.apps import AppConfig
from django.db.models import Q
from django.db.models.signals import post_migrate, pre_migrate
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.collaboration import kinds as notices
from apps.collaboration.subjects import Subject, actions, subjects
from apps.contacts import registries
from apps.contacts.registries import ListAct, Use, list_acts
from apps.core.navigation import Action, Room, rooms
from apps.core.navigation import actions as beginnings
from apps.exports import bi, feeds, held
from apps.exports.models import Export, Kind, Schedule
from apps.segments import registry as segments

ACTS = {
    "export.started": _("started the export"),
    "export.cancelled": _("stopped the export"),
    "export.downloaded": _("downloaded the export"),
    "export.done": _("the export has ended"),
    "export.failed": _("the export failed"),
    "schedule.created": _("scheduled an export"),
    "schedule.changed": _("changed the scheduled export"),
    "schedule.deleted": _("took the scheduled export away"),
    "schedule.run": _("ran the scheduled export"),
}


def register(config: AppConfig) -> None:
    held.register()
    feeds.register()
    actions.update(ACTS)
    told = _("A file that is there, or could not be made.")
    notices.kinds.register("export", notices.Kind(_("Exports"), told))
    rooms.register(
        "exports", Room(_("Exports"), "exports:list", "table-export", "data", "exports.view_export", 25)
    )
    beginnings.register(
        "exports", Action(_("New export"), "exports:create", "table-export", "exports.add_export")
    )
    act = ListAct(_("Export"), "table-export", "exports:create", "exports.add_export")
    list_acts.register("exports", act)
    segments.acts.register("exports", act)
    segments.uses.register("exports", _segment_uses)
    registries.attribute_uses.register("exports", lambda key: _attribute_uses(Kind.CONTACTS, key))
    registries.company_attribute_uses.register("exports", lambda key: _attribute_uses(Kind.COMPANIES, key))
    subjects.register(
        "exports.export",
        Subject(
            model=Export,
            view_permission="exports.view_export",
            url=lambda export: reverse("exports:detail", args=[export.pk]),
        ),
    )
    subjects.register(
        "exports.schedule",
        Subject(
            model=Schedule,
            view_permission="exports.view_schedule",
            url=lambda schedule: reverse("exports:schedule-detail", args=[schedule.pk]),
        ),
    )
    # A view that reads a column forbids every change of its type: they make way, and come back.
    pre_migrate.connect(bi.before_migrate, sender=config, dispatch_uid="apps.exports.bi")
    post_migrate.connect(bi.after_migrate, sender=config, dispatch_uid="apps.exports.bi")


def _attribute_uses(kind: str, key: str) -> list[Use]:
    """An attribute is needed by the schedules that export it, or narrow their contacts by it."""
    column = f"attr:{key}"
    chosen = Q(columns__contains=[column]) | Q(terms__filter__where__contains=[[key]])
    found = Schedule.objects.filter(chosen, kind=kind).order_by("name")
    return [
        Use(
            gettext("Scheduled export"),
            schedule.name,
            reverse("exports:schedule-detail", args=[schedule.pk]),
            "exports.view_schedule",
        )
        for schedule in found
        if column in schedule.columns or key in {asked for asked, *_more in schedule.terms["filter"]["where"]}
    ]


def _segment_uses(segment_ids: Collection[int], user: User | None) -> dict[int, list[segments.Use]]:
    """A segment is needed by the schedules that export it."""
    found: dict[int, list[segments.Use]] = {pk: [] for pk in segment_ids}
    sees = user is not None and user.has_perm("exports.view_schedule")
    named = Schedule.objects.filter(terms__segment__in=list(segment_ids)).order_by("pk")
    for schedule in named:
        shown = (schedule.name, reverse("exports:schedule-detail", args=[schedule.pk]))
        found[schedule.terms["segment"]].append(shown if sees else (gettext("A scheduled export"), ""))
    return found
