"""How an experiment is decided: by its rule when its time has come, or by a person; once, and for good."""

import logging
import time
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.core.queues import ring
from apps.messaging import ledger, sql, trials
from apps.messaging.models import Experiment, Message
from apps.messaging.selectors import experiment_of, sample_counts
from apps.messaging.services.messages import SEND_TASK, MessageRefused, message_audit, message_lock
from apps.messaging.trials import Arm, Choice
from apps.segments.rules import RuleInvalid

logger = logging.getLogger(__name__)

DECIDE_TASK = "apps.messaging.tasks.experiments_decide"
AT_ONCE = 20  # decisions per ring
STRETCH = 5.0  # seconds of rolling out per ring


def experiments_decide(*, now: datetime) -> None:
    """
    Decide what is due, and let those who await a winner have it. May run at any time, many times at once.

    A decision commits by itself; rolling out follows in bounded sets, and goes on at the next ring.
    """
    _clocks_start(now=now)
    due = Experiment.objects.undecided().filter(decide_at__lte=now).order_by("decide_at", "pk")
    for pk in due.values_list("pk", flat=True)[:AT_ONCE]:
        try:
            _decide_due(pk, now=now)
        except RuleInvalid:  # the goal cannot be counted: the others go on, and a person may choose
            logger.exception("the experiment of message %s cannot be counted", pk)
    _roll_out(now=now)


def _clocks_start(*, now: datetime) -> None:
    """Let the wait begin where the last of a sample has left; one that is paused has not begun yet."""
    sql.run(
        """
        UPDATE messaging_experiment AS e SET decide_at = e.wait_minutes * interval '1 minute' + coalesce((
            SELECT max(r.finished_at) FROM messaging_recipient AS r
            WHERE r.message_id = e.message_id AND r.is_sample
        ), %(now)s)
        FROM messaging_message AS m
        WHERE m.id = e.message_id AND e.decide_at IS NULL AND e.decided_at IS NULL
        AND m.state IN ('running', 'finished') AND NOT EXISTS (
            SELECT FROM messaging_recipient AS r
            WHERE r.message_id = e.message_id AND r.state IN ('planned', 'queued', 'leased', 'sending')
        )
        """,
        {"now": now},
    )


@transaction.atomic
def _decide_due(pk: int, *, now: datetime) -> None:
    """Decide by the rule; nothing happens where somebody else has, or the message was stopped meanwhile."""
    message = Message.objects.select_for_update(no_key=True).get(pk=pk)
    experiment = Experiment.objects.undecided().filter(pk=pk, decide_at__lte=now).first()
    if experiment is None:
        return
    arms = [one.arm(experiment.metric) for one in sample_counts(message, now=now)]
    choice = trials.choose(
        arms,
        confidence_percent=experiment.confidence,
        sends_best=experiment.otherwise == Experiment.Otherwise.BEST,
    )
    _decide(message, experiment, choice, arms, by=None, now=now)
    people = {message.campaign.captain, *([message.channel.owner] if message.channel.owner else [])}
    told = _("“%(message)s”: %(decision)s") % {
        "message": message.name[:80],
        "decision": experiment.decision,
    }
    url = reverse("messaging:experiment", args=[message.pk])
    collaboration.notify(users=people, text=told, url=url, now=now, kind="sending", within=message.campaign)


@transaction.atomic
def experiment_choose(*, message: Message, variant: int | None, by: User, now: datetime) -> Experiment:
    """
    Choose by hand what the rest gets, before the rule does; None: nothing, they are not written to.

    :raises MessageRefused: there is no experiment under way, it is decided already, or has no such variant
    """
    message = message_lock(message)
    experiment = experiment_of(message)
    if experiment is None:
        raise MessageRefused(_("This message tries nothing out."))
    if not message.is_open:
        state = message.get_state_display()
        raise MessageRefused(_("There is nothing to choose: this message is “%(state)s”.") % {"state": state})
    if experiment.is_decided:
        raise MessageRefused(_("This was decided already: %(decision)s") % {"decision": experiment.decision})
    if variant is not None and not experiment.variants.filter(number=variant).exists():
        raise MessageRefused(_("There is no such variant."), field="variant")
    arms = [one.arm(experiment.metric) for one in sample_counts(message, now=now)]
    _decide(message, experiment, Choice(variant, has_won=False), arms, by=by, now=now)
    return experiment


def _decide(
    message: Message,
    experiment: Experiment,
    choice: Choice,
    arms: Sequence[Arm],
    *,
    by: User | None,
    now: datetime,
) -> None:
    """Write the decision down with what it rests on; the caller holds the message."""
    experiment.decided_at, experiment.decided_by = now, by
    experiment.winner, experiment.has_won = choice.variant, choice.has_won
    experiment.found = [{"variant": arm.variant, "sent": arm.sent, "hits": arm.hits} for arm in arms]
    experiment.save(update_fields=["decided_at", "decided_by", "winner", "has_won", "found"])
    details: dict[str, object] = {"variant": experiment.winner_letter, "found": experiment.found}
    message_audit(message, "decided", by=by, now=now, details=details)
    ring(DECIDE_TASK)


def _roll_out(*, now: datetime) -> None:
    begun = time.monotonic()
    while ledger.roll_out(now=now):
        ring(SEND_TASK)
        if time.monotonic() - begun > STRETCH:
            ring(DECIDE_TASK)
            return
