from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns import challenges
from apps.campaigns.errors import ChangedMeanwhile, ChannelRefused, JustificationMissing, NotEligible
from apps.campaigns.models import Campaign, Channel, Contributor
from apps.campaigns.services.edit import campaign_lock, changes_of, row_edit
from apps.campaigns.services.handover import handed_over_tell, note_details
from apps.campaigns.services.justify import justification_check
from apps.campaigns.wording import shown
from apps.collaboration import services as collaboration

# What the form of all channels calls a field, where that is not its name.
FORM_NAMES = {"expected_result": "expected"}


def person_check(person: User | None, *, field: str) -> None:
    """Refuse to give work to someone who has left, or to a program."""
    if person is None:
        return
    if not person.is_active:
        raise NotEligible(_("%(person)s has left.") % {"person": person}, field=field)
    if person.role == User.Role.INTEGRATION:
        raise NotEligible(_("%(person)s is a program.") % {"person": person}, field=field)


@transaction.atomic
def channel_add(
    *,
    campaign: Campaign,
    kind: str,
    by: User,
    now: datetime,
    owner: User | None = None,
    why: str = "",
    expected_result: str = "",
    justification: str = "",
) -> Channel:
    """
    Add a channel to a campaign.

    :raises ChannelRefused: the campaign has that channel already
    :raises JustificationMissing: the year's not-doing list has it, and no `justification` is given
    :raises NotEligible: that person cannot own a channel
    """
    campaign = campaign_lock(campaign)
    person_check(owner, field="owner")
    if campaign.channels.filter(kind=kind).exists():
        raise ChannelRefused(_("This campaign has that channel already."), field="kind")
    justification_check(campaign, kind, justification, now=now)
    channel = Channel.objects.create(
        campaign=campaign,
        kind=kind,
        owner=owner,
        why=why,
        expected_result=expected_result,
        justification=justification,
    )
    details: dict[str, object] = {"owner": str(owner) if owner else ""}
    collaboration.audit_record(
        action="channel.added", subject=channel, by=by, now=now, details=details, within=campaign
    )
    return channel


@transaction.atomic
def channel_update(
    *, channel: Channel, by: User, now: datetime, seen: int | None = None, note: str = "", **fields: Any
) -> Channel:
    """
    Change why the channel is there and what it should bring, or hand it to another `owner`.

    A hand-over is told to both, with the `note` to the new owner.

    :raises ChangedMeanwhile: somebody changed one of these fields after version `seen`
    :raises JustificationMissing: it would lose the one that the year's not-doing list asks for
    :raises NotEligible: that person cannot own a channel
    """
    channel = _channel_lock(channel)
    changes = changes_of(channel, fields)
    if not changes:
        return channel
    person_check(changes.get("owner"), field="owner")
    if "justification" in changes:
        justification_check(channel.campaign, channel.kind, changes["justification"], now=now)
    if "owner" not in changes:
        return row_edit(channel, changes, action="channel.changed", by=by, now=now, seen=seen)
    before = channel.owner
    channel = row_edit(
        channel, changes, action="channel.assigned", by=by, now=now, seen=seen, details=note_details(note)
    )
    handed_over_tell(channel, channel.campaign, giver=before, taker=channel.owner, note=note, by=by, now=now)
    return channel


@transaction.atomic
def channels_set(
    *,
    campaign: Campaign,
    wanted: Mapping[str, Mapping[str, Any]],
    known: Mapping[str, int],
    by: User,
    now: datetime,
) -> Campaign:
    """
    Make the campaign's channels what one form says, all or nothing.

    `wanted` is what each channel should say, by kind. `known` has the version of each that the form was made
    from; only what was known then is removed, so a channel that a colleague has added meanwhile stays.

    :raises ChangedMeanwhile: as `channel_update`, with the fields as `email_why`; or a colleague has added a
        channel that says something else
    :raises ChannelRefused: as `channel_remove`
    :raises JustificationMissing: as `channel_add`
    :raises NotEligible: as `channel_add`
    """
    campaign = campaign_lock(campaign)
    there = {channel.kind: channel for channel in campaign.channels.all()}
    for kind, says in wanted.items():
        try:
            if kind in there:
                if kind not in known:
                    _refuse_overwriting(there[kind], says)
                channel_update(channel=there[kind], by=by, now=now, seen=known.get(kind), **says)
            else:
                channel_add(campaign=campaign, kind=kind, by=by, now=now, **says)
        except ChangedMeanwhile as change:
            theirs = {_form_name(kind, name): told for name, told in change.theirs.items()}
            raise ChangedMeanwhile(theirs, version=change.version, part=kind) from change
        except NotEligible as refusal:
            raise NotEligible(str(refusal), field=f"{kind}_owner") from refusal
        except JustificationMissing as refusal:
            raise JustificationMissing(str(refusal), field=f"{kind}_justification") from refusal
    for kind in [kind for kind in known if kind in there and kind not in wanted]:
        channel_remove(channel=there[kind], by=by, now=now)
    return campaign


@transaction.atomic
def channel_remove(*, channel: Channel, by: User, now: datetime) -> None:
    """
    Take a channel out of its campaign with what was said about it; its tasks stay, without a channel.

    :raises ChannelRefused: messages go out on it
    :raises HeldByChallenge: it is challenged
    """
    campaign_lock(channel.campaign)
    if not Channel.objects.filter(pk=channel.pk).exists():
        return
    challenges.hold_check(channel)
    details: dict[str, object] = {"channel": str(channel)}
    try:
        with transaction.atomic():
            collaboration.thread_remove(subject=channel)
            channel.delete()
    except ProtectedError as error:
        told = _("%(channel)s has messages. Remove or move them first.") % details
        raise ChannelRefused(told) from error
    collaboration.audit_record(
        action="channel.removed", subject=channel.campaign, by=by, now=now, details=details
    )


@transaction.atomic
def contributor_add(*, campaign: Campaign, user: User, by: User, now: datetime) -> Contributor:
    """
    Take someone onto the team.

    :raises NotEligible: someone who has left, or a program
    """
    campaign = campaign_lock(campaign)
    person_check(user, field="user")
    contributor, is_new = Contributor.objects.get_or_create(
        campaign=campaign, user=user, defaults={"added_at": now}
    )
    if is_new:
        details: dict[str, object] = {"person": str(user)}
        collaboration.audit_record(
            action="contributor.added", subject=campaign, by=by, now=now, details=details
        )
    return contributor


@transaction.atomic
def contributor_remove(*, campaign: Campaign, user: User, by: User, now: datetime) -> None:
    """Take someone off the list of contributors. What they own or have to do stays theirs."""
    campaign = campaign_lock(campaign)
    count, _rows = campaign.contributors.filter(user=user).delete()
    if count:
        details: dict[str, object] = {"person": str(user)}
        collaboration.audit_record(
            action="contributor.removed", subject=campaign, by=by, now=now, details=details
        )


def _refuse_overwriting(channel: Channel, says: Mapping[str, Any]) -> None:
    """Refuse to change a channel that was not there yet when the form was opened."""
    changes = changes_of(channel, says)
    if not changes:
        return
    added = _(
        "A colleague has added this channel since you opened this page. Save again to keep what you wrote."
    )
    theirs = {name: shown(channel, name, getattr(channel, name)) for name in changes}
    written = _("There it says “%(text)s”.")
    told = {name: written % {"text": text} for name, text in theirs.items() if text}
    raise ChangedMeanwhile({"": added, **told}, version=channel.version)


def _form_name(kind: str, field: str) -> str:
    """Return what the form of all channels calls a field of one; '' is the channel itself."""
    return f"{kind}_{FORM_NAMES.get(field, field)}" if field else kind


def _channel_lock(channel: Channel) -> Channel:
    campaign_lock(channel.campaign)
    return Channel.objects.select_for_update(no_key=True, of=("self",)).get(pk=channel.pk)
