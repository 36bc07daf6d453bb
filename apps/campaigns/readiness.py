"""
What stands between a campaign and its launch: one page of live checks.

Every check is asked anew each time; nothing is ticked by hand. Apps above this one register theirs from
`AppConfig.ready`: `readiness.checks.register("content.lint", Check(name="content.lint", …))`.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, transaction
from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Channel, Override
from apps.core.registry import Registry

logger = logging.getLogger(__name__)
T = TypeVar("T")
OVERRIDES = "overrides"  # the fact that tells them
_SHARED = "_readiness_shared"  # of a campaign: what the checks have read


class Group(Enum):
    """What a check is about, in the order of the page."""

    DATA = gettext_lazy("Data is clean")
    JOURNEY = gettext_lazy("Journey is mapped")
    CONTENT = gettext_lazy("Content covers the stages")
    KPIS = gettext_lazy("KPIs are signed")
    CTAS = gettext_lazy("CTAs exist")
    EXPECTATIONS = gettext_lazy("Expectations are acknowledged")
    SENDING = gettext_lazy("Send checks")

    @property
    def label(self) -> Promise:
        return self.value


@dataclass(frozen=True)
class Finding:
    """What a check saw: a whole sentence either way, and where a failing one is mended."""

    ok: bool
    sentence: str
    url: str = ""


@dataclass(frozen=True)
class Check:
    """
    One question to a campaign. A failing one that `is_required` blocks the launch.

    The captain may override it with a reason, unless it is one that no reason excuses.
    """

    name: str
    label: str | Promise
    group: Group
    is_required: bool
    run: Callable[[Campaign, datetime], Finding]
    may_be_overridden: bool = True


@dataclass(frozen=True)
class Line:
    """One row of the readiness page."""

    check: Check
    finding: Finding
    override: Override | None

    @property
    def blocks(self) -> bool:
        return self.check.is_required and not self.finding.ok and self.override is None


checks: Registry[Check] = Registry()
# What checks read beside the campaign's own fields: expressions over its row, by name.
facts: Registry[Callable[[Campaign, datetime], Mapping[str, Any]]] = Registry()
# Asked by the stages "ready" and "live" themselves, which would otherwise wait for each other.
STAGE_CHECK = "campaigns.stage"


def findings(campaign: Campaign, now: datetime) -> list[Line]:
    """Return every check's answer, by group, in the order in which they were registered."""
    order = list(Group)
    with _together(campaign):
        overrides = _overrides(campaign, now)
        lines = [Line(check, check_run(check, campaign, now), overrides.get(check.name)) for check in checks]
    return sorted(lines, key=lambda line: order.index(line.check.group))


def problems(campaign: Campaign, now: datetime, *, but: frozenset[str] = frozenset()) -> list[str]:
    """
    Return one sentence per required check that fails and is not overridden; none lets the campaign launch.

    `but` names checks that are not to be asked.
    """
    with _together(campaign):
        passed = but | _overrides(campaign, now).keys()
        asked = [check for check in checks if check.is_required and check.name not in passed]
        answers = [check_run(check, campaign, now) for check in asked]
    return [answer.sentence for answer in answers if not answer.ok]


def shared(campaign: Campaign, name: str, read: Callable[[], T]) -> T:
    """Return what several checks look at, read once each time that the checks are asked together."""
    known: dict[str, Any] | None = campaign.__dict__.get(_SHARED)
    if known is None:
        return read()
    if name not in known:
        known[name] = read()
    answer: T = known[name]
    return answer


def fact(campaign: Campaign, now: datetime, name: str) -> Any:
    """Return one of the facts; all that are registered are read in one statement."""
    return _facts(campaign, now)[name]


def fact_group(group: str, rows: Mapping[str, QuerySet[Any, Any]]) -> dict[str, ArraySubquery]:
    """Return, to be registered, facts that belong together: the rows of each of these statements."""
    return {f"{group}.{name}": ArraySubquery(found) for name, found in rows.items()}


def facts_in(campaign: Campaign, now: datetime, group: str) -> dict[str, Any]:
    """Return the facts of a `fact_group`, each by the name that it has there."""
    begin = f"{group}."
    found = _facts(campaign, now).items()
    return {name.removeprefix(begin): value for name, value in found if name.startswith(begin)}


def _facts(campaign: Campaign, now: datetime) -> dict[str, Any]:
    return shared(campaign, "facts", lambda: _facts_read(campaign, now))


def _facts_read(campaign: Campaign, now: datetime) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    for of_app in facts:
        asked |= of_app(campaign, now)
    found = Campaign.objects.filter(pk=campaign.pk).values_list(*asked.values()).get()
    return dict(zip(asked, found, strict=True))


@contextmanager
def _together(campaign: Campaign) -> Iterator[None]:
    """Share what is read while checks are asked; what was read before may have changed, and is read anew."""
    campaign.__dict__.pop("open_challenges", None)
    campaign.__dict__.get("_prefetched_objects_cache", {}).pop("channels", None)
    prefetch_related_objects([campaign], Prefetch("channels", Channel.objects.select_related("owner")))
    campaign.__dict__[_SHARED] = {}
    try:
        yield
    finally:
        del campaign.__dict__[_SHARED]


def check_run(check: Check, campaign: Campaign, now: datetime) -> Finding:
    """Ask one check. One that breaks has not been passed: it fails, says so, and breaks nothing else."""
    try:
        with _fence():
            return check.run(campaign, now)
    except Exception:
        logger.exception("readiness check %s broke for campaign %s", check.name, campaign.pk)
        return Finding(ok=False, sentence=_("“%(check)s” could not be checked.") % {"check": check.label})


def _fence() -> AbstractContextManager[None]:
    """Inside a transaction (a launch) an error of the database needs a savepoint to go back to."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


def _overrides(campaign: Campaign, now: datetime) -> dict[str, Override]:
    """Return what is overridden, by check: read along with the facts, or by itself where those break."""
    try:
        with _fence():
            rows = fact(campaign, now, OVERRIDES)
    except Exception:
        logger.exception("the facts of campaign %s cannot be read", campaign.pk)
        return {one.check_name: one for one in campaign.overrides.select_related("by")}
    return {row["check_name"]: _override(row) for row in rows}


def _override(row: Mapping[str, Any]) -> Override:
    by = User(pk=row["by"], name=row["name"], email=row["email"])
    told = {name: row[name] for name in ("pk", "check_name", "reason")}
    return Override(**told, by=by, at=datetime.fromisoformat(row["at"]))
