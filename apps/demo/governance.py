"""How the demo's teams keep each other honest: a question that holds a task, and one that was answered."""

from datetime import datetime, timedelta

from apps.accounts.models import User
from apps.campaigns import services as campaigns
from apps.campaigns.models import Campaign, Challenge, Task
from apps.demo import building, experiment

HOUR = timedelta(hours=1)


def governance_create(*, team: dict[str, User], now: datetime) -> None:
    """Ask, answer and decide through the real acts; a second time changes nothing."""
    if Challenge.objects.exists():
        return
    _experiment_challenged(team, launch=experiment.launch_hour(now))
    _building_challenged(team, now=now)


def _experiment_challenged(team: dict[str, User], *, launch: datetime) -> None:
    """The question that made it an experiment: asked, answered and decided before the launch."""
    campaign = Campaign.objects.get(name=experiment.NAME)
    asked_at = launch - 101 * HOUR
    campaigns.challenger_add(
        campaign=campaign, user=team["sales"], by=team["captain"], now=asked_at - 24 * HOUR
    )
    challenge = campaigns.challenge_raise(
        campaign=campaign,
        thing=Task.objects.get(campaign=campaign, title="Write both e-mails"),
        question="How will we know that the e-mails did it, and not the season?",
        by=team["sales"],
        now=asked_at,
    )
    campaigns.challenge_answer(
        challenge=challenge,
        text="A third of the list gets no e-mail. Whatever they buy, they would have bought anyway.",
        by=team["contributor"],
        now=asked_at + 3 * HOUR,
    )
    campaigns.challenge_resolve(
        challenge=challenge,
        resolution=Challenge.Resolution.ACCEPTED,
        decision="The lot draws three equal parts: men's e-mail, women's e-mail, none.",
        by=team["sales"],
        now=asked_at + 29 * HOUR,
    )


def _building_challenged(team: dict[str, User], *, now: datetime) -> None:
    campaign = Campaign.objects.get(name=building.NAME)
    challenge = campaigns.challenge_raise(
        campaign=campaign,
        thing=Task.objects.get(campaign=campaign, title="Write the invitation"),
        question="“Bring someone” doubles the guests. Have the shops said that they have room for them?",
        by=team["lead"],
        now=now - 51 * HOUR,
    )
    campaigns.challenge_answer(
        challenge=challenge,
        text="Northfield has, for two of the three evenings. I ask for the third today.",
        by=team["owner"],
        now=now - 5 * HOUR,
    )
