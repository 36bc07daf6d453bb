"""
The condition of segment rules that speaks of messages:

    {"message": ID | "any", "did": "received" | "opened" | "clicked" | "converted" | "bounced",
     "within": "30d", "campaign": ID}

Opens and clicks of machines are not a person's, so they are not counted here. "Converted" is the campaign's
goal event within its conversion window after the message was sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.campaigns.models import Campaign
from apps.messaging.models import Message
from apps.segments.registry import Clock, ConditionFault, ConditionKind, Following, Input, Select
from apps.segments.rules import Duration, event_where
from apps.segments.rules.sentence import duration_words
from apps.segments.rules.values import Unfit, duration_parse

ANY = "any"
DEEDS = {
    "received": gettext_lazy("got"),
    "opened": gettext_lazy("opened"),
    "clicked": gettext_lazy("clicked in"),
    "converted": gettext_lazy("reached the goal after"),
    "bounced": gettext_lazy("could not be reached by"),
}
# What migration 0030 notes: whom a mail has reached, and what came of it.
TOPICS = {deed: f"message:{deed}" for deed in ("received", "opened", "clicked", "bounced")}
CHOICES = 100  # the latest messages are offered in the builder; an older one keeps working in a rule
MAX_ID = 19  # digits of a number that no id has any more
M = TypeVar("M", Campaign, Message)
Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class MessageDid:
    """One condition. `message` or `campaign` None: any."""

    message: int | None
    did: str
    within: Duration | None
    campaign: int | None


def parse(raw: Mapping[str, object]) -> MessageDid:
    """:raises ConditionFault: the field that is wrong, and why"""
    message, campaign = raw.get("message"), raw.get("campaign")
    did, within = raw.get("did", "received"), raw.get("within")
    if message != ANY and not _is_id(message):
        raise ConditionFault("message", _("This has to be the id of a message, or “any”."))
    if campaign is not None and not _is_id(campaign):
        raise ConditionFault("campaign", _("This has to be the id of a campaign."))
    if not isinstance(did, str) or did not in DEEDS:
        raise ConditionFault("did", _("This has to be one of: %(deeds)s.") % {"deeds": ", ".join(DEEDS)})
    try:
        span = duration_parse(within) if within is not None else None
    except Unfit as fault:
        raise ConditionFault("within", str(fault)) from fault
    return MessageDid(
        message=message if isinstance(message, int) else None,
        did=did,
        within=span,
        campaign=campaign if isinstance(campaign, int) else None,
    )


def _is_id(raw: object) -> bool:
    return isinstance(raw, int) and not isinstance(raw, bool) and 0 < raw < 2**63


def contacts(condition: MessageDid, clock: Clock) -> Select:
    """Return the ids of the contacts for whom the condition holds."""
    since = condition.within.before(clock.now) if condition.within else None
    if condition.did == "converted":
        return _converted(condition, clock, since)
    if condition.did == "received":
        text = "SELECT contact_id FROM messaging_recipient WHERE state = 'sent'"
        return _narrowed(text, [], condition, clock, since, moment="finished_at")
    text = "SELECT contact_id FROM messaging_deliveryevent WHERE kind = %s AND machine_reason = ''"
    return _narrowed(text, [condition.did], condition, clock, since, moment="at")


def _narrowed(
    text: str, params: list[Any], condition: MessageDid, clock: Clock, since: datetime | None, *, moment: str
) -> Select:
    if condition.message is not None:
        text, params = f"{text} AND message_id = %s", [*params, condition.message]
    if condition.campaign is not None:
        text += " AND message_id IN (SELECT id FROM messaging_message WHERE campaign_id = %s)"
        params.append(condition.campaign)
    if since is not None:
        text, params = f"{text} AND {moment} >= %s", [*params, since]
    if clock.among is not None:
        text, params = f"{text} AND contact_id = ANY(%s)", [*params, list(clock.among)]
    return Select(text, params)


def _converted(condition: MessageDid, clock: Clock, since: datetime | None) -> Select:
    """Each campaign has a goal of its own, so each gets a SELECT of its own."""
    texts, params = [], []
    for campaign in _campaigns(condition).order_by("pk"):
        where = event_where(campaign.goal_event, campaign.goal_where, now=clock.now)
        text = f"""
            SELECT r.contact_id FROM messaging_recipient AS r
            JOIN messaging_message AS m ON m.id = r.message_id AND m.campaign_id = %s
            JOIN contacts_event AS e ON e.contact_id = r.contact_id AND e.name = %s
                AND e.occurred_at >= r.finished_at AND e.occurred_at < r.finished_at + %s * interval '1 day'
            WHERE r.state = 'sent' AND {where.text}
        """
        params += [campaign.pk, campaign.goal_event, campaign.conversion_window_days, *where.params]
        for extra, value in (
            ("r.message_id = %s", condition.message),
            ("e.occurred_at >= %s", since),
            ("r.contact_id = ANY(%s)", list(clock.among) if clock.among is not None else None),
        ):
            if value is not None:
                text += f" AND {extra}"
                params.append(value)
        texts.append(text)
    if not texts:
        return Select("SELECT NULL::bigint WHERE false", [])
    return Select(" UNION ".join(texts), params)


def _campaigns(condition: MessageDid) -> QuerySet[Campaign]:
    campaigns = Campaign.objects.filter(messages__launched_at__isnull=False).exclude(goal_event="").distinct()
    if condition.message is not None:
        campaigns = campaigns.filter(messages=condition.message)
    if condition.campaign is not None:
        campaigns = campaigns.filter(pk=condition.campaign)
    return campaigns


def topics(condition: MessageDid) -> list[str]:
    """Return what triggers note that the condition depends on: for "converted", goal events as well."""
    if condition.did != "converted":
        return [TOPICS[condition.did]]
    goals = _campaigns(condition).values_list("goal_event", flat=True).distinct()
    return [TOPICS["received"], *(f"event:{name}" for name in goals)]


def edges(condition: MessageDid, low: datetime, high: datetime) -> Select:
    """Return to whom something happened from `low` to before `high`, of any message: time moves few."""
    if condition.did == "received":
        text = "SELECT contact_id FROM messaging_recipient WHERE state = 'sent'"
        return Select(f"{text} AND finished_at >= %s AND finished_at < %s", [low, high])
    text = "SELECT contact_id FROM messaging_deliveryevent WHERE kind = %s AND at >= %s AND at < %s"
    return Select(text, [condition.did, low, high])


def sentence(condition: MessageDid) -> str:
    """Say the condition in plain words."""
    named = Message.objects.filter(pk=condition.message or 0).values_list("name", flat=True).first()
    what = _("“%(name)s”") % {"name": named} if named else _("any message")
    if condition.message is not None and not named:
        what = _("a message that is gone")
    if condition.campaign is not None:
        campaign = Campaign.objects.filter(pk=condition.campaign).values_list("name", flat=True).first()
        what = _("%(what)s of “%(campaign)s”") % {"what": what, "campaign": campaign or condition.campaign}
    words = {"did": DEEDS[condition.did], "what": what}
    if condition.within is None:
        return _("they %(did)s %(what)s") % words
    span = duration_words(condition.within)
    return _("they %(did)s %(what)s in the last %(span)s") % (words | {"span": span})


def inputs(rows: Sequence[Mapping[str, str]]) -> list[list[Input]]:
    """Return the fields of each row; what one has chosen before is offered whatever has become of it."""
    launched = Message.objects.launched()
    begun = Campaign.objects.filter(pk__in=launched.values("campaign"))
    messages = _offered(launched, [row.get("message", "") for row in rows], gone=_("a message that is gone"))
    campaigns = _offered(begun, [row.get("campaign", "") for row in rows], gone=_("a campaign that is gone"))
    return [_fields(*offered) for offered in zip(messages, campaigns, strict=True)]


def _fields(messages: Choices, campaigns: Choices) -> list[Input]:
    return [
        Input("message", gettext_lazy("Message"), choices=[(ANY, _("any message")), *messages]),
        Input("did", gettext_lazy("Did"), choices=[(deed, str(label)) for deed, label in DEEDS.items()]),
        Input("within", gettext_lazy("Within"), is_optional=True),
        Input("campaign", gettext_lazy("Of any campaign"), choices=campaigns, is_optional=True),
    ]


def _offered(found: QuerySet[M], chosen: Sequence[str], *, gone: str) -> list[Choices]:
    """Return for each row the latest ones by name, and what it has chosen, which is none of them maybe."""
    latest = {str(pk): name for pk, name in found.order_by("-pk").values_list("pk", "name")[:CHOICES]}
    older = {
        one for one in chosen if one.isdecimal() and len(one) < MAX_ID and _is_id(int(one))
    } - latest.keys()
    named = found.model._default_manager.filter(pk__in=older).values_list("pk", "name")
    names = dict.fromkeys(older, gone) | {str(pk): name for pk, name in named}
    offered: Choices = list(latest.items())
    return [[*offered, (one, names[one])] if one in names else offered for one in chosen]


MESSAGE_KIND = ConditionKind(
    key="message",
    label=gettext_lazy("Message"),
    fields=["message", "did", "within", "campaign"],
    schema={
        "message": {"oneOf": [{"type": "integer", "minimum": 1}, {"const": ANY}]},
        "did": {"enum": list(DEEDS)},
        "within": {"type": "string"},
        "campaign": {"type": "integer", "minimum": 1},
    },
    parse=parse,
    contacts=contacts,
    sentence=sentence,
    inputs=inputs,
    following=Following(
        topics=topics,
        window=lambda condition: condition.within,
        edges=edges,
        # Goals may be edited, and may speak of time themselves.
        is_whole=lambda condition: condition.did == "converted",
    ),
)
