"""What messaging has to say about one message, and with it about a campaign's readiness."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.campaigns import readiness
from apps.campaigns.models import Campaign, Channel
from apps.campaigns.readiness import Check, Finding, Group
from apps.content.models import TemplateVersion
from apps.content.rendering import TemplateFault
from apps.content.selectors import dictionary_for
from apps.messaging.addresses import own_address_validate
from apps.messaging.delivery.texts import text_program
from apps.messaging.lint import DraftLint
from apps.messaging.models import Experiment, Message, Sender, Variant
from apps.messaging.selectors import domain_name, message_version, variant_version
from apps.messaging.together import campaign_lint, campaign_messages, facts_of, sending_domains

# A launch asks this of its own message; an unfinished draft beside it must not be in its way.
COMPLETE = "messaging.complete"
SENDERS = 50  # of one campaign, whose domains are looked at
NO_LINK = "no-link"  # as the lint of e-mails names it
CHANNELS_OF_MESSAGES = {Channel.Kind.EMAIL, Channel.Kind.SMS}
COPY = gettext_lazy(
    "This database is a copy of the one that sends: nothing leaves until an administrator lets it, under "
    "Settings, Sending rules."
)


def message_problems(
    message: Message, version: TemplateVersion | None, lint: DraftLint | None = None
) -> list[str]:
    """
    Return what a message with this version still lacks, a sentence each; nothing if it could go.

    `lint`: as `drafts_lint` gives it for this message and maybe others; None: it is read.
    """
    lint = lint or drafts_lint([message])
    problems = []
    if not (message.segments.all() if message.wanted is None else message.wanted):
        problems.append(_("Nobody is chosen to get it."))
    if message.is_text:
        problems += text_problems(message, lint)
    elif message.template is None:
        problems.append(_("No template is chosen."))
    else:
        problems += template_problems(version, lint)
    if message.sender is None:
        problems.append(_("No sender is chosen."))
    else:
        problems += sender_problems(message.sender, by_text=message.is_text)
    return problems + experiment_problems(message, lint)


def drafts_lint(drafts: Sequence[Message]) -> DraftLint:
    """Return the lint of the templates of these, and of those of their variants."""
    experiments = [one for one in (getattr(message, "experiment", None) for message in drafts) if one]
    variants = [variant for one in experiments for variant in one.variants.all()]
    return DraftLint(dictionary_for({one.template_id for one in (*drafts, *variants) if one.template_id}))


def text_problems(message: Message, lint: DraftLint) -> list[str]:
    """Return what is wrong with the text of a message by SMS, by the data dictionary of now."""
    if not message.text.strip():
        return [_("No text is written.")]
    try:
        text_program(message.text)
    except TemplateFault as fault:
        return [_("The text cannot be read: %(fault)s") % {"fault": fault}]
    return lint.text_problems(message.text)


def template_problems(version: TemplateVersion | None, lint: DraftLint) -> list[str]:
    """Return what nobody should get: what the lint calls an error, a missing unsubscribe link among it."""
    return [_("The template is empty.")] if version is None else lint.problems(version)


def experiment_problems(message: Message, lint: DraftLint) -> list[str]:
    """Return what an experiment still lacks; nothing of a message that tries nothing out."""
    experiment: Experiment | None = getattr(message, "experiment", None)
    if experiment is None:
        return []
    if message.is_text:
        return [_("Only mails are tried out in variants: take the variants of this text away.")]
    problems = []
    if experiment.metric == Experiment.Metric.CONVERTED and not message.campaign.goal_event:
        problems.append(_("The winner has the most conversions, but the campaign counts no goal event."))
    elif experiment.metric != Experiment.Metric.CONVERTED and not message.is_tracked:
        problems.append(_("Opens and clicks are not counted, so no variant can win by them."))
    if message.local_at and not experiment.sends_all:
        told = _(
            "By each person's own clock the rest would get the winner after its hour: choose one moment for "
            "all, or a sample of 100 percent."
        )
        problems.append(told)
    return problems + variant_problems(message, list(experiment.variants.all()), lint)


def variant_problems(message: Message, variants: Sequence[Variant], lint: DraftLint) -> list[str]:
    """Return for each variant, with its name, why nobody should get it."""
    problems = []
    seen: dict[tuple[int, str], str] = {}
    for variant in variants:
        version = variant_version(variant, message)
        found = [] if variant.is_control else _variant_faults(version, lint)
        if version is not None:
            twin = seen.setdefault((version.pk, version.subject), variant.letter)
            if twin != variant.letter:
                found = [_("it is the same as %(twin)s.") % {"twin": twin}]
        problems += [
            _("Variant %(letter)s: %(problem)s") % {"letter": variant.letter, "problem": problem}
            for problem in found
        ]
    return problems


def _variant_faults(version: TemplateVersion | None, lint: DraftLint) -> list[str]:
    if version is None:
        return [_("no template is chosen.")]
    if not version.subject.strip():
        return [_("it has no subject.")]
    try:
        return lint.problems(version)
    except TemplateFault as fault:  # its own subject is not part of a saved template
        return [str(fault)]


def sender_problems(sender: Sender, *, by_text: bool = False) -> list[str]:
    if not sender.is_active:
        return [_("The sender “%(sender)s” is not in use any more.") % {"sender": sender.name}]
    provider = sender.sms_provider if by_text else sender.provider
    if provider and not provider.is_active:
        return [_("The provider “%(provider)s” is not in use any more.") % {"provider": provider.name}]
    if by_text and not (provider and sender.phone):
        told = _("The sender “%(sender)s” has no provider for SMS, or nothing that texts come from.")
        return [told % {"sender": sender.name}]
    try:
        for address in filter(None, [sender.email, sender.reply_to]):
            own_address_validate(address)
    except ValidationError:
        told = _("Mail servers would not take the address of the sender “%(sender)s”.")
        return [told % {"sender": sender.name}]
    return []


def messages_are_complete(campaign: Campaign, now: datetime) -> Finding:
    messages = campaign_messages(campaign)
    if not messages:
        mend = reverse("campaigns:tab", args=[campaign.pk, "messages"])
        return Finding(ok=False, sentence=_("The campaign has no message yet."), url=mend)
    lint = campaign_lint(campaign, now)
    for message in messages:
        if message.is_draft and (problems := message_problems(message, message_version(message), lint)):
            told = _("“%(message)s”: %(problem)s") % {"message": message.name, "problem": problems[0]}
            return Finding(ok=False, sentence=told, url=reverse("messaging:detail", args=[message.pk]))
    told = ngettext("%(n)s message is complete.", "%(n)s messages are complete.", len(messages))
    return Finding(ok=True, sentence=told % {"n": len(messages)})


def channels_are_covered(campaign: Campaign, now: datetime) -> Finding:
    """Ask that something goes out on each channel that messages go out on."""
    with_message = {message.channel_id for message in campaign_messages(campaign)}
    bare = [
        str(channel)
        for channel in campaign.channels.all()
        if channel.kind in CHANNELS_OF_MESSAGES and channel.pk not in with_message
    ]
    mend = reverse("campaigns:tab", args=[campaign.pk, "messages"])
    if bare:
        told = _("Nothing is written for: %(channels)s.") % {"channels": ", ".join(bare)}
        return Finding(ok=False, sentence=told, url=mend)
    if not with_message:
        return Finding(ok=False, sentence=_("The campaign has no message yet."), url=mend)
    return Finding(ok=True, sentence=_("Every channel of messages has one."))


def messages_call_to_act(campaign: Campaign, now: datetime) -> Finding:
    """Ask that each e-mail has something to do in it: a link, besides the way out."""
    for message in campaign_messages(campaign):
        if message.template is None:
            continue
        version = message_version(message)
        if version and any(
            finding.code == NO_LINK for finding in campaign_lint(campaign, now).findings(version)
        ):
            told = _("“%(message)s” has no link: nothing for the reader to do.") % {"message": message.name}
            return Finding(ok=False, sentence=told, url=reverse("messaging:detail", args=[message.pk]))
    return Finding(ok=True, sentence=_("Every e-mail that is written asks for something."))


def sending_is_on(campaign: Campaign, now: datetime) -> Finding:
    if settings.SENDING_ENABLED and readiness.fact(campaign, now, "is_copy"):
        return Finding(ok=False, sentence=str(COPY), url=reverse("messaging:policy"))
    if settings.SENDING_ENABLED:
        return Finding(ok=True, sentence=_("Sending is switched on."))
    return Finding(ok=False, sentence=_("Sending is switched off on this server (SENDING_ENABLED)."))


def domains_are_well(campaign: Campaign, now: datetime) -> Finding:
    """Test if receivers can see that the mails are ours, by what DNS said when it was last asked."""
    by_mail = [message.sender for message in campaign_messages(campaign) if not message.is_text]
    senders = {sender.pk: sender for sender in by_mail if sender is not None}
    asked = [sender for _pk, sender in sorted(senders.items())[:SENDERS]]
    domains = sending_domains(campaign, now)
    for sender in asked:
        domain = domains.get(domain_name(sender.email))
        if domain is None:
            told = _("Nobody looks at the DNS of “%(sender)s”: add its domain under Sending domains.")
            mend = reverse("messaging:domains")
            return Finding(ok=False, sentence=told % {"sender": sender.email}, url=mend)
        if not domain.is_well:
            told = _("The DNS of %(domain)s is not right yet, so mails may end up in spam.")
            mend = reverse("messaging:domain", args=[domain.pk])
            return Finding(ok=False, sentence=told % {"domain": domain.name}, url=mend)
    if not senders:
        mend = reverse("campaigns:tab", args=[campaign.pk, "messages"])
        return Finding(ok=False, sentence=_("No message has a sender yet."), url=mend)
    return Finding(ok=True, sentence=_("DNS says that the senders' mails are theirs."))


def register() -> None:
    """Add the checks of this app, and what they read; called from `AppConfig.ready`."""
    readiness.facts.register("messaging", facts_of)
    for check in (
        Check(COMPLETE, gettext_lazy("Messages are complete"), Group.SENDING, True, messages_are_complete),
        Check(
            "messaging.covered",
            gettext_lazy("Channels have content"),
            Group.CONTENT,
            False,
            channels_are_covered,
        ),
        Check(
            "messaging.calls",
            gettext_lazy("E-mails ask for something"),
            Group.CTAS,
            False,
            messages_call_to_act,
        ),
        Check("messaging.enabled", gettext_lazy("Sending is on"), Group.SENDING, True, sending_is_on),
        Check(
            "messaging.domains",
            gettext_lazy("Sending domains"),
            Group.SENDING,
            False,
            domains_are_well,
        ),
    ):
        readiness.checks.register(check.name, check)
