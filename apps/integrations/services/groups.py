"""The companies that `group` calls tell of."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError

from apps.contacts import services as contacts
from apps.contacts.fields import CompanyFields
from apps.contacts.models import Attribute
from apps.contacts.services import ActivityResult, EventOutcome, GroupIn
from apps.contacts.services.contacts import dictionary_new
from apps.integrations.segment.faults import Fault, Found
from apps.integrations.segment.messages import Group, Message
from apps.integrations.services.room import Room

COMPANY = Attribute.Subject.COMPANY


def group_fields(messages: Sequence[Message]) -> dict[int, CompanyFields]:
    """
    Check what is told of companies, by the place of its message.

    What does not fit is noted at its message and left out. A key that nobody has described is of the type
    that the first message shows.
    """
    telling = {
        place: message for place, message in enumerate(messages) if message.group and not message.is_dropped
    }
    if not telling:
        return {}
    wanted = {key for message in telling.values() if message.group for key in message.group.traits}
    dictionary = Attribute.of_companies.by_key(wanted)
    room = Room(dictionary, COMPANY) if wanted - dictionary.keys() else None
    fields = {}
    for place, message in telling.items():
        assert message.group, "asked above"
        if room is not None and room.admit(message.group.traits):
            message.faults.append(Found(Fault.TOO_MANY_TRAITS, "traits"))
        fields[place] = _fitting(message, message.group, dictionary)
        dictionary |= {entry.key: entry for entry in dictionary_new(fields[place].unknown, COMPANY)}
    return fields


def _fitting(message: Message, group: Group, dictionary: Mapping[str, Attribute]) -> CompanyFields:
    try:
        return _checked(group, dictionary)
    except ValidationError as error:
        for name in error.message_dict:
            message.faults.append(Found(Fault.BAD_TRAIT, f"traits.{name.removeprefix('attributes.')}"))
            group.traits.pop(name.removeprefix("attributes."), None)
            if name == "name":
                group.name = ""
    return _checked(group, dictionary)


def _checked(group: Group, dictionary: Mapping[str, Attribute]) -> CompanyFields:
    return CompanyFields(
        name=group.name or None,
        domain=group.domain or None,
        identities=(),
        attributes=group.traits,
        dictionary=dictionary,
    )


def groups_keep(
    messages: Sequence[Message],
    fields: Mapping[int, CompanyFields],
    results: Mapping[int, ActivityResult],
    *,
    source: str,
    now: datetime,
) -> list[int]:
    """
    Make companies of what is told and put its people into them; a repeat tells nothing.

    Return the places of messages whose domain belongs to another company.
    """
    groups = {
        place: GroupIn(result.contact_id, group.id, fields[place])
        for place, result in results.items()
        if (group := messages[place].group)
        and result.outcome == EventOutcome.RECORDED
        and result.contact_id is not None
    }
    kept = contacts.groups_record(groups=list(groups.values()), source=source, now=now)
    return [place for place, is_kept in zip(groups, kept, strict=True) if not is_kept]
