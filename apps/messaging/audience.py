"""Whom a message is for, and who of them may be written to: one SELECT to promise by and to freeze by."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from apps.contacts.models import ContactQuerySet, Exclusion
from apps.contacts.models.contact import email_exclusion
from apps.messaging import lots, sql
from apps.messaging.models import Message
from apps.segments import selectors as segments
from apps.segments.models import Segment


@dataclass(frozen=True)
class Promise:
    """What a launch at this moment would do: the audience by exclusion, '' for those who get the message."""

    counts: Mapping[str, int]

    @property
    def audience(self) -> int:
        return sum(self.counts.values())

    @property
    def recipients(self) -> int:
        return self.counts.get("", 0)

    @property
    def excluded(self) -> list[tuple[Exclusion, int]]:
        """Reasons with their counts, in the order in which they are asked."""
        return [(reason, self.counts[reason]) for reason in Exclusion if self.counts.get(reason)]


@dataclass(frozen=True)
class Choice:
    """Whom a message is for, as saved or as somebody is just choosing; `message_id` keys the holdout."""

    message_id: int
    include: Sequence[Segment]
    exclude: Sequence[Segment]
    topic: str
    holdout_percent: int


def choice_of(message: Message) -> Choice:
    return Choice(
        message_id=message.pk,
        include=list(message.segments.all()),
        exclude=list(message.exclude_segments.all()),
        topic=message.topic,
        holdout_percent=message.holdout_percent,
    )


def audience(choice: Choice, *, now: datetime) -> ContactQuerySet:
    """
    Return everyone the message is for, whoever may not be written to included.

    :raises RuleInvalid: a segment speaks of something that is gone
    """
    return segments.audience(include=choice.include, exclude=choice.exclude, now=now)


def promise(choice: Choice, *, now: datetime) -> Promise:
    """
    Count what a launch now would freeze.

    :raises RuleInvalid: a segment speaks of something that is gone
    """
    judged, params = judged_audience(choice, now=now)
    return Promise(dict(sql.rows(f"{judged} SELECT verdict, count(*) FROM judged GROUP BY verdict", params)))


def judged_audience(choice: Choice, *, now: datetime) -> tuple[str, dict[str, Any]]:
    """
    Return `WITH … judged (id, email, verdict)` and its parameters: the reason against each contact, or ''.

    MATERIALIZED, so that the exclusion is worked out once for a contact and not once for each use.
    The lots come last: they are drawn among those who would have been written to. The policy is read here,
    so that what is promised and what is frozen is of one moment.
    """
    everyone = audience(choice, now=now).order_by()
    people = everyone.annotate(exclusion=email_exclusion(topic=choice.topic))
    select = sql.compiled(people.values_list("pk", "email", "exclusion"))
    cte = f"""
        WITH people (id, email, exclusion) AS MATERIALIZED ({select}),
        policy AS MATERIALIZED ({lots.POLICY}),
        judged AS (
            SELECT people.id, email, CASE
                WHEN exclusion <> '' THEN exclusion
                WHEN {lots.drawn("people.id", "policy.seed", "policy.percent")} THEN %(control)s
                WHEN {lots.drawn("people.id", "%(seed)s", "%(percent)s")} THEN %(holdout)s
                ELSE '' END AS verdict
            FROM people CROSS JOIN policy
        )
    """
    return cte, {
        "seed": _holdout_seed(choice.message_id),
        "percent": choice.holdout_percent,
        "control": Exclusion.CONTROL,
        "holdout": Exclusion.HOLDOUT,
    }


def _holdout_seed(message_id: int) -> int:
    """Return the message's own key of 63 bits: who is held out of one says nothing about the next."""
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"holdout:{message_id}".encode(), hashlib.sha256)
    return int.from_bytes(digest[:8]) >> 1
