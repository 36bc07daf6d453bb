import secrets
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.accounts import tokens
from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.core import prepared
from apps.core.errors import DomainError
from apps.integrations.models import IdentityScheme, Source, Tally

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


@dataclass(frozen=True)
class Heard:
    """Who calls, the database's time, and the namespace of user ids: empty while no scheme is chosen."""

    source: Source
    now: datetime
    namespace: str


# By hand: to have Django put it together costs a third of what keeping one event does.
_HEAR = """
    SELECT id, name, heard_at, statement_timestamp(),
        COALESCE((SELECT namespace FROM integrations_identityscheme), '')
    FROM integrations_source WHERE digest = %s AND revoked_at IS NULL
"""
REMEMBERED_SECONDS = 30
MAX_REMEMBERED = 1_000
_memory: dict[str, tuple[float, Heard]] = {}


def source_hear(key: str) -> Heard | None:
    """
    Find the source that writes with this key, and note that it was heard, unless nothing may be taken yet.

    One query per call; the note is written at most once in `Source.HEARD_EVERY`.
    """
    digest = tokens.digest(key)
    rows = prepared.execute_first(_HEAR, [digest])
    if not rows:
        return None
    pk, name, heard_at, now, namespace = rows[0]
    if namespace and heard_at is None:
        namespace = _first_heard(pk)
    elif namespace and heard_at < now - Source.HEARD_EVERY:
        Source.objects.filter(pk=pk, heard_at=heard_at).update(heard_at=Now())
    heard = Heard(Source(pk=pk, name=name), now, namespace)
    if namespace:
        _remember(digest, heard)
    return heard


def source_remembered(key: str) -> Heard | None:
    """
    Return what this process heard of the key lately, with the time that it is now; None if nothing.

    It may have been revoked since: whoever goes by it asks `integrations_source` in the statement that
    writes.
    """
    at, heard = _memory.get(tokens.digest(key), (0.0, None))
    elapsed = time.monotonic() - at
    if heard is None or elapsed > REMEMBERED_SECONDS:
        return None
    return replace(heard, now=heard.now + timedelta(seconds=elapsed))


def _remember(digest: str, heard: Heard) -> None:
    if len(_memory) >= MAX_REMEMBERED:
        _memory.clear()
    _memory[digest] = (time.monotonic(), heard)


@transaction.atomic
def _first_heard(pk: int) -> str:
    """
    Note that a source was heard, and return the namespace that holds from now on.

    Whoever changes the scheme has its row locked: they see this note, or we see their choice.
    """
    scheme = IdentityScheme.objects.select_for_update().get()
    Source.objects.filter(pk=pk).update(heard_at=Now())
    return scheme.namespace


def tallies_forget(*, now: datetime) -> int:
    """Clear the counts that no page shows any more; return how many rows those were."""
    cleared, _by_model = Tally.objects.filter(at__lt=now - Tally.KEPT_FOR).delete()
    return cleared
