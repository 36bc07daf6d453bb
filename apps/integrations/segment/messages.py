"""What one message of Segment's specification says, in the words of contacts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson

from apps.contacts.addresses import (
    AddressInvalid,
    domain_normalise,
    email_normalise,
    identity_normalise,
)
from apps.contacts.attributes import key_is_valid, key_suggest
from apps.contacts.joining import Who
from apps.contacts.models import CompanyIdentity, Identity
from apps.contacts.services import EventIn
from apps.contacts.services.events import AHEAD, EARLIEST
from apps.integrations.segment.faults import DROPS, Fault, Found

MAX_MESSAGE = 32 * 1024
MAX_MESSAGE_ID = 255
NO_KEY = "attribute"  # what `key_suggest` says of a name with nothing in it
# The parts of `context` that say where somebody came from. The rest (address, browser, device) is not kept:
# it is personal, and nothing here asks for it. The time zone of an `identify` goes to the person.
CONTEXT_KEPT = ("campaign", "page")
# Traits that are no attributes: what a contact has fields of its own for.
OF_THE_PERSON = frozenset({"email", "phone", "timezone"})


class Call(StrEnum):
    """The kinds of messages, and of addresses they come to."""

    IDENTIFY = "identify"
    TRACK = "track"
    PAGE = "page"
    SCREEN = "screen"
    GROUP = "group"
    ALIAS = "alias"


# What a person did, where the call itself says it.
EVENT_NAMES = {Call.PAGE: "page_viewed", Call.SCREEN: "screen_viewed", Call.GROUP: "group_joined"}


@dataclass
class Group:
    """The company that a `group` call puts somebody into, by the id that the source has for it."""

    id: str
    name: str = ""
    domain: str = ""
    traits: dict[str, object] = field(default_factory=dict)  # by system name; without name and domain


@dataclass
class Message:
    """One message as read. `who` is None, and `is_dropped` true, if it cannot be kept."""

    call: str = ""
    who: Who | None = None
    message_id: str = ""
    event: EventIn | None = None
    traits: dict[str, object] = field(default_factory=dict)  # by system name; without address and telephone
    email: str = ""
    phone: str = ""
    timezone: str = ""  # where an `identify` came from, by its context
    group: "Group | None" = None
    faults: list[Found] = field(default_factory=list)

    @property
    def is_dropped(self) -> bool:
        return any(found.fault in DROPS for found in self.faults)


def message_read(
    raw: object,
    *,
    call: str = "",
    context: object = None,
    sent_at: object = None,
    namespace: str = Identity.USER,
    now: datetime,
) -> Message:
    """
    Read one message. `call` is what the address says, else the message says it; `context` and `sent_at` are
    those of its batch, for what the message itself leaves out. `namespace` is that of user ids.
    """
    if not isinstance(raw, dict):
        return Message(faults=[Found(Fault.NO_MESSAGE)])
    return _Reader(raw, namespace=namespace, now=now).read(call, context=context, sent_at=sent_at)


def message_is_too_large(raw: object) -> bool:
    """Test if the message fills more than 32 KB, or is nested deeper than any that could be kept."""
    try:
        return len(orjson.dumps(raw)) > MAX_MESSAGE
    except (TypeError, RecursionError):
        return True


class _Reader:
    def __init__(self, raw: dict[str, Any], *, namespace: str, now: datetime) -> None:
        self.raw, self.namespace, self.now = raw, namespace, now
        self.message = Message()
        self.traits: dict[str, Any] = {}
        self.group_id = ""

    def read(self, call: str, *, context: object, sent_at: object) -> Message:
        message = self.message
        try:
            message.call = Call(call or self.raw.get("type") or "")
        except (ValueError, TypeError):
            self._fault(Fault.NO_MESSAGE, "type")
            return message
        message.message_id = self._text("messageId")[:MAX_MESSAGE_ID]
        if message.call in (Call.IDENTIFY, Call.GROUP):
            self.traits = self._object("traits")
        if message.call == Call.IDENTIFY:
            self._traits(self.traits)
            message.timezone = self._trait_text(self.traits, "timezone") or self._zone(context)
        if message.call == Call.GROUP:
            self._group(self.traits)
        message.who = self._who()
        if message.who is None:
            self._fault(Fault.NO_PERSON)
        if message.call not in (Call.IDENTIFY, Call.ALIAS):
            self._event(context, sent_at)
        return message

    def _who(self) -> Who | None:
        who = Who(
            user=self._name(self.namespace, "userId"),
            email=self.message.email,
            anonymous=self._name(Identity.ANONYMOUS, "anonymousId"),
            previous=self._name(self.namespace, "previousId") if self.message.call == Call.ALIAS else "",
            namespace=self.namespace,
        )
        if who.previous and not who.user:
            return None
        return who if who.names() else None

    def _event(self, context: object, sent_at: object) -> None:
        call = Call(self.message.call)
        properties = dict(self.traits if call == Call.GROUP else self._object("properties"))
        name = EVENT_NAMES.get(call) or self._text("event").strip()
        if call in (Call.PAGE, Call.SCREEN):
            properties |= {key: text for key in ("name", "category") if (text := self._text(key))}
        if call == Call.GROUP:
            properties["group_id"] = self.group_id
        if not name:
            self._fault(Fault.NO_EVENT, "event")
        if origin := self._origin(context):
            properties.setdefault("context", origin)
        self.message.event = EventIn(
            name=name,
            occurred_at=self._occurred_at(sent_at),
            properties=properties,
            message_id=self.message.message_id,
        )

    def _zone(self, context: object) -> str:
        zone = self._context(context).get("timezone")
        if zone is None or isinstance(zone, str):
            return (zone or "").strip()
        self._fault(Fault.WRONG_TYPE, "context.timezone")
        return ""

    def _context(self, context: object) -> dict[str, Any]:
        own = self.raw.get("context")
        return own if isinstance(own, dict) else context if isinstance(context, dict) else {}

    def _origin(self, context: object) -> dict[str, object]:
        known = self._context(context)
        return {key: known[key] for key in CONTEXT_KEPT if isinstance(known.get(key), dict) and known[key]}

    def _group(self, traits: Mapping[str, Any]) -> None:
        """Read the company; without an id that can name one, it is only something that somebody did."""
        self.group_id = self._text("groupId")
        try:
            _namespace, name = identity_normalise(CompanyIdentity.GROUP, self.group_id)
        except AddressInvalid:
            self._fault(Fault.BAD_NAME, "groupId")
            return
        group = self.message.group = Group(name, name=self._trait_text(traits, "name"))
        # `website` is the reserved trait of a group; `domain` says the same more plainly.
        for key in ("domain", "website"):
            group.domain = group.domain or self._domain(traits, key)
        told = {key: value for key, value in traits.items() if key not in ("name", "domain", "website", "id")}
        self._flatten(told, group.traits)

    def _domain(self, traits: Mapping[str, Any], key: str) -> str:
        text = self._trait_text(traits, key)
        try:
            return domain_normalise(text) if text else ""
        except AddressInvalid:
            self._fault(Fault.BAD_NAME, f"traits.{key}")
            return ""

    def _traits(self, traits: Mapping[str, Any]) -> None:
        told = {name: value for name, value in traits.items() if name not in OF_THE_PERSON}
        self._flatten(told, self.message.traits)
        self.message.phone = self._trait_text(traits, "phone")
        if email := self._trait_text(traits, "email"):
            try:
                self.message.email = email_normalise(email)
            except AddressInvalid:
                self._fault(Fault.BAD_NAME, "traits.email")

    def _flatten(self, traits: Mapping[str, Any], into: dict[str, object]) -> None:
        for name, value in traits.items():
            if isinstance(value, dict):  # an address: `address_city`
                for inner, part in value.items():
                    self._trait(f"{name}_{inner}", part, into)
            else:
                self._trait(name, value, into)

    def _trait(self, name: str, value: object, into: dict[str, object]) -> None:
        key = name if key_is_valid(name) else key_suggest(name)
        if isinstance(value, dict) or (key == NO_KEY and name != NO_KEY):
            self._fault(Fault.BAD_TRAIT, f"traits.{name[:64]}")
        elif key == name or key not in into:
            into[key] = value

    def _trait_text(self, traits: Mapping[str, Any], key: str) -> str:
        value = traits.get(key)
        if value is not None and not isinstance(value, str):
            self._fault(Fault.WRONG_TYPE, f"traits.{key}")
            return ""
        return (value or "").strip()

    def _occurred_at(self, sent_at: object) -> datetime:
        """Return when it happened by our clock: the sender's, moved by how far that was off when it sent."""
        told = self.raw.get("timestamp") or self.raw.get("originalTimestamp")
        if told is None:
            return self.now
        sent = self.raw.get("sentAt") or sent_at
        try:
            moment = _moment(told)
            skew = self.now - _moment(sent) if sent else timedelta()
            corrected = moment + skew
        except (ValueError, TypeError, OverflowError):
            self._fault(Fault.BAD_TIME, "timestamp")
            return self.now
        if not EARLIEST <= corrected <= self.now + AHEAD:
            self._fault(Fault.BAD_TIME, "timestamp")
            return self.now
        return corrected

    def _name(self, namespace: str, key: str) -> str:
        text = self._text(key).strip()
        if not text:
            return ""
        try:
            return identity_normalise(namespace, text)[1]
        except AddressInvalid:
            self._fault(Fault.BAD_NAME, key)
            return ""

    def _text(self, key: str) -> str:
        """Return the text of a field, '' if left out. A number is a text that somebody forgot to quote."""
        match self.raw.get(key):
            case None:
                return ""
            case str() as text:
                return text
            case bool() | list() | dict():
                self._fault(Fault.WRONG_TYPE, key)
                return ""
            case number:
                self._fault(Fault.WRONG_TYPE, key)
                return str(number)

    def _object(self, key: str) -> dict[str, Any]:
        value = self.raw.get(key)
        if value is None or isinstance(value, dict):
            return value or {}
        self._fault(Fault.WRONG_TYPE, key)
        return {}

    def _fault(self, fault: Fault, field_name: str = "") -> None:
        self.message.faults.append(Found(fault, field_name))


def _moment(told: object) -> datetime:
    if not isinstance(told, str):
        raise TypeError
    moment = datetime.fromisoformat(told)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
