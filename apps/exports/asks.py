"""
Which rows an export holds, as plain JSON in `Export.terms`.

Contacts: {} is everybody, {"segment": 3} a segment by its rule, {"filter": {…}} what the list of contacts was
narrowed to, in the words of its URL. Companies: {}, all of them. Events: {"event", "from", "to", "days",
"contact", "new"}, each of which may be left out; "days" are those before the export begins, and "new": true
is, of a schedule, what has arrived since its last file, whenever it happened.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

import orjson
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from apps.contacts import selectors as contacts
from apps.contacts.models import Attribute, ConsentStatus, ContactQuerySet, Event, EventType
from apps.contacts.selectors import Condition, ContactAsk, Operator
from apps.contacts.values import AttributeInvalid
from apps.core.errors import DomainError
from apps.exports.models import Kind
from apps.segments import selectors as segments
from apps.segments.models import Segment
from apps.segments.rules import RuleInvalid

Terms = dict[str, Any]
FILTERS = ("q", "where", "consent", "suppressed", "added_from")
WORDS = {
    Kind.CONTACTS: {"segment", "filter"},
    Kind.COMPANIES: set[str](),
    Kind.EVENTS: {"event", "from", "to", "days", "contact", "new"},
}
MOST_CONDITIONS = 10
MOST_DAYS = 3_660


class TermsInvalid(DomainError):
    """Nobody can tell which rows these are."""

    field = "terms"


def filter_read(query: Mapping[str, str], *, now: datetime) -> Terms:
    """Turn the URL of the list of contacts into a filter; “last 7 days” begin by the viewer’s calendar."""
    told: Terms = {name: query[name] for name in ("q", "consent", "suppressed") if query.get(name)}
    if query.get("where"):
        try:
            told["where"] = orjson.loads(query["where"])
        except orjson.JSONDecodeError as error:
            raise TermsInvalid(_("The filter cannot be read.")) from error
    days = query.get("added", "")
    if days.isascii() and days.isdigit() and 0 < int(days[:9]) <= MOST_DAYS:
        day = timezone.localtime(now).date() - timedelta(days=int(days) - 1)
        told["added_from"] = datetime.combine(day, time(), timezone.get_current_timezone()).isoformat()
    return told


def terms_once_check(terms: Terms) -> None:
    """:raises TermsInvalid: they mean something to a schedule only"""
    if "new" in terms:
        raise TermsInvalid(_("Only a schedule knows what is new since its last file."))


def terms_check(kind: str, terms: Terms, *, now: datetime) -> Terms:
    """
    Return the terms without what says nothing.

    :raises TermsInvalid: unknown words, or values that cannot be
    """
    # `is`, for 0 equals False: nobody's number is not the same as none.
    terms = {
        name: value for name, value in terms.items() if value is not False and value not in (None, "", {})
    }
    if unknown := terms.keys() - WORDS[Kind(kind)]:
        raise TermsInvalid(_("Nobody knows what “%(name)s” means here.") % {"name": min(unknown)[:100]})
    if kind == Kind.EVENTS:
        _events_check(terms)
    elif kind == Kind.COMPANIES:
        return terms
    elif terms.keys() == WORDS[Kind.CONTACTS]:
        raise TermsInvalid(_("Choose a segment or a filter, not both."))
    else:
        # Asked for, and never run: whatever cannot be is told to the person, and not found by a worker.
        contacts_asked(terms, now=now)
    return terms


def contacts_asked(terms: Terms, *, now: datetime) -> ContactQuerySet:
    """
    Return the contacts of an export, in no order.

    :raises TermsInvalid: a segment or an attribute that is gone, or a value that does not fit it
    """
    if "segment" in terms:
        segment = Segment.objects.filter(pk=_number(terms["segment"])).first()
        if segment is None:
            raise TermsInvalid(_("There is no such segment."))
        try:
            return segments.segment_contacts(segment, now=now)
        except RuleInvalid as refusal:
            raise TermsInvalid(
                _("The segment’s rule cannot be used: %(why)s") % {"why": refusal}
            ) from refusal
    try:
        return contacts.contacts(_ask(terms.get("filter", {})))
    except AttributeInvalid as refusal:
        raise TermsInvalid(str(refusal)) from refusal


def _ask(told: object) -> ContactAsk:
    if not isinstance(told, dict) or told.keys() - set(FILTERS):
        raise TermsInvalid(_("The filter cannot be read."))
    words = {name: told.get(name, "") for name in FILTERS if name != "where"}
    if not all(isinstance(word, str) and "\x00" not in word for word in words.values()):
        raise TermsInvalid(_("The filter cannot be read."))
    if words["consent"] not in ("", *ConsentStatus.values, contacts.NO_CONSENT):
        raise TermsInvalid(_("There is no such consent."))
    if words["suppressed"] not in ("", "yes", "no"):
        raise TermsInvalid(_("“Suppressed” is “yes” or “no”."))
    return ContactAsk(
        search=words["q"].strip(),
        conditions=_conditions(told.get("where", [])),
        consent=words["consent"],
        is_suppressed={"yes": True, "no": False}.get(words["suppressed"]),
        added_from=_moment(words["added_from"]) if words["added_from"] else None,
    )


def _conditions(told: object) -> list[Condition]:
    if not isinstance(told, list) or len(told) > MOST_CONDITIONS:
        raise TermsInvalid(_("The filter cannot be read."))
    keys = {entry.key: entry for entry in Attribute.objects.all()} if told else {}
    conditions = []
    for one in told:
        match one:
            case [str(key), str(operator), str(value)] if key in keys and operator in set(Operator):
                conditions.append(Condition(keys[key], Operator(operator), value))
            case _:
                raise TermsInvalid(_("The filter asks for an attribute that there is not."))
    return conditions


def _events_check(terms: Terms) -> None:
    name = terms.get("event")
    if name is not None and not (isinstance(name, str) and EventType.objects.filter(name=name).exists()):
        raise TermsInvalid(_("No event of this name has ever arrived."))
    begins, ends = (_moment(terms[word]) if word in terms else None for word in ("from", "to"))
    if begins and ends and begins >= ends:
        raise TermsInvalid(_("The end is before the beginning."))
    if "contact" in terms:
        _number(terms["contact"])
    if "days" in terms and (_number(terms["days"]) > MOST_DAYS or begins):
        raise TermsInvalid(_("Say from when, or how many days (at most 3,660), not both."))
    if "new" in terms and (terms["new"] is not True or {"from", "to", "days"} & terms.keys()):
        raise TermsInvalid(_("“new” is true, and says itself which events these are: give no other time."))


def events_bounds(terms: Terms, *, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Return the first moment, and the one before which the last event happened; None is no bound."""
    begins, ends = (_moment(terms[word]) if word in terms else None for word in ("from", "to"))
    return (now - timedelta(days=terms["days"]) if "days" in terms else begins), ends


def events_asked(terms: Terms) -> QuerySet[Event]:
    """Return the events of an export, without the bounds in time, in no order."""
    found = contacts.events(name=terms.get("event", ""))
    return found.filter(contact_id=_number(terms["contact"])) if "contact" in terms else found


def _number(told: object) -> int:
    if isinstance(told, bool) or not isinstance(told, int) or not 0 < told < 2**63:
        raise TermsInvalid(_("A contact, a segment and days are numbers."))
    return told


def _moment(told: object) -> datetime:
    try:
        moment = parse_datetime(told) if isinstance(told, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise TermsInvalid(_("A moment is written as 2030-12-31T18:30:00Z."))
    return moment


def terms_named(kind: str, terms: Terms) -> str:
    """Return what to call an export: its rows in a few words, and nothing about a person."""
    if kind == Kind.EVENTS:
        name = terms.get("event")
        return _("Events “%(name)s”") % {"name": name} if name else _("All events")
    if kind == Kind.COMPANIES:
        return _("All companies")
    if "segment" in terms:
        name = Segment.objects.values_list("name", flat=True).get(pk=terms["segment"])
        return _("Segment “%(name)s”") % {"name": name}
    return _("Contacts that fit a filter") if terms.get("filter") else _("All contacts")
