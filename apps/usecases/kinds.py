"""
What a use case can rest on, and how each of it is doing now.

A kind answers for all parts of its kind at once, with as many queries for a thousand as for one.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, OuterRef, Q, Subquery, TextChoices
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.campaigns.models import Campaign, Kpi
from apps.contacts import selectors as contacts
from apps.contacts.models import Attribute, EventType
from apps.core import display
from apps.exports.models import Export, Schedule
from apps.messaging.models import Message
from apps.reporting.models import CampaignResult
from apps.segments.models import Segment
from apps.usecases.models import Part

SILENT_AFTER = timedelta(days=30)  # events of which nothing has come for so long do not arrive
OFFERED = 200  # things of one kind that a form offers
Step = Part.Step
Named = Segment | Campaign | Message | Schedule
Offered = Sequence[tuple[str, str]]


class State(TextChoices):
    THERE = "there", gettext_lazy("There")
    LOW = "low", gettext_lazy("Too little")
    SILENT = "silent", gettext_lazy("Not arriving")
    WAITING = "waiting", gettext_lazy("Not yet")
    UNDESCRIBED = "undescribed", gettext_lazy("Not described")
    GONE = "gone", gettext_lazy("Gone")
    OUTSIDE = "outside", gettext_lazy("Outside Bookend")


@dataclass(frozen=True)
class PartNow:
    """How one part is doing: what it is called, and a sentence that says why its state is this one."""

    state: State
    label: str
    sentence: str
    url: str = ""

    @property
    def is_ready(self) -> bool:
        return self.state in (State.THERE, State.OUTSIDE)

    @property
    def tone(self) -> str:
        match self.state:
            case State.THERE:
                return "good"
            case State.OUTSIDE:
                return "neutral"
            case State.LOW | State.WAITING:
                return "warn"
            case _:
                return "bad"


@dataclass(frozen=True)
class Kind:
    """
    One kind of part. It is named by `object`, by `key`, by `url` (with a key as its label), or by nothing.

    `states` says how parts are doing, by their id; `offered` what a form offers, (object or key, label). Who
    lacks `permission` is told the state alone.
    """

    label: str | Promise
    steps: Collection[Step]
    named_by: str
    permission: str
    states: Callable[[Sequence[Part], datetime], Mapping[int, PartNow]]
    offered: Callable[[], Offered] = tuple


def _gone(part: Part) -> PartNow:
    return PartNow(State.GONE, part.key or _("Not there any more"), _("It is not there any more."))


def _attributes(subject: str) -> Callable[[Sequence[Part], datetime], Mapping[int, PartNow]]:
    def now(parts: Sequence[Part], _now: datetime) -> Mapping[int, PartNow]:
        entries = Attribute.current.of(subject).by_key({part.key for part in parts})
        shares = contacts.coverage_of(entries.values())
        return {part.pk: _attribute(part, entries.get(part.key), shares) for part in parts}

    return now


def _attribute(part: Part, entry: Attribute | None, shares: Mapping[int, float | None]) -> PartNow:
    if entry is None:
        return PartNow(State.UNDESCRIBED, part.key, _("The dictionary has no such attribute."))
    url = reverse("contacts:attribute-detail", args=[entry.pk])
    share = shares[entry.pk] or 0.0
    told = {"share": display.percent(share, 0), "enough": display.percent(part.enough_percent / 100, 0)}
    if not share:
        return PartNow(State.SILENT, entry.label, _("Nobody has a value."), url)
    if not entry.is_defined:
        unsaid = _("Values arrive; nobody has said what they mean.")
        return PartNow(State.UNDESCRIBED, entry.label, unsaid, url)
    if share * 100 < part.enough_percent:
        return PartNow(
            State.LOW, entry.label, _("%(share)s have a value; %(enough)s are needed.") % told, url
        )
    return PartNow(State.THERE, entry.label, _("%(share)s have a value.") % told, url)


def _events(parts: Sequence[Part], now: datetime) -> Mapping[int, PartNow]:
    found = EventType.objects.select_related("schema").filter(name__in={part.key for part in parts})
    known = {one.name: one for one in found}
    return {part.pk: _event(part, known.get(part.key), now) for part in parts}


def _event(part: Part, seen: EventType | None, now: datetime) -> PartNow:
    if seen is None:
        return PartNow(State.SILENT, part.key, _("Never received."))
    schema = getattr(seen, "schema", None)
    url = reverse("contacts:event-type-detail", args=[seen.pk])
    label = schema.label if schema is not None and schema.label else seen.name
    told = {"when": display.relative(seen.last_seen_at, now)}
    if seen.last_seen_at < now - SILENT_AFTER:
        return PartNow(State.SILENT, label, _("Last received %(when)s.") % told, url)
    if schema is None or not schema.label:
        return PartNow(State.UNDESCRIBED, label, _("It arrives; nobody has said what it means."), url)
    return PartNow(State.THERE, label, _("Last received %(when)s.") % told, url)


def _segments(parts: Sequence[Part], _now: datetime) -> Mapping[int, PartNow]:
    known = Segment.objects.active().in_bulk([part.object_id for part in parts])
    return {part.pk: _segment(part, known.get(part.object_id)) for part in parts}


def _segment(part: Part, segment: Segment | None) -> PartNow:
    if segment is None:
        return _gone(part)
    url = reverse("segments:detail", args=[segment.pk])
    if segment.fault:
        return PartNow(State.WAITING, segment.name, _("Its rule cannot be asked: it needs mending."), url)
    if segment.size is None:
        return PartNow(State.WAITING, segment.name, _("Nobody has been counted yet."), url)
    if not segment.size:
        return PartNow(State.SILENT, segment.name, _("Nobody is in it."), url)
    people = ngettext("%(n)s person.", "%(n)s people.", segment.size) % {"n": display.number(segment.size)}
    return PartNow(State.THERE, segment.name, people, url)


def _companies(parts: Sequence[Part], _now: datetime) -> Mapping[int, PartNow]:
    total = contacts.companies_total()
    label, url = _("Companies"), reverse("contacts:company-list")
    if not total.count:
        one = PartNow(State.SILENT, label, _("There are none."), url)
    else:
        told = ngettext("%(n)s company.", "%(n)s companies.", total.count)
        one = PartNow(State.THERE, label, told % {"n": display.number(total.count)}, url)
    return {part.pk: one for part in parts}


RAN = (Campaign.Stage.LIVE, Campaign.Stage.REPORTING, Campaign.Stage.CLOSED)


def _campaigns(parts: Sequence[Part], _now: datetime) -> Mapping[int, PartNow]:
    known = Campaign.objects.current().in_bulk([part.object_id for part in parts])
    found = {}
    for part in parts:
        campaign = known.get(part.object_id)
        if campaign is None:
            found[part.pk] = _gone(part)
            continue
        state = State.THERE if campaign.stage in RAN else State.WAITING
        told = _("It stands at “%(stage)s”.") % {"stage": campaign.get_stage_display()}
        found[part.pk] = PartNow(state, campaign.name, told, reverse("campaigns:detail", args=[campaign.pk]))
    return found


SENT = (Message.State.RUNNING, Message.State.FINISHED)


def _messages(parts: Sequence[Part], now: datetime) -> Mapping[int, PartNow]:
    known = Message.objects.in_bulk([part.object_id for part in parts])
    found = {}
    for part in parts:
        message = known.get(part.object_id)
        if message is None:
            found[part.pk] = _gone(part)
            continue
        leaves_at, state = message.scheduled_at, State.WAITING
        told = _("It stands at “%(state)s”.") % {"state": message.get_state_display()}
        if message.is_running and leaves_at is not None and leaves_at > now:
            told = _("It leaves %(when)s.") % {"when": display.relative(leaves_at, now)}
        elif message.state in SENT:
            state = State.THERE
        found[part.pk] = PartNow(state, message.name, told, reverse("messaging:detail", args=[message.pk]))
    return found


def _schedules(parts: Sequence[Part], now: datetime) -> Mapping[int, PartNow]:
    latest = Export.objects.filter(schedule=OuterRef("pk")).order_by("-pk")
    known = {
        one.pk: one
        for one in Schedule.objects.filter(pk__in=[part.object_id for part in parts]).annotate(
            last_state=Subquery(latest.values("state")[:1]),
            done_at=Max("exports__finished_at", filter=Q(exports__state=Export.State.DONE)),
        )
    }
    return {part.pk: _schedule(part, known.get(part.object_id or 0), now) for part in parts}


def _schedule(part: Part, schedule: Schedule | None, now: datetime) -> PartNow:
    if schedule is None:
        return _gone(part)
    url = reverse("exports:schedule-detail", args=[schedule.pk])
    done_at: datetime | None = getattr(schedule, "done_at", None)
    if not schedule.is_active:
        return PartNow(State.WAITING, schedule.name, _("It is switched off."), url)
    if getattr(schedule, "last_state", "") == Export.State.FAILED:
        return PartNow(State.WAITING, schedule.name, _("The last export failed."), url)
    if done_at is None:
        return PartNow(State.WAITING, schedule.name, _("Nothing has been exported yet."), url)
    told = _("Last exported %(when)s.") % {"when": display.relative(done_at, now)}
    return PartNow(State.THERE, schedule.name, told, url)


def _results(parts: Sequence[Part], now: datetime) -> Mapping[int, PartNow]:
    known = Campaign.objects.current().in_bulk([part.object_id for part in parts])
    counted = _counted(known)
    return {
        part.pk: _report(
            campaign.name, reverse("reporting:results", args=[campaign.pk]), counted.get(campaign.pk), now
        )
        if (campaign := known.get(part.object_id))
        else _gone(part)
        for part in parts
    }


def _kpis(parts: Sequence[Part], now: datetime) -> Mapping[int, PartNow]:
    known = Kpi.objects.select_related("campaign", "metric").in_bulk([part.object_id for part in parts])
    counted = _counted({kpi.campaign_id for kpi in known.values()})
    return {
        part.pk: _report(
            f"{kpi.label} · {kpi.campaign.name}",
            reverse("reporting:results", args=[kpi.campaign_id]),
            counted.get(kpi.campaign_id),
            now,
        )
        if (kpi := known.get(part.object_id))
        else _gone(part)
        for part in parts
    }


def _counted(campaigns: Collection[int]) -> dict[int, datetime]:
    rows = CampaignResult.objects.counted().filter(campaign__in=list(campaigns))
    return {campaign: at for campaign, at in rows.values_list("campaign_id", "refreshed_at") if at}


def _report(label: str, url: str, counted_at: datetime | None, now: datetime) -> PartNow:
    if counted_at is None:
        return PartNow(State.WAITING, label, _("Nothing has been counted yet."), url)
    return PartNow(
        State.THERE, label, _("Counted %(when)s.") % {"when": display.relative(counted_at, now)}, url
    )


def _pages(parts: Sequence[Part], _now: datetime) -> Mapping[int, PartNow]:
    told = _("Elsewhere: Bookend cannot see how it is doing.")
    return {part.pk: PartNow(State.OUTSIDE, part.key or part.url, told, part.url) for part in parts}


def _keys(subject: str) -> Callable[[], Offered]:
    def offered() -> Offered:
        entries = Attribute.current.of(subject).order_by("label")[:OFFERED]
        return [(entry.key, entry.label) for entry in entries]

    return offered


def _names(found: Callable[[], Collection[Named]]) -> Callable[[], Offered]:
    return lambda: [(str(one.pk), one.name) for one in found()]


KINDS: dict[str, Kind] = {
    "attribute": Kind(
        gettext_lazy("Attribute of contacts"),
        [Step.DATA],
        "key",
        "contacts.view_attribute",
        _attributes(Attribute.Subject.CONTACT),
        _keys(Attribute.Subject.CONTACT),
    ),
    "company_attribute": Kind(
        gettext_lazy("Attribute of companies"),
        [Step.DATA],
        "key",
        "contacts.view_attribute",
        _attributes(Attribute.Subject.COMPANY),
        _keys(Attribute.Subject.COMPANY),
    ),
    "event": Kind(
        gettext_lazy("Event"),
        [Step.DATA],
        "key",
        "contacts.view_eventtype",
        _events,
        lambda: [(one.name, one.name) for one in EventType.objects.order_by("name")[:OFFERED]],
    ),
    "segment": Kind(
        gettext_lazy("Segment"),
        [Step.DATA, Step.DELIVERY],
        "object",
        "segments.view_segment",
        _segments,
        _names(lambda: Segment.objects.active().order_by("name")[:OFFERED]),
    ),
    "companies": Kind(
        gettext_lazy("Companies"),
        [Step.DATA],
        "nothing",
        "contacts.view_company",
        _companies,
        lambda: [("", _("All companies"))],
    ),
    "campaign": Kind(
        gettext_lazy("Campaign"),
        [Step.DELIVERY],
        "object",
        "campaigns.view_campaign",
        _campaigns,
        _names(lambda: Campaign.objects.current().order_by("-updated_at")[:OFFERED]),
    ),
    "message": Kind(
        gettext_lazy("Message"),
        [Step.DELIVERY],
        "object",
        "messaging.view_message",
        _messages,
        _names(lambda: Message.objects.order_by("-pk")[:OFFERED]),
    ),
    "export_schedule": Kind(
        gettext_lazy("Scheduled export"),
        [Step.DELIVERY],
        "object",
        "exports.view_schedule",
        _schedules,
        _names(lambda: Schedule.objects.order_by("name")[:OFFERED]),
    ),
    "results": Kind(
        gettext_lazy("Results of a campaign"),
        [Step.REPORT],
        "object",
        "campaigns.view_campaign",
        _results,
        _names(lambda: Campaign.objects.current().order_by("-updated_at")[:OFFERED]),
    ),
    "kpi": Kind(
        gettext_lazy("Figure of a campaign"),
        [Step.REPORT],
        "object",
        "campaigns.view_campaign",
        _kpis,
        lambda: [
            (str(kpi.pk), f"{kpi.label} · {kpi.campaign.name}")
            for kpi in Kpi.objects.select_related("campaign", "metric").order_by("-campaign_id", "position")[
                :OFFERED
            ]
        ],
    ),
    "page": Kind(
        gettext_lazy("Dashboard or page elsewhere"), [Step.REPORT], "url", "usecases.view_usecase", _pages
    ),
}


def parts_now(parts: Collection[Part], *, now: datetime) -> dict[int, PartNow]:
    """Return how each part is doing, by its id."""
    found: dict[int, PartNow] = {}
    for name, kind in KINDS.items():
        mine = [part for part in parts if part.kind == name]
        if mine:
            found |= kind.states(mine, now)
    return found
