"""
The systems that the demo's firm has, and what it wants its data for.

The customers' file is real and linked to its import; the other systems are invented, and say so. What the
use cases rest on is the demo's own data, so where they are stuck is what the tracker finds.
"""

from collections.abc import Iterator, Mapping
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
from apps.messaging.models import Message
from apps.segments.models import Segment
from apps.usecases.models import Part, UseCase
from apps.usecases.services import part_add, use_case_create

FILE = "MineThatData e-mail challenge"  # as the dictionary names the source of its attributes
WAREHOUSE = "Data warehouse"
INVENTED = "Invented for the demo. "
EVENTS = {
    experiment.VISITED: ("Site visit", "Somebody came to the site within two weeks of the e-mail."),
    experiment.ORDERED: ("Order", "Somebody bought something within two weeks of the e-mail."),
}
DATA, DELIVERY, REPORT = Part.Step.DATA, Part.Step.DELIVERY, Part.Step.REPORT

# As `system_create` takes them; `owner` is a role of the team, `synced` how long ago it was in step.
SYSTEMS: list[dict[str, Any]] = [
    {
        "name": FILE,
        "kind": System.Kind.FILE,
        "holds": "64,000 customers with a year of purchases, as Kevin Hillstrom published them. No names.",
        "identifier": "email",
        "direction": System.Direction.IN,
        "cadence": System.Cadence.NONE,
        "owner": "data",
        "url": "https://blog.minethatdata.com/2008/03/minethatdata-e-mail-analytics-and-data.html",
    },
    {
        "name": "Northfield web shop",
        "kind": System.Kind.SHOP,
        "holds": INVENTED + "Accounts, orders and carts.",
        "identifier": "user",
        "direction": System.Direction.IN,
        "cadence": System.Cadence.DAILY,
        "owner": "integration",
        "synced": timedelta(days=3),
        "ask": "The shop’s agency",
    },
    {
        "name": WAREHOUSE,
        "kind": System.Kind.WAREHOUSE,
        "holds": INVENTED + "Reads customers and results for the finance reports.",
        "direction": System.Direction.OUT,
        "cadence": System.Cadence.WEEKLY,
        "owner": "data",
        "synced": timedelta(days=1),
    },
    {
        "name": "Support desk",
        "kind": System.Kind.SUPPORT,
        "holds": INVENTED + "Complaints and what was said on the telephone.",
        "identifier": "Ticket number",
        "direction": System.Direction.BOTH,
        "cadence": System.Cadence.WEEKLY,
        "sensitivity": System.Sensitivity.SENSITIVE,
    },
]

# As `use_case_create` takes them, with what each step rests on. `named` stands for a record of that name.
USE_CASES: list[dict[str, Any]] = [
    {
        "name": "Show buyers the range they buy from",
        "outcome": "More customers order within two weeks, because the e-mail shows their range.",
        "owner": "captain",
        "priority": UseCase.Priority.HIGH,
        "status": UseCase.Status.RUNNING,
        "parts": [
            (DATA, "attribute", {"key": "bought_mens"}),
            (DATA, "attribute", {"key": "bought_womens"}),
            (DATA, "event", {"key": experiment.ORDERED}),
            (DATA, "segment", {"named": "Everyone in the e-mail test"}),
            (DELIVERY, "campaign", {"named": experiment.NAME}),
            (DELIVERY, "message", {"named": experiment.NAME}),
            (REPORT, "results", {"named": experiment.NAME}),
            (REPORT, "kpi", {"named": experiment.NAME}),
        ],
    },
    {
        "name": "Invite the best winter customers first",
        "outcome": "400 of them order from the spring range before it opens to everyone.",
        "owner": "captain",
        "priority": UseCase.Priority.HIGH,
        "status": UseCase.Status.BUILDING,
        "parts": [
            (DATA, "attribute", {"key": "months_since_purchase", "enough_percent": 90}),
            (DATA, "attribute", {"key": "spend_past_year", "enough_percent": 90}),
            (DELIVERY, "segment", {"named": "Recent, and spends"}),
            (DELIVERY, "campaign", {"named": building.NAME}),
        ],
    },
    {
        "name": "Bring back who left a full cart",
        "outcome": "One in ten carts that were left is bought within three days.",
        "owner": "data",
        "status": UseCase.Status.IDEA,
        "parts": [
            (DATA, "event", {"key": "cart_left"}),
            (DATA, "attribute", {"key": "preferred_shop"}),
            (DATA, "event", {"key": experiment.VISITED}),
        ],
    },
    {
        "name": "Equip whole clubs and schools",
        "outcome": "A club orders for all its members at once.",
        "priority": UseCase.Priority.LOW,
        "parts": [
            (DATA, "companies", {}),
            (DATA, "company_attribute", {"key": "industry"}),
            (REPORT, "page", {"key": "Clubs", "url": "https://bi.northfield.example/clubs"}),
        ],
    },
]


def tracker_create(team: dict[str, User], *, now: datetime) -> None:
    """Write the systems and use cases down; a second time changes nothing."""
    if not System.objects.exists():
        _systems_create(team, now=now)
    if not UseCase.objects.exists():
        _events_describe(team["data"], now=now)
        _use_cases_create(team, now=now)


def _systems_create(team: dict[str, User], *, now: datetime) -> None:
    by = team["data"]
    systems = {}
    for told in SYSTEMS:
        described = {name: value for name, value in told.items() if name not in ("owner", "synced")}
        systems[told["name"]] = system_create(
            **described,
            owner=team.get(told.get("owner", "")),
            synced_at=now - told["synced"] if "synced" in told else None,
            by=by,
            now=now,
        )
    system_link(system=systems[WAREHOUSE], kind="bi_views", object_id=0, by=by, now=now)
    if imported := ImportFile.objects.filter(file_name="hillstrom.csv").first():
        mapping = import_mapping_save(import_file=imported, name="Customers’ file", by=by, now=now)
        system_link(system=systems[FILE], kind="import_mapping", object_id=mapping.pk, by=by, now=now)


def _events_describe(by: User, *, now: datetime) -> None:
    for event_type in EventType.objects.filter(name__in=EVENTS, schema=None):
        label, description = EVENTS[event_type.name]
        event_type_describe(
            event_type=event_type, label=label, description=description, owner=by, by=by, now=now
        )


def _use_cases_create(team: dict[str, User], *, now: datetime) -> None:
    by = team["data"]
    for told in USE_CASES:
        described = {name: value for name, value in told.items() if name not in ("owner", "parts")}
        use_case = use_case_create(**described, owner=team.get(told.get("owner", "")), by=by, now=now)
        for step, kind, rests_on in told["parts"]:
            for named in _things(kind, rests_on):
                part_add(use_case=use_case, step=step, kind=kind, **named, by=by, now=now)


def _things(kind: str, told: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what a step rests on: of a record that is `named` its number, of messages and goals all."""
    if "named" not in told:
        yield told
        return
    name = told["named"]
    found = {
        "segment": Segment.objects.filter(name=name),
        "message": Message.objects.filter(campaign__name=name),
        "kpi": Kpi.objects.filter(campaign__name=name),
    }.get(kind, Campaign.objects.filter(name=name))
    for pk in found.order_by("pk").values_list("pk", flat=True):
        yield {"object_id": pk}
