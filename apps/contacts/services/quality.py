"""Rules of quality, and the scans that ask them of all contacts."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts.models import (
    Attribute,
    Contact,
    QualityMend,
    QualityPair,
    QualityResult,
    QualityRule,
    QualityScan,
)
from apps.contacts.quality import RULES, Rule, rule_score, total_score
from apps.contacts.quality.catalogue import Kind, Setting
from apps.contacts.quality.statements import Entry, Question, Statements
from apps.contacts.services.quality_lease import Hold, claim, commit_without_waiting, work
from apps.core.errors import DomainError
from apps.core.queues import ring

State = QualityScan.State
SCAN_TASK = "apps.contacts.tasks.quality_run"
CHUNK_IDS = 20_000
SECONDS_PER_RING = 45
FORGOTTEN_AT_ONCE = 50_000
OLD_SCANS = 200  # looked through for findings; those before them were so long ago
MOST_WORDS = 1_000
# How long a mend can be undone: its rows hold values of people.
UNDONE_WITHIN = timedelta(days=30)
MOST_WEIGHT = 10


class QualityRefused(DomainError):
    """This rule, scan or mend cannot be so."""


class ScanRunning(QualityRefused):
    """There is one already, or it has ended."""


# Rules


@transaction.atomic
def quality_rule_update(
    *,
    rule: Rule,
    by: User | None,
    now: datetime,
    is_on: bool | None = None,
    weight: int | None = None,
    settings: Mapping[str, Any] | None = None,
) -> QualityRule:
    """
    Switch a rule on or off, or tune it; what is not given stays. The next scan goes by it.

    :raises QualityRefused: a setting that the rule does not have, or that cannot be; `field` names it
    """
    kept, _is_new = QualityRule.objects.select_for_update(no_key=True).get_or_create(
        key=rule.key, defaults={"weight": rule.weight}
    )
    before = (kept.is_on, kept.weight, kept.settings)
    kept.is_on = kept.is_on if is_on is None else is_on
    kept.weight = kept.weight if weight is None else weight
    if not 0 <= kept.weight <= MOST_WEIGHT:
        raise _refused("weight", _("The weight is a number from 0 to 10."))
    kept.settings = {**kept.settings, **_settings_check(rule, settings or {})}
    if before != (kept.is_on, kept.weight, kept.settings):
        kept.save()
        collaboration.audit_record(
            action="quality.rule_changed",
            subject=kept,
            by=by,
            now=now,
            details={"rule": rule.key, "on": kept.is_on},
        )
    return kept


def _settings_check(rule: Rule, told: Mapping[str, Any]) -> dict[str, Any]:
    known = {setting.key: setting for setting in rule.settings}
    if unknown := told.keys() - known.keys():
        raise _refused("settings", _("This rule has no setting “%(name)s”.") % {"name": min(unknown)[:60]})
    return {key: _setting_check(known[key], value) for key, value in told.items()}


def _setting_check(setting: Setting, value: Any) -> int | list[str]:
    if setting.kind == Kind.NUMBER:
        if isinstance(value, bool) or not isinstance(value, int) or not setting.low <= value <= setting.high:
            told = {"low": setting.low, "high": setting.high}
            raise _refused(setting.key, _("This is a whole number from %(low)s to %(high)s.") % told)
        return value
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise _refused(setting.key, _("This is a list of words."))
    words = list(dict.fromkeys(word.strip().lower() for word in value if word.strip()))
    if len(words) > MOST_WORDS or any(len(word) > 100 or "\0" in word for word in words):
        raise _refused(setting.key, _("These are at most 1,000 words of up to 100 letters."))
    if setting.kind == Kind.FIELDS:
        fields = {"email", "phone", *Attribute.objects.values_list("key", flat=True)}
        if strange := [word for word in words if word not in fields]:
            raise _refused(setting.key, _("“%(name)s” is no field of contacts.") % {"name": strange[0][:60]})
    return words


def _refused(field: str, sentence: str) -> QualityRefused:
    refusal = QualityRefused(sentence)
    refusal.field = field
    return refusal


def rules_on() -> dict[str, dict[str, Any]]:
    """Return the rules that are on by key: their `weight` and `settings`."""
    changed = {row.key: row for row in QualityRule.objects.all()}
    found = {}
    for key, rule in RULES.items():
        row = changed.get(key)
        if row is None or row.is_on:
            own = {setting.key: setting.default for setting in rule.settings}
            found[key] = {
                "weight": row.weight if row else rule.weight,
                "settings": {**own, **(row.settings if row else {})},
            }
    return found


# Scans


@transaction.atomic
def quality_scan_start(*, by: User | None, now: datetime) -> QualityScan:
    """
    Put a scan of all contacts in line.

    :raises ScanRunning: there is one at work, or no rule is on
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('contacts.quality_scan'))")
    if QualityScan.objects.open().exists():
        raise ScanRunning(_("A scan is at work already."))
    rules = rules_on()
    if not rules:
        raise ScanRunning(_("No rule is on: there is nothing to look for."))
    last = Contact.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    statements = _statements(rules, now=now)
    scan = QualityScan.objects.create(
        by=by, asked_at=now, rules=rules, last=last, steps=len(statements.questions())
    )
    collaboration.audit_record(action="quality.scan_started", subject=scan, by=by, now=now)
    ring(SCAN_TASK)
    return scan


@transaction.atomic
def quality_scan_cancel(*, scan: QualityScan, by: User | None, now: datetime) -> QualityScan:
    """
    Stop a scan after the stretch in hand. What the scan before it found stays.

    :raises ScanRunning: it has ended
    """
    scan = QualityScan.objects.select_for_update(no_key=True).get(pk=scan.pk)
    if not scan.is_open:
        state = scan.get_state_display()
        raise ScanRunning(_("This scan has ended: “%(state)s”.") % {"state": state})
    scan.state, scan.finished_at = State.CANCELLED, now
    scan.lease_token = scan.leased_until = None
    scan.save()
    collaboration.audit_record(action="quality.scan_cancelled", subject=scan, by=by, now=now)
    return scan


def quality_scans_run(*, now: datetime) -> bool:
    """Work a stretch of one scan; True if there was one. May run at any time, many times at once."""
    hold = claim(QualityScan, now=now, running=State.RUNNING)
    if hold is None:
        return False
    work(hold, _scan, failed=_failed)
    return True


def quality_forget(*, now: datetime) -> int:
    """
    Delete a batch of what is not needed any more; return how many rows it was.

    Findings of all but the last scan that ended, and what mends have kept for an undoing that is too late.
    """
    last = QualityScan.objects.filter(state=State.DONE).order_by("-finished_at").values_list("pk").first()
    at_work = QualityScan.objects.open().values_list("pk", flat=True)
    mended = QualityMend.objects.open().values_list("scan", flat=True)
    kept = [*at_work, *mended, *(last or ())]
    old = QualityScan.objects.exclude(pk__in=kept).order_by("-pk").values_list("pk", flat=True)
    with connection.cursor() as cursor:
        cursor.execute(_STALE, {"old": list(old[:OLD_SCANS]), "most": FORGOTTEN_AT_ONCE})
        deleted = cursor.rowcount
        cursor.execute(_LATE, {"since": now - UNDONE_WITHIN, "most": FORGOTTEN_AT_ONCE})
        return int(deleted + cursor.rowcount)


_STALE = """
    DELETE FROM contacts_qualityfinding WHERE id = ANY(ARRAY(
        SELECT id FROM contacts_qualityfinding WHERE scan_id = ANY(%(old)s::bigint[]) LIMIT %(most)s
    ))
"""
_LATE = """
    DELETE FROM contacts_qualitymendrow WHERE (mend_id, contact_id) IN (
        SELECT row.mend_id, row.contact_id FROM contacts_qualitymendrow AS row
        JOIN contacts_qualitymend AS mend ON mend.id = row.mend_id
        WHERE mend.finished_at < %(since)s AND mend.state IN ('done', 'undone', 'failed') LIMIT %(most)s
    )
"""


def statements_of(scan: QualityScan) -> Statements:
    """Return what a scan asks, of the dictionary as it is now."""
    return _statements(scan.rules, now=scan.asked_at)


def _statements(rules: Mapping[str, Any], *, now: datetime) -> Statements:
    entries = Attribute.objects.order_by("key").values_list("key", "type", "choices")
    told = {key: rule["settings"] for key, rule in rules.items()}
    return Statements(told, [Entry(*entry) for entry in entries], now=now)


def _scan(hold: Hold[QualityScan]) -> None:
    scan = hold.row
    until = time.monotonic() + SECONDS_PER_RING
    statements = statements_of(scan)
    questions = statements.questions()
    insert = _chunk_sql(statements)
    while scan.position < scan.last:
        _chunk(hold, insert, statements.params)
        if time.monotonic() >= until:
            hold.let_go()
            return
    while scan.step < len(questions):
        _ask(hold, questions[scan.step], statements.params)
        if time.monotonic() >= until:
            hold.let_go()
            return
    _finish(hold)


def _chunk_sql(statements: Statements) -> str:
    """
    Return the one statement that asks everything about a stretch of contacts, each of them read once.

    The answers are numbers of conditions in an array. Not rows of VALUES: those would be made ready anew for
    each contact, with all that the list of throw-away domains needs to be looked up quickly.
    """
    conditions = statements.conditions()
    statements.params["names"] = [[one.rule, one.detail] for one in conditions]
    hits = ", ".join(f"CASE WHEN {one.sql} THEN {n} END" for n, one in enumerate(conditions, start=1))
    return f"""
        WITH people AS MATERIALIZED (
            SELECT c.id, array_remove(ARRAY[{hits}]::int[], NULL) AS hits FROM contacts_contact AS c
            WHERE c.id > %(after)s AND c.id <= %(upto)s AND c.erased_at IS NULL
        ),
        written AS (
            INSERT INTO contacts_qualityfinding (scan_id, rule, detail, contact_id)
            SELECT %(scan)s, (%(names)s::text[])[n][1], (%(names)s::text[])[n][2], id
            FROM people CROSS JOIN LATERAL unnest(hits) AS n
            ON CONFLICT DO NOTHING
        )
        SELECT count(*) FROM people
    """


@transaction.atomic
def _chunk(hold: Hold[QualityScan], insert: str, params: Mapping[str, Any]) -> None:
    commit_without_waiting()
    scan = hold.row
    upto = min(scan.position + CHUNK_IDS, scan.last)
    with connection.cursor() as cursor:
        cursor.execute(insert, {**params, "scan": scan.pk, "after": scan.position, "upto": upto})
        (checked,) = cursor.fetchone()
    hold.write(position=upto, checked=scan.checked + checked)
    scan.position, scan.checked = upto, scan.checked + checked


PAIRS = """
    WITH found AS MATERIALIZED ({sql}),
    written AS (
        INSERT INTO contacts_qualityfinding (scan_id, rule, detail, contact_id)
        SELECT %(scan)s, %(rule)s, %(detail)s, id FROM (
            SELECT contact_id AS id FROM found UNION SELECT other_id FROM found
        ) AS one
        ON CONFLICT DO NOTHING
    )
    INSERT INTO contacts_qualitypair AS pair (contact_id, other_id, reason, likeness, state, scan_id)
    SELECT contact_id, other_id, %(detail)s, max(likeness), 'open', %(scan)s FROM found
    GROUP BY contact_id, other_id ORDER BY contact_id, other_id
    ON CONFLICT (contact_id, other_id) DO UPDATE SET
        reason = CASE WHEN pair.scan_id IS DISTINCT FROM excluded.scan_id OR pair.likeness < excluded.likeness
            THEN excluded.reason ELSE pair.reason END,
        likeness = CASE WHEN pair.scan_id IS DISTINCT FROM excluded.scan_id
            THEN excluded.likeness ELSE greatest(pair.likeness, excluded.likeness) END,
        scan_id = excluded.scan_id
"""
FINDINGS = """
    INSERT INTO contacts_qualityfinding (scan_id, rule, detail, contact_id)
    SELECT %(scan)s, %(rule)s, %(detail)s, contact_id FROM ({sql}) AS found
    ON CONFLICT DO NOTHING
"""


@transaction.atomic
def _ask(hold: Hold[QualityScan], question: Question, params: Mapping[str, Any]) -> None:
    """Compare contacts; a worker killed meanwhile leaves nothing of it, and the next one asks again."""
    scan = hold.row
    hold.write(step=scan.step)
    told = {**params, "scan": scan.pk, "rule": question.rule, "detail": question.detail}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute((PAIRS if question.is_pairs else FINDINGS).format(sql=question.sql), told)
    hold.write(step=scan.step + 1)
    scan.step += 1


_COUNTS = """
    SELECT rule, count(DISTINCT contact_id) FROM contacts_qualityfinding
    WHERE scan_id = %(scan)s GROUP BY rule
"""
_DIRTY = "SELECT count(DISTINCT contact_id) FROM contacts_qualityfinding WHERE scan_id = %(scan)s"


@transaction.atomic
def _finish(hold: Hold[QualityScan]) -> None:
    scan = hold.row
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"scan": scan.pk})
        found = dict(cursor.fetchall())
        cursor.execute(_DIRTY, {"scan": scan.pk})
        (dirty,) = cursor.fetchone()
    results = [
        QualityResult(
            scan=scan,
            rule=key,
            found=found.get(key, 0),
            score=rule_score(checked=scan.checked, found=found.get(key, 0)),
        )
        for key in scan.rules
    ]
    QualityResult.objects.bulk_create(results)
    # Who was found alike before and is not any more; what somebody has decided is remembered.
    unseen = ~Q(scan=scan) | Q(scan=None)
    QualityPair.objects.filter(unseen, state=QualityPair.State.OPEN).delete()
    score = total_score((scan.rules[result.rule]["weight"], result.score) for result in results)
    hold.write(
        state=State.DONE,
        faultless=max(0, scan.checked - dirty),
        score=score,
        finished_at=Now(),
    )
    QualityScan.objects.filter(pk=scan.pk).update(lease_token=None, leased_until=None)
    collaboration.audit_record(
        action="quality.scanned", subject=scan, by=scan.by, now=hold.now, details={"score": str(score)}
    )


@transaction.atomic
def _failed(hold: Hold[QualityScan], error: str) -> None:
    if hold.held().update(
        state=State.FAILED,
        error=error,
        finished_at=Now(),
        lease_token=None,
        leased_until=None,
        updated_at=Now(),
    ):
        collaboration.audit_record(
            action="quality.scan_failed", subject=hold.row, by=hold.row.by, now=hold.now
        )
