"""Whom a message is for, and who of them may be written to: one SELECT to promise by and to freeze by."""

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from apps.contacts.models import Channel, ContactQuerySet, Exclusion
from apps.contacts.models.contact import ADDRESS_FIELDS, channel_exclusion
from apps.messaging import hours, lots, sql
from apps.messaging.models import Experiment, Message, QuietHours
from apps.segments import selectors as segments
from apps.segments.models import Segment

DOMAINS_TOLD = 10  # of the audience, the largest


@dataclass(frozen=True)
class Promise:
    """
    What a launch at this moment would do: the audience by exclusion, '' for those who get the message.

    Of those, `late` would get it after the hour that was meant for where they are, `held` wait for the end of
    quiet hours, and `expiring` never get it: it expires before their hour comes, or before those are over.
    With a `split`, a sample of them gets its variants, and the rest waits for the winner.
    """

    counts: Mapping[str, int]
    late: int = 0
    held: int = 0
    expiring: int = 0
    split: "Split | None" = None

    @property
    def audience(self) -> int:
        return sum(self.counts.values())

    @property
    def recipients(self) -> int:
        return self.counts.get("", 0)

    @property
    def sample(self) -> int:
        return self.split.sample_of(self.recipients) if self.split else 0

    @property
    def awaiting(self) -> int:
        return self.recipients - self.sample if self.split else 0

    @property
    def excluded(self) -> list[tuple[Exclusion, int]]:
        """Reasons with their counts, in the order in which they are asked."""
        return [(reason, self.counts[reason]) for reason in Exclusion if self.counts.get(reason)]


@dataclass(frozen=True)
class Split:
    """The experiment of a message: so many variants, dealt to so large a part of those who get it."""

    percent: int
    variants: int

    def sample_of(self, people: int) -> int:
        return lots.sample_size(people, percent=self.percent, variants=self.variants)


@dataclass(frozen=True)
class Choice:
    """Whom a message is for, as saved or as somebody is just choosing; `message_id` keys the lots."""

    message_id: int
    include: Sequence[Segment]
    exclude: Sequence[Segment]
    topic: str
    holdout_percent: int
    send_at: datetime | None = None
    local_at: datetime | None = None  # of no zone: by each person's own clock
    not_after: datetime | None = None
    split: Split | None = None
    channel: Channel = Channel.EMAIL


def choice_of(message: Message) -> Choice:
    return Choice(
        message_id=message.pk,
        include=list(message.segments.all()),
        exclude=list(message.exclude_segments.all()),
        topic=message.topic,
        holdout_percent=message.holdout_percent,
        send_at=message.scheduled_at,
        local_at=message.local_at,
        not_after=message.not_after,
        split=split_of(message),
        channel=message.way,
    )


def split_of(message: Message) -> Split | None:
    """Return how an experiment parts the people of a message; None: they all get the same."""
    experiment: Experiment | None = getattr(message, "experiment", None)
    variants = len(experiment.variants.all()) if experiment else 0
    return Split(experiment.sample_percent, variants) if experiment and variants else None


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
    return promise_of(choice, audience(choice, now=now), now=now)


def promise_of(choice: Choice, people: ContactQuerySet, *, now: datetime) -> Promise:
    """Count as `promise` does; `people` is the `audience` of the choice."""
    cte, params = judged(choice, people, now=now)
    found = sql.rows(
        f"""
        {cte} SELECT verdict, count(*), count(*) FILTER (WHERE is_late), count(*) FILTER (WHERE is_held),
            count(*) FILTER (WHERE {_EXPIRING})
        FROM judged GROUP BY verdict
        """,
        params,
    )
    return _promised(found, choice)


def _promised(verdicts: Sequence[tuple[Any, ...]], choice: Choice) -> Promise:
    """Return what rows of verdict, count, late, held and expiring say."""
    late, held, expiring = next((more for verdict, _all, *more in verdicts if not verdict), (0, 0, 0))
    counts = {verdict: count for verdict, count, *_more in verdicts}
    return Promise(counts, late=late, held=held, expiring=expiring, split=choice.split)


_EXPIRING = "coalesce(due_at >= %(not_after)s::timestamptz, false)"
_BY_DOMAIN = f"""
    , told AS (
        SELECT verdict, is_late, is_held, {_EXPIRING} AS is_expiring,
            CASE WHEN verdict = '' THEN lower(split_part(address, '@', -1)) END AS domain FROM judged
    ), counted AS (
        SELECT grouping(verdict) AS is_domain, verdict, domain, count(*) AS n,
            count(*) FILTER (WHERE is_late) AS late, count(*) FILTER (WHERE is_held) AS held,
            count(*) FILTER (WHERE is_expiring) AS expiring
        FROM told GROUP BY GROUPING SETS ((verdict), (domain))
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY is_domain ORDER BY n DESC, domain) AS place
        FROM counted WHERE is_domain = 0 OR domain IS NOT NULL
    )
    SELECT verdict, domain, n, late, held, expiring FROM ranked
    WHERE is_domain = 0 OR place <= %(largest)s OR domain = ANY(%(named)s)
"""


def promise_by_domain(
    choice: Choice, people: ContactQuerySet, *, now: datetime, named: Collection[str] = ()
) -> tuple[Promise, dict[str, int]]:
    """Count as `promise_of` does, and how many are at the largest domains, and at those that are `named`."""
    cte, params = judged(choice, people, now=now)
    found = sql.rows(f"{cte} {_BY_DOMAIN}", {**params, "largest": DOMAINS_TOLD, "named": list(named)})
    verdicts = [(verdict, *counts) for verdict, domain, *counts in found if verdict is not None]
    domains = {domain: count for verdict, domain, count, *_more in found if verdict is None}
    return _promised(verdicts, choice), domains


def judged_audience(choice: Choice, *, now: datetime) -> tuple[str, dict[str, Any]]:
    """
    Return the audience of a choice as `judged` does.

    :raises RuleInvalid: a segment speaks of something that is gone
    """
    return judged(choice, audience(choice, now=now), now=now)


def judged(choice: Choice, people: ContactQuerySet, *, now: datetime) -> tuple[str, dict[str, Any]]:
    """
    Return `WITH … judged (id, address, verdict, due_at, is_late, is_held)` and its parameters; with quiet
    hours it has the `zone` too.

    `verdict` is the reason against a contact, or ''; `due_at` the hour of who gets it: by their own clock
    if the message says so, and after the quiet hours that it would fall into.

    MATERIALIZED, so that the exclusion is worked out once for a contact and not once for each use.
    The lots come last: they are drawn among those who would have been written to. The policy is read here,
    so that what is promised and what is frozen is of one moment.
    """
    address, _hash = ADDRESS_FIELDS[choice.channel]
    excluded = channel_exclusion(choice.channel, topic=choice.topic)
    rows = people.order_by().annotate(exclusion=excluded).values_list("pk", address, "exclusion", "timezone")
    select = sql.compiled(rows)
    quiet = QuietHours.objects.filter(is_active=True, channel=choice.channel).first()
    is_zoned = quiet is not None or choice.local_at is not None
    cte = f"""
        WITH people (id, address, exclusion, timezone) AS MATERIALIZED ({select}),
        policy AS MATERIALIZED ({lots.POLICY}),
        judged AS (
            SELECT people.id, address, CASE
                WHEN exclusion <> '' THEN exclusion
                WHEN {lots.drawn("people.id", "policy.seed", "policy.percent")} THEN %(control)s
                WHEN {lots.drawn("people.id", "%(seed)s", "%(percent)s")} THEN %(holdout)s
                ELSE '' END AS verdict, due.*
            FROM people CROSS JOIN policy {_ZONED if is_zoned else _UNZONED}
        )
    """
    return cte, {
        "seed": lot_seed("holdout", choice.message_id),
        "percent": choice.holdout_percent,
        "control": Exclusion.CONTROL,
        "now": now,
        "due_at": max(choice.send_at or now, now),
        "local_at": choice.local_at,
        "not_after": choice.not_after,
        "starts": quiet and quiet.starts,
        "ends": quiet and quiet.ends,
        "holdout": Exclusion.HOLDOUT,
    }


_UNZONED = """
    CROSS JOIN (SELECT %(due_at)s::timestamptz AS due_at, false AS is_late, false AS is_held) AS due
"""
# The zones of millions are a few hundred: each is asked once.
_ZONED = f"""
    JOIN (
        SELECT timezone, messaging_zone(timezone, (SELECT zone FROM policy)) AS zone
        FROM (SELECT DISTINCT timezone FROM people) AS named OFFSET 0
    ) AS zones USING (timezone)
    CROSS JOIN LATERAL (
        SELECT %(local_at)s::timestamp AT TIME ZONE zones.zone AS told
    ) AS wall
    CROSS JOIN LATERAL (
        SELECT greatest(coalesce(wall.told, %(due_at)s::timestamptz), %(now)s::timestamptz) AS at
    ) AS meant
    CROSS JOIN LATERAL (
        SELECT {
    hours.quiet_end("clock", "zones.zone", starts="%(starts)s::time", ends="%(ends)s::time")
} AS held_until
        FROM (SELECT {hours.local("meant.at", "zones.zone")} AS clock OFFSET 0) AS here
    ) AS quiet
    CROSS JOIN LATERAL (
        SELECT coalesce(held_until, meant.at) AS due_at, coalesce(wall.told <= %(now)s, false) AS is_late,
            held_until IS NOT NULL AS is_held, zones.zone
    ) AS due
"""


def lot_seed(purpose: str, message_id: int) -> int:
    """Return the message's own key of 63 bits: who is drawn for one purpose says nothing about the next."""
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"{purpose}:{message_id}".encode(), hashlib.sha256)
    return int.from_bytes(digest[:8]) >> 1
