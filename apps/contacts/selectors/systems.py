"""The register of systems: when each was last in step with Bookend, who says so, and what it is linked to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    DateTimeField,
    Exists,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)

from apps.accounts.models import User
from apps.contacts import registries
from apps.contacts.models import Attribute, CompanyIdentity, Identity, System, SystemLink
from apps.contacts.registries import Feed, FeedThing

M = TypeVar("M", bound=Model)
OVERDUE, IN_STEP, UNKNOWN = "overdue", "in_step", "unknown"
ATTRIBUTES_SHOWN = 50


def systems(*, now: datetime, search: str = "", state: str = "") -> QuerySet[System]:
    """
    Return systems, not yet ordered, each with `is_linked` (the data says when it was last in step), `sync_at`
    (None: nobody knows) and `is_overdue`.

    Overdue is one of which any linked thing is late, not only all of them: a shop whose events come and whose
    nightly file does not is out of step. `state` is one of the three above, or empty.
    """
    of_it = links_told(now).filter(system=OuterRef("pk"), kind__in=_telling())
    silent_since = Q(last_at__lt=OuterRef("late_before")) | Q(last_at=None, at__lt=OuterRef("late_before"))
    by_last = of_it.order_by(F("last_at").desc(nulls_last=True))
    latest = by_last.values("last_at")[:1]  # type: ignore[misc]  # an annotation
    found = (
        System.objects.select_related("owner")
        .annotate(is_linked=Exists(of_it), late_before=_late_before(now))
        .annotate(
            sync_at=Case(
                When(is_linked=True, then=Subquery(latest)),
                default=F("synced_at"),
                output_field=DateTimeField(null=True),
            ),
            is_overdue=Case(
                When(late_before=None, then=Value(False)),
                When(is_linked=True, then=Exists(of_it.filter(silent_since))),
                When(synced_at__lt=F("late_before"), then=Value(True)),
                default=Value(False),
                output_field=BooleanField(),
            ),
        )
    )
    if search:
        found = found.filter(Q(name__icontains=search) | Q(holds__icontains=search))
    match state:
        case "overdue":
            found = found.filter(is_overdue=True)
        case "in_step":
            found = found.filter(is_overdue=False, sync_at__isnull=False)
        case "unknown":
            found = found.filter(is_overdue=False, sync_at=None)
    return found


def links_told(now: datetime) -> QuerySet[SystemLink]:
    """Return links with `last_at`: when data last passed there; None: never, or Bookend cannot see it."""
    seen = [When(kind=name, then=feed.last(now)) for name, feed in registries.feeds.items() if feed.last]
    last = Case(*seen, default=Value(None), output_field=DateTimeField(null=True))
    return SystemLink.objects.annotate(last_at=last)


@dataclass(frozen=True)
class LinkShown:
    """
    One link as its page shows it. `thing` is None once it is gone; of one that the reader may not see there
    is no name. `tells` is False where Bookend cannot see when data passes.
    """

    link: SystemLink
    feed: Feed
    thing: FeedThing | None
    last_at: datetime | None
    tells: bool
    is_late: bool
    is_seen: bool


def system_links(system: System, *, user: User, now: datetime) -> list[LinkShown]:
    """Return what the system is linked to, in the order of linking; as many queries as there are kinds."""
    known = dict(registries.feeds.items())
    links = list(links_told(now).filter(system=system, kind__in=known).order_by("pk"))
    things = {
        kind: known[kind].things([link.object_id for link in links if link.kind == kind])
        for kind in {link.kind for link in links}
    }
    span = System.OVERDUE_AFTER.get(System.Cadence(system.cadence))
    shown = []
    for link in links:
        feed, last_at = known[link.kind], getattr(link, "last_at", None)
        is_late = bool(feed.last and span and (last_at or link.at) < now - span)
        shown.append(
            LinkShown(
                link=link,
                feed=feed,
                thing=things[link.kind].get(link.object_id),
                last_at=last_at,
                tells=feed.last is not None,
                is_late=is_late,
                is_seen=user.has_perm(feed.permission),
            )
        )
    return shown


def systems_linked(kind: str, object_id: int, *, user: User) -> list[System] | None:
    """Return the systems at the other end of a thing, by name; None where the reader may not see systems."""
    if not user.has_perm("contacts.view_system"):
        return None
    return list(System.objects.filter(links__kind=kind, links__object_id=object_id).order_by("name"))


def with_systems(things: QuerySet[M], kind: str, *, is_seen: bool) -> QuerySet[M]:
    """Return things of one kind with `system_ids`, at the other end of each; None where not to be seen."""
    links = SystemLink.objects.filter(kind=kind, object_id=OuterRef("pk")).order_by("system")
    field = ArrayField(BigIntegerField())
    ids = ArraySubquery(links.values("system")) if is_seen else Value(None, output_field=field)
    return things.annotate(system_ids=ids)  # type: ignore[return-value]  # the stubs forget which model


def linkable(system: System, *, user: User) -> list[tuple[Feed, list[tuple[str, FeedThing]]]]:
    """Return what the system can still be linked to, by feed: a value such as `source:3`, and the thing."""
    taken = set(SystemLink.objects.filter(system=system).values_list("kind", "object_id"))
    found = []
    for kind, feed in registries.feeds.items():
        if not user.has_perm(feed.permission):
            continue
        free = [
            (f"{kind}:{number}", thing)
            for number, thing in feed.things(None).items()
            if (kind, number) not in taken
        ]
        if free:
            found.append((feed, free))
    return found


def system_is_linked(system: System) -> bool:
    """Test if the data says when the system was last in step, so that nobody has to."""
    return SystemLink.objects.filter(system=system, kind__in=_telling()).exists()


def system_named(name: str) -> System | None:
    """Return the system that an attribute names as its source, if the register has it."""
    return System.objects.filter(name__iexact=name.strip()).first() if name.strip() else None


def system_attributes(system: System) -> QuerySet[Attribute]:
    """Return the attributes, of contacts and of companies, that name the system as their source."""
    found: QuerySet[Attribute] = Attribute.current.filter(source__iexact=system.name)
    return found.order_by("label", "pk")


def identifier_is_namespace(identifier: str) -> bool:
    """Test if contacts or companies are known by names of this namespace."""
    return any(
        model._default_manager.filter(namespace=identifier).exists()
        for model in (Identity, CompanyIdentity)
        if identifier
    )


def _telling() -> Sequence[str]:
    return [name for name, feed in registries.feeds.items() if feed.last]


def _late_before(now: datetime) -> Case:
    """Return of a system the moment before which its last sync is too long ago; NULL where nothing is due."""
    spans = [When(cadence=cadence, then=Value(now - span)) for cadence, span in System.OVERDUE_AFTER.items()]
    return Case(*spans, default=Value(None), output_field=DateTimeField(null=True))
