"""The published lots of rural customers as an A/B experiment: a sample, a winner for the rest, a holdout."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Channel, Contributor
from apps.content.models import Template
from apps.demo import hillstrom
from apps.demo.experiment import ANSWER, VISITED, launch_hour, sent_settle
from apps.messaging.models import Experiment, Message, Recipient, Sender, Variant
from apps.messaging.services import experiments_decide
from apps.segments.models import Segment

NAME = "Which e-mail for the country?"
SEGMENT = "Customers in rural areas"
SENT, EXCLUDED = Recipient.State.SENT, Recipient.State.EXCLUDED
# The control is A.
VARIANTS = {hillstrom.WOMENS: 0, hillstrom.MENS: 1}

# The mails of a part leave over ten minutes.
LEDGER = """
    INSERT INTO messaging_recipient (
        message_id, contact_id, address, state, reason, due_at, attempts, answer, finished_at,
        variant, is_sample
    )
    SELECT %(message)s, c.id, c.email, %(state)s, %(reason)s, %(due)s, %(attempts)s, %(answer)s,
           %(due)s + (c.id %% 600) * interval '1 second', told.variant, %(is_sample)s
    FROM unnest(%(emails)s::text[], %(variants)s::smallint[]) AS told (email, variant)
    JOIN contacts_contact AS c ON c.email = told.email
"""


@transaction.atomic
def campaign_create(
    *, team: dict[str, User], segment: Segment, templates: dict[str, Template], sender: Sender, now: datetime
) -> Campaign:
    """Write the finished campaign down; its winner is chosen by the rule that chooses any."""
    hour = launch_hour(now)
    decided_at = hour + hillstrom.SENDING_TAKES + hillstrom.SAMPLE_DAYS
    campaign = _plan(team, segment, hour=hour)
    message = _message(campaign, segment, templates[hillstrom.WOMENS], sender, hour=hour, until=decided_at)
    _experiment(message, templates, decide_at=decided_at)
    held = [
        customer.number
        for customer in hillstrom.customers()
        if customer.row["zip_code"] == hillstrom.RURAL and customer.group == hillstrom.NONE
    ]
    _ledger(message, hillstrom.rural_sample(), due=hour, is_sample=True)
    _ledger(message, dict.fromkeys(held), due=hour)
    experiments_decide(now=decided_at)
    _ledger(message, hillstrom.rural_rest(), due=decided_at)
    sent_settle(message)
    people = message.recipients.count()
    message.holdout_percent = round(100 * len(held) / people)
    message.save(update_fields=["holdout_percent"])
    return campaign


def _plan(team: dict[str, User], segment: Segment, *, hour: datetime) -> Campaign:
    campaign = Campaign.objects.create(
        name=NAME,
        captain=team["captain"],
        stage=Campaign.Stage.REPORTING,
        idea="Ask half of them which e-mail brings them, and send the rest just that one.",
        outcome="9,000 customers come to the site within the two weeks after the e-mail.",
        goal_event=VISITED,
        goal_measure=Campaign.GoalMeasure.PEOPLE,
        goal_target=Decimal(9000),
        start_date=hour.date(),
        launch_date=hour.date(),
        goal_date=(hour + hillstrom.TWO_WEEKS).date(),
        conversion_window_days=14,
        segment=segment,
        audience_note=(
            "The published lots, replayed: of the customers in rural areas those whom the lot gave the "
            "e-mail that this plan would have sent them, and those whom it gave none. Others are left out."
        ),
    )
    Channel.objects.create(
        campaign=campaign,
        kind=Channel.Kind.EMAIL,
        owner=team["owner"],
        why="Who lives far from a shop orders from home.",
        expected_result="The better of two e-mails for everybody who was not asked.",
    )
    Contributor.objects.create(campaign=campaign, user=team["contributor"], added_at=hour)
    return campaign


def _message(
    campaign: Campaign,
    segment: Segment,
    template: Template,
    sender: Sender,
    *,
    hour: datetime,
    until: datetime,
) -> Message:
    message = Message.objects.create(
        campaign=campaign,
        channel=campaign.channels.get(),
        name="Women's or men's first",
        sender=sender,
        template=template,
        template_version=template.current,
        is_tracked=False,  # the published data does not say who opened or clicked
        state=Message.State.FINISHED,
        launched_at=hour,
        launched_by=campaign.captain,
        finished_at=until + hillstrom.SENDING_TAKES,
    )
    message.segments.add(segment)
    return message


def _experiment(message: Message, templates: dict[str, Template], *, decide_at: datetime) -> None:
    """Try both e-mails on half of the people; who comes to the site counts."""
    experiment = Experiment.objects.create(
        message=message,
        sample_percent=50,
        metric=Experiment.Metric.CONVERTED,
        wait_minutes=hillstrom.SAMPLE_DAYS // timedelta(minutes=1),
        confidence=Experiment.Confidence.HIGH,
        otherwise=Experiment.Otherwise.BEST,
        decide_at=decide_at,
    )
    for group, number in VARIANTS.items():
        template = templates[group]
        Variant.objects.create(
            experiment=experiment,
            number=number,
            template=None if number == 0 else template,
            template_version=template.current,
        )


def _ledger(
    message: Message, people: Mapping[int, str | None], *, due: datetime, is_sample: bool = False
) -> None:
    """Add one part of the ledger: each customer's number with the e-mail that it got, or all with none."""
    is_sent = any(people.values())
    values: dict[str, Any] = {
        "message": message.pk,
        "state": SENT if is_sent else EXCLUDED,
        "reason": "" if is_sent else "holdout",
        "due": due,
        "attempts": int(is_sent),
        "answer": ANSWER if is_sent else "",
        "is_sample": is_sample,
        "emails": [hillstrom.address(number) for number in people],
        "variants": [VARIANTS[group] if group else None for group in people.values()],
    }
    with connection.cursor() as cursor:
        cursor.execute(LEDGER, values)
