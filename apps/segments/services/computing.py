"""What definitions say of everybody, found anew by set difference: only answers that change are written."""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.utils.translation import gettext as _

from apps.core.queues import ring
from apps.segments import selectors
from apps.segments.models import Definition
from apps.segments.rules import RuleInvalid
from apps.segments.services.waits import EVERY, FAULTY_AGAIN, SHARE_OF_TIME, wait_after_trouble

logger = logging.getLogger(__name__)
COMPUTE_TASK = "apps.segments.tasks.definitions_compute"
ROWS = 50_000  # written by one statement at most, so that nobody waits for its locks for long
_LOCK = 0xDEF1  # the first half of the advisory lock, the definition is the second

# All of it is joined by hash: what the planner expects of these sets is far from what they are, and a nested
# loop over two of them never ends.
_SETTINGS = (
    "SELECT set_config('jit', 'off', true), set_config('work_mem', '64MB', true), "
    "set_config('enable_nestloop', 'off', true), set_config('statement_timeout', '300s', true)"
)
# Rows that somebody else is writing are left for the next time. What is written is put into the row as it is
# then, so that nothing of theirs is lost. `updated_at` stays: nobody has changed the person, and their long
# silence must not look like news of them.
_DIFFERENCE = """
    WITH holds (id) AS MATERIALIZED ({holds}),
    other AS MATERIALIZED (
        SELECT contact.id, holds.id IS NOT NULL AS answer
        FROM contacts_contact AS contact LEFT JOIN holds ON holds.id = contact.id
        WHERE contact.erased_at IS NULL
          AND contact.attributes -> %s IS DISTINCT FROM to_jsonb(holds.id IS NOT NULL)
        LIMIT %s
    ),
    free AS MATERIALIZED (
        SELECT id FROM contacts_contact
        WHERE id = ANY(ARRAY(SELECT id FROM other)) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    ),
    yes AS (
        UPDATE contacts_contact SET attributes = attributes || jsonb_build_object(%s::text, true)
        WHERE id = ANY(ARRAY(SELECT id FROM free JOIN other USING (id) WHERE answer)) AND erased_at IS NULL
        RETURNING id
    ),
    no AS (
        UPDATE contacts_contact SET attributes = attributes || jsonb_build_object(%s::text, false)
        WHERE id = ANY(ARRAY(SELECT id FROM free JOIN other USING (id) WHERE NOT answer))
          AND erased_at IS NULL
        RETURNING id
    )
    SELECT (SELECT count(*) FROM holds), (SELECT count(*) FROM other),
           (SELECT count(*) FROM yes) + (SELECT count(*) FROM no)
"""


def definitions_compute(*, now: datetime) -> Definition | None:
    """
    Compute the definition that waits most urgently, and ring for the next. Return it; None if none is due.

    Workers pass by the definitions that others are at.
    """
    for definition in Definition.objects.due(at=now):
        start = time.monotonic()
        try:
            is_done = definition_compute(definition=definition, now=now)
        except (OperationalError, InterfaceError):
            logger.warning("definition %s could not be computed just now", definition.pk, exc_info=True)
            _put_off(definition, took=timedelta(seconds=time.monotonic() - start), now=now)
            is_done = True
        except DatabaseError:
            # One that always fails must not stand in line before all others.
            logger.exception("definition %s could not be computed", definition.pk)
            fault = _("It could not be computed. The server's log says why.")
            _settle(definition, fault=fault, due_at=now + FAULTY_AGAIN, is_stale=False)
            is_done = True
        if is_done:
            ring(COMPUTE_TASK)
            return definition
    return None


def _put_off(definition: Definition, *, took: timedelta, now: datetime) -> None:
    """Have it tried again soon: what went wrong may have passed."""
    wait = wait_after_trouble(fault=definition.fault, took=took)
    fault = _(
        "The database was busy or away. Nothing is wrong with the definition: it is tried again by itself."
    )
    _settle(definition, fault=fault, due_at=now + wait, is_stale=False)


@transaction.atomic
def definition_compute(*, definition: Definition, now: datetime) -> bool:
    """
    Write the answer of whoever has another one, or none. False: another worker is at it, or it is gone.

    Beyond a bounded number of rows it stays due, and goes on with the next ring.
    """
    if not definition_lock(definition.pk):
        return False
    found = Definition.objects.select_related("attribute").filter(pk=definition.pk).first()
    version = selectors.version_in_force(found) if found else None
    if found is None or version is None:
        return False
    start = time.monotonic()
    try:
        node = selectors.definition_rule_read(version.rule, definition=found)
    except RuleInvalid as refusal:
        _settle(found, fault=str(refusal)[:500], due_at=now + FAULTY_AGAIN, is_stale=False)
        return True
    holds = selectors.rule_contacts(node, now=now).order_by().values("pk")
    size, other, written = _write(holds.query.sql_with_params(), key=found.attribute.key)
    due_at = now + max(EVERY, timedelta(seconds=time.monotonic() - start) * SHARE_OF_TIME)
    if other > written or other == ROWS:
        _settle(found, fault="", size=size, due_at=now)  # some are left; it stays as stale as it is
    else:
        _settle(found, fault="", size=size, computed_at=now, due_at=due_at, is_stale=False)
    return True


def definition_lock(pk: int) -> bool:
    """Be the one who computes or deletes this definition until the transaction ends; False: another is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCK, pk % 2**31])
        (is_mine,) = cursor.fetchone()
    return bool(is_mine)


def _write(holds: tuple[str, tuple[Any, ...]], *, key: str) -> tuple[int, int, int]:
    """Return for how many the rule holds, how many had another answer, and how many of those are written."""
    text, params = holds
    statement = _DIFFERENCE.format(holds=text)
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        cursor.execute(statement, [*params, key, ROWS, key, key])
        size, other, written = cursor.fetchone()
    return size, other, written


def _settle(definition: Definition, **values: object) -> None:
    Definition.objects.filter(pk=definition.pk).update(**values)
