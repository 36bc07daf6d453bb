"""What messaging tells the rooms below it; called from `AppConfig.ready`."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.campaigns import calendar as campaigns_calendar
from apps.campaigns import panels as campaigns
from apps.campaigns import selectors as campaigns_selectors
from apps.campaigns.models import Campaign, Channel
from apps.collaboration.kinds import Kind, kinds
from apps.collaboration.subjects import Subject, actions, subjects
from apps.contacts import registries as contacts
from apps.contacts.models import Contact
from apps.content import uses as content
from apps.core import health
from apps.core.home import Step, steps
from apps.core.metrics import collectors
from apps.core.navigation import Found, Room, rooms, searches
from apps.messaging import approved, calendar, checks, doctor, held, homes, moved, replay, selectors, watch
from apps.messaging.models import (
    DeliveryEvent,
    FrequencyCap,
    Message,
    Provider,
    QuietHours,
    RateLimit,
    Recipient,
    Sender,
    SendingDomain,
    SendingPolicy,
    Variant,
    WarmUp,
)
from apps.messaging.rules import MESSAGE_KIND
from apps.operations.backups import restored
from apps.segments import registry as segments

TONES = {"running": "info", "paused": "warn", "finished": "good"}
ICONS = {
    "opened": "mail-opened",
    "clicked": "click",
    "unsubscribed": "user-minus",
    "bounced": "mail-x",
    "complained": "message-report",
}


# What the history says of each act.
ACTIONS = {
    "message.created": gettext_lazy("began a message"),
    "message.changed": gettext_lazy("changed a message"),
    "message.deleted": gettext_lazy("deleted a draft"),
    "message.launched": gettext_lazy("launched a message"),
    "message.paused": gettext_lazy("paused a message"),
    "message.resumed": gettext_lazy("let a message go on"),
    "message.cancelled": gettext_lazy("cancelled what was left of a message"),
    "message.retried": gettext_lazy("tried failed recipients again"),
    "message.decided": gettext_lazy("decided an experiment"),
    "message.tested": gettext_lazy("sent a test"),
    "message.ended": gettext_lazy("saw a message end"),
    "domain.created": gettext_lazy("added a sending domain"),
    "domain.changed": gettext_lazy("changed a sending domain"),
    "domain.deleted": gettext_lazy("deleted a sending domain"),
    "domain.checked": gettext_lazy("checked the DNS of a sending domain"),
    "domain.key_prepared": gettext_lazy("made the next DKIM key of a domain"),
    "domain.key_switched": gettext_lazy("switched a domain to its next DKIM key"),
    "domain.key_dropped": gettext_lazy("dropped the next DKIM key of a domain"),
    "domain.key_forgotten": gettext_lazy("forgot the DKIM key that a domain had before"),
    "domain.signing": gettext_lazy("let Bookend sign a domain's mails"),
    "domain.unsigned": gettext_lazy("stopped signing a domain's mails"),
    "sendingpolicy.changed": gettext_lazy("changed the sending rules"),
    "sendingpolicy.moved": gettext_lazy("let this copy of the database send"),
    "frequencycap.created": gettext_lazy("added a frequency cap"),
    "frequencycap.changed": gettext_lazy("changed a frequency cap"),
    "frequencycap.deleted": gettext_lazy("deleted a frequency cap"),
    "quiethours.created": gettext_lazy("added quiet hours"),
    "quiethours.changed": gettext_lazy("changed the quiet hours"),
    "quiethours.deleted": gettext_lazy("deleted the quiet hours"),
    "message.settled": gettext_lazy("settled whom nobody could know of"),
    "message.doubted": gettext_lazy("brought the database back from a copy: who was due is unknown"),
    "message.undone": gettext_lazy("took the launch back"),
    "ratelimit.created": gettext_lazy("added a rate limit"),
    "ratelimit.changed": gettext_lazy("changed a rate limit"),
    "ratelimit.deleted": gettext_lazy("deleted a rate limit"),
    "warmup.created": gettext_lazy("planned the warm-up of a sender"),
    "warmup.changed": gettext_lazy("changed the warm-up of a sender"),
    "warmup.deleted": gettext_lazy("ended the warm-up of a sender"),
    "provider.created": gettext_lazy("added a provider"),
    "provider.changed": gettext_lazy("changed a provider"),
    "provider.checked": gettext_lazy("checked the connection to a provider"),
    "provider.deleted": gettext_lazy("deleted a provider"),
    "sender.created": gettext_lazy("added a sender"),
    "sender.changed": gettext_lazy("changed a sender"),
    "sender.deleted": gettext_lazy("deleted a sender"),
}


def _restored(now: datetime) -> str:
    homes.leave(now=now)
    return _("Nothing is sent until an administrator lets this database send: Settings, Sending rules.")


def register() -> None:
    approved.register()
    kinds.register(
        "sending",
        Kind(gettext_lazy("Sending"), gettext_lazy("What pauses, is decided, or may not arrive.")),
    )
    checks.register()
    held.register()
    moved.register()
    replay.register()
    restored.register("messaging", _restored)
    _rooms()
    _health()
    searches.register("messages", _search)
    campaigns.tabs.register(
        "messages",
        campaigns.Tab(
            "messages",
            gettext_lazy("Messages"),
            "messaging:campaign",
            "mail",
            "messaging.view_message",
            order=55,
        ),
    )
    campaigns.channel_lines.register("messages", _channel_lines)
    campaigns_calendar.marks.register("messages", calendar.marks)
    campaigns_calendar.pressures.register("messages", calendar.pressure)
    contacts.panels.register(
        "messages",
        contacts.Panel(gettext_lazy("Messages"), "messaging:contact", "messaging.view_deliveries", 30),
    )
    contacts.timeline.register("messages", _timeline)
    contacts.topic_uses.register("messages", _topic_uses)
    content.template_uses.register("messages", _template_uses)
    segments.kinds.register("message", MESSAGE_KIND)
    segments.uses.register("messages", _segment_uses)
    _subjects()
    sender = Step(
        gettext_lazy("Say who your e-mails come from"),
        gettext_lazy("A sender: the name and the address that people see."),
        "messaging:sender-create",
        "messaging.add_sender",
        Sender.objects.all,
        "at",
        order=30,
    )
    steps.register("sender", sender)


def _rooms() -> None:
    for name, url, label, icon, group, permission, order in (
        ("messages", "list", gettext_lazy("Messages"), "mail", "build", "view_message", 30),
        (
            "deliverability",
            "deliverability",
            gettext_lazy("Deliverability"),
            "mail-check",
            "measure",
            "view_deliverability",
            40,
        ),
        ("senders", "senders", gettext_lazy("Senders"), "at", "settings", "view_sender", 40),
        ("providers", "providers", gettext_lazy("Providers"), "plug", "settings", "view_provider", 41),
        ("domains", "domains", gettext_lazy("Sending domains"), "world-www", "settings", "view_domain", 42),
        ("rate-limits", "rates", gettext_lazy("Rate limits"), "gauge", "settings", "view_ratelimit", 43),
        (
            "sending-rules",
            "policy",
            gettext_lazy("Sending rules"),
            "adjustments",
            "settings",
            "view_sendingpolicy",
            45,
        ),
    ):
        rooms.register(
            name, Room(label, f"messaging:{url}", icon, group, f"messaging.{permission}", order=order)
        )


def _health() -> None:
    health.checks.register("sending", health.Check(gettext_lazy("Sending"), watch.sending_check))
    health.checks.register(
        "bounces", health.Check(gettext_lazy("Bounces"), doctor.bounces_check, uses_network=True)
    )
    health.checks.register("domains", health.Check(gettext_lazy("Sending domains"), doctor.domains_check))
    collectors.register("messaging", watch.sending_collect)


def _subjects() -> None:
    subjects.register(
        "messaging.message",
        Subject(
            model=Message,
            view_permission="messaging.view_message",
            comment_permission="messaging.view_message",
            viewers=lambda message, people: campaigns_selectors.who_may_see(message.campaign, people),
            url=lambda message: reverse("messaging:detail", args=[message.pk]),
            watchers=lambda message: filter(None, [message.campaign.captain, message.channel.owner]),
        ),
    )
    for model, permission, url in (
        (Sender, "view_sender", lambda sender: reverse("messaging:sender", args=[sender.pk])),
        (Provider, "view_provider", lambda provider: reverse("messaging:provider", args=[provider.pk])),
        (SendingDomain, "view_domain", lambda domain: reverse("messaging:domain", args=[domain.pk])),
        (RateLimit, "view_ratelimit", lambda _limit: reverse("messaging:rates")),
        (WarmUp, "view_warmup", lambda plan: reverse("messaging:sender", args=[plan.sender_id])),
        (FrequencyCap, "view_frequencycap", _policy_url),
        (QuietHours, "view_quiethours", _policy_url),
        (SendingPolicy, "view_sendingpolicy", _policy_url),
    ):
        subjects.register(
            model._meta.label_lower, Subject(model=model, view_permission=f"messaging.{permission}", url=url)
        )
    actions.update(ACTIONS)


def _policy_url(_rule: object) -> str:
    """Return the one page on which all rules for sending stand."""
    return reverse("messaging:policy")


def _search(user: User, text: str) -> Found:
    found = selectors.messages(user=user, search=text).order_by("-pk")
    return Found(_("Message"), found, "messaging:detail")


def _channel_lines(channels: Sequence[Channel]) -> Mapping[int, list[campaigns.ChannelLine]]:
    lines: dict[int, list[campaigns.ChannelLine]] = defaultdict(list)
    for message in Message.objects.filter(channel__in=channels).order_by("pk"):
        line = campaigns.ChannelLine(
            text=message.name,
            url=reverse("messaging:detail", args=[message.pk]),
            status=message.get_state_display(),
            tone=TONES.get(message.state, "neutral"),
            at=message.scheduled_at or message.local_at or message.launched_at,
        )
        lines[message.channel_id].append(line)
    return lines


def _segment_uses(segment_ids: Collection[int], user: User | None) -> dict[int, list[segments.Use]]:
    """A segment is needed by drafts that name it; what was launched has its recipients."""
    known = Message.objects.visible_to(user) if user else Message.objects.none()
    drafts = Message.objects.filter(state=Message.State.DRAFT).order_by("pk")
    found: dict[int, dict[int, segments.Use]] = {pk: {} for pk in segment_ids}
    for side in ("segments", "exclude_segments"):
        named = drafts.filter(**{f"{side}__in": segment_ids})
        seen = named.annotate(is_visible=Exists(known.filter(pk=OuterRef("pk"))))
        for segment, message, name, is_visible in seen.values_list(side, "pk", "name", "is_visible"):
            shown = (name, reverse("messaging:detail", args=[message]))
            found[segment][message] = shown if is_visible else (_("A message of others"), "")
    return {pk: list(uses.values()) for pk, uses in found.items()}


def _topic_uses(key: str, user: User | None) -> list[contacts.Use]:
    """A message keeps its topic for good: it says why these people got it."""
    known = Message.objects.visible_to(user) if user else Message.objects.none()
    seen = Message.objects.filter(topic=key).annotate(is_visible=Exists(known.filter(pk=OuterRef("pk"))))
    return [
        contacts.Use(_("Message"), name, reverse("messaging:detail", args=[pk]))
        if is_visible
        else contacts.Use(_("Message"), _("A message of others"), "")
        for pk, name, is_visible in seen.order_by("-pk").values_list("pk", "name", "is_visible")[:20]
    ]


def _template_uses(template_ids: Collection[int], user: User) -> list[content.TemplateUse]:
    """A draft that is to send a template, maybe in a variant, or a message on its way with it, keeps it."""
    known = Campaign.objects.visible_to(user).filter(pk=OuterRef("campaign_id"))
    own = Message.objects.filter(template__in=template_ids).values_list("pk", "template_id")
    tried = Variant.objects.filter(template__in=template_ids).values_list("experiment_id", "template_id")
    uses = sorted(own.union(tried))
    using = Message.objects.filter(pk__in={pk for pk, _template in uses}).annotate(is_visible=Exists(known))
    messages = using.select_related("campaign", "channel").in_bulk()
    return [
        _template_use(messages[pk], template_id or 0)
        for pk, template_id in uses
        if pk in messages  # or it was deleted meanwhile
    ]


def _template_use(message: Message, template_id: int) -> content.TemplateUse:
    return content.TemplateUse(
        template_id=template_id,
        label=message.name,
        kind=_("Message"),
        url=reverse("messaging:detail", args=[message.pk]),
        keeps_it=message.finished_at is None and message.state != Message.State.CANCELLED,
        is_visible=message.is_visible,  # type: ignore[attr-defined]  # annotated
        will_send=message if message.is_draft else None,  # the launch fixes the version
        permission="messaging.change_message",
    )


def _timeline(contact: Contact, before: datetime, limit: int) -> list[contacts.TimelineEntry]:
    """Return what was sent to a contact and what came of it, newest first."""
    sent = contact.recipients.filter(state=Recipient.State.SENT, finished_at__lt=before)
    events = contact.delivery_events.filter(at__lt=before, machine_reason="")
    entries = [
        contacts.TimelineEntry(
            at=row.finished_at or before,
            text=_("Got “%(message)s”") % {"message": row.message.name},
            kind="message",
            icon="mail",
            url=reverse("messaging:recipient", args=[row.pk]),
        )
        for row in sent.select_related("message").order_by("-finished_at", "-pk")[:limit]
    ]
    entries += [
        contacts.TimelineEntry(
            at=event.at,
            text=f"{DeliveryEvent.Kind(event.kind).label}: {event.message.name}",
            kind=event.kind,
            icon=ICONS.get(event.kind, "mail"),
            url=reverse("messaging:recipient", args=[event.recipient_id]),
            detail=str(event.link) if event.link else "",
        )
        for event in events.select_related("message", "link").order_by("-at", "-pk")[:limit]
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:limit]  # stable within a moment
