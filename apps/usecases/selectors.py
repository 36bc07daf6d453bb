"""Use cases as the tracker shows them: four steps, each with its state, and where a use case is stuck."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, IntegerField, Q, QuerySet, TextChoices, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.usecases.kinds import KINDS, PartNow, State, parts_now
from apps.usecases.models import Part, UseCase


class Stage(TextChoices):
    """The first step that is not done, or that all are."""

    WHY = "why", gettext_lazy("Why")
    DATA = "data", gettext_lazy("Data")
    DELIVERY = "delivery", gettext_lazy("Delivery")
    REPORT = "report", gettext_lazy("Report")
    COMPLETE = "complete", gettext_lazy("Complete")


class StepState(TextChoices):
    OPEN = "open", gettext_lazy("Open")
    STUCK = "stuck", gettext_lazy("Stuck")
    DONE = "done", gettext_lazy("There")


MISSING = {
    Part.Step.DATA: gettext_lazy("Nobody has said which data it needs."),
    Part.Step.DELIVERY: gettext_lazy("Nobody has said by what it is delivered."),
    Part.Step.REPORT: gettext_lazy("Nobody has said in which report it shows."),
}


@dataclass(frozen=True)
class PartShown:
    part: Part
    now: PartNow
    kind: str | Promise
    is_seen: bool  # by the reader, who else is told the state alone

    @property
    def label(self) -> str:
        return self.now.label if self.is_seen else str(self.kind)


@dataclass(frozen=True)
class StepNow:
    """One of the four steps. It is done once everything that it rests on is; `why` says what is not."""

    key: Stage
    state: StepState
    why: str
    parts: Sequence[PartShown] = ()

    @property
    def tone(self) -> str:
        return {StepState.OPEN: "neutral", StepState.STUCK: "warn", StepState.DONE: "good"}[self.state]


@dataclass(frozen=True)
class UseCaseNow:
    """A use case and its steps; `stage` is the first that is not done."""

    use_case: UseCase
    steps: Sequence[StepNow]

    @property
    def stuck(self) -> StepNow | None:
        return next((step for step in self.steps if step.state != StepState.DONE), None)

    @property
    def stage(self) -> Stage:
        return self.stuck.key if self.stuck else Stage.COMPLETE


def use_cases(*, search: str = "") -> QuerySet[UseCase]:
    """Return use cases, not yet ordered, each with `rank`: the most important first."""
    ranks = [
        When(priority=priority, then=Value(rank)) for rank, priority in enumerate(UseCase.Priority.values)
    ]
    found = UseCase.objects.select_related("owner").annotate(
        rank=Case(*ranks, default=Value(len(ranks)), output_field=IntegerField())
    )
    return found.filter(Q(name__icontains=search) | Q(outcome__icontains=search)) if search else found


def use_cases_at(stage: str, *, now: datetime) -> list[int]:
    """
    Return the ids of the use cases that are at this stage now.

    All are looked at, of which there are at most `services.MOST`: a stage is computed and kept nowhere.
    """
    shown = use_cases_now(list(UseCase.objects.all()), user=None, now=now)
    return [one.use_case.pk for one in shown if one.stage == stage]


def use_cases_now(found: Iterable[UseCase], *, user: User | None, now: datetime) -> list[UseCaseNow]:
    """Return how far these are, in their order; as many queries for all as for one. `user` reads it."""
    found = list(found)
    parts = list(Part.objects.filter(use_case__in=found))
    states = parts_now(parts, now=now)
    sees = {name: user is not None and user.has_perm(kind.permission) for name, kind in KINDS.items()}
    of_step: dict[tuple[int, str], list[PartShown]] = defaultdict(list)
    for part in parts:
        if part.pk in states:
            shown = PartShown(part, states[part.pk], KINDS[part.kind].label, sees[part.kind])
            of_step[part.use_case_id, part.step].append(shown)
    return [
        UseCaseNow(one, [_why(one), *(_step(step, of_step[one.pk, step]) for step in Part.Step)])
        for one in found
    ]


def _why(use_case: UseCase) -> StepNow:
    if not use_case.outcome:
        return StepNow(Stage.WHY, StepState.OPEN, _("Nobody has said what it is for."))
    if use_case.owner_id is None:
        return StepNow(Stage.WHY, StepState.STUCK, _("Nobody owns it."))
    return StepNow(Stage.WHY, StepState.DONE, use_case.outcome)


def _step(step: Part.Step, parts: Sequence[PartShown]) -> StepNow:
    key = Stage(step.value)
    if not parts:
        return StepNow(key, StepState.OPEN, str(MISSING[step]))
    waiting = [one for one in parts if not one.now.is_ready]
    if not waiting:
        outside = all(one.now.state == State.OUTSIDE for one in parts)
        return StepNow(key, StepState.DONE, _("Outside Bookend.") if outside else _("All there."), parts)
    first = waiting[0]
    told = {"label": first.label, "why": first.now.sentence if first.is_seen else first.now.state.label}
    return StepNow(key, StepState.STUCK, _("%(label)s: %(why)s") % told, parts)


def owners() -> list[tuple[int, str]]:
    """Return the people who own a use case, for the filter."""
    people = User.objects.filter(pk__in=UseCase.objects.values("owner")).order_by("name", "email")
    return [(person.pk, str(person)) for person in people[:100]]


def things_offered(
    step: Part.Step, *, user: User, but: Collection[Part]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what a step can still rest on, by kind: a value such as `segment:3`, and its name."""
    taken = {(part.kind, str(part.object_id or part.key)) for part in but if part.step == step}
    groups = []
    for name, kind in KINDS.items():
        if step not in kind.steps or not user.has_perm(kind.permission):
            continue
        free = [(f"{name}:{value}", label) for value, label in kind.offered() if (name, value) not in taken]
        if free:
            groups.append((str(kind.label), free))
    return groups
