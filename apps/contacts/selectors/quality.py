"""The quality centre as pages and programs see it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
from django.db import connection
from django.db.models import Count, QuerySet

from apps.contacts.models import (
    Contact,
    QualityFinding,
    QualityPair,
    QualityResult,
    QualityRule,
    QualityScan,
)
from apps.contacts.quality import ACTS, RULES, Act, Rule
from apps.contacts.quality.mending import MERGE, TODO, MendPlan, act_sql, plan_params
from apps.contacts.selectors.mergeable import pairs_mergeable
from apps.core.charts import Number

State = QualityScan.State
HISTORY = 24  # scans
SAMPLES = 8
MOST_COUNTED = 100_000
MOST_MERGED = 10_000  # that a button counts: each pair is compared


@dataclass(frozen=True)
class RuleNow:
    """One rule as it is set, with what the last scan found by it; None: it was not on then."""

    rule: Rule
    is_on: bool
    weight: int
    settings: dict[str, Any]
    result: QualityResult | None = None
    history: Sequence[Number] = ()

    @property
    def standing(self) -> int:
        """How many contacts are still as they were found."""
        return max(0, self.result.found - self.result.mended) if self.result else 0

    @property
    def acts(self) -> list[Act]:
        return [ACTS[key] for key in self.rule.acts]


def scan_last() -> QualityScan | None:
    """Return the last scan that came to its end."""
    return scans_done().select_related("by").first()


def scans_done() -> QuerySet[QualityScan]:
    """Return the scans that came to their end, the last one first."""
    return QualityScan.objects.filter(state=State.DONE).order_by("-finished_at")


def scan_newest() -> QualityScan | None:
    """Return the scan that was started last, whatever became of it."""
    return QualityScan.objects.select_related("by").order_by("-pk").first()


def scans_history() -> list[QualityScan]:
    """Return the last scans that came to their end, oldest first."""
    return list(scans_done()[:HISTORY])[::-1]


def quality_rules(history: Sequence[QualityScan] = ()) -> list[RuleNow]:
    """Return all rules; with the scans of `history`, the last of which is the last there is."""
    changed = {row.key: row for row in QualityRule.objects.all()}
    results: dict[str, dict[int, QualityResult]] = {}
    for result in QualityResult.objects.filter(scan__in=history):
        results.setdefault(result.rule, {})[result.scan_id] = result
    lines = []
    for key, rule in RULES.items():
        row, own = changed.get(key), results.get(key, {})
        defaults = {setting.key: setting.default for setting in rule.settings}
        lines.append(
            RuleNow(
                rule=rule,
                is_on=row.is_on if row else True,
                weight=row.weight if row else rule.weight,
                settings={**defaults, **(row.settings if row else {})},
                result=own.get(history[-1].pk) if history else None,
                history=[own[scan.pk].score for scan in history if scan.pk in own],
            )
        )
    return lines


def findings(*, rule: str = "", detail: str = "") -> QuerySet[QualityFinding]:
    """Return what the last scan found and nobody has mended, of contacts who are there."""
    scan = scan_last()
    found = QualityFinding.objects.standing().filter(scan=scan) if scan else QualityFinding.objects.none()
    if rule:
        found = found.filter(rule=rule)
    if detail:
        found = found.filter(detail=detail)
    return found.prefetch_related("contact")  # not joined, see `standing`


def findings_details(rule: str) -> dict[str, int]:
    """Return how many findings of the last scan there are by detail, of the first so many."""
    scan = scan_last()
    if scan is None:
        return {}
    some = QualityFinding.objects.filter(scan=scan, rule=rule).order_by()[:MOST_COUNTED]
    counted = QualityFinding.objects.filter(pk__in=some.values("pk")).values_list("detail")
    return dict(counted.annotate(n=Count("*")).order_by("detail"))


def pairs_waiting() -> QuerySet[QualityPair]:
    return QualityPair.objects.waiting().select_related("contact", "other")


def pairs_count(*, limit: int) -> int:
    """
    Return how many pairs wait, `limit` at most.

    They are taken as the queue has them: in no order PostgreSQL merges them with contacts by number, and
    walks all contacts in front of the first pair.
    """
    return pairs_waiting().order_by("-likeness", "-pk")[:limit].count()


def pair_next(*, but: int = 0) -> QualityPair | None:
    """Return the pair that is looked at next: the most alike that waits."""
    return pairs_waiting().exclude(pk=but).order_by("-likeness", "-pk").first()


def pairs_dismissed() -> QuerySet[QualityPair]:
    """Return whom somebody has said to be two people."""
    dismissed = QualityPair.objects.filter(state=QualityPair.State.DISMISSED)
    return dismissed.select_related("contact", "other")


@dataclass(frozen=True)
class MendLine:
    """One contact with what an act would make of it: values by attribute, or the address itself."""

    contact: int
    name: str
    changes: Sequence[tuple[str, object, object]]  # attribute, before, after; None: there is none


@dataclass(frozen=True)
class MendPreview:
    """What an act would do; `count` is of contacts, or of pairs that merge: MOST_COUNTED at most."""

    plan: MendPlan
    count: int
    is_more: bool
    lines: Sequence[MendLine]


def mend_preview(plan: MendPlan) -> MendPreview:
    """Return how many contacts an act is about, and the first that it would change. Nothing of it is done."""
    if plan.act == MERGE:
        return _merge_preview(plan)
    details = "AND detail = ANY(%(details)s)" if plan.details else ""
    before, after = act_sql(plan)
    params = {**plan_params(plan), "most": MOST_COUNTED, "samples": SAMPLES}
    todo = TODO.format(before=before, after=after, details=details)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT DISTINCT contact_id FROM contacts_qualityfinding "  # noqa: S608  # ours
            f"WHERE scan_id = %(scan)s AND rule = %(rule)s {details} LIMIT %(most)s + 1) AS few",
            params,
        )
        (count,) = cursor.fetchone()
        cursor.execute(
            "SELECT todo.id, COALESCE(NULLIF(c.email, ''), c.phone), todo.before, todo.after "  # noqa: S608
            f"FROM ({todo}) AS todo JOIN contacts_contact AS c ON c.id = todo.id "
            "WHERE todo.before <> todo.after ORDER BY todo.id LIMIT %(samples)s",
            params,
        )
        rows = cursor.fetchall()
    lines = [MendLine(pk, name, _changes(plan, _json(old), _json(new))) for pk, name, old, new in rows]
    return MendPreview(plan, min(count, MOST_COUNTED), count > MOST_COUNTED, lines)


def mergeable_count(reasons: Collection[str]) -> int:
    """Return how many pairs of the last scan could be merged together, MOST_MERGED at most."""
    scan = scan_last()
    return pairs_mergeable(scan=scan.pk, reasons=reasons)[:MOST_MERGED].count() if scan else 0


def _merge_preview(plan: MendPlan) -> MendPreview:
    """Return how many pairs would become one, and the first: whom is kept, and who goes into it."""
    pairs = pairs_mergeable(scan=plan.scan, reasons=plan.details)
    count = pairs[: MOST_COUNTED + 1].count()
    first = pairs.select_related("contact", "other").order_by("pk")[:SAMPLES]
    lines = [
        MendLine(
            pair.contact_id, _called(pair.contact), [(MERGE, _called(pair.other), _called(pair.contact))]
        )
        for pair in first
    ]
    return MendPreview(plan, min(count, MOST_COUNTED), count > MOST_COUNTED, lines)


def _called(contact: Contact) -> str:
    return contact.email or contact.phone or str(contact.pk)


def _json(told: Any) -> dict[str, object]:
    return dict(orjson.loads(told)) if isinstance(told, str) else told


def _changes(
    plan: MendPlan, old: dict[str, object], new: dict[str, object]
) -> list[tuple[str, object, object]]:
    return [(key, old.get(key), new.get(key)) for key in plan.keys if old.get(key) != new.get(key)]


# How long a scan says something about the contacts of today.
SCAN_HOLDS = timedelta(days=30)


@dataclass(frozen=True)
class Cleanness:
    """How old the last scan is, and what it said; for readiness."""

    at: datetime | None
    score: Decimal | None
    is_old: bool


def quality_now(*, now: datetime) -> Cleanness:
    scan = scan_last()
    return cleanness(scan.finished_at, scan.score, now=now) if scan else cleanness(None, None, now=now)


def cleanness(at: datetime | None, score: Decimal | None, *, now: datetime) -> Cleanness:
    """Return what a scan that came to its end `at` says now; None: there was none."""
    return Cleanness(at, score if at else None, is_old=at is None or at < now - SCAN_HOLDS)
