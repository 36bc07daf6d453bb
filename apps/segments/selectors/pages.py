"""The lists of segments and of lists, and the people in them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.contacts.models import Contact, ContactQuerySet
from apps.core.navigation import Found
from apps.segments.models import ContactList, Segment, SegmentQuerySet
from apps.segments.rules import RuleInvalid
from apps.segments.selectors.rules import segment_contacts

DAYS = 90
SPARK_DAYS = 30


def segments(*, search: str = "", state: str = "") -> SegmentQuerySet:
    """Return the segments of the list page; `state` is "archived", or empty for the others."""
    found = Segment.objects.filter(archived_at__isnull=state != "archived")
    return found.filter(name__icontains=search) if search else found


def segment_search(user: User, text: str) -> Found | None:
    """Return what the search box of the top bar finds here."""
    if not user.has_perm("segments.view_segment"):
        return None
    return Found(_("Segment"), segments(search=text).order_by("name"), "segments:detail")


def contact_lists(*, search: str = "") -> QuerySet[ContactList]:
    found = ContactList.objects.select_related("frozen_from")
    return found.filter(name__icontains=search) if search else found


def segment_people(segment: Segment, *, now: datetime) -> ContactQuerySet:
    """
    Return who is in a segment: the stored members, or by the rule while those are still to be found.

    Also the stored ones where the rule cannot be used any more: `segment.fault` says so.
    """
    stored = Contact.objects.known().filter(segment_members__segment=segment)
    if not segment.is_stale or segment.archived_at:
        return stored
    try:
        return segment_contacts(segment, now=now)
    except RuleInvalid:
        return stored


def contact_segments(contact: Contact) -> SegmentQuerySet:
    """Return the segments that a contact is in, as last counted, each with `since`."""
    return Segment.objects.active().filter(members__contact=contact).annotate(since=F("members__since_at"))


def contact_on_lists(contact: Contact) -> QuerySet[ContactList]:
    """Return the lists that a contact is on, each with `since`."""
    return ContactList.objects.filter(members__contact=contact).annotate(since=F("members__added_at"))


def list_people(contact_list: ContactList) -> ContactQuerySet:
    return Contact.objects.known().filter(list_members__contact_list=contact_list)


def segment_history(segment: Segment, *, now: datetime, days: int = DAYS) -> list[tuple[date, int]]:
    """Return the size at the end of each day, from the first that is known, up to today."""
    return _histories([segment.pk], now=now, days=days).get(segment.pk, [])


def segment_sparks(ids: Sequence[int], *, now: datetime) -> dict[int, list[int]]:
    """Return the sizes of the last days of these segments; one query."""
    histories = _histories(ids, now=now, days=SPARK_DAYS)
    return {pk: [size for _at, size in points] for pk, points in histories.items()}


def _histories(ids: Sequence[int], *, now: datetime, days: int) -> dict[int, list[tuple[date, int]]]:
    found: dict[int, list[tuple[date, int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT segment, day::date, last.size
            FROM unnest(%s::bigint[]) AS segment,
                 generate_series(%s::date, %s::date, interval '1 day') AS day,
                 LATERAL (
                     SELECT size FROM segments_segmentsize
                     WHERE segment_id = segment AND at < day + interval '1 day'
                     ORDER BY at DESC LIMIT 1
                 ) AS last
            ORDER BY segment, day
            """,
            [list(ids), (now - timedelta(days=days - 1)).date(), now.date()],
        )
        for pk, day, size in cursor.fetchall():
            found.setdefault(pk, []).append((day, size))
    return found
