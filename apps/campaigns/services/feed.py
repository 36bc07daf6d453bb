"""The address under which a person's other calendar finds the campaigns."""

from datetime import datetime
from uuid import UUID, uuid4

from django.core import signing
from django.db import transaction

from apps.accounts.models import User
from apps.campaigns.models import CalendarFeed
from apps.collaboration import services as collaboration
from apps.collaboration.models import SavedView

SIGNER = signing.Signer(salt="campaigns.feed", sep=".")


@transaction.atomic
def feed_make(*, by: User, now: datetime, view: SavedView | None = None) -> CalendarFeed:
    """Make the person's address, or another one in place of the one before, which opens nothing any more."""
    feed, _is_new = CalendarFeed.objects.update_or_create(
        user=by, defaults={"key": uuid4(), "view": view, "made_at": now}
    )
    collaboration.audit_record(action="feed.made", subject=feed, by=by, now=now)
    return feed


@transaction.atomic
def feed_view_set(*, feed: CalendarFeed, view: SavedView | None, by: User, now: datetime) -> CalendarFeed:
    """Show other campaigns under the same address."""
    feed = CalendarFeed.objects.select_for_update(no_key=True).get(pk=feed.pk)
    if feed.view_id == (view.pk if view else None):
        return feed
    feed.view = view
    feed.save(update_fields=["view"])
    collaboration.audit_record(action="feed.changed", subject=feed, by=by, now=now)
    return feed


@transaction.atomic
def feed_revoke(*, by: User, now: datetime) -> None:
    """Let the person's address open nothing any more."""
    for feed in CalendarFeed.objects.select_for_update().filter(user=by):
        collaboration.audit_record(action="feed.revoked", subject=feed, by=by, now=now)
        feed.delete()


def feed_token(feed: CalendarFeed) -> str:
    """Return what stands in the address: signed, so that nobody can try keys."""
    return SIGNER.sign(f"{feed.pk}-{feed.key.hex}")


def feed_of(token: str) -> CalendarFeed | None:
    """Return the feed of an address; None for one that was never made, is taken back, or of who has left."""
    try:
        pk, _dash, key = SIGNER.unsign(token).partition("-")
        found = CalendarFeed.objects.filter(pk=int(pk), key=UUID(hex=key), user__is_active=True)
    except (signing.BadSignature, ValueError):
        return None
    return found.select_related("user", "view").first()
