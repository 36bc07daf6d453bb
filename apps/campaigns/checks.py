"""What this app itself has to say about a campaign's readiness."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.urls import reverse
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.campaigns import challenges, links, readiness, strategy
from apps.campaigns.budget import NOTHING, Amounts
from apps.campaigns.dates import day_text
from apps.campaigns.expectations import amount_text
from apps.campaigns.facts import WORDS, facts_of, is_uncounted
from apps.campaigns.models import Campaign, ElementOwner, KpiSet
from apps.campaigns.readiness import Check, Finding, Group
from apps.campaigns.selectors.expectation import expectation_of
from apps.campaigns.standings import parts_unapproved
from apps.contacts.selectors import cleanness
from apps.core import display
from apps.segments.selectors import segment_contacts, vocabulary_of

QUIET_AFTER = timedelta(days=30)
# Of the quality score, from which on the contacts count as clean.
LEAST_SCORE = 80
BEFORE_REVIEW = frozenset({Campaign.Stage.IDEA, Campaign.Stage.PLANNING, Campaign.Stage.BUILDING})


def bookends_are_set(campaign: Campaign, now: datetime) -> Finding:
    if not campaign.outcome.strip():
        return Finding(
            False, _("The desired outcome is not written down."), links.step_url(campaign, "outcome")
        )
    if not campaign.idea.strip():
        return Finding(False, _("The big idea is not written down."), links.step_url(campaign, "idea"))
    return Finding(True, _("Outcome and idea are written down."))


def goal_is_set(campaign: Campaign, now: datetime) -> Finding:
    missing = [
        (not campaign.goal_event, _("The goal has no event to count.")),
        (not campaign.goal_target, _("The goal has no target.")),
        (campaign.goal_date is None, _("The goal has no date.")),
        (
            campaign.goal_measure == Campaign.GoalMeasure.VALUE and not campaign.value_property,
            _("The goal is a value, and no property carries it."),
        ),
    ]
    for is_missing, sentence in missing:
        if is_missing:
            return Finding(False, sentence, links.step_url(campaign, "goal"))
    assert campaign.goal_date is not None
    if campaign.goal_date < now.date():  # its days are counted in UTC
        day = day_text(campaign.goal_date)
        return Finding(
            False,
            _("The date of the goal has passed: %(day)s.") % {"day": day},
            links.step_url(campaign, "goal"),
        )
    return Finding(True, _("Event, target and date are set."))


def goal_is_arriving(campaign: Campaign, now: datetime) -> Finding:
    """Find the goal event among what arrived lately, with each property that the goal reads."""
    name = campaign.goal_event
    if not name:
        return Finding(False, _("The goal has no event to count."), links.step_url(campaign, "goal"))
    rows = readiness.fact(campaign, now, "goal_events")
    seen = [(datetime.fromisoformat(row["at"]), row["properties"]) for row in rows]
    if not seen:
        return Finding(
            False,
            _("“%(event)s” has never been received.") % {"event": name},
            links.step_url(campaign, "goal"),
        )
    latest = seen[0][0]
    day = day_text(latest)
    if latest < now - QUIET_AFTER:
        told = _("“%(event)s” was last received on %(day)s.") % {"event": name, "day": day}
        return Finding(False, told, links.step_url(campaign, "goal"))
    recent = [properties for at, properties in seen if at >= now - QUIET_AFTER]
    needed = _properties_needed(campaign)
    if missing := next((name for name, has in needed if not any(map(has, recent))), ""):
        told = _("“%(event)s” arrives, but never with “%(property)s”.") % {"event": name, "property": missing}
        return Finding(False, told, links.step_url(campaign, "goal"))
    return Finding(True, _("“%(event)s” arrives, last on %(day)s.") % {"event": name, "day": day})


def _properties_needed(campaign: Campaign) -> list[tuple[str, Callable[[dict[str, object]], bool]]]:
    """Return the properties that the goal reads, each with the test that an event carries it."""
    needed: list[tuple[str, Callable[[dict[str, object]], bool]]] = []
    if worth := campaign.value_property:
        needed.append((worth, lambda properties: _is_number(properties.get(worth))))
    for condition in campaign.goal_where:
        if condition.get("op") != "missing":
            name = str(condition.get("property", ""))
            needed.append((name, partial(_carries, name)))
    return needed


def _carries(name: str, properties: dict[str, object]) -> bool:
    return name in properties


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def audience_is_there(campaign: Campaign, now: datetime) -> Finding:
    segment = campaign.segment
    mend = links.step_url(campaign, "audience")
    if segment is None:
        return Finding(False, _("No segment is chosen as the audience."), mend)
    nobody = Finding(False, _("Nobody is in the segment “%(segment)s”.") % {"segment": segment}, mend)
    if is_uncounted(campaign):  # the rule is asked
        words = vocabulary_of(readiness.facts_in(campaign, now, WORDS))
        if not segment_contacts(segment, now=now, words=words).exists():
            return nobody
        return Finding(True, _("“%(segment)s” is not empty.") % {"segment": segment})
    if not segment.size:
        return nobody
    told = ngettext(
        "%(size)s person is in the audience.", "%(size)s people are in the audience.", segment.size
    )
    return Finding(True, told % {"size": formats.number_format(segment.size, force_grouping=True)})


def data_is_clean(campaign: Campaign, now: datetime) -> Finding:
    """Ask how good the contacts were at the last scan, and whether that was lately."""
    at, score = (readiness.fact(campaign, now, name) for name in ("scan_at", "scan_score"))
    found = cleanness(at, score, now=now)
    mend = reverse("contacts:quality")
    if found.at is None or found.score is None:
        return Finding(False, _("Nobody has looked yet at the quality of the contacts."), mend)
    told = {"day": day_text(found.at), "score": formats.number_format(found.score, 1), "least": LEAST_SCORE}
    if found.is_old:
        return Finding(False, _("The contacts were last looked at on %(day)s.") % told, mend)
    if found.score < LEAST_SCORE:
        return Finding(False, _("The contacts score %(score)s of 100; %(least)s is clean.") % told, mend)
    return Finding(True, _("The contacts scored %(score)s of 100 on %(day)s.") % told)


def channels_have_owners(campaign: Campaign, now: datetime) -> Finding:
    channels = list(campaign.channels.all())
    if not channels:
        return Finding(False, _("The campaign has no channel."), links.tab_url(campaign, "channels"))
    unowned = [str(channel.get_kind_display()) for channel in channels if channel.owner_id is None]
    if unowned:
        told = _("Nobody owns: %(channels)s.") % {"channels": ", ".join(unowned)}
        return Finding(False, told, links.tab_url(campaign, "channels"))
    left = [str(channel.get_kind_display()) for channel in channels if not _is_here(channel.owner)]
    if left:
        told = _("Whoever owned it has left: %(channels)s.") % {"channels": ", ".join(left)}
        return Finding(False, told, links.tab_url(campaign, "channels"))
    return Finding(True, _("Every channel has its owner."))


def _is_here(owner: User | None) -> bool:
    return owner is not None and owner.is_active


def stage_is_late_enough(campaign: Campaign, now: datetime) -> Finding:
    stage = {"stage": campaign.get_stage_display()}
    if campaign.stage in {Campaign.Stage.READY, Campaign.Stage.LIVE}:
        return Finding(True, _("The campaign is at the stage “%(stage)s”.") % stage)
    if campaign.stage in {Campaign.Stage.REPORTING, Campaign.Stage.CLOSED}:
        return Finding(
            False,
            _("The campaign is over: its stage is “%(stage)s”.") % stage,
            links.tab_url(campaign, "advance"),
        )
    return Finding(
        False,
        _("The campaign is still at the stage “%(stage)s”.") % stage,
        links.tab_url(campaign, "advance"),
    )


def tasks_are_done(campaign: Campaign, now: datetime) -> Finding:
    count = readiness.fact(campaign, now, "tasks_due")
    if not count:
        return Finding(True, _("Nothing that is due before the launch is open."))
    told = ngettext(
        "%(count)s task is due before the launch and open.",
        "%(count)s tasks are due before the launch and open.",
        count,
    )
    return Finding(False, told % {"count": count}, links.tab_url(campaign, "plan"))


def kpis_have_reasons(campaign: Campaign, now: datetime) -> Finding:
    kpis = readiness.fact(campaign, now, "kpis")
    if not kpis:
        return Finding(False, _("No KPI is chosen."), links.tab_url(campaign, "kpis"))
    bare = [kpi["name"] for kpi in kpis if not kpi["reason"].strip()]
    if bare:
        return Finding(
            False,
            _("KPIs without a reason: %(kpis)s.") % {"kpis": ", ".join(bare)},
            links.tab_url(campaign, "kpis"),
        )
    return Finding(True, _("Every KPI says why it carries the story."))


def year_goal_is_named(campaign: Campaign, now: datetime) -> Finding:
    """Ask which goal of the year the campaign is for; where a year has none, there is nothing to name."""
    if goal := readiness.fact(campaign, now, "year_goal"):
        return Finding(True, _("It is for “%(goal)s”.") % {"goal": goal})
    year = strategy.year_of(campaign, today=now.date())
    if not readiness.fact(campaign, now, "year_has_goals"):
        return Finding(True, _("No goals are written down for %(year)s.") % {"year": year})
    told = _("It names none of the goals of %(year)s.") % {"year": year}
    return Finding(False, told, links.step_url(campaign, "outcome"))


def elements_have_both_owners(campaign: Campaign, now: datetime) -> Finding:
    """Ask for art and science: an element with one of its two owners is half thought through."""
    owners = [
        ElementOwner(element=row["element"], marketing_owner_id=row["marketing"], data_owner_id=row["data"])
        for row in readiness.fact(campaign, now, "elements")
    ]
    mend = links.tab_url(campaign, "team")
    if not any(owner.marketing_owner_id or owner.data_owner_id for owner in owners):
        return Finding(False, _("No element has a marketing and a data owner yet."), mend)
    halves = [str(owner) for owner in owners if owner.is_one_sided]
    if halves:
        told = _("Only one of the two owners is named: %(elements)s.") % {"elements": ", ".join(halves)}
        return Finding(False, told, mend)
    return Finding(True, _("Every element that has owners has both: art and science."))


def budget_is_planned(campaign: Campaign, now: datetime) -> Finding:
    planned, forecast = (readiness.fact(campaign, now, name) or NOTHING for name in ("planned", "forecast"))
    total = Amounts(planned=planned, forecast=forecast)
    mend = links.tab_url(campaign, "budget")
    if not total.planned:
        return Finding(False, _("No money has been planned."), mend)
    amounts = {
        "planned": display.money(total.planned, campaign.currency),
        "over": display.money(total.over, campaign.currency),
    }
    if total.over:
        return Finding(False, _("The forecast is %(over)s above the plan of %(planned)s.") % amounts, mend)
    return Finding(True, _("%(planned)s are planned, and the forecast keeps to it.") % amounts)


def nothing_is_challenged(campaign: Campaign, now: datetime) -> Finding:
    found = campaign.open_challenges
    if not found:
        return Finding(True, _("No challenge is open."))
    told = challenges.sentence(found[0])
    if more := len(found) - 1:
        also = ngettext("And %(n)s more challenge.", "And %(n)s more challenges.", more) % {"n": more}
        return Finding(False, f"{told} {also}", links.tab_url(campaign, "challenges"))
    return Finding(False, told, links.challenge_url(found[0]))


def parts_are_approved(campaign: Campaign, now: datetime) -> Finding:
    """From review on, in a campaign that asks for approvals: before, everything still changes."""
    if not campaign.asks_approvals:
        return Finding(True, _("This campaign asks for no approvals."))
    if campaign.stage in BEFORE_REVIEW:
        return Finding(True, _("Approvals are asked for from review on."))
    if missing := parts_unapproved(campaign, readiness.fact(campaign, now, "approved")):
        told = _("Not approved as it is now: %(parts)s.") % {"parts": ", ".join(missing)}
        return Finding(False, told, links.tab_url(campaign, "approvals"))
    return Finding(True, _("Content, audience, schedule and goal are approved."))


def kpis_are_signed(campaign: Campaign, now: datetime) -> Finding:
    mend = links.tab_url(campaign, "kpis")
    match _kpi_state(campaign):
        case KpiSet.State.SIGNED:
            return Finding(True, _("An executive has signed the KPIs."))
        case KpiSet.State.REVIEW:
            return Finding(False, _("Sales has not reviewed the KPIs yet."), mend)
        case KpiSet.State.SIGNATURE:
            return Finding(False, _("The KPIs await an executive’s signature."), mend)
        case KpiSet.State.QUESTIONED:
            return Finding(False, _("Sales has a question about the KPIs."), mend)
        case KpiSet.State.CHANGED:
            return Finding(False, _("The KPIs have changed since they were signed."), mend)
    return Finding(False, _("Nobody has been asked to sign the KPIs."), mend)


def _kpi_state(campaign: Campaign) -> str:
    kpi_set = getattr(campaign, "kpi_set", None)  # none: no act has touched its KPIs
    return kpi_set.state if kpi_set else KpiSet.State.DRAFT


def signature_holds(campaign: Campaign, now: datetime) -> Finding:
    """Ask that nothing goes out on KPIs that somebody has signed differently; whether to sign is advice."""
    if _kpi_state(campaign) == KpiSet.State.DRAFT:
        return Finding(True, _("Nothing has been signed yet, so nothing differs from it."))
    by = readiness.fact(campaign, now, "signed_by")
    if by is None:
        return Finding(True, _("Nothing has been signed yet, so nothing differs from it."))
    if _kpi_state(campaign) == KpiSet.State.SIGNED:
        return Finding(True, _("The KPIs are as %(by)s signed them.") % {"by": by})
    told = _("The KPIs are not what %(by)s signed.") % {"by": by}
    return Finding(False, told, links.tab_url(campaign, "kpis"))


def audience_is_described(campaign: Campaign, now: datetime) -> Finding:
    """Ask who walks the journey; where it leads is asked once journeys are kept."""
    if not campaign.audience_note.strip():
        told = _("Nobody has written down who the people are.")
        return Finding(False, told, links.step_url(campaign, "audience"))
    return Finding(True, _("It is written down who the people are."))


def channels_say_why(campaign: Campaign, now: datetime) -> Finding:
    silent = [
        str(channel)
        for channel in campaign.channels.all()
        if not (channel.why.strip() and channel.expected_result.strip())
    ]
    if silent:
        told = _("Not said what they should bring, or why: %(channels)s.") % {"channels": ", ".join(silent)}
        return Finding(False, told, links.tab_url(campaign, "channels"))
    return Finding(True, _("Every channel says why it is there and what it should bring."))


def expectations_are_acknowledged(campaign: Campaign, now: datetime) -> Finding:
    mend = links.tab_url(campaign, "expectation")
    if expectation_of(campaign) is None:
        return Finding(False, _("Nobody has said what should come by when."), mend)
    asked = readiness.fact(campaign, now, "stakeholders")
    if not asked:
        return Finding(False, _("Nobody is named to acknowledge the expectation."), mend)
    waiting = [one["name"] for one in asked if one["acknowledged"] is None]
    if waiting:
        told = _("Not acknowledged yet: %(people)s.")
        return Finding(False, told % {"people": ", ".join(waiting)}, mend)
    told = ngettext(
        "%(count)s person has acknowledged it.", "%(count)s people have acknowledged it.", len(asked)
    )
    return Finding(True, told % {"count": len(asked)})


def results_are_as_expected(campaign: Campaign, now: datetime) -> Finding:
    at = readiness.fact(campaign, now, "short_at")
    if at is None:
        return Finding(True, _("No shortfall has been seen this month."))
    told = _("On %(day)s %(expected)s was expected and %(reached)s had come.") % {
        "day": day_text(at.date()),
        "expected": amount_text(campaign, readiness.fact(campaign, now, "short_expected")),
        "reached": amount_text(campaign, readiness.fact(campaign, now, "short_reached")),
    }
    return Finding(False, told, links.tab_url(campaign, "expectation"))


def _own(
    name: str,
    label: Promise,
    group: Group,
    run: Callable[[Campaign, datetime], Finding],
    *,
    is_required: bool = False,
    may_be_overridden: bool = True,
) -> Check:
    return Check(f"campaigns.{name}", label, group, is_required, run, may_be_overridden)


# In the order of the page within their groups.
OWN = [
    _own("goal_arriving", _l("The goal is arriving"), Group.DATA, goal_is_arriving, is_required=True),
    _own("audience", _l("There is an audience"), Group.DATA, audience_is_there, is_required=True),
    _own("quality", _l("The contacts are clean"), Group.DATA, data_is_clean),
    _own("kpis", _l("KPIs have reasons"), Group.KPIS, kpis_have_reasons),
    _own("kpis_signed", _l("KPIs are signed"), Group.KPIS, kpis_are_signed),
    _own("signature", _l("The signature holds"), Group.KPIS, signature_holds, is_required=True),
    _own("people", _l("The people are described"), Group.JOURNEY, audience_is_described),
    _own("why", _l("Channels say what they are for"), Group.JOURNEY, channels_say_why),
    _own(
        "bookends",
        _l("Both bookends stand"),
        Group.EXPECTATIONS,
        bookends_are_set,
        is_required=True,
        may_be_overridden=False,
    ),
    _own("goal", _l("The goal can be reached"), Group.EXPECTATIONS, goal_is_set, is_required=True),
    _own("year_goal", _l("It serves a goal of the year"), Group.EXPECTATIONS, year_goal_is_named),
    _own("elements", _l("Art and science"), Group.EXPECTATIONS, elements_have_both_owners),
    _own("budget", _l("The budget is planned"), Group.EXPECTATIONS, budget_is_planned),
    _own(
        "expectations", _l("Expectations are acknowledged"), Group.EXPECTATIONS, expectations_are_acknowledged
    ),
    _own("shortfall", _l("What comes is as expected"), Group.EXPECTATIONS, results_are_as_expected),
    _own("channels", _l("Channels have owners"), Group.SENDING, channels_have_owners, is_required=True),
    _own("tasks", _l("Tasks are done"), Group.SENDING, tasks_are_done),
    _own("approvals", _l("Parts are approved"), Group.SENDING, parts_are_approved, is_required=True),
    _own(
        "challenges",
        _l("Nothing is challenged"),
        Group.SENDING,
        nothing_is_challenged,
        is_required=True,
        may_be_overridden=False,
    ),
    _own("stage", _l("The stage is reached"), Group.SENDING, stage_is_late_enough, is_required=True),
]


def register() -> None:
    """Add the checks of this app, and what they read; called from `AppConfig.ready`."""
    readiness.facts.register("campaigns", facts_of)
    for check in OWN:
        readiness.checks.register(check.name, check)
