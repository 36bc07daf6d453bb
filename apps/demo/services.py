"""Load the demo: a real experiment that is over, and a campaign that is being built."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns.models import Campaign
from apps.contacts.models import Attribute, Identity, ImportFile
from apps.contacts.services import ImportRefused, import_run, import_start, import_upload
from apps.content import services as content
from apps.content.models import Template
from apps.content.rendering import EmailSource
from apps.core.errors import DomainError
from apps.demo import building, experiment, hillstrom, hub, lessons, rural, stages, tasks
from apps.demo.budget import budgets_create
from apps.demo.companies import companies_create
from apps.demo.fair import cards_import
from apps.demo.governance import governance_create
from apps.demo.people import people_create
from apps.demo.plans import plans_create
from apps.demo.rules import rules_create
from apps.demo.signoff import signoffs_create
from apps.demo.topics import topics_create
from apps.demo.tracker import tracker_create
from apps.integrations import selectors as integrations
from apps.integrations.services import scheme_choose
from apps.messaging.models import Sender
from apps.reporting.models import CampaignResult
from apps.reporting.services import results_refresh
from apps.segments import services as segments
from apps.segments.models import Definition, Segment

CONTACT = Attribute.Subject.CONTACT
IMPORT_SECONDS = 300
DATA = hillstrom.FILE.parent
CONSENT = {
    "status": "subscribed",
    "channel": "email",
    "basis": "demo",
    "source": "hillstrom.csv",
    "wording": "Made up for the demo: the published data says nothing of consent.",
}
# key, business name, type, definition
DICTIONARY = [
    (
        "months_since_purchase",
        "Months since last purchase",
        Attribute.Type.NUMBER,
        "Whole months between the last purchase and the day of the test.",
    ),
    ("spend_band", "Spend band", Attribute.Type.CHOICE, "Spend of the past year in seven bands."),
    (
        "spend_past_year",
        "Spend of the past year",
        Attribute.Type.MONEY,
        "Dollars spent in the past twelve months.",
    ),
    ("bought_mens", "Bought men's goods", Attribute.Type.BOOLEAN, "Bought men's goods in the past year."),
    (
        "bought_womens",
        "Bought women's goods",
        Attribute.Type.BOOLEAN,
        "The same for women's goods.",
    ),
    (
        "area",
        "Area",
        Attribute.Type.CHOICE,
        "Kind of area; “Surburban” is spelled as published.",
    ),
    (
        "is_new_customer",
        "New customer",
        Attribute.Type.BOOLEAN,
        "First bought within the past year.",
    ),
    (
        "purchase_channel",
        "Purchase channel",
        Attribute.Type.CHOICE,
        "Where the purchases were made.",
    ),
    (
        "test_group",
        "Group of the e-mail test",
        Attribute.Type.CHOICE,
        "Which e-mail the lot gave them.",
    ),
]
# What the firm reckons with, and nobody wants to read in a mail.
NOT_FOR_CONTENT = {"spend_past_year", "spend_band", "test_group"}
FOR_TARGETING = [Attribute.Use.TARGETING, Attribute.Use.INSIGHT]
SEGMENTS: list[tuple[str, dict[str, object]]] = [
    ("Everyone in the e-mail test", {"attribute": "test_group", "op": "exists"}),
    (rural.SEGMENT, {"attribute": "area", "op": "eq", "value": hillstrom.RURAL}),
    (
        "Recent, and spends",
        {
            "all": [
                {"attribute": "months_since_purchase", "op": "lte", "value": 3},
                {"attribute": "spend_past_year", "op": "gte", "value": 200},
            ]
        },
    ),
    (
        "Came to the site but did not order",
        {
            "all": [
                {"event": experiment.VISITED, "did": True, "within": "30d"},
                {"event": experiment.ORDERED, "did": False, "within": "30d"},
            ]
        },
    ),
]


class DemoNotLoaded(DomainError):
    pass


def demo_load(*, now: datetime) -> None:
    """
    Load what is missing of the demo; a second time changes nothing. Takes some seconds.

    Each part is there whole or not at all, but for the imports, which go on where they stood; so a load that
    was cut short comes to its end.
    """
    team = people_create()
    if integrations.scheme() is None:
        scheme_choose(namespace=Identity.USER, by=team["data"], now=now)
    has_new_cards = cards_import(team["data"], now=now)
    _experiments_create(team, now=now)
    _data_describe(team, has_new_cards=has_new_cards, now=now)
    with transaction.atomic():
        if not Campaign.objects.filter(name=building.NAME).exists():
            tasks.tasks_enrich(building.campaign_create(team=team, now=now), team=team, now=now)
    _whole(plans_create, team, now=now)
    _whole(signoffs_create, team, now=now)
    uncounted = Campaign.objects.filter(name__in=[experiment.NAME, rural.NAME]).exclude(
        result__in=CampaignResult.objects.counted()
    )
    for campaign in uncounted:
        results_refresh(campaign=campaign, now=now)
    for part in (lessons.strategy_create, stages.campaigns_create, lessons.lessons_create):
        _whole(part, team, now=now)
    for part in (lessons.replay_create, governance_create, budgets_create, tracker_create, rules_create):
        _whole(part, team, now=now)


@transaction.atomic
def _whole(part: Callable[..., None], team: dict[str, User], *, now: datetime) -> None:
    part(team, now=now)


def _experiments_create(team: dict[str, User], *, now: datetime) -> None:
    """Bring in the customers, what they did, and the two campaigns that wrote to them."""
    known = set(
        Campaign.objects.filter(name__in=[experiment.NAME, rural.NAME]).values_list("name", flat=True)
    )
    if experiment.NAME not in known:
        _contacts_import(team["data"], now=now)
        experiment.events_record(now=now)
    made = {name: _segment_create(name, rule, team["captain"]) for name, rule in SEGMENTS}
    with transaction.atomic():
        sender, templates = _sender(), _templates_create(team["owner"], now=now)
    for name, create, segment in (
        (experiment.NAME, experiment.campaign_create, "Everyone in the e-mail test"),
        (rural.NAME, rural.campaign_create, rural.SEGMENT),
    ):
        if name not in known:
            create(team=team, segment=made[segment], templates=templates, sender=sender, now=now)


def _data_describe(team: dict[str, User], *, has_new_cards: bool, now: datetime) -> None:
    hub.events_describe(team["data"], now=now)
    companies_create(team["data"], now=now)
    if has_new_cards:
        hub.quality_look(team["data"], now=now)
    _definition_create(team, now=now)
    topics_create(team["data"], now=now)


def _contacts_import(by: User, *, now: datetime) -> None:
    """Bring the customers in as a team would: dictionary first, then the file, through the real import."""
    for key, label, type_, definition in DICTIONARY:
        choices = _choices(key) if type_ == Attribute.Type.CHOICE else []
        defaults = {
            "label": label,
            "type": type_,
            "definition": definition,
            "owner": by,
            "source": "MineThatData e-mail challenge",
            "choices": choices,
            "uses": FOR_TARGETING if key in NOT_FOR_CONTENT else list(Attribute.Use),
        }
        Attribute.objects.get_or_create(applies_to=CONTACT, key=key, defaults=defaults)
    file = ContentFile(hillstrom.contacts_csv(), name="hillstrom.csv")
    draft = import_upload(file=file, by=by)
    mapping = {column: f"attr:{key}" for column, key in hillstrom.COLUMNS.items()}
    started = import_start(
        import_file=draft, by=by, now=now, mapping={"email": "email", **mapping}, consent=CONSENT
    )
    with suppress(ImportRefused):  # a worker of a running installation has it: it is as good as ours
        import_run(import_file=started, now=now)
    deadline = time.monotonic() + IMPORT_SECONDS
    while ImportFile.objects.get(pk=started.pk).is_open:
        if time.monotonic() > deadline:
            raise DemoNotLoaded(_("The import of the demo's customers does not come to its end."))
        time.sleep(0.2)


def _choices(key: str) -> list[str]:
    column = next(column for column, known in hillstrom.COLUMNS.items() if known == key)
    return sorted({customer.row[column] for customer in hillstrom.customers()})


def _segment_create(name: str, rule: dict[str, object], by: User) -> Segment:
    return Segment.objects.get_or_create(name=name, defaults={"rule": rule, "by": by})[0]


def _definition_create(team: dict[str, User], *, now: datetime) -> None:
    """Say what an active customer is: proposed by the captain, approved by the data lead, and computed."""
    if Definition.objects.filter(attribute__key="active_customer").exists():
        return
    made = segments.definition_create(
        key="active_customer",
        label="Active customer",
        definition="Came to the shop's site lately.",
        rule={"all": [{"event": experiment.VISITED, "did": True, "within": "30d"}]},
        thresholds=[{"name": "Days", "path": "all[0].within"}],
        reason="Who has not come for a month rarely answers a mail.",
        by=team["captain"],
        now=now,
    )
    segments.version_approve(version=made.versions.get(), by=team["data"], now=now)
    segments.definition_compute(definition=made, now=now)


def _sender() -> Sender:
    sender, _ = Sender.objects.get_or_create(
        email="hello@northfield.example", defaults={"name": "Northfield Outfitters"}
    )
    return sender


def _templates_create(by: User, *, now: datetime) -> dict[str, Template]:
    written = {
        hillstrom.MENS: ("Men's range", "mens", "The men's range is in"),
        hillstrom.WOMENS: ("Women's range", "womens", "The women's range is in"),
    }
    return {
        group: template_create(name, file, subject, by, now=now)
        for group, (name, file, subject) in written.items()
    }


def template_create(name: str, file: str, subject: str, by: User, *, now: datetime) -> Template:
    """Put one of the demo's e-mails into the library, or return the one that is there."""
    if earlier := Template.objects.filter(name=name).first():
        return earlier
    mjml = (DATA / f"{file}.mjml").read_text()
    source = EmailSource(subject=subject, preheader="For customers first.", mjml=mjml, text="")
    return content.template_create(name=name, source=source, by=by, now=now)
