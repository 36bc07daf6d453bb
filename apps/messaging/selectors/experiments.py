"""The experiment of a message: its variants, and what the sample did with each of them."""

from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime

from apps.content.models import TemplateVersion
from apps.core.statistics import Estimate, rate_difference, rate_interval
from apps.messaging import sql, trials
from apps.messaging.models import Experiment, Message, Recipient, Variant
from apps.messaging.selectors.figures import message_ledger
from apps.messaging.trials import Arm
from apps.segments import rules

Metric = Experiment.Metric


def experiment_of(message: Message) -> Experiment | None:
    return Experiment.objects.filter(message=message.pk).select_related("decided_by").first()


def variants(message: Message) -> list[Variant]:
    """Return the variants of a message, the control first; nothing if it tries none out. One query."""
    return list(Variant.objects.filter(experiment=message.pk).worded())


def variant_version(variant: Variant, message: Message) -> TemplateVersion | None:
    """
    Return the words of a variant that were or would be sent, with its own subject; None: no template yet.

    What has another subject than its template is that version in memory only, never to be saved.
    """
    version = variant.template_version or message.template_version
    if version is None or (variant.template_version is None and variant.template_id):
        template = variant.template or message.template
        version = template.current if template else None
    if version is None or not variant.subject:
        return version
    worded = copy(version)
    worded.subject = variant.subject
    return worded


@dataclass(frozen=True)
class Sampled:
    """
    What became of the sample of one variant, in people.

    `people` were drawn and `sent` of them got it; of those who got it so many did each thing. Machines apart:
    people of whom only a machine was seen.
    """

    variant: int
    people: int = 0
    sent: int = 0
    waiting: int = 0
    opened: int = 0
    opened_machine: int = 0
    clicked: int = 0
    clicked_machine: int = 0
    converted: int = 0

    def hits(self, metric: str) -> int:
        return int(getattr(self, metric))

    def machine_hits(self, metric: str) -> int | None:
        """Return what machines alone did; None where there is no such thing."""
        return None if metric == Metric.CONVERTED else int(getattr(self, f"{metric}_machine"))

    def arm(self, metric: str) -> Arm:
        return Arm(variant=self.variant, sent=self.sent, hits=self.hits(metric))


def sample_counts(message: Message, *, now: datetime) -> list[Sampled]:
    """Count the sample by variant, in three queries, whoever of it is still to get something included."""
    rows = sql.rows(_SAMPLE, {"message": message.pk, "now": now})
    converted = _converted(message, now=now)
    found = {row[0]: Sampled(*row) for row in rows}
    numbers = Variant.objects.filter(experiment=message.pk).values_list("number", flat=True)
    return [
        replace(found.get(number, Sampled(number)), converted=converted.get(number, 0))
        for number in numbers.order_by("number")
    ]


# The sample first, by its own small index: what the rest did with the winner says nothing about it.
_SAMPLE = """
    WITH sample AS MATERIALIZED (
        SELECT id, variant, state FROM messaging_recipient WHERE message_id = %(message)s AND is_sample
    ), hits AS (
        SELECT e.recipient_id, e.kind, bool_or(e.machine_reason = '') AS is_human
        FROM messaging_deliveryevent AS e JOIN sample ON sample.id = e.recipient_id
        WHERE e.message_id = %(message)s AND e.kind IN ('opened', 'clicked') AND e.at <= %(now)s
        GROUP BY 1, 2
    )
    SELECT sample.variant, count(*), count(*) FILTER (WHERE state = 'sent'),
        count(*) FILTER (WHERE state IN ('planned', 'queued', 'leased', 'sending')),
        count(*) FILTER (WHERE state = 'sent' AND opens.is_human),
        count(*) FILTER (WHERE state = 'sent' AND NOT opens.is_human),
        count(*) FILTER (WHERE state = 'sent' AND clicks.is_human),
        count(*) FILTER (WHERE state = 'sent' AND NOT clicks.is_human)
    FROM sample
    LEFT JOIN hits AS opens ON opens.recipient_id = sample.id AND opens.kind = 'opened'
    LEFT JOIN hits AS clicks ON clicks.recipient_id = sample.id AND clicks.kind = 'clicked'
    GROUP BY 1
"""


def _converted(message: Message, *, now: datetime) -> dict[int, int]:
    """Return by variant how many did what the campaign is for, after their mail had left, in its window."""
    campaign = message.campaign
    if not campaign.goal_event or message.launched_at is None:
        return {}
    where, params = rules.event_where(campaign.goal_event, tuple(campaign.goal_where), now=now)
    names = [f"where_{place}" for place in range(len(params))]
    rows = sql.rows(
        _CONVERTED + " AND " + where % tuple(f"%({name})s" for name in names) + " GROUP BY 1",
        {
            **dict(zip(names, params, strict=True)),
            "message": message.pk,
            "event": campaign.goal_event,
            "days": campaign.conversion_window_days,
            "launched_at": message.launched_at,
            "now": now,
        },
    )
    return dict(rows)


_CONVERTED = """
    SELECT r.variant, count(DISTINCT r.id)
    FROM messaging_recipient AS r JOIN contacts_event AS e ON e.contact_id = r.contact_id
    WHERE r.message_id = %(message)s AND r.is_sample AND r.state = 'sent' AND e.name = %(event)s
    AND e.occurred_at >= r.finished_at AND e.occurred_at < r.finished_at + make_interval(days => %(days)s)
    AND e.occurred_at >= %(launched_at)s AND e.occurred_at <= %(now)s
"""


@dataclass(frozen=True)
class VariantFinding:
    """
    One variant on the page of results. `rate` at 95 %; `difference` is that to the control, in points as a
    fraction, also at 95 %; None: nobody to compare.
    """

    variant: Variant
    subject: str
    sampled: Sampled
    hits: int
    machine_hits: int | None
    rate: Estimate | None
    difference: Estimate | None


@dataclass(frozen=True)
class ExperimentFindings:
    """
    What an experiment has found so far. `leader` has most hits for its people, None where several have;
    `margins` say by how much it is ahead of each other variant, and `is_clear` whether of all, surely.
    """

    experiment: Experiment
    lines: list[VariantFinding]
    leader: Variant | None
    margins: list[tuple[Variant, Estimate | None]]
    is_clear: bool
    people: int  # who were to get the message: the sample and the rest
    awaiting: int  # of the rest
    sample_waiting: int

    @property
    def sample(self) -> int:
        return sum(line.sampled.people for line in self.lines)

    @property
    def rest(self) -> int:
        return self.people - self.sample

    @property
    def has_hits(self) -> bool:
        return any(line.hits for line in self.lines)

    @property
    def axis(self) -> tuple[float, float]:
        """Return the span on which the differences are drawn, zero within."""
        drawn = [line.difference for line in self.lines if line.difference]
        return min([0.0, *(one.low for one in drawn)]), max([0.0, *(one.high for one in drawn)])


def experiment_findings(experiment: Experiment, message: Message, *, now: datetime) -> ExperimentFindings:
    """Return what the sample of a launched message says, in a fixed number of queries however large it is."""
    found = {one.number: one for one in variants(message)}
    counts = sample_counts(message, now=now)
    arms = [one.arm(experiment.metric) for one in counts]
    ahead = trials.leader(arms)
    margins = trials.margins(ahead, arms) if ahead else {}
    ledger = message_ledger(message)
    lines = [
        VariantFinding(
            variant=found[one.variant],
            subject=_subject(found[one.variant], message),
            sampled=one,
            hits=arm.hits,
            machine_hits=one.machine_hits(experiment.metric),
            rate=rate_interval(arm.hits, arm.sent),
            difference=_to_control(arm, arms[0]),
        )
        for one, arm in zip(counts, arms, strict=True)
    ]
    return ExperimentFindings(
        experiment=experiment,
        lines=lines,
        leader=found[ahead.variant] if ahead else None,
        margins=[(found[number], margin) for number, margin in margins.items()],
        is_clear=ahead is not None and trials.is_clear(ahead, arms),
        people=ledger.audience - ledger.states[Recipient.State.EXCLUDED],
        awaiting=ledger.states[Recipient.State.AWAITING],
        sample_waiting=sum(one.waiting for one in counts),
    )


def _to_control(arm: Arm, control: Arm) -> Estimate | None:
    if arm.variant == control.variant:
        return None
    return rate_difference(arm.hits, arm.sent, control.hits, control.sent)


def _subject(variant: Variant, message: Message) -> str:
    version = variant_version(variant, message)
    return version.subject if version else ""
