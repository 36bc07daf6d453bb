"""Mending what a scan has found, for all at once: shown before, done in stretches, and undone exactly."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts.models import (
    Attribute,
    QualityFinding,
    QualityMend,
    QualityResult,
    QualityScan,
    Suppression,
)
from apps.contacts.quality import ACTS, RULES
from apps.contacts.quality.mending import MERGE, SUPPRESS, TODO, MendPlan, act_sql, keys_of, plan_params
from apps.contacts.services.quality import SCAN_TASK, UNDONE_WITHIN, QualityRefused, statements_of
from apps.contacts.services.quality_lease import Hold, claim, work
from apps.contacts.services.quality_merging import merge_next, unmerge_next
from apps.core.queues import ring

State = QualityMend.State
CHUNK = 2_000
SECONDS_PER_RING = 45


def mend_plan(*, rule: str, act: str, detail: str = "") -> MendPlan:
    """
    Return what the act would be done to, by the last scan.

    :raises QualityRefused: no scan yet, an act that does not mend this, or nothing told that it needs
    """
    scan = QualityScan.objects.filter(state=QualityScan.State.DONE).order_by("-finished_at").first()
    if scan is None:
        raise QualityRefused(_("Nothing has been looked for yet: start a scan first."))
    if rule not in RULES or act not in RULES[rule].acts or not detail.isprintable():
        raise QualityRefused(_("This is no way to mend what this rule finds."))
    statements = statements_of(scan)
    if act == "values_clear" and detail not in Attribute.objects.written().values_list("key", flat=True):
        raise QualityRefused(_("Say which attribute is to be mended."))
    keys = keys_of(act, detail, statements)
    if act not in (SUPPRESS, MERGE) and not keys:
        raise QualityRefused(_("The dictionary has no attributes for first and last name."))
    details = [detail] if detail else list(ACTS[act].details)
    return MendPlan(scan.pk, scan.asked_at, rule, act, detail, keys, details, statements)


@transaction.atomic
def mend_start(*, rule: str, act: str, by: User | None, now: datetime, detail: str = "") -> QualityMend:
    """
    Put an act in line that mends what the last scan has found by this rule.

    :raises QualityRefused: see `mend_plan`; or one of this rule is at work
    """
    plan = mend_plan(rule=rule, act=act, detail=detail)
    QualityScan.objects.select_for_update(no_key=True).get(pk=plan.scan)
    if QualityMend.objects.open().filter(rule=rule).exists():
        raise QualityRefused(_("What this rule found is being mended already."))
    mend = QualityMend.objects.create(
        scan_id=plan.scan, rule=rule, act=act, detail=detail, keys=plan.keys, by=by
    )
    collaboration.audit_record(
        action="quality.mend_started",
        subject=mend,
        by=by,
        now=now,
        details={"rule": rule, "act": act, "detail": detail},
    )
    ring(SCAN_TASK)
    return mend


@transaction.atomic
def mend_undo(*, mend: QualityMend, by: User | None, now: datetime) -> QualityMend:
    """
    Give back what a mend has changed; what was changed since stays as it is.

    :raises QualityRefused: still at work, undone, or more than 30 days ago
    """
    mend = QualityMend.objects.select_for_update(no_key=True).get(pk=mend.pk)
    if mend.state not in (State.DONE, State.FAILED):
        state = mend.get_state_display()
        raise QualityRefused(_("This cannot be undone now: “%(state)s”.") % {"state": state})
    if mend.finished_at and mend.finished_at < now - UNDONE_WITHIN:
        raise QualityRefused(_("This was more than 30 days ago: the old values are not kept any more."))
    mend.state, mend.position, mend.undone_by = State.UNDOING, 0, by
    mend.error, mend.lease_token, mend.leased_until = "", None, None
    mend.save()
    collaboration.audit_record(action="quality.mend_undo_started", subject=mend, by=by, now=now)
    ring(SCAN_TASK)
    return mend


def quality_mends_run(*, now: datetime) -> bool:
    """Work a stretch of one mend, or of its undoing; True if there was one."""
    hold = claim(QualityMend, now=now, running=State.RUNNING)
    if hold is None:
        return False
    work(hold, _undo if hold.row.state == State.UNDOING else _mend, failed=_failed)
    return True


# Doing


def _mend(hold: Hold[QualityMend]) -> None:
    mend = hold.row
    if not _work_through(hold, partial(merge_next, hold) if mend.act == MERGE else _changing(hold)):
        return
    _end(hold, State.DONE, "quality.mended", counts={"changed": mend.changed, "skipped": mend.skipped})


def _work_through(hold: Hold[QualityMend], step: Callable[[], bool]) -> bool:
    """Do step after step; False where the time of this ring is up, and whoever hears the next goes on."""
    until = time.monotonic() + SECONDS_PER_RING
    while step():
        if time.monotonic() >= until:
            hold.let_go()
            return False
    return True


def _changing(hold: Hold[QualityMend]) -> Callable[[], bool]:
    sql, params = _mend_sql(_plan_of(hold.row))
    return partial(_stretch, hold, sql, params, counts=("changed", "skipped"))


def _plan_of(mend: QualityMend) -> MendPlan:
    details = [mend.detail] if mend.detail else list(ACTS[mend.act].details)
    scan, statements = mend.scan, statements_of(mend.scan)
    return MendPlan(scan.pk, scan.asked_at, mend.rule, mend.act, mend.detail, mend.keys, details, statements)


_REACHED = """
    SELECT max(contact_id) FROM (
        SELECT contact_id FROM contacts_qualityfinding
        WHERE scan_id = %(scan)s AND rule = %(rule)s AND contact_id > %(position)s {details}
        ORDER BY contact_id LIMIT %(most)s
    ) AS stretch
"""
_ATTRIBUTES = """
    WITH todo AS MATERIALIZED ({todo} FOR NO KEY UPDATE OF c),
    mended AS (
        UPDATE contacts_contact AS c SET
            attributes = (c.attributes - %(keys)s::text[]) || todo.after, updated_at = %(now)s
        FROM todo WHERE c.id = todo.id AND todo.before <> todo.after
    ),
"""
_SUPPRESSED = """
    WITH todo AS MATERIALIZED ({todo} FOR NO KEY UPDATE OF c),
    mended AS (
        INSERT INTO contacts_suppression (channel, address_hash, reason, at, source, by_id)
        SELECT DISTINCT 'email', decode(after->>'hash', 'hex'), 'by_hand', %(now)s, %(source)s, %(by)s::bigint
        FROM todo WHERE after->>'hash' IS NOT NULL ORDER BY 2
        ON CONFLICT (address_hash, channel) DO NOTHING
        RETURNING encode(address_hash, 'hex') AS hash
    ),
"""
# Findings go with what they were about; the undoing brings them back.
_KEPT = """
    kept AS (
        INSERT INTO contacts_qualitymendrow (mend_id, contact_id, before, after)
        SELECT %(mend)s, id, {before}, {after} FROM todo WHERE {is_changed}
    ),
    gone AS (
        DELETE FROM contacts_qualityfinding AS f USING todo
        WHERE f.scan_id = %(scan)s AND f.rule = %(rule)s AND f.contact_id = todo.id
            AND {is_changed} {details}
    )
    SELECT ({reached}), count(*) FILTER (WHERE {is_changed}), count(*) FILTER (WHERE NOT ({is_changed}))
    FROM todo
"""


def _mend_sql(plan: MendPlan) -> tuple[str, dict[str, Any]]:
    details = "AND detail = ANY(%(details)s)" if plan.details else ""
    before, after = act_sql(plan)
    todo = TODO.format(before=before, after=after, details=details)
    reached = _REACHED.format(details=details)
    if plan.act == SUPPRESS:
        # A row says that this mend, and nobody before, has suppressed the address; no value is in it.
        is_changed = "COALESCE(todo.after->>'hash' IN (SELECT hash FROM mended), false)"
        kept = _KEPT.format(
            before="'{}'", after="'{}'", is_changed=is_changed, details=details, reached=reached
        )
        sql = _SUPPRESSED.format(todo=todo) + kept
    else:
        kept = _KEPT.format(
            before="before",
            after="after",
            is_changed="todo.before <> todo.after",
            details=details,
            reached=reached,
        )
        sql = _ATTRIBUTES.format(todo=todo) + kept
    return sql, {**plan_params(plan), "most": CHUNK}


@transaction.atomic
def _stretch(
    hold: Hold[QualityMend], sql: str, params: Mapping[str, Any], *, counts: tuple[str, str]
) -> bool:
    """Do the next contacts; False once there are none."""
    mend = hold.row
    told = {
        **params,
        "mend": mend.pk,
        "position": mend.position,
        "now": hold.now,
        "source": mend_source(mend),
        "by": mend.by_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, told)
        reached, done, left = cursor.fetchone()
    if reached is None:
        return False
    first, second = counts
    hold.write(position=reached, **{first: F(first) + done, second: F(second) + left})
    mend.position = reached
    setattr(mend, first, getattr(mend, first) + done)
    setattr(mend, second, getattr(mend, second) + left)
    return True


def mend_source(mend: QualityMend) -> str:
    """Return what a suppression says where it comes from."""
    return f"{Suppression.MENDED}{mend.pk}"


# Undoing

_STANDS = """
    COALESCE((
        SELECT jsonb_object_agg(key, c.attributes->key)
        FROM unnest(%(keys)s::text[]) AS key WHERE c.attributes ? key
    ), '{}') = todo.after
"""
_UNDO_TODO = """
    WITH todo AS MATERIALIZED (
        SELECT r.contact_id AS id, r.before, r.after FROM contacts_qualitymendrow AS r
        WHERE r.mend_id = %(mend)s AND r.contact_id > %(position)s ORDER BY r.contact_id LIMIT %(most)s
    ),
    people AS MATERIALIZED (
        SELECT c.* FROM contacts_contact AS c JOIN todo ON todo.id = c.id
        WHERE c.erased_at IS NULL ORDER BY c.id FOR NO KEY UPDATE OF c
    ),
"""
_UNDO_ATTRIBUTES = """
    mended AS (
        UPDATE contacts_contact AS c SET
            attributes = (c.attributes - %(keys)s::text[]) || todo.before, updated_at = %(now)s
        FROM todo, people WHERE c.id = todo.id AND people.id = c.id AND {stands}
        RETURNING c.id
    ),
"""
# Only what still is the mend's own: whoever was suppressed for another reason since has taken it over.
_UNDO_SUPPRESSED = """
    mended AS (
        DELETE FROM contacts_suppression AS s USING people AS c
        WHERE s.channel = 'email' AND s.address_hash = c.email_hash AND s.source = %(source)s
        RETURNING c.id
    ),
"""
_UNDO_REST = """
    again AS (
        INSERT INTO contacts_qualityfinding (scan_id, rule, detail, contact_id)
        SELECT %(scan)s, %(rule)s, %(back)s, id FROM mended
        WHERE EXISTS (SELECT FROM contacts_qualityresult WHERE scan_id = %(scan)s AND rule = %(rule)s)
        ON CONFLICT DO NOTHING
    )
    SELECT (SELECT max(id) FROM todo), (SELECT count(*) FROM mended),
        (SELECT count(*) FROM todo) - (SELECT count(*) FROM mended)
"""


def _undo(hold: Hold[QualityMend]) -> None:
    mend = hold.row
    if not _work_through(hold, partial(unmerge_next, hold) if mend.act == MERGE else _giving_back(hold)):
        return
    counts: collaboration.Details = {"given_back": mend.given_back, "kept": mend.kept}
    _end(hold, State.UNDONE, "quality.mend_undone", counts=counts)


def _giving_back(hold: Hold[QualityMend]) -> Callable[[], bool]:
    mend = hold.row
    middle = _UNDO_SUPPRESSED if mend.act == SUPPRESS else _UNDO_ATTRIBUTES.replace("{stands}", _STANDS)
    sql = _UNDO_TODO + middle + _UNDO_REST
    back = mend.detail or next(iter(ACTS[mend.act].details), "")
    params = {"scan": mend.scan_id, "rule": mend.rule, "keys": mend.keys, "back": back, "most": CHUNK}
    return partial(_stretch, hold, sql, params, counts=("given_back", "kept"))


# The end


@transaction.atomic
def _end(
    hold: Hold[QualityMend], state: QualityMend.State, action: str, *, counts: collaboration.Details
) -> None:
    mend = hold.row
    hold.write(state=state, finished_at=Now())
    QualityMend.objects.filter(pk=mend.pk).update(lease_token=None, leased_until=None)
    # Not what was changed: of one contact something else may be left.
    left = QualityFinding.objects.filter(scan_id=mend.scan_id, rule=mend.rule)
    count = left.aggregate(n=Count("contact_id", distinct=True))["n"]
    result = QualityResult.objects.filter(scan_id=mend.scan_id, rule=mend.rule)
    result.update(mended=Greatest(F("found") - count, 0))
    by = mend.by if state == State.DONE else mend.undone_by
    collaboration.audit_record(action=action, subject=mend, by=by, now=hold.now, details=counts)


@transaction.atomic
def _failed(hold: Hold[QualityMend], error: str) -> None:
    if hold.held().update(
        state=State.FAILED,
        error=error,
        finished_at=Now(),
        lease_token=None,
        leased_until=None,
        updated_at=Now(),
    ):
        collaboration.audit_record(
            action="quality.mend_failed", subject=hold.row, by=hold.row.by, now=hold.now
        )
