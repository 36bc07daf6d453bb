"""
The new-campaign wizard, in reverse: from the outcome back to the idea. Pure: what the steps are.

`Campaign.wizard_step` is the furthest step reached; '' once the plan has been finished.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.campaigns.models import Campaign


@dataclass(frozen=True)
class Step:
    """One page of the wizard; `is_complete` looks at what has been saved, not at what was clicked."""

    name: str
    label: Promise
    question: Promise
    is_complete: Callable[[Campaign], bool]


STEPS = [
    Step(
        "outcome",
        _("Outcome"),
        _("What will people do that they do not do today?"),
        lambda campaign: bool(campaign.outcome.strip()),
    ),
    Step(
        "goal",
        _("Goal"),
        _("By which event will you know, how many, and by when?"),
        lambda campaign: bool(campaign.goal_event and campaign.goal_target and campaign.goal_date),
    ),
    Step("audience", _("Audience"), _("Whose behaviour is it?"), lambda campaign: bool(campaign.segment_id)),
    Step(
        "channels",
        _("Channels"),
        _("Where do you meet them, and who owns each channel?"),
        lambda campaign: _is_owned([channel.owner_id for channel in campaign.channels.all()]),
    ),
    Step(
        "idea",
        _("Big idea"),
        _("What one idea moves them from here to there?"),
        lambda campaign: bool(campaign.idea.strip()),
    ),
    Step(
        "dates",
        _("Dates"),
        _("When must it begin for the outcome to come in time?"),
        lambda campaign: bool(campaign.start_date and campaign.launch_date),
    ),
    Step("review", _("Review"), _("Does it read as one story?"), lambda campaign: not campaign.wizard_step),
]
NAMES = [step.name for step in STEPS]


def step(name: str) -> Step | None:
    return next((step for step in STEPS if step.name == name), None)


def after(name: str) -> str:
    """Return the name of the step that follows; '' after the last one."""
    following = NAMES.index(name) + 1
    return NAMES[following] if following < len(NAMES) else ""


def before(name: str) -> str:
    """Return the name of the step before; '' before the first one."""
    position = NAMES.index(name)
    return NAMES[position - 1] if position else ""


def is_ahead(name: str, *, of: str) -> bool:
    """Test if the wizard has not come as far as `name` yet; a finished one ('') has come everywhere."""
    if not of:
        return False
    return not name or NAMES.index(name) > NAMES.index(of)


def _is_owned(owners: list[int | None]) -> bool:
    return bool(owners) and None not in owners
