import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.accounts import tokens
from apps.accounts.models import User
from apps.collaboration import services as collaboration
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


def source_hear(key: str) -> Heard | None:
    """
    Find the source that writes with this key, and note that it was heard, unless nothing may be taken yet.

    One query per call; the note is written at most once in `Source.HEARD_EVERY`.
    """
    row = _hear(tokens.digest(key))
    if row is None:
        return None
    pk, name, heard_at, now, namespace = row
    if namespace and heard_at is None:
        namespace = _first_heard(pk)
    elif namespace and heard_at < now - Source.HEARD_EVERY:
        Source.objects.filter(pk=pk, heard_at=heard_at).update(heard_at=Now())
    return Heard(Source(pk=pk, name=name), now, namespace)


def _hear(digest: str) -> tuple[Any, ...] | None:
    # This query tells as well as one of its own whether a connection that was kept still stands.
    connection.health_check_done = True  # type: ignore[attr-defined]  # not in the stubs
    try:
        return _asked(digest)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        return _asked(digest)


def _asked(digest: str) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        # By hand: to have Django put it together costs a third of what keeping one event does.
        cursor.execute(
            "SELECT id, name, heard_at, statement_timestamp(), "
            "COALESCE((SELECT namespace FROM integrations_identityscheme), '') "
            "FROM integrations_source WHERE digest = %s AND revoked_at IS NULL",
            [digest],
        )
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


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
