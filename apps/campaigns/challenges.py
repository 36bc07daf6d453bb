"""
What can be challenged in a campaign, and what stops when it is. Apps above register from `AppConfig.ready`:

    challengeables.register("content.asset", Challengeable(
        model=Asset,
        kind=_("Asset"),
        of=lambda campaign: Asset.objects.filter(…),      # what of one campaign can be asked about
        owners=lambda asset: [asset.owner],               # who answers, beside the captain
        owned_by=lambda user: Asset.objects.filter(owner=user),
        url=lambda asset: reverse("content:asset", args=[asset.pk]),
    ))

The name is the model's label. An act that a challenge holds then says `hold_check(thing)` first; and pages
show `open_shown(campaign, thing)` with `campaigns/_held.html`.

`stops` is for what would go on by itself: each is called before a challenge is written down, and pauses what
must not start while it is open. It takes its locks before the campaign is locked, as a launch does.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from apps.accounts.models import User
from apps.campaigns import links
from apps.campaigns.errors import HeldByChallenge
from apps.campaigns.models import BudgetLine, Campaign, Challenge, Channel, Kpi, Task
from apps.core.registry import Registry

ASKED_SHOWN = 160  # characters of a question in a refusal


@dataclass(frozen=True)
class Challengeable:
    """One kind of thing. `of` must be a subset of what belongs to the campaign; `owners` may hold None."""

    model: type[Model]
    kind: str | Promise
    of: Callable[[Campaign], QuerySet[Any]]
    owners: Callable[[Any], Iterable[User | None]]
    owned_by: Callable[[User], QuerySet[Any]]
    url: Callable[[Any], str]


class Challengeables(Registry[Challengeable]):
    def of(self, label: str) -> Challengeable | None:
        """Return the kind named `campaigns.task`; None: nobody registered it."""
        return self._entries.get(label)


class Stop(Protocol):
    def __call__(self, *, campaign: Campaign, thing: Model, by: User, now: datetime, reason: str) -> None: ...


challengeables = Challengeables()
stops: Registry[Stop] = Registry()


def kind_of(challenge: Challenge) -> Challengeable | None:
    """Return what is known of the kind of thing that a challenge is about."""
    content_type = ContentType.objects.get_for_id(challenge.content_type_id)
    return challengeables.of(f"{content_type.app_label}.{content_type.model}")


def people_of(challenge: Challenge) -> set[User]:
    """Return who must answer: the owners of the thing, of its channel, its assignee, and the captain."""
    kind, thing = kind_of(challenge), challenge.thing
    owners = kind.owners(thing) if kind and thing is not None else ()
    return {person for person in [challenge.campaign.captain, *owners] if person is not None}


def url_of(challenge: Challenge) -> str:
    """Return where the thing itself is looked at; '' if it is gone."""
    kind, thing = kind_of(challenge), challenge.thing
    return kind.url(thing) if kind and thing is not None else ""


def open_about(thing: Model) -> list[Challenge]:
    """Return what holds this thing now, the oldest first."""
    found = Challenge.objects.open().about(thing).select_related("asked_by", "pursued_by")
    return list(found.order_by("asked_at", "pk"))


def open_shown(campaign: Campaign, thing: Model) -> list[Challenge]:
    """Return the same for a page of the thing, out of what the frame of its campaign shows anyway."""
    about = ContentType.objects.get_for_model(thing).pk, thing.pk
    return [one for one in campaign.open_challenges if (one.content_type_id, one.object_id) == about]


def open_of(campaign: Campaign) -> list[Challenge]:
    """Return what holds the campaign's launch now, the oldest first."""
    found = campaign.challenges.open().select_related("asked_by", "pursued_by")
    return list(found.order_by("asked_at", "pk"))


def open_about_some(model: type[Model], keys: Iterable[int]) -> list[Challenge]:
    """Return what holds any of these things now, the oldest first."""
    content_type = ContentType.objects.get_for_model(model)
    found = Challenge.objects.open().filter(content_type=content_type, object_id__in=list(keys))
    return list(found.select_related("pursued_by").order_by("asked_at", "pk"))


def sentence(challenge: Challenge) -> str:
    """Say who asks what of which thing."""
    asked = Truncator(challenge.question).chars(ASKED_SHOWN)
    said = {"person": challenge.pursued_by, "thing": challenge.about, "question": asked}
    return _("%(person)s challenges “%(thing)s”: %(question)s") % said


def hold_check(thing: Model) -> None:
    """
    Refuse to go on with a thing that is challenged.

    :raises HeldByChallenge: it is, and by whom
    """
    refuse(open_about(thing))


def launch_check(campaign: Campaign) -> None:
    """
    Refuse to let anything of the campaign start while one of its challenges is open.

    :raises HeldByChallenge: one is, and whose
    """
    refuse(open_of(campaign))


def refuse(found: list[Challenge]) -> None:
    """
    Refuse an act that these hold; none holds nothing.

    :raises HeldByChallenge: there is one; the oldest is told
    """
    if found:
        raise HeldByChallenge(sentence(found[0]), url=links.challenge_url(found[0]))


def _in_campaign(campaign: Campaign) -> QuerySet[Campaign]:
    return Campaign.objects.filter(pk=campaign.pk)


def register() -> None:
    """Add the things of this app; called from `AppConfig.ready`."""
    own = [
        Challengeable(
            model=Campaign,
            kind=_l("Stage"),
            of=_in_campaign,
            owners=lambda campaign: [campaign.captain],
            owned_by=lambda user: Campaign.objects.filter(captain=user),
            url=lambda campaign: reverse("campaigns:advance", args=[campaign.pk]),
        ),
        Challengeable(
            model=Task,
            kind=_l("Task"),
            of=lambda campaign: campaign.tasks.all(),
            owners=lambda task: [task.assignee, task.channel.owner if task.channel else None],
            owned_by=lambda user: Task.objects.filter(Q(assignee=user) | Q(channel__owner=user)),
            url=lambda task: reverse("campaigns:task", args=[task.pk]),
        ),
        Challengeable(
            model=Channel,
            kind=_l("Channel"),
            of=lambda campaign: campaign.channels.all(),
            owners=lambda channel: [channel.owner],
            owned_by=lambda user: Channel.objects.filter(owner=user),
            url=lambda channel: reverse("campaigns:channel", args=[channel.pk]),
        ),
        Challengeable(
            model=Kpi,
            kind=_l("KPI"),
            of=lambda campaign: campaign.kpis.with_metric(),
            owners=lambda kpi: [kpi.campaign.captain],
            owned_by=lambda user: Kpi.objects.filter(campaign__captain=user),
            url=lambda kpi: reverse("campaigns:kpi_update", args=[kpi.pk]),
        ),
        Challengeable(
            model=BudgetLine,
            kind=_l("Budget line"),
            of=lambda campaign: campaign.budget_lines.standing(),
            owners=lambda line: [line.channel.owner if line.channel else None],
            owned_by=lambda user: BudgetLine.objects.filter(channel__owner=user),
            url=lambda line: reverse("campaigns:budget_line", args=[line.pk]),
        ),
    ]
    for one in own:
        challengeables.register(one.model._meta.label_lower, one)
