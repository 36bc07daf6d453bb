"""The list of contacts, how many there are, and the profile of one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import connection
from django.db.models import BooleanField, Exists, OuterRef, Q, Subquery
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from apps.contacts import attributes as keys
from apps.contacts.addresses import AddressInvalid, address_hash, identity_normalise
from apps.contacts.models import (
    Attribute,
    Channel,
    Company,
    Confirmation,
    Consent,
    ConsentEvent,
    ConsentStatus,
    Contact,
    ContactQuerySet,
    Identity,
    Suppression,
)
from apps.contacts.selectors.topics import topic_names
from apps.contacts.values import AttributeInvalid, value_parse

Type = Attribute.Type
COUNTED_EXACTLY = 10_000
NO_CONSENT = "none"


class Operator(StrEnum):
    """How a filter of the list compares an attribute."""

    EQ = "eq"
    STARTS = "starts"
    GTE = "gte"
    LTE = "lte"
    EXISTS = "exists"
    MISSING = "missing"


OPERATOR_LABELS = {
    Operator.EQ: _("is"),
    Operator.STARTS: _("starts with"),
    Operator.GTE: _("is at least"),
    Operator.LTE: _("is at most"),
    Operator.EXISTS: _("has a value"),
    Operator.MISSING: _("has no value"),
}
_PRESENCE = (Operator.EXISTS, Operator.MISSING)
_ORDERED = (Operator.EQ, Operator.GTE, Operator.LTE)
# What may be asked of a type, besides whether there is a value.
_ASKED = {
    Type.TEXT: (*_ORDERED, Operator.STARTS),
    Type.CHOICE: (*_ORDERED, Operator.STARTS),
    Type.NUMBER: _ORDERED,
    Type.MONEY: _ORDERED,
    Type.DATE: _ORDERED,
    Type.DATETIME: _ORDERED,
    Type.BOOLEAN: (Operator.EQ,),
    Type.LIST: (Operator.EQ,),
}
_SYMBOLS = {Operator.EQ: "=", Operator.GTE: ">=", Operator.LTE: "<="}


@dataclass(frozen=True)
class Condition:
    """One comparison of an attribute. `value` is text, as a person writes it."""

    attribute: Attribute
    operator: Operator = Operator.EQ
    value: str = ""


@dataclass(frozen=True)
class ContactAsk:
    """What the list is narrowed to; the defaults are everybody."""

    search: str = ""  # the beginning of an address, or an identity such as crm:4711
    conditions: Sequence[Condition] = ()
    consent: str = ""  # a status for e-mail as a whole, or "none"
    is_suppressed: bool | None = None
    added_from: datetime | None = None


def contacts(ask: ContactAsk) -> ContactQuerySet:
    """
    Return the contacts that fit, not yet ordered; read them by page.

    :raises AttributeInvalid: a condition's value does not fit the attribute's type
    """
    found = Contact.objects.known()
    if ask.search:
        found = _searched(found, ask.search)
    for condition in ask.conditions:
        found = found.filter(condition_holds(condition))
    if ask.consent:
        found = found.filter(_consent(ask.consent))
    if ask.is_suppressed is not None:
        gone = Exists(Suppression.objects.filter(channel=Channel.EMAIL, address_hash=OuterRef("email_hash")))
        found = found.filter(gone if ask.is_suppressed else ~gone)
    if ask.added_from:
        found = found.filter(created_at__gte=ask.added_from)
    return found


def contacts_with_standing(found: ContactQuerySet) -> ContactQuerySet:
    """Add `email_consent` (the status for e-mail as a whole, None for never said) and `is_suppressed`."""
    stands = Consent.objects.filter(contact=OuterRef("pk"), channel=Channel.EMAIL, topic="")
    gone = Suppression.objects.filter(channel=Channel.EMAIL, address_hash=OuterRef("email_hash"))
    return found.annotate(email_consent=Subquery(stands.values("status")[:1]), is_suppressed=Exists(gone))


def contacts_found(*, namespace: str, value: str) -> ContactQuerySet:
    """Return the one contact that has this identity, or nobody."""
    try:
        namespace, value = identity_normalise(namespace, value)
    except AddressInvalid:
        return Contact.objects.none()
    return Contact.objects.known().filter(identities__namespace=namespace, identities__value=value)


@dataclass(frozen=True)
class Total:
    count: int
    is_exact: bool


def contacts_total() -> Total:
    """Return how many contacts there are: exactly while they are few, then an estimate."""
    return _total(Contact)


def companies_total() -> Total:
    """Return how many companies there are, in the same way."""
    return _total(Company)


def contacts_estimate() -> int | None:
    """Return about how many contacts there are, from the statistics; None before the first were taken."""
    return _estimate(Contact)


def _total(model: type[Contact | Company]) -> Total:
    few = model._default_manager.order_by()[: COUNTED_EXACTLY + 1].count()
    if few <= COUNTED_EXACTLY:
        return Total(few, is_exact=True)
    estimate = _estimate(model)
    if estimate is None:  # a first import is a moment ago
        return Total(model._default_manager.count(), is_exact=True)
    return Total(max(estimate, few), is_exact=False)


def _estimate(model: type[Contact | Company]) -> int | None:
    """
    Rows per page as they were then, times the pages there are now, as the planner reckons: right within a
    moment of an import that no ANALYZE has followed yet.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples / nullif(relpages, 0) * pg_relation_size(oid)"
            " / current_setting('block_size')::int"
            " FROM pg_class WHERE oid = %s::regclass AND reltuples >= 0",
            [model._meta.db_table],
        )
        estimate = cursor.fetchone()
    return None if estimate is None or estimate[0] is None else round(estimate[0])


def _searched(found: ContactQuerySet, text: str) -> ContactQuerySet:
    namespace, colon, value = text.partition(":")
    if colon:
        named = Identity.objects.filter(namespace=namespace.strip().lower(), value=value.strip())
        return found.filter(pk__in=named.values("contact"))
    return found.filter(email__startswith=text.lower())


def condition_holds(condition: Condition) -> RawSQL:
    """
    Return the comparison by the dictionary's own expression, so that an index on it is found.

    A day that a time is compared with is the whole of it, in UTC, as in rules of segments.

    :raises AttributeInvalid: the value or the operator does not fit the attribute's type
    """
    attribute, operator = condition.attribute, condition.operator
    column = f'"{keys.TABLES[attribute.applies_to]}"."attributes"'
    expression = keys.sql_expression(attribute.key, attribute.type, column=column)
    if operator in _PRESENCE:
        verb = "IS NOT NULL" if operator == Operator.EXISTS else "IS NULL"
        return _sql(f"{expression} {verb}")
    _operator_check(attribute, operator)
    value = value_parse(attribute.type, condition.value)
    if value is None:
        raise AttributeInvalid(str(_("Say what to compare with.")))
    if isinstance(value, list):
        return _sql(f"{expression} @> %s::jsonb", [keys.list_operand(value)])
    if isinstance(value, bool):
        return _sql(f"{expression} = %s", [value])
    if isinstance(value, str) and attribute.type == Type.DATETIME and _is_day(condition.value):
        return _day(expression, operator, value.partition("T")[0])
    if isinstance(value, str):
        return _text(expression, keys.sql_text(attribute.key, column=column), operator, value.lower())
    return _sql(f"{expression} {_SYMBOLS.get(operator, '=')} %s", [value])


def _operator_check(attribute: Attribute, operator: Operator) -> None:
    if operator in _ASKED[Type(attribute.type)]:
        return
    sentence = _("“%(operator)s” cannot be asked of “%(label)s”, which is of the type “%(type)s”.")
    words = {"operator": OPERATOR_LABELS[operator], "label": attribute.label}
    raise AttributeInvalid(str(sentence % {**words, "type": attribute.get_type_display()}))


def _is_day(text: str) -> bool:
    return re.fullmatch(r"[\d./-]+", text.strip()) is not None


def _day(expression: str, operator: Operator, day: str) -> RawSQL:
    # As text: each of its hours sorts between the two.
    ends = day + "\U0010ffff"
    match operator:
        case Operator.GTE:
            return _sql(f"{expression} >= %s", [day])
        case Operator.LTE:
            return _sql(f"{expression} < %s", [ends])
    return _sql(f"{expression} >= %s AND {expression} < %s", [day, ends])


def _text(expression: str, whole: str, operator: Operator, value: str) -> RawSQL:
    """
    Compare what is indexed, and where that is not enough the whole text besides.

    What holds of two texts holds of their beginnings, equality taken for order; so the index narrows.
    """
    comparison, values = f"{{0}} {_SYMBOLS.get(operator, '=')} %s", [value]
    if operator == Operator.STARTS:
        comparison, values = "{0} >= %s AND {0} < %s", [value, value + "\U0010ffff"]
    if len(value) < keys.INDEXED_TEXT:
        return _sql(comparison.format(expression), values)
    beginning = value[: keys.INDEXED_TEXT]
    bounds = {Operator.GTE: ">=", Operator.LTE: "<="}.get(operator, "=")
    return _sql(f"{expression} {bounds} %s AND {comparison.format(whole)}", [beginning, *values])


def _sql(sql: str, parameters: Sequence[object] = ()) -> RawSQL:
    return RawSQL(sql, parameters, output_field=BooleanField())  # noqa: S611  # keys of the dictionary only


def _consent(status: str) -> Q:
    stands = Consent.objects.filter(contact=OuterRef("pk"), channel=Channel.EMAIL, topic="")
    if status == NO_CONSENT:
        return ~Q(Exists(stands))
    return Q(Exists(stands.filter(status=ConsentStatus(status))))


@dataclass(frozen=True)
class ProfileAttribute:
    """One value as the profile shows it; `entry` is None for a key that the dictionary lacks."""

    key: str
    value: object
    entry: Attribute | None


@dataclass(frozen=True)
class Profile:
    """Everything about one contact but its timeline. A fixed number of queries."""

    contact: Contact
    identities: Sequence[Identity]
    attributes: Sequence[ProfileAttribute]
    consents: Sequence[Consent]
    history: Sequence[ConsentEvent]
    suppression: Suppression | None
    topics: Mapping[str, str]  # key → name
    confirmations: Mapping[str, Confirmation]  # topic → the question that waits for an answer


def contact_profile(contact: Contact) -> Profile:
    dictionary = {entry.key: entry for entry in Attribute.objects.select_related("owner")}
    told = [
        ProfileAttribute(key=key, value=value, entry=dictionary.get(key))
        for key, value in contact.attributes.items()
    ]
    gone = Suppression.objects.filter(channel=Channel.EMAIL, address_hash=address_hash(contact.email))
    consents = list(contact.consents.order_by("channel", "topic"))
    return Profile(
        contact=contact,
        identities=list(contact.identities.order_by("namespace", "value")),
        attributes=sorted(told, key=lambda one: one.entry.label.casefold() if one.entry else one.key),
        consents=consents,
        history=list(contact.consent_events.select_related("by").order_by("-at", "-pk")[:20]),
        suppression=gone.first() if contact.email else None,
        topics=topic_names(),
        confirmations=_waiting(contact, consents),
    )


def _waiting(contact: Contact, consents: Sequence[Consent]) -> dict[str, Confirmation]:
    """Return the questions without an answer, leaving out those that what was said since has settled."""
    said = {one.topic: one for one in consents if one.channel == Channel.EMAIL}
    waiting = {one.topic: one for one in contact.confirmations.filter(confirmed_at__isnull=True)}
    return {
        topic: one
        for topic, one in waiting.items()
        if topic not in said
        or said[topic].status == ConsentStatus.PENDING
        or (said[topic].status == ConsentStatus.UNSUBSCRIBED and said[topic].changed_at <= one.asked_at)
    }
