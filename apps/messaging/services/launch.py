"""From a draft to a ledger: the act that must do what the page promised."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Min
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.campaigns import readiness
from apps.campaigns import services as campaigns
from apps.content.models import Template, TemplateVersion
from apps.content.selectors import version_email
from apps.core.queues import ring
from apps.messaging import checks, ledger
from apps.messaging.models import Link, Message
from apps.messaging.selectors import message_ledger, message_version
from apps.messaging.services.messages import SEND_TASK, MessageRefused, message_audit, message_lock
from apps.messaging.services.tracking import partitions_ensure


class MessageNotLaunchable(MessageRefused):
    pass


@transaction.atomic
def message_launch(
    *, message: Message, by: User, now: datetime, promised: int | None = None, send_at: datetime | None = None
) -> Message:
    """
    Freeze the audience into the ledger, and send from `send_at` (else the message's own hour) on, or at once.

    `promised` is how many recipients the person was shown: if it would be another number by now, nothing
    happens, and they look again.

    :raises MessageNotLaunchable: not a draft, not complete, campaign not ready, hour has passed, nobody to
        write to, or not as promised
    """
    message = message_lock(message)
    if send_at:
        message.scheduled_at, message.local_date, message.local_time = send_at, None, None
    version = _version_hold(message)
    for problem in _problems(message, version, now=now):
        raise MessageNotLaunchable(problem)

    ledger.freeze(message, now=now)
    _keep_promise(message, promised)
    message.state = Message.State.RUNNING
    message.template_version = version
    message.launched_at = message.updated_at = now
    message.launched_by = by
    if message.local_at:  # it begins where the day does
        message.scheduled_at = message.recipients.aggregate(first=Min("due_at"))["first"]
    message.save()
    links = version_email(version).links if version else []  # a text has none
    Link.objects.bulk_create(
        Link(message=message, position=link.position, url=link.url, label=link.label[:200]) for link in links
    )
    partitions_ensure(now=now)
    message_audit(message, "launched", by=by, now=now)
    campaigns.campaign_go_live(campaign=message.campaign, by=by, now=now)
    ring(SEND_TASK)
    return message


def _version_hold(message: Message) -> TemplateVersion | None:
    """Return the version that would be sent; until the transaction ends nobody saves a newer one."""
    if message.template_id:
        Template.objects.select_for_update(no_key=True).get(pk=message.template_id)
    return message_version(message)


def _problems(message: Message, version: TemplateVersion | None, *, now: datetime) -> list[str]:
    """Return why it cannot be launched, what comes first first."""
    if not message.is_draft:
        state = message.get_state_display()
        return [_("This message is “%(state)s” already.") % {"state": state}]
    problems = checks.message_problems(message, version)
    problems += readiness.problems(message.campaign, now, but=frozenset({checks.COMPLETE}))
    if not settings.SENDING_ENABLED:
        problems.append(_("Sending is switched off on this server (SENDING_ENABLED)."))
    last = message.sent_latest_at
    if last and last <= now:
        problems.append(_("Pick a time in the future."))
    if message.not_after and message.not_after <= max(last or now, now):
        problems.append(_("“Not after” must be later than the time of sending."))
    return [" ".join(problems)] if problems else []


def _keep_promise(message: Message, promised: int | None) -> None:
    frozen = message_ledger(message)
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
