"""How mails fare at the mailbox providers, over the last 30 days, and what to do about it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import idna
from django.conf import settings
from django.db.models import Count, Max, Min, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.contacts.models import Channel, Suppression
from apps.messaging.models import (
    DeliveryReport,
    DomainFigure,
    Message,
    Recipient,
    RefusalFigure,
    SendingDomain,
)

DELIVERABILITY_SPAN = timedelta(days=30)
REFUSALS_SHOWN = 50
SHOWN = 200  # pairs of domains, the largest first
COUNTS = ("sent", "hard", "soft", "ours", "complained", "unknown")
# Gmail and Yahoo: stay below the first; from the second on everything goes to spam.
COMPLAINTS_WARN, COMPLAINTS_BAD = 0.001, 0.003
HARD_WARN, OURS_WARN = 0.02, 0.01
ENOUGH = 100  # mails from which on a rate says anything


@dataclass(frozen=True)
class Fate:
    """What became of mails: those sent, of which some came back. Unknown ones are beside them."""

    sent: int = 0
    hard: int = 0
    soft: int = 0
    ours: int = 0
    complained: int = 0
    unknown: int = 0

    @property
    def bounced(self) -> int:
        return self.hard + self.soft + self.ours

    @property
    def delivered(self) -> int:
        return self.sent - self.bounced

    @property
    def delivered_share(self) -> float | None:
        return self.delivered / self.sent if self.sent else None

    @property
    def bounced_share(self) -> float | None:
        return self.bounced / self.sent if self.sent else None

    @property
    def complained_share(self) -> float | None:
        return self.complained / self.sent if self.sent else None

    def rate(self, count: int) -> float:
        """Return a share of what was sent; 0 where that is too little to say anything."""
        return count / self.sent if self.sent >= ENOUGH else 0.0

    @property
    def complaint_tone(self) -> str:
        rate = self.rate(self.complained)
        return "bad" if rate >= COMPLAINTS_BAD else "warn" if rate >= COMPLAINTS_WARN else "good"


@dataclass(frozen=True)
class Pair:
    """From one domain of ours to one of theirs; `domain` '': all the smaller ones."""

    sending_domain: str
    domain: str
    fate: Fate


@dataclass(frozen=True)
class Refused:
    """What one domain of theirs said to one of ours, and how often; `samples` in its own words."""

    sending_domain: str
    domain: str
    code: str
    count: int
    samples: list[str]

    @property
    def is_passing(self) -> bool:
        return self.code.startswith("4")

    @property
    def is_about_us(self) -> bool:
        """Test if it is refused for policy: whoever sends is meant, and not the person (RFC 3463)."""
        return self.code.partition(" ")[2].startswith("5.7.")


@dataclass(frozen=True)
class Advice:
    """What is amiss, and where to go about it. `tone` as of a notice."""

    tone: str
    text: str
    url: str = ""
    action: str = ""


@dataclass(frozen=True)
class Deliverability:
    """
    The page: `suppressed` is new suppressions by day, with every day; `reasons` the same by reason.

    `refused` are the most frequent answers; `refused_count` mails were refused in all, beside those sent.
    `is_awaited`: mails were sent, and the roll-up has not counted them yet.
    """

    total: Fate
    is_awaited: bool
    pairs: list[Pair]
    has_more: bool
    refused: list[Refused]
    refused_count: int
    counted_at: datetime | None
    suppressed: list[tuple[date, int]]
    reasons: list[tuple[str, int]]
    advice: list[Advice]


def deliverability(*, now: datetime) -> Deliverability:
    """Read it from the roll-up, in a fixed number of queries."""
    begun = Message.objects.launched().annotate(begun_at=Coalesce("scheduled_at", "launched_at"))
    recent = begun.filter(begun_at__gt=now - DELIVERABILITY_SPAN)
    figures = DomainFigure.objects.filter(message__in=recent)
    sums = {name: Coalesce(Sum(name), 0) for name in COUNTS}
    whole = figures.aggregate(**sums, counted_at=Max("refreshed_at"))
    counted_at = whole.pop("counted_at")
    rows = figures.values_list("sending_domain", "domain").annotate(*(Sum(name) for name in COUNTS))
    by_size = rows.order_by("-sent__sum", "sending_domain", "domain")  # type: ignore[misc]  # annotated
    largest = by_size[: SHOWN + 1]
    pairs = [Pair(sending, domain, Fate(*counts)) for sending, domain, *counts in largest]
    by_day, by_reason = _suppressions(now)
    total, refused = Fate(**whole), _refused(recent)
    refusals = RefusalFigure.objects.filter(message__in=recent)
    return Deliverability(
        total=total,
        is_awaited=not total.sent and Recipient.objects.filter(message__in=recent, state="sent").exists(),
        pairs=pairs[:SHOWN],
        has_more=len(pairs) > SHOWN,
        refused=refused,
        refused_count=refusals.aggregate(n=Coalesce(Sum("count"), 0))["n"],
        counted_at=counted_at,
        suppressed=by_day,
        reasons=by_reason,
        advice=[*_refusal_advice(refused, pairs), *_advice(total, pairs)],
    )


def _refused(messages: QuerySet[Message]) -> list[Refused]:
    """Return what was said while mails were handed over, the most frequent first."""
    rows = RefusalFigure.objects.filter(message__in=messages).values_list("sending_domain", "domain", "code")
    told = rows.annotate(n=Sum("count"), first=Min("sample"), last=Max("other_sample"))
    by_size = told.order_by("-n", "sending_domain", "domain", "code")[:REFUSALS_SHOWN]
    return [
        Refused(sending, domain, code, count, sorted({first, last}))
        for sending, domain, code, count, first, last in by_size
    ]


def _suppressions(now: datetime) -> tuple[list[tuple[date, int]], list[tuple[str, int]]]:
    since = now - DELIVERABILITY_SPAN
    fresh = Suppression.objects.filter(channel=Channel.EMAIL, at__gt=since)
    rows = fresh.values_list(TruncDate("at"), "reason").annotate(Count("pk"))
    days: dict[date, int] = defaultdict(int)
    reasons: dict[str, int] = defaultdict(int)
    for day, reason, count in rows:
        days[day] += count
        reasons[reason] += count
    span = range(DELIVERABILITY_SPAN.days, -1, -1)
    by_day = [(day, days[day]) for day in ((now - timedelta(days=ago)).date() for ago in span)]
    named = [(str(Suppression.Reason(reason).label), count) for reason, count in reasons.items()]
    return by_day, sorted(named, key=lambda one: -one[1])


def _refusal_advice(refused: list[Refused], pairs: list[Pair]) -> Iterable[Advice]:
    """Speak of the one domain that refuses most of our mails for what we are, where it is no small part."""
    sent = {(pair.sending_domain, pair.domain): pair.fate.sent for pair in pairs}
    for one in refused:
        tried = one.count + sent.get((one.sending_domain, one.domain), 0)
        if one.domain and one.is_about_us and tried >= ENOUGH and one.count / tried >= OURS_WARN:
            told = _(
                "%(domain)s refuses mails from %(sending)s as they are handed over. Read why, and send less "
                "for a while."
            )
            text = told % {"domain": one.domain, "sending": one.sending_domain}
            yield Advice("bad", text, "#refused-title", _("What it says"))
            return


def _advice(total: Fate, pairs: list[Pair]) -> Iterable[Advice]:
    yield from _complaint_advice(total)
    if total.rate(total.hard) >= HARD_WARN:
        told = _("%(percent)s %% of your mails go to addresses that do not exist. Ask where those came from.")
        percent = f"{total.rate(total.hard):.1%}".rstrip("%")
        yield Advice("warn", told % {"percent": percent}, reverse("messaging:reports"), _("See them"))
    for pair in pairs:
        if pair.domain and pair.fate.rate(pair.fate.ours) >= OURS_WARN:
            told = _("%(domain)s turns away mails from %(sending)s. Read why, and send less for a while.")
            text = told % {"domain": pair.domain, "sending": pair.sending_domain}
            yield Advice("warn", text, f"{reverse('messaging:reports')}?verdict=ours", _("What it says"))
            break
    yield from _domain_advice({pair.sending_domain for pair in pairs})
    if total.unknown:
        told = _("%(n)s mails have an unknown end. A report settles them; nothing is sent again on a guess.")
        yield Advice("info", told % {"n": f"{total.unknown:,}"})
    if total.sent and not settings.RETURN_PATH and not DeliveryReport.objects.exists():
        told = _(
            "Nobody reads what comes back (RETURN_PATH, BOUNCE_MAILBOX_URL), so bounces are missing here."
        )
        yield Advice("info", told)


def _complaint_advice(total: Fate) -> Iterable[Advice]:
    rate = total.rate(total.complained)
    if rate < COMPLAINTS_WARN:
        return
    percent = {"percent": f"{rate:.2%}".rstrip("%")}
    if rate >= COMPLAINTS_BAD:
        told = _(
            "%(percent)s %% of readers call your mails spam. From 0.3 %% on, Gmail and Yahoo let none in."
        )
        yield Advice("bad", told % percent)
    else:
        told = _("%(percent)s %% of readers call your mails spam. Stay below 0.1 %%: write to who reads.")
        yield Advice("warn", told % percent)


def _domain_advice(sending: Iterable[str]) -> Iterable[Advice]:
    written = {domain.name: domain for domain in SendingDomain.objects.all()[:SHOWN]}
    for name in sorted(sending):
        domain = written.get(_as_dns(name))
        if domain is None:
            told = _("Nobody looks at the DNS of %(domain)s.") % {"domain": name}
            yield Advice("warn", told, reverse("messaging:domains"), _("Sending domains"))
        elif not domain.is_well:
            told = _("The DNS of %(domain)s is not right.") % {"domain": name}
            yield Advice("warn", told, reverse("messaging:domain", args=[domain.pk]), _("See why"))


def _as_dns(name: str) -> str:
    try:
        return idna.encode(name, uts46=True).decode()
    except idna.IDNAError:
        return name
