"""Messages of a source on their way to contacts and events."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.contacts import services as contacts
from apps.contacts.fields import CompanyFields, ContactFields
from apps.contacts.models import Attribute, Identity
from apps.contacts.services import Activity, ActivityResult, EventOutcome
from apps.core import prepared
from apps.core.errors import DomainError
from apps.integrations.models import Source, Tally
from apps.integrations.segment.faults import Fault, Found
from apps.integrations.segment.messages import Message, message_is_too_large, message_read
from apps.integrations.services.groups import group_fields, groups_keep
from apps.integrations.services.room import Room

TRIES = 3

_COUNT = """
    INSERT INTO integrations_tally (source_id, at, call, outcome, slot, count)
    SELECT %s::bigint, date_bin('5 minutes', %s::timestamptz, 'epoch'::timestamptz), call, outcome,
        pg_backend_pid() %% %s::int, count
    FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS t(call, outcome, count)
    ON CONFLICT (source_id, at, call, outcome, slot)
    DO UPDATE SET count = integrations_tally.count + excluded.count
"""


class MessagesRefused(DomainError):
    """A strict sender sent something faulty: nothing was kept. `faults` are (place, what)."""

    def __init__(self, faults: Sequence[tuple[int, Found]]) -> None:
        super().__init__(_("The call has faults, and nothing of it was kept."))
        self.faults = faults


@dataclass
class Fate:
    """How one message ended."""

    outcome: EventOutcome
    faults: list[Found] = field(default_factory=list)


def messages_take(
    *,
    source: Source,
    raw: Sequence[object],
    now: datetime,
    call: str = "",
    context: object = None,
    sent_at: object = None,
    namespace: str = Identity.USER,
    is_mended: bool = False,
    is_strict: bool = False,
    may_be_large: bool = True,
) -> list[Fate]:
    """
    Keep the messages of one call and say of each how it ended, in the order given. Durable when it returns.

    `call`, `context`, `sent_at` and `namespace` as in `message_read`. Faults are ignored as far as can be,
    and counted.

    :raises MessagesRefused: `is_strict`, and there is any fault
    """
    messages = [
        message_read(one, call=call, context=context, sent_at=sent_at, namespace=namespace, now=now)
        for one in raw
    ]
    if may_be_large:
        for one, message in zip(raw, messages, strict=True):
            if message_is_too_large(one):
                message.faults.append(Found(Fault.TOO_LARGE))
    if is_mended and messages:
        messages[0].faults.append(Found(Fault.BAD_TEXT))
    activities, companies = _activities(messages), group_fields(messages)
    for attempt in range(1, TRIES + 1):
        try:
            return _keep(source, messages, activities, companies, is_strict=is_strict, now=now)
        except IntegrityError:  # somebody else's message made the same contact, or the month is new
            if attempt == TRIES:
                raise
            contacts.activity_months_ensure(activities=list(activities.values()))
    raise AssertionError("the last try returns or raises")


@transaction.atomic
def _keep(
    source: Source,
    messages: Sequence[Message],
    activities: Mapping[int, Activity],
    companies: Mapping[int, CompanyFields],
    *,
    is_strict: bool,
    now: datetime,
) -> list[Fate]:
    told = contacts.activities_record(activities=list(activities.values()), source=source.name, now=now)
    results = dict(zip(activities, told, strict=True))
    fates = _fates(messages, results)
    for place in groups_keep(messages, companies, results, source=source.name, now=now):
        fates[place].faults.append(Found(Fault.OTHER_COMPANY, "traits.domain"))
    faults = [(place, found) for place, fate in enumerate(fates) for found in fate.faults]
    if is_strict and faults:
        raise MessagesRefused(faults)
    _count(source, messages, fates, now=now)
    return fates


def _activities(messages: Sequence[Message]) -> dict[int, Activity]:
    """Return what is to be kept, by the place of its message."""
    fields = _fields([message for message in messages if not message.is_dropped])
    activities = {}
    for place, message in enumerate(messages):
        if message.who is not None and not message.is_dropped:
            known = fields.get(id(message))
            who = message.who if known is None or known.email else replace(message.who, email="")
            activities[place] = Activity(who, message.message_id, message.event, known)
    return activities


def _fields(messages: Sequence[Message]) -> dict[int, ContactFields]:
    """Check the traits against the dictionary; what does not fit is noted at its message and left out."""
    telling = [message for message in messages if _tells(message)]
    if not telling:
        return {}
    wanted = {key for message in telling for key in message.traits}
    dictionary = Attribute.objects.by_key(wanted)
    room = Room(dictionary) if wanted - dictionary.keys() else None
    fields = {}
    for message in telling:
        if room is not None and room.admit(message.traits):
            message.faults.append(Found(Fault.TOO_MANY_TRAITS, "traits"))
        fields[id(message)] = _fitting(message, dictionary)
    return fields


def _tells(message: Message) -> bool:
    return bool(message.traits or message.email or message.phone or message.timezone)


def _fitting(message: Message, dictionary: Mapping[str, Attribute]) -> ContactFields:
    try:
        return _checked(message, dictionary)
    except ValidationError as error:
        for name in error.message_dict:
            if name == "timezone":
                message.faults.append(Found(Fault.BAD_ZONE, "context.timezone"))
                message.timezone = ""
                continue
            message.faults.append(Found(Fault.BAD_TRAIT, name.replace("attributes.", "traits.", 1)))
            message.traits.pop(name.removeprefix("attributes."), None)
            if name == "phone":
                message.phone = ""
    return _checked(message, dictionary)


def _checked(message: Message, dictionary: Mapping[str, Attribute]) -> ContactFields:
    return ContactFields(
        email=message.email,
        phone=message.phone,
        identities=(),
        attributes=message.traits,
        dictionary=dictionary,
        timezone=message.timezone,
    )


def _fates(messages: Sequence[Message], results: Mapping[int, ActivityResult]) -> list[Fate]:
    fates = []
    for place, message in enumerate(messages):
        result = results.get(place)
        faults = list(message.faults)
        if result is not None and result.outcome == EventOutcome.REFUSED:
            faults.append(Found(Fault.UNFIT, "properties"))
        if result is not None and result.left:
            faults.append(Found(Fault.OTHER_PERSON))
        fates.append(Fate(result.outcome if result else EventOutcome.REFUSED, faults))
    return fates


def _count(source: Source, messages: Sequence[Message], fates: Sequence[Fate], *, now: datetime) -> None:
    """Add to the source's tallies: how each message ended, and each kind of fault once per message."""
    counts: Counter[tuple[str, str]] = Counter()
    for message, fate in zip(messages, fates, strict=True):
        counts.update((message.call, one) for one in {fate.outcome, *(found.fault for found in fate.faults)})
    if not counts:
        return
    ordered = sorted(counts)  # all writers lock in this order
    prepared.execute(
        _COUNT,
        [
            source.pk,
            now,
            Tally.SLOTS,
            [call for call, _outcome in ordered],
            [str(outcome) for _call, outcome in ordered],
            [counts[key] for key in ordered],
        ],
    )
