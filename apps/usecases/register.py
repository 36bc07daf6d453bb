"""What use cases tell the rooms below. Called from `AppConfig.ready`."""

from collections.abc import Collection

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.collaboration.subjects import Subject, actions, subjects
from apps.contacts import registries
from apps.contacts.registries import Use
from apps.core.navigation import Action, Found, Room, rooms, searches
from apps.core.navigation import actions as beginnings
from apps.segments import registry as segments
from apps.usecases.models import Part, UseCase

ACTS = {
    "usecase.created": gettext_lazy("wrote a use case down"),
    "usecase.changed": gettext_lazy("changed the use case"),
    "usecase.deleted": gettext_lazy("deleted the use case"),
    "usecase.part_added": gettext_lazy("said what the use case rests on"),
    "usecase.part_removed": gettext_lazy("took something out of the use case"),
}


def register() -> None:
    actions.update(ACTS)
    rooms.register(
        "use-cases",
        Room(
            gettext_lazy("Use cases"), "usecases:list", "route-2", "data", "usecases.view_usecase", order=47
        ),
    )
    beginnings.register(
        "use-cases",
        Action(gettext_lazy("New use case"), "usecases:create", "route-2", "usecases.add_usecase"),
    )
    searches.register("use-cases", _search)
    subjects.register(
        "usecases.usecase",
        Subject(
            model=UseCase,
            view_permission="usecases.view_usecase",
            url=lambda use_case: reverse("usecases:detail", args=[use_case.pk]),
        ),
    )
    registries.attribute_uses.register("use-cases", lambda key: _uses(_resting("attribute", key)))
    registries.company_attribute_uses.register(
        "use-cases", lambda key: _uses(_resting("company_attribute", key))
    )
    registries.event_uses.register("use-cases", lambda name, _user: _uses(_resting("event", name)))
    segments.uses.register("use-cases", _segment_uses)


def _resting(kind: str, key: str) -> QuerySet[UseCase]:
    parts = Part.objects.filter(kind=kind, object_id=None, key=key)
    return UseCase.objects.filter(pk__in=parts.values("use_case")).order_by("name")


def _uses(found: QuerySet[UseCase]) -> list[Use]:
    """Whoever may ask this sees use cases too: both are for those who work with people's data."""
    return [Use(_("Use case"), one.name, reverse("usecases:detail", args=[one.pk])) for one in found]


def _segment_uses(ids: Collection[int], user: User | None) -> dict[int, list[segments.Use]]:
    found: dict[int, list[segments.Use]] = {pk: [] for pk in ids}
    sees = user is not None and user.has_perm("usecases.view_usecase")
    parts = Part.objects.filter(kind="segment", object_id__in=list(ids)).select_related("use_case")
    for pk, use_case in {(part.object_id, part.use_case) for part in parts}:
        shown = (use_case.name, reverse("usecases:detail", args=[use_case.pk]))
        found[pk or 0].append(shown if sees else (_("A use case"), ""))
    return found


def _search(user: User, text: str) -> Found | None:
    if not user.has_perm("usecases.view_usecase"):
        return None
    return Found(_("Use case"), UseCase.objects.filter(name__icontains=text), "usecases:detail")
