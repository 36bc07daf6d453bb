"""The published experiment as a finished campaign: two messages, and who got neither as their holdout."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice

from django.db import connection, transaction

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Channel, Contributor, Task
from apps.contacts import services as contacts
from apps.content.models import Template
from apps.demo import hillstrom
from apps.messaging.models import Message, Sender
from apps.segments.models import Segment

NAME = "Two e-mails, one question"
VISITED, ORDERED = "site_visited", "order_completed"
EVENTS_A_CALL = 2000
LAUNCHED_BEFORE = timedelta(days=21)  # so that the two weeks are over, and recent enough to look at
# What the ledger says of these mails: nothing was sent from here.
ANSWER = "Taken as sent: the published data says who was written to, not what the server answered."

WHY = "The published data says who was written to."
# Nothing was handed over here, so no row has a Message-ID: it is the captain who says that they were sent.
SETTLED = """
    INSERT INTO messaging_settlement (recipient_id, contact_id, message_id, verdict, reason, by_id, at)
    SELECT id, contact_id, message_id, 'sent', %(why)s, %(by)s, finished_at
    FROM messaging_recipient WHERE message_id = %(message)s AND state = 'sent'
"""

# Those of the message's group as sent, those who got no e-mail as held out; the mails leave over ten minutes.
LEDGER = """
    INSERT INTO messaging_recipient (
        message_id, contact_id, address, state, reason, due_at, attempts, answer, finished_at
    )
    SELECT %(message)s, id, email,
           CASE attributes ->> 'test_group' WHEN %(group)s THEN 'sent' ELSE 'excluded' END,
           CASE attributes ->> 'test_group' WHEN %(group)s THEN '' ELSE 'holdout' END,
           %(due)s,
           CASE attributes ->> 'test_group' WHEN %(group)s THEN 1 ELSE 0 END,
           CASE attributes ->> 'test_group' WHEN %(group)s THEN %(answer)s ELSE '' END,
           %(due)s + (id %% 600) * interval '1 second'
    FROM contacts_contact WHERE attributes ->> 'test_group' IN (%(group)s, %(none)s)
"""


def launch_hour(now: datetime) -> datetime:
    """Return the hour at which the demo's e-mails were due."""
    return (now - LAUNCHED_BEFORE).replace(hour=9, minute=0, second=0, microsecond=0)


@transaction.atomic
def campaign_create(
    *, team: dict[str, User], segment: Segment, templates: dict[str, Template], sender: Sender, now: datetime
) -> Campaign:
    """Write the finished campaign down as it went: plan, team, ledger."""
    hour = launch_hour(now)
    campaign = Campaign.objects.create(
        name=NAME,
        captain=team["captain"],
        stage=Campaign.Stage.REPORTING,
        idea="Show people what they came for: men's goods to some, women's goods to others.",
        outcome="500 customers place an order within the two weeks after the e-mail.",
        goal_event=ORDERED,
        goal_measure=Campaign.GoalMeasure.PEOPLE,
        value_property="total",
        goal_target=Decimal(500),
        start_date=hour.date(),
        launch_date=hour.date(),
        goal_date=(hour + hillstrom.TWO_WEEKS).date(),
        conversion_window_days=14,
        segment=segment,
        audience_note="Everyone who bought within the past year, split in three at random.",
    )
    channel = Channel.objects.create(
        campaign=campaign,
        kind=Channel.Kind.EMAIL,
        owner=team["owner"],
        why="Everyone in the audience has an address and agreed to e-mail.",
        expected_result="Half as many visits again as without an e-mail.",
    )
    Contributor.objects.create(campaign=campaign, user=team["contributor"], added_at=hour)
    Task.objects.create(
        campaign=campaign,
        channel=channel,
        title="Write both e-mails",
        assignee=team["contributor"],
        due_date=hour.date() - timedelta(days=4),
        state=Task.State.DONE,
        done_at=hour - timedelta(days=4),
    )
    for group, name in ((hillstrom.MENS, "Men's e-mail"), (hillstrom.WOMENS, "Women's e-mail")):
        _message_create(
            campaign, channel, segment, templates[group], sender, name=name, group=group, hour=hour
        )
    return campaign


def _message_create(
    campaign: Campaign,
    channel: Channel,
    segment: Segment,
    template: Template,
    sender: Sender,
    *,
    name: str,
    group: str,
    hour: datetime,
) -> None:
    message = Message.objects.create(
        campaign=campaign,
        channel=channel,
        name=name,
        sender=sender,
        template=template,
        template_version=template.versions.latest("number"),
        holdout_percent=50,
        is_tracked=False,  # the published data does not say who opened or clicked
        state=Message.State.FINISHED,
        launched_at=hour,
        launched_by=campaign.captain,
        finished_at=hour + hillstrom.SENDING_TAKES,
    )
    message.segments.add(segment)
    values: dict[str, int | str | datetime] = {
        "message": message.pk,
        "group": group,
        "none": hillstrom.NONE,
        "due": hour,
        "answer": ANSWER,
    }
    with connection.cursor() as cursor:
        cursor.execute(LEDGER, values)
    sent_settle(message)


def sent_settle(message: Message) -> None:
    """Write down on whose word the mails of a message that was not sent from here count as sent."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLED, {"message": message.pk, "by": message.launched_by_id, "why": WHY})


def events_record(*, now: datetime) -> None:
    """Record visits and orders as events of the two weeks; the times are marked as made up."""
    events = _events(launch_hour(now))
    while chunk := list(islice(events, EVENTS_A_CALL)):
        contacts.events_record(events=chunk, source="hillstrom", now=now)


def _events(hour: datetime) -> Iterator[contacts.EventIn]:
    for customer in hillstrom.customers():
        who = ("email", customer.email)
        if customer.visited_after is not None:
            yield contacts.EventIn(
                VISITED, hour + customer.visited_after, who, properties=dict(hillstrom.SIMULATED)
            )
        if customer.ordered_after is not None:
            properties = {"total": float(customer.spend), "currency": "USD", **hillstrom.SIMULATED}
            yield contacts.EventIn(ORDERED, hour + customer.ordered_after, who, properties=properties)
