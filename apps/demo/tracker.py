"""
The systems that the demo's firm has, and what it wants its data for.

The customers' file is real and linked to its import; the other systems are invented, and say so. What the
use cases rest on is the demo's own data, so where they are stuck is what the tracker finds.
"""

from datetime import datetime, timedelta
from typing import Any

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Kpi
from apps.contacts.models import EventType, ImportFile, System
from apps.contacts.services import (
    event_type_describe,
    import_mapping_save,
    system_create,
    system_link,
)
from apps.demo import building, experiment
from apps.segments.models import Segment
from apps.usecases.models import Part, UseCase
from apps.usecases.services import part_add, use_case_create

FILE = "MineThatData e-mail challenge"  # as the dictionary names the source of its attributes
INVENTED = "Invented for the demo. "
EVENTS = {
    experiment.VISITED: ("Site visit", "Somebody came to the site within two weeks of the e-mail."),
    experiment.ORDERED: ("Order", "Somebody bought something within two weeks of the e-mail."),
}
DATA, DELIVERY, REPORT = Part.Step.DATA, Part.Step.DELIVERY, Part.Step.REPORT


def tracker_create(team: dict[str, User], *, now: datetime) -> None:
    """Write the systems and use cases down; a second time changes nothing."""
    if not System.objects.exists():
        _systems_create(team, now=now)
    if not UseCase.objects.exists():
        _events_describe(team["data"], now=now)
        _use_cases_create(team, now=now)


def _systems_create(team: dict[str, User], *, now: datetime) -> None:
    by = team["data"]
    file = system_create(
        name=FILE,
        kind=System.Kind.FILE,
        holds="64,000 customers with a year of purchases, as Kevin Hillstrom published them. No names.",
        identifier="email",
        direction=System.Direction.IN,
        cadence=System.Cadence.NONE,
        owner=by,
        url="https://blog.minethatdata.com/2008/03/minethatdata-e-mail-analytics-and-data.html",
        by=by,
        now=now,
    )
    if imported := ImportFile.objects.filter(file_name="hillstrom.csv").first():
        mapping = import_mapping_save(import_file=imported, name="Customers’ file", by=by, now=now)
        system_link(system=file, kind="import_mapping", object_id=mapping.pk, by=by, now=now)
    system_create(
        name="Northfield web shop",
        kind=System.Kind.SHOP,
        holds=INVENTED + "Accounts, orders and carts.",
        identifier="user",
        direction=System.Direction.IN,
        cadence=System.Cadence.DAILY,
        owner=team["integration"],
        synced_at=now - timedelta(days=3),
        ask="The shop’s agency",
        by=by,
        now=now,
    )
    warehouse = system_create(
        name="Data warehouse",
        kind=System.Kind.WAREHOUSE,
        holds=INVENTED + "Reads customers and results for the finance reports.",
        direction=System.Direction.OUT,
        cadence=System.Cadence.WEEKLY,
        owner=by,
        synced_at=now - timedelta(days=1),
        by=by,
        now=now,
    )
    system_link(system=warehouse, kind="bi_views", object_id=0, by=by, now=now)
    system_create(
        name="Support desk",
        kind=System.Kind.SUPPORT,
        holds=INVENTED + "Complaints and what was said on the telephone.",
        identifier="Ticket number",
        direction=System.Direction.BOTH,
        cadence=System.Cadence.WEEKLY,
        sensitivity=System.Sensitivity.SENSITIVE,
        by=by,
        now=now,
    )


def _events_describe(by: User, *, now: datetime) -> None:
    for event_type in EventType.objects.filter(name__in=EVENTS, schema=None):
        label, description = EVENTS[event_type.name]
        event_type_describe(
            event_type=event_type, label=label, description=description, owner=by, by=by, now=now
        )


def _use_cases_create(team: dict[str, User], *, now: datetime) -> None:
    tested = Campaign.objects.get(name=experiment.NAME)
    spring = Campaign.objects.get(name=building.NAME)
    everyone = Segment.objects.get(name="Everyone in the e-mail test")
    spenders = Segment.objects.get(name="Recent, and spends")
    wanted: list[tuple[dict[str, Any], list[tuple[Part.Step, str, dict[str, Any]]]]] = [
        (
            {
                "name": "Show buyers the range they buy from",
                "outcome": "More customers order within two weeks, because the e-mail shows their range.",
                "owner": team["captain"],
                "priority": UseCase.Priority.HIGH,
                "status": UseCase.Status.RUNNING,
            },
            [
                (DATA, "attribute", {"key": "bought_mens"}),
                (DATA, "attribute", {"key": "bought_womens"}),
                (DATA, "event", {"key": experiment.ORDERED}),
                (DATA, "segment", {"object_id": everyone.pk}),
                (DELIVERY, "campaign", {"object_id": tested.pk}),
                *((DELIVERY, "message", {"object_id": one.pk}) for one in tested.messages.order_by("pk")),
                (REPORT, "results", {"object_id": tested.pk}),
                *((REPORT, "kpi", {"object_id": one.pk}) for one in Kpi.objects.filter(campaign=tested)),
            ],
        ),
        (
            {
                "name": "Invite the best winter customers first",
                "outcome": "400 of them order from the spring range before it opens to everyone.",
                "owner": team["captain"],
                "priority": UseCase.Priority.HIGH,
                "status": UseCase.Status.BUILDING,
            },
            [
                (DATA, "attribute", {"key": "months_since_purchase", "enough_percent": 90}),
                (DATA, "attribute", {"key": "spend_past_year", "enough_percent": 90}),
                (DELIVERY, "segment", {"object_id": spenders.pk}),
                (DELIVERY, "campaign", {"object_id": spring.pk}),
            ],
        ),
        (
            {
                "name": "Bring back who left a full cart",
                "outcome": "One in ten carts that were left is bought within three days.",
                "owner": team["data"],
                "status": UseCase.Status.IDEA,
            },
            [
                (DATA, "event", {"key": "cart_left"}),
                (DATA, "attribute", {"key": "preferred_shop"}),
                (DATA, "event", {"key": experiment.VISITED}),
            ],
        ),
        (
            {
                "name": "Equip whole clubs and schools",
                "outcome": "A club orders for all its members at once.",
                "priority": UseCase.Priority.LOW,
            },
            [
                (DATA, "companies", {}),
                (DATA, "company_attribute", {"key": "industry"}),
                (REPORT, "page", {"key": "Clubs", "url": "https://bi.northfield.example/clubs"}),
            ],
        ),
    ]
    for described, rests_on in wanted:
        use_case = use_case_create(**described, by=team["data"], now=now)
        for step, kind, named in rests_on:
            part_add(use_case=use_case, step=step, kind=kind, **named, by=team["data"], now=now)
