"""The library of lessons, and what of it stands beside a step of the plan."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, IntegerField, Q, Value, When

from apps.accounts.models import User
from apps.campaigns import evidence
from apps.campaigns.evidence import Result
from apps.campaigns.models import Campaign, Element, Lesson, LessonQuerySet
from apps.segments.models import Segment

SHOWN = 5
# Which elements a step of the plan decides on.
STEP_ELEMENTS: dict[str, list[Element]] = {
    "goal": [Element.METRIC],
    "audience": [Element.AUDIENCE, Element.PERSONA],
    "channels": [Element.CHANNEL],
    "idea": [Element.IDEA, Element.CONTENT],
    "dates": [Element.TIMING],
}
STEPS_WITH_RESULTS = {"audience", "channels", "idea"}


@dataclass(frozen=True)
class Guide:
    """What stands beside a step: lessons that apply, and what worked before for the segment."""

    step: str
    segment: Segment | None
    shows_results: bool
    results: list[Result]
    lessons: list[Lesson]


def lessons(
    user: User,
    *,
    search: str = "",
    element: str = "",
    kind: str = "",
    segment: int | None = None,
    campaign: int | None = None,
    is_put_away: bool = False,
) -> LessonQuerySet:
    """Return the lessons that this person may see, narrowed, with what a row shows."""
    found = Lesson.objects.visible_to(user).filter(archived_at__isnull=not is_put_away)
    if search:
        found = found.filter(Q(text__icontains=search) | Q(evidence_text__icontains=search))
    told = {"element": element, "kind": kind, "segment": segment, "campaign": campaign}
    narrowed = found.filter(**{name: value for name, value in told.items() if value})
    return narrowed.select_related("campaign", "segment", "by")


def lesson_segments(user: User) -> list[tuple[int, str]]:
    """Return the segments that lessons are about, for the filter."""
    about = Lesson.objects.visible_to(user).current().exclude(segment=None)
    return list(about.order_by("segment__name").values_list("segment", "segment__name").distinct()[:100])


def guide(campaign: Campaign, user: User, step: str, *, segment: Segment | None) -> Guide:
    """Return what helps at a step, for the audience that is chosen there or was before."""
    shows = step in STEPS_WITH_RESULTS
    results = evidence.worked_before(user, segment.pk, but=campaign.pk) if shows and segment else []
    return Guide(step, segment, shows, results, _applicable(campaign, user, step, segment))


def _applicable(campaign: Campaign, user: User, step: str, segment: Segment | None) -> list[Lesson]:
    """
    Return the lessons about what the step decides, those about this segment first.

    One about another segment, or about a channel that the campaign does without, does not apply; one that
    came along in a replay always does.
    """
    elements = STEP_ELEMENTS.get(step)
    if elements is None:
        return []
    kinds = [channel.kind for channel in campaign.channels.all()]
    same = Q(segment=segment) if segment else Q(pk=None)
    on_channel = Q(kind__in=["", *kinds]) if kinds else Q()
    general = Q(segment=None) | same
    along = Q(pk__in=campaign.lessons_applied.values("pk"))
    applies = Q(element__in=elements) & (general & on_channel | along)
    rank = Case(When(along, then=Value(0)), When(same, then=Value(1)), default=2, output_field=IntegerField())
    found = Lesson.objects.visible_to(user).current().filter(applies).annotate(rank=rank)
    return list(found.select_related("campaign", "segment").order_by("rank", "-created_at", "-pk")[:SHOWN])


def story_lessons(campaign: Campaign, user: User, *, each: int) -> tuple[list[Lesson], list[Lesson]]:
    """Return the latest lessons of a campaign, and those that it began with. One query."""
    own = campaign.lessons.current().annotate(is_applied=Value(False)).order_by("-pk")[:each]
    applied = campaign.lessons_applied.visible_to(user).annotate(is_applied=Value(True))[:each]
    both: list[Any] = list(own.union(applied, all=True))
    taught = sorted((one for one in both if not one.is_applied), key=lambda one: -one.pk)
    return taught, [one for one in both if one.is_applied]
