import secrets
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.accounts import tokens
from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.core.errors import DomainError
from apps.integrations.models import Source, Tally

KEY_PREFIX = "bkw_"  # scanners of leaked secrets know it by its beginning
SHOWN = len(KEY_PREFIX) + 6


class SourceExists(DomainError):
    """Another source that may still write has this name."""

    field = "name"


def source_create(*, name: str, by: User | None, now: datetime) -> tuple[Source, str]:
    """
    Make a source and return it with its write key, which cannot be had again.

    :raises SourceExists: the name is taken
    """
    key = KEY_PREFIX + secrets.token_urlsafe(24)
    try:
        with transaction.atomic():
            source = Source.objects.create(name=name, prefix=key[:SHOWN], digest=tokens.digest(key))
            collaboration.audit_record(action="source.created", subject=source, by=by, now=now)
    except IntegrityError as error:
        raise SourceExists(_("There is a source of this name already.")) from error
    return source, key


@transaction.atomic
def source_revoke(*, source: Source, by: User | None, now: datetime) -> Source:
    """Make the source's key worthless from now on; what it has told stays. Again, it changes nothing."""
    source = Source.objects.select_for_update(no_key=True).get(pk=source.pk)
    if source.revoked_at is None:
        source.revoked_at = now
        source.save(update_fields=["revoked_at", "updated_at"])
        collaboration.audit_record(action="source.revoked", subject=source, by=by, now=now)
    return source


def source_hear(key: str) -> Source | None:
    """
    Find the source that writes with this key, and note that it was heard.

    One query per call; the note is written at most once in `Source.HEARD_EVERY`.
    """
    usable = Source.objects.open().with_is_heard_long_ago()
    source = usable.filter(digest=tokens.digest(key)).first()
    if source and source.is_heard_long_ago:
        Source.objects.filter(pk=source.pk, heard_at=source.heard_at).update(heard_at=Now())
    return source


def tallies_forget(*, now: datetime) -> int:
    """Clear the counts that no page shows any more; return how many rows those were."""
    cleared, _by_model = Tally.objects.filter(at__lt=now - Tally.KEPT_FOR).delete()
    return cleared
