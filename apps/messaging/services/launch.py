"""From a draft to a ledger: the act that must do what the page promised."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Min, Q
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.campaigns import challenges, readiness
from apps.campaigns import services as campaigns
from apps.content.models import Template, TemplateVersion
from apps.core.queues import ring
from apps.messaging import checks, homes, ledger
from apps.messaging.models import Message, Variant
from apps.messaging.selectors import Ledger, drafts_read, message_ledger, message_version
from apps.messaging.services.messages import (
    SEND_TASK,
    MessageRefused,
    message_audit,
    message_lock,
    moment_check,
)
from apps.messaging.services.standing import tally_begin
from apps.messaging.services.tracking import partitions_ensure
from apps.messaging.services.variants import content_fix, experiment_too_late


class MessageNotLaunchable(MessageRefused):
    pass


@transaction.atomic
def message_launch(
    *,
    message: Message,
    by: User,
    now: datetime,
    promised: int | None = None,
    send_at: datetime | None = None,
    undo_seconds: int = 0,
) -> Message:
    """
    Freeze the audience into the ledger, and send from `send_at` (else the message's own hour) on, or at once.

    For `undo_seconds` nothing leaves, and the launch can be undone.

    `promised` is how many recipients the person was shown: if it would be another number by now, nothing
    happens, and they look again.

    :raises HeldByChallenge: something in the campaign is challenged
    :raises MessageRefused: `send_at` is in a year that no plan knows
    :raises MessageNotLaunchable: not a draft, not complete, campaign not ready, hour has passed, nobody to
        write to, or not as promised
    """
    message = message_lock(message)
    if send_at:
        _put_at(message, send_at)
    version = _version_hold(message)
    if message.is_draft:
        challenges.launch_check(message.campaign)
    for problem in _problems(message, version, now=now):
        raise MessageNotLaunchable(problem)

    message.undo_until = now + timedelta(seconds=undo_seconds) if undo_seconds else None
    ledger.freeze(message, now=now)
    frozen = message_ledger(message)
    _keep_promise(frozen, promised)
    message.state = Message.State.RUNNING
    message.template_version = version
    message.launched_at = message.updated_at = now
    message.launched_by = by
    if message.local_at:  # it begins where the day does
        message.scheduled_at = message.recipients.aggregate(first=Min("due_at"))["first"]
    message.save()
    tally_begin(message, frozen, now=now)
    if version:  # a text has none, nor links or variants
        content_fix(message, version)
    partitions_ensure(now=now)
    message_audit(message, "launched", by=by, now=now)
    campaigns.campaign_go_live(campaign=message.campaign, by=by, now=now)
    ring(SEND_TASK)
    return message


def _put_at(message: Message, send_at: datetime) -> None:
    """Take this moment for the message's own hour."""
    moment_check(send_at, field="send_at")
    message.scheduled_at, message.local_date, message.local_time = send_at, None, None
    if message.is_draft:  # so that the checks see when it is to leave; refused, it is taken back
        message.save(update_fields=["scheduled_at", "local_date", "local_time"])


def _version_hold(message: Message) -> TemplateVersion | None:
    """Return the version that would be sent; until the transaction ends nobody saves newer ones."""
    used = Variant.objects.filter(experiment=message.pk, template__isnull=False).values("template")
    held = Template.objects.filter(Q(pk=message.template_id) | Q(pk__in=used)).order_by("pk")
    list(held.select_for_update(no_key=True).values_list("pk"))
    return message_version(message)


def _problems(message: Message, version: TemplateVersion | None, *, now: datetime) -> list[str]:
    """Return why it cannot be launched, what comes first first."""
    if not message.is_draft:
        state = message.get_state_display()
        return [_("This message is “%(state)s” already.") % {"state": state}]
    drafts_read([message])
    problems = checks.message_problems(message, version)
    problems += readiness.problems(message.campaign, now, but=frozenset({checks.COMPLETE}))
    if not settings.SENDING_ENABLED:
        problems.append(_("Sending is switched off on this server (SENDING_ENABLED)."))
    elif homes.is_copy():
        problems.append(str(checks.COPY))
    last = message.sent_latest_at
    if last and last <= now:
        problems.append(_("Pick a time in the future."))
    if message.not_after and message.not_after <= max(last or now, now):
        problems.append(_("“Not after” must be later than the time of sending."))
    elif experiment_too_late(message, now=now):
        problems.append(_("“Not after” comes before the winner of the experiment is chosen."))
    return [" ".join(problems)] if problems else []


def _keep_promise(frozen: Ledger, promised: int | None) -> None:
    recipients = frozen.unfinished
    if not recipients:
        raise MessageNotLaunchable(_("Nobody in the audience may be written to."))
    if promised is not None and promised != recipients:
        told = {
            "promised": formats.number_format(promised, force_grouping=True),
            "now": formats.number_format(recipients, force_grouping=True),
        }
        sentence = ngettext(
            "The audience has changed: %(now)s person would get it, not %(promised)s. Look again.",
            "The audience has changed: %(now)s people would get it, not %(promised)s. Look again.",
            recipients,
        )
        raise MessageNotLaunchable(sentence % told)
