"""Limits and warm-ups as people read them: how far they are used, what waits for them, and how long."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from django.db.models import Count, QuerySet
from django.utils import formats
from django.utils.translation import gettext as _

from apps.messaging import rates
from apps.messaging.models import Message, RateLimit, RateTally, Recipient, Sender, WarmUp

MOST = 50  # rules of one kind that are read
FOREVER = timedelta(days=3650)  # what takes longer than this takes "years"


def rate_limits(*, search: str = "", active: str = "") -> QuerySet[RateLimit]:
    found = RateLimit.objects.all()
    if search:
        found = found.filter(domain__icontains=search) | found.filter(sender__name__icontains=search)
    if active:
        found = found.filter(is_active=active == "yes")
    return found.select_related("sender")


@dataclass(frozen=True)
class LimitUse:
    """A limit, and how many count against it now."""

    limit: RateLimit
    counted: int


def sender_limits(sender: Sender, *, now: datetime) -> list[LimitUse]:
    limits = list(sender.rate_limits.all())
    used = _used(limit.rule for limit in limits)
    return [LimitUse(one, rates.counted(used.get(one.rule.key, ()), now.timestamp())) for one in limits]


@dataclass(frozen=True)
class WarmUpDay:
    number: int
    day: date
    ceiling: int
    is_past: bool
    is_today: bool


@dataclass(frozen=True)
class WarmUpProgress:
    """How far a plan is. `day` is today's number from 1 on: 0 before it begins, and None once it is over."""

    plan: WarmUp
    day: int | None
    ceiling: int | None
    sent: int
    days: list[WarmUpDay]


def warm_up_progress(sender: Sender, *, now: datetime) -> WarmUpProgress | None:
    """Return how far the warm-up of a sender is; None if it has no plan."""
    plan = WarmUp.objects.filter(sender=sender).first()
    return _progress(plan, _used([plan.rule]), now=now) if plan else None


def warm_ups_under_way(*, now: datetime) -> list[WarmUpProgress]:
    """Return the warm-ups whose days have begun and are not over, at most `MOST`. Two queries."""
    plans = list(WarmUp.objects.filter(is_active=True).select_related("sender")[:MOST])
    used = _used(plan.rule for plan in plans)
    return [found for plan in plans if (found := _progress(plan, used, now=now)).day]


def limits_in_force() -> list[RateLimit]:
    """Return the limits that are in force, at most `MOST`."""
    return list(RateLimit.objects.filter(is_active=True).select_related("sender")[:MOST])


def _progress(plan: WarmUp, every: Mapping[str, rates.Used], *, now: datetime) -> WarmUpProgress:
    at, rule = now.timestamp(), plan.rule
    today = rule.day(at)
    used = every.get(rule.key, ())
    is_over = today >= len(plan.ceilings)
    return WarmUpProgress(
        plan=plan,
        day=None if is_over else max(today + 1, 0),
        ceiling=rule.most_at(at),
        sent=rates.counted(used, at),
        days=[
            WarmUpDay(n + 1, plan.starts_on + timedelta(days=n), ceiling, n < today, n == today)
            for n, ceiling in enumerate(plan.ceilings)
        ],
    )


@dataclass(frozen=True)
class Brake:
    """
    A rule that holds a message back: what it says, in people's words, and until when.

    `people` have to pass it. `opens_at`: from when on more may leave; `holds`: that is not yet, or somebody
    was put aside for it. `done_at`: when the last would leave if nothing else held them back; None where
    nobody can say.
    """

    sentence: str
    people: int
    opens_at: datetime
    holds: bool
    done_at: datetime | None


def message_forecast(message: Message, *, count: int, at: datetime) -> list[Brake]:
    """Return which limits of its sender make a message that begins `at` take longer, the slowest first."""
    if not message.sender_id or not count:
        return []
    told = _of_sender(message.sender_id)
    used = _used(rule for rule, _sentence in told)
    brakes = [_brake(rule, sentence, used.get(rule.key, ()), at, count) for rule, sentence in told]
    slow = [one for one in brakes if one.done_at is None or one.done_at > at]
    return sorted(slow, key=lambda one: one.done_at or at + FOREVER, reverse=True)


def message_brakes(message: Message, *, unfinished: int, now: datetime) -> list[Brake]:
    """
    Return the limits that make a running message take longer, the slowest first.

    Also those that hold nobody up at this moment, but will before the last one has left.
    """
    if not message.is_running or not unfinished:
        return []
    held = message_forecast(message, count=unfinished, at=now)
    aside = _aside(message)
    limits = list(RateLimit.objects.filter(pk__in=aside))
    used = _used(limit.rule for limit in limits)
    for limit in limits:
        brake = _brake(limit.rule, _limited(limit), used.get(limit.rule.key, ()), now, aside[limit.pk])
        held.append(replace(brake, holds=True))
    return sorted(held, key=lambda one: one.done_at or now + FOREVER, reverse=True)


def domain_limits() -> list[RateLimit]:
    """Return the limits of domains that are in force, a page of them at most."""
    return list(RateLimit.objects.filter(is_active=True).exclude(domain="")[:MOST])


def limits_forecast(counts: Mapping[RateLimit, int], *, at: datetime) -> list[tuple[RateLimit, Brake]]:
    """Return which limits make so many mails that begin `at` take longer."""
    used = _used(limit.rule for limit in counts)
    told = [
        (limit, _brake(limit.rule, _limited(limit), used.get(limit.rule.key, ()), at, count))
        for limit, count in counts.items()
    ]
    return [(limit, brake) for limit, brake in told if brake.done_at is None or brake.done_at > at]


def recipient_brake(recipient: Recipient, *, now: datetime) -> str:
    """Say for which limit somebody waits now; '' if for none."""
    if recipient.state == Recipient.State.PLANNED and recipient.waits_for_id:
        limit = RateLimit.objects.filter(pk=recipient.waits_for_id).first()
        return _limited(limit) if limit else ""
    return line_brake(recipient.message, now=now) if recipient.state == Recipient.State.QUEUED else ""


def line_brake(message: Message, *, now: datetime) -> str:
    """Say for which limit of its sender those in line of a message wait now; '' if for none."""
    found = [one for one in message_forecast(message, count=1, at=now) if one.holds]
    return found[0].sentence if found else ""


def _aside(message: Message) -> dict[int, int]:
    """Return how many of a message wait for each limit of a domain; the index holds no others."""
    waiting = message.recipients.order_by().filter(state="planned", waits_for__isnull=False)
    return dict(waiting.values_list("waits_for").annotate(Count("pk")))


def _of_sender(sender_id: int) -> list[tuple[rates.Rule, str]]:
    limits = RateLimit.objects.filter(sender=sender_id, is_active=True).select_related("sender")
    told: list[tuple[rates.Rule, str]] = [(limit.rule, _limited(limit)) for limit in limits]
    plans = WarmUp.objects.filter(sender=sender_id, is_active=True).select_related("sender")
    return told + [(plan.rule, _warm_up_sentence(plan)) for plan in plans]


def _limited(limit: RateLimit) -> str:
    return _("Limited to %(limit)s") % {"limit": limit}


def _warm_up_sentence(plan: WarmUp) -> str:
    told = {"sender": plan.sender.name, "day": formats.date_format(plan.last_day, "j F Y")}
    return _("Warm-up of %(sender)s until %(day)s: each day has its ceiling") % told


def _brake(rule: rates.Rule, sentence: str, used: rates.Used, at: datetime, count: int) -> Brake:
    done = rates.done_at(rule, used, at.timestamp(), count)
    opens_at = datetime.fromtimestamp(rates.opens_at(rule, used, at.timestamp()), UTC)
    is_soon = done - at.timestamp() < FOREVER.total_seconds()
    return Brake(
        sentence=sentence,
        people=count,
        opens_at=opens_at,
        holds=opens_at > at,
        done_at=datetime.fromtimestamp(done, UTC) if is_soon else None,
    )


def _used(rules: Iterable[rates.Rule]) -> dict[str, rates.Used]:
    keys: Sequence[str] = [rule.key for rule in rules]
    return dict(RateTally.objects.filter(key__in=keys).values_list("key", "used")) if keys else {}
