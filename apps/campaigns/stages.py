"""What a campaign needs in order to enter a stage. Apps above this one add their criteria."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.campaigns import challenges, checks, links, readiness
from apps.campaigns.dates import day_begun
from apps.campaigns.models import Campaign, Challenge
from apps.campaigns.readiness import Finding
from apps.core import display
from apps.core.registry import Registry

Stage = Campaign.Stage
ORDER = list(Stage)


@dataclass(frozen=True)
class Criterion:
    """One thing that holds before a campaign enters `stage`."""

    stage: Stage
    label: str | Promise
    run: Callable[[Campaign, datetime], Finding]


criteria: Registry[Criterion] = Registry()


def next_stage(campaign: Campaign) -> Stage | None:
    """Return the stage that follows the campaign's; None at the end."""
    following = ORDER.index(Stage(campaign.stage)) + 1
    return ORDER[following] if following < len(ORDER) else None


def is_forward(campaign: Campaign, target: Stage) -> bool:
    return ORDER.index(target) > ORDER.index(Stage(campaign.stage))


@dataclass(frozen=True)
class Outlook:
    """What entering a stage takes: its checklist, and a sentence for each reason not to enter it now."""

    entry: list[tuple[Criterion, Finding]]
    unmet: list[str]


def outlook(campaign: Campaign, target: Stage, now: datetime) -> Outlook:
    """Return what it takes to enter `target` now; what several criteria ask is asked once."""
    path = _path(campaign, target)
    answers: dict[Callable[[Campaign, datetime], Finding], Finding] = {}
    found: dict[Stage, list[tuple[Criterion, Finding]]] = {stage: [] for stage in {*path, target}}
    for criterion in criteria:
        if criterion.stage in found:
            if criterion.run not in answers:
                answers[criterion.run] = criterion.run(campaign, now)
            found[criterion.stage].append((criterion, answers[criterion.run]))
    reasons = [_("The stage “%(stage)s” would be left out.") % {"stage": stage.label} for stage in path[:-1]]
    reasons += [each.sentence for stage in path for _criterion, each in found[stage] if not each.ok]
    return Outlook(found[target], list(dict.fromkeys(reasons)))  # several stages may ask the same


def _path(campaign: Campaign, target: Stage) -> list[Stage]:
    """Return the stages on the way, `target` the last of them; going back there are none."""
    if not is_forward(campaign, target):
        return []
    return ORDER[ORDER.index(Stage(campaign.stage)) + 1 : ORDER.index(target) + 1]


def unmet(campaign: Campaign, target: Stage, now: datetime) -> list[str]:
    """
    Return a sentence for each reason not to enter `target` now; going back needs none.

    A stage in between that would be left out is a reason, and so is every unmet criterion of it.
    """
    return outlook(campaign, target, now).unmet if is_forward(campaign, target) else []


def holding(campaign: Campaign, target: Stage) -> list[Challenge]:
    """
    Return the open challenges that keep the campaign from `target`; going back is never held.

    One about a stage holds what comes after it; any at all holds the stage in which the campaign is live.
    """
    if not is_forward(campaign, target):
        return []
    place = ORDER.index(target)
    found = challenges.open_of(campaign)
    if Stage(campaign.stage) in ORDER[: ORDER.index(Stage.LIVE)] and place >= ORDER.index(Stage.LIVE):
        return found
    return [one for one in found if one.stage and ORDER.index(Stage(one.stage)) < place]


def held_check(campaign: Campaign, target: Stage) -> None:
    """
    Refuse to enter a stage that a challenge keeps the campaign from.

    :raises HeldByChallenge: one does
    """
    challenges.refuse(holding(campaign, target))


def _audience_is_chosen(campaign: Campaign, now: datetime) -> Finding:
    if campaign.segment_id is None:
        return Finding(
            False, _("No segment is chosen as the audience."), links.step_url(campaign, "audience")
        )
    return Finding(True, _("The audience is chosen."))


def _channels_say_why(campaign: Campaign, now: datetime) -> Finding:
    silent = [str(channel) for channel in campaign.channels.all() if not channel.why.strip()]
    if silent:
        told = _("Not said why: %(channels)s.") % {"channels": ", ".join(silent)}
        return Finding(False, told, links.tab_url(campaign, "channels"))
    return Finding(True, _("Every channel says why it is there."))


def _no_task_is_overdue(campaign: Campaign, now: datetime) -> Finding:
    count = campaign.tasks.overdue(on=day_begun(now)).count()
    if count:
        told = ngettext("%(count)s task is overdue.", "%(count)s tasks are overdue.", count)
        return Finding(False, told % {"count": count}, links.tab_url(campaign, "plan"))
    return Finding(True, _("No task is overdue."))


def review_hours(campaign: Campaign) -> int:
    """Return for how many hours a campaign stands in review at least: its own rule, or the installation's."""
    own = campaign.review_hours
    hours: int = settings.CAMPAIGN_REVIEW_HOURS if own is None else own
    return hours


def review_left(campaign: Campaign, now: datetime) -> timedelta:
    """Return how much longer it is to stand in review; of one that has not come there, all of it."""
    asked = timedelta(hours=review_hours(campaign))
    if is_forward(campaign, Stage.REVIEW):
        return asked
    if campaign.stage != Stage.REVIEW:
        return timedelta()
    return max(timedelta(), (campaign.stage_at or campaign.created_at) + asked - now)


def _review_was_long_enough(campaign: Campaign, now: datetime) -> Finding:
    hours, left = review_hours(campaign), review_left(campaign, now)
    if not hours:
        return Finding(True, _("No least time of review is set."))
    if not left:
        told = ngettext("%(n)s hour of review has passed.", "%(n)s hours of review have passed.", hours)
        return Finding(True, told % {"n": hours})
    told = ngettext(
        "It is to stand in review for %(n)s hour: %(left)s to go.",
        "It is to stand in review for %(n)s hours: %(left)s to go.",
        hours,
    )
    return Finding(False, told % {"n": hours, "left": display.duration(left)})


def _is_ready(campaign: Campaign, now: datetime) -> Finding:
    # Its own check asks for the stage that this criterion guards.
    problems = readiness.problems(campaign, now, but=frozenset({readiness.STAGE_CHECK}))
    if problems:
        told = ngettext(
            "%(count)s required readiness check fails.",
            "%(count)s required readiness checks fail.",
            len(problems),
        )
        return Finding(False, told % {"count": len(problems)}, links.tab_url(campaign, "readiness"))
    return Finding(True, _("Every required readiness check passes."))


def _goal_date_has_come(campaign: Campaign, now: datetime) -> Finding:
    if campaign.goal_date is None or campaign.goal_date > now.date():
        return Finding(False, _("The date of the outcome is still to come."))
    return Finding(True, _("The date of the outcome has come."))


def register() -> None:
    """Add the criteria of this app; called from `AppConfig.ready`."""
    own = {
        "bookends": (Stage.PLANNING, gettext_lazy("Both bookends stand"), checks.bookends_are_set),
        "goal": (Stage.BUILDING, gettext_lazy("The goal has event, target and date"), checks.goal_is_set),
        "audience": (Stage.BUILDING, gettext_lazy("The audience is chosen"), _audience_is_chosen),
        "owners": (Stage.BUILDING, gettext_lazy("Every channel has its owner"), checks.channels_have_owners),
        "why": (Stage.REVIEW, gettext_lazy("Every channel says why it is there"), _channels_say_why),
        "overdue": (Stage.REVIEW, gettext_lazy("Nothing is overdue"), _no_task_is_overdue),
        "reviewed": (Stage.READY, gettext_lazy("Reviewed for long enough"), _review_was_long_enough),
        "ready": (Stage.READY, gettext_lazy("Readiness is green"), _is_ready),
        "live": (Stage.LIVE, gettext_lazy("Readiness is green"), _is_ready),
        "reporting": (Stage.REPORTING, gettext_lazy("The date of the outcome has come"), _goal_date_has_come),
    }
    for name, (stage, label, run) in own.items():
        criteria.register(f"campaigns.{name}", Criterion(stage, label, run))
