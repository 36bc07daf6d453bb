"""What the team wants of the year, what the experiment taught it, and the campaign that begins with that."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection

from apps.accounts.models import User
from apps.campaigns import evidence, services
from apps.campaigns.evidence import Result
from apps.campaigns.models import Campaign, Channel, Element, YearGoal
from apps.core import display
from apps.core.statistics import rate_difference
from apps.demo import building, experiment

REPLAY = "Two e-mails, to whom they suit"
MENS, WOMENS = "Men's e-mail", "Women's e-mail"
ORDERS, VISITS = "Goal", "Visitors"
# name, why, measured by, target, owner
GOALS = [
    (
        "Customers come back",
        "A second order costs a tenth of a first one, and half of our customers never place it.",
        "Customers with an order in both halves of the year",
        "12,000, up from 9,500",
        "lead",
    ),
    (
        "The shops and the site are one",
        "Whoever buys in both spends twice as much.",
        "Customers who bought in a shop and on the site",
        "4,000",
        "captain",
    ),
    (
        "We know what works",
        "What is not compared with people who got nothing is a guess.",
        "Campaigns with a holdout, of those that write to people",
        "All of them",
        "data",
    ),
]
# kind, practice, reason
NOT_DOING = [
    ("ads", "", "Last year they brought visitors who did not come back."),
    ("", "Buying lists of addresses", "Nobody on them has asked for our mail."),
]
# Visits by what people had bought before, of those to whom one message went.
BY_TASTE = """
    SELECT (contact.attributes ->> 'bought_mens')::boolean, count(*), count(came.contact_id)
    FROM messaging_recipient AS recipient
    JOIN messaging_message AS message ON message.id = recipient.message_id
    JOIN contacts_contact AS contact ON contact.id = recipient.contact_id
    LEFT JOIN (
        SELECT DISTINCT message_id, contact_id FROM reporting_conversion WHERE measure = %(measure)s
    ) AS came ON came.message_id = recipient.message_id AND came.contact_id = recipient.contact_id
    WHERE message.campaign_id = %(campaign)s AND message.name = %(name)s AND recipient.state = 'sent'
    GROUP BY 1
"""


def strategy_create(team: dict[str, User], *, now: datetime) -> None:
    """Write down the strategy of each year that a campaign of the demo falls into."""
    years = sorted({(now + timedelta(days=days)).year for days in (-45, 0, 60)})
    for year in years:
        if YearGoal.objects.filter(year=year).exists():
            continue
        for name, why, metric, target, owner in GOALS:
            services.year_goal_add(
                year=year,
                name=name,
                why=why,
                metric=metric,
                target=target,
                owner=team[owner],
                by=team["lead"],
                now=now,
            )
        for kind, practice, reason in NOT_DOING:
            services.not_doing_add(
                year=year, kind=kind, practice=practice, reason=reason, by=team["lead"], now=now
            )
    served = {experiment.NAME: 2, building.NAME: 0}
    for campaign in Campaign.objects.filter(name__in=served, year_goal=None).exclude(launch_date=None):
        assert campaign.launch_date is not None
        goals = YearGoal.objects.filter(year=campaign.launch_date.year, position=served[campaign.name])
        services.campaign_update(campaign=campaign, year_goal=goals.first(), by=team["captain"], now=now)


def lessons_create(team: dict[str, User], *, now: datetime) -> None:
    """Write down what the experiment taught. Every figure is read from its results; none is typed."""
    campaign = Campaign.objects.get(name=experiment.NAME)
    if campaign.lessons.exists():
        return
    found = {(one.message, one.measure): one for one in evidence.results_of(campaign)}
    written: list[tuple[str, Element, str, Result | None]] = [
        (
            f"One e-mail brings people to the shop: {_rate(found[MENS, VISITS])} of those who got the men's "
            "e-mail came within two weeks, against those who were held out.",
            Element.CHANNEL,
            "email",
            found[MENS, VISITS],
        ),
        (_which_is_better(found), Element.CONTENT, "email", found[MENS, ORDERS]),
        (
            "The women's e-mail brings orders that would not have come, too: it has its place beside the "
            "men's.",
            Element.CONTENT,
            "email",
            found[WOMENS, ORDERS],
        ),
        (_how_soon(found), Element.METRIC, "", found[WOMENS, VISITS]),
        (_whom_it_suits(campaign, found[MENS, VISITS]), Element.AUDIENCE, "email", found[MENS, VISITS]),
        (
            "The idea was not put to the test: the lot, and not what people had bought, decided who got "
            "which e-mail. Next time each goes to those whom it suits, with some held out of both.",
            Element.IDEA,
            "",
            None,
        ),
    ]
    for text, element, kind, result in written:
        services.lesson_add(
            text=text,
            campaign=campaign,
            segment=campaign.segment,
            element=element,
            kind=kind,
            evidence_key=result.key if result else "",
            by=team["data"],
            now=now,
        )
    _owners_name(campaign, team, now=now)


def _owners_name(campaign: Campaign, team: dict[str, User], *, now: datetime) -> None:
    """Art and science: the figures have nobody from marketing yet."""
    pairs: list[tuple[Element, User | None]] = [
        (Element.IDEA, team["captain"]),
        (Element.CHANNEL, team["owner"]),
        (Element.METRIC, None),
    ]
    for element, marketing in pairs:
        services.element_set(
            campaign=campaign,
            element=element,
            marketing_owner=marketing,
            data_owner=team["data"],
            by=team["captain"],
            now=now,
        )


def replay_create(team: dict[str, User], *, now: datetime) -> None:
    """Start the next campaign from the experiment, with what it taught, as far as its planning."""
    parent = Campaign.objects.get(name=experiment.NAME)
    if parent.replays.exists():
        return
    launch = now.date() + timedelta(days=45)
    done = services.campaign_replay(
        parent=parent,
        name=REPLAY,
        launch_date=launch,
        idea="Each gets what they came for: men's goods to those who bought them, women's to the others.",
        outcome="650 customers place an order within the two weeks after the e-mail.",
        goal_target=Decimal(650),
        year_goal=YearGoal.objects.get(year=launch.year, position=2),
        by=team["captain"],
        now=now,
    )
    services.channel_add(
        campaign=done.campaign,
        kind=Channel.Kind.ADS,
        owner=team["owner"],
        why="Some of those whom the lot leaves out see the same goods elsewhere.",
        expected_result="Whether ads bring anybody who would not have come.",
        justification="One test in two cities, with a budget of 800 dollars: the list rests on one year.",
        by=team["captain"],
        now=now,
    )
    services.campaign_advance(
        campaign=done.campaign, stage=Campaign.Stage.PLANNING, by=team["captain"], now=now
    )


def _rate(result: Result) -> str:
    return display.percent(result.rate.value, 2)


def _which_is_better(found: dict[tuple[str, str], Result]) -> str:
    mens, womens = found[MENS, ORDERS], found[WOMENS, ORDERS]
    better, other = (mens, womens) if mens.rate.value >= womens.rate.value else (womens, mens)
    return (
        f"To everybody alike the {better.message.lower()} sells more: {_rate(better)} ordered, against "
        f"{_rate(other)} of those who got the {other.message.lower()}."
    )


def _how_soon(found: dict[tuple[str, str], Result]) -> str:
    visits, orders = found[WOMENS, VISITS], found[WOMENS, ORDERS]
    return (
        "Visits tell sooner than orders whether an e-mail does anything: "
        f"{_width(visits)} of what was found is uncertain for visits, {_width(orders)} for orders. "
        "Decide early on visits, and late on orders."
    )


def _width(result: Result) -> str:
    estimate = result.estimate
    return f"± {display.percent((estimate.high - estimate.low) / 2 / abs(estimate.value), 0)}"


def _whom_it_suits(campaign: Campaign, visits: Result) -> str:
    """Compare the visits of those who had bought men's goods with those of the others."""
    measure = visits.key.partition(":")[2].partition(":")[2]
    values: dict[str, str | int] = {"measure": measure, "campaign": campaign.pk, "name": MENS}
    with connection.cursor() as cursor:
        cursor.execute(BY_TASTE, values)
        counts = {bought: (people, came) for bought, people, came in cursor.fetchall()}
    (suits, suits_came), (others, others_came) = counts[True], counts[False]
    difference = rate_difference(suits_came, suits, others_came, others)
    return (
        f"Of those who had bought men's goods {display.percent(suits_came / suits, 2)} came after the men's "
        f"e-mail, of the others {display.percent(others_came / others, 2)}: {display.points(difference)}."
    )
