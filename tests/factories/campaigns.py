from datetime import UTC, date, datetime
from decimal import Decimal

import factory

from apps.campaigns.kpiset import digest_of, snapshot_of
from apps.campaigns.models import (
    Approval,
    BudgetLine,
    BudgetUpload,
    CalendarFeed,
    Campaign,
    Challenge,
    ChallengeAnswer,
    Challenger,
    Channel,
    ChecklistItem,
    Contributor,
    ElementOwner,
    Expectation,
    Holiday,
    Kpi,
    KpiReview,
    KpiSet,
    Lesson,
    Metric,
    MetricVersion,
    NotDoing,
    Override,
    PlanMove,
    PlanTemplate,
    PlanTemplateItem,
    Recurrence,
    Shortfall,
    SignOff,
    Stakeholder,
    Task,
    TaskDependency,
    WorkWeek,
    YearGoal,
)
from apps.contacts.models import Event
from apps.core.partitions import month_of, month_partition_ensure
from apps.segments.models import Segment
from tests.factories.accounts import UserFactory

# The tests' noon is 1 March 2030.
SEEN_AT = datetime(2030, 2, 20, 9, 0, tzinfo=UTC)
# An event needs no contact that is there; this one is in nobody's audience.
NOBODY = 0


def goal_event_record(campaign, *, contact_id=NOBODY, occurred_at=SEEN_AT, **properties):
    """Write down one event that the campaign's goal counts."""
    month_partition_ensure("contacts_event", month_of(occurred_at))
    return Event.objects.create(
        contact_id=contact_id,
        name=campaign.goal_event,
        occurred_at=occurred_at,
        received_at=occurred_at,
        properties={"total": 20} | properties,
    )


class AudienceFactory(factory.django.DjangoModelFactory):
    """A segment that was counted."""

    class Meta:
        model = Segment

    name = factory.Sequence(lambda n: f"Audience {n}")
    rule = {"all": []}
    size = 1
    refreshed_at = SEEN_AT
    is_stale = False


class BareCampaignFactory(factory.django.DjangoModelFactory):
    """A campaign of which nothing is known but its name and its captain."""

    class Meta:
        model = Campaign
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Campaign {n}")
    captain = factory.SubFactory(UserFactory)


class CampaignFactory(BareCampaignFactory):
    """
    A campaign that is ready to launch on the tests' first of March 2030.

    It has an e-mail channel with its owner, a KPI with its reason, and its goal event has been seen;
    `channel=False`, `kpi=False` and `goal_seen=False` leave them out.
    """

    stage = Campaign.Stage.READY
    outcome = "200 readers bring a friend by June."
    goal_event = "order"
    value_property = "total"
    goal_target = Decimal(200)
    start_date = date(2030, 3, 1)
    launch_date = date(2030, 3, 10)
    goal_date = date(2030, 6, 1)
    idea = "Every reader knows one more who would like it."
    segment = factory.SubFactory(AudienceFactory)

    @factory.post_generation
    def channel(self, create, extracted, **kwargs):
        if extracted is not False:
            ChannelFactory(campaign=self, **kwargs)

    @factory.post_generation
    def kpi(self, create, extracted, **kwargs):
        if extracted is not False:
            KpiFactory(campaign=self, **kwargs)

    @factory.post_generation
    def goal_seen(self, create, extracted, **kwargs):
        if extracted is not False:
            goal_event_record(self, **kwargs)


class ChannelFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Channel

    campaign = factory.SubFactory(CampaignFactory, channel=False)
    kind = Channel.Kind.EMAIL
    owner = factory.SubFactory(UserFactory)
    why = "They read it."


class MetricFactory(factory.django.DjangoModelFactory):
    """A metric that is counted from an event, with the first version of what it says."""

    class Meta:
        model = Metric
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Figure {n}")
    definition = "People who came."
    unit = "people"
    event = "visit"

    @factory.post_generation
    def versions(self, create, extracted, **kwargs):
        if create:
            MetricVersionFactory(metric=self, says=self.says)


class MetricVersionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MetricVersion

    metric = factory.SubFactory(MetricFactory)
    number = factory.LazyAttribute(lambda one: one.metric.versions.count() + 1)
    says = factory.LazyAttribute(lambda one: one.metric.says)
    at = SEEN_AT


class KpiFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Kpi

    campaign = factory.SubFactory(CampaignFactory, kpi=False)
    metric = factory.SubFactory(MetricFactory)
    reason = "It moves before the goal does."


class KpiSetFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = KpiSet

    campaign = factory.SubFactory(CampaignFactory)


class KpiReviewFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = KpiReview

    campaign = factory.SubFactory(CampaignFactory)
    by = factory.SubFactory(UserFactory, role="sales")
    at = SEEN_AT
    verdict = KpiReview.Verdict.AGREED
    digest = "0" * 64


class SignOffFactory(factory.django.DjangoModelFactory):
    """A signature under the set as it is; the set itself is not moved."""

    class Meta:
        model = SignOff

    campaign = factory.SubFactory(CampaignFactory)
    by = factory.SubFactory(UserFactory, role="executive")
    at = SEEN_AT
    snapshot = factory.LazyAttribute(lambda one: snapshot_of(list(one.campaign.kpis.with_metric())))
    digest = factory.LazyAttribute(lambda one: digest_of(one.snapshot))


class ContributorFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Contributor

    campaign = factory.SubFactory(CampaignFactory)
    user = factory.SubFactory(UserFactory)
    added_at = SEEN_AT


class TaskFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Task

    class Params:
        done = factory.Trait(state=Task.State.DONE, done_at=SEEN_AT)

    campaign = factory.SubFactory(CampaignFactory)
    title = factory.Sequence(lambda n: f"Task {n}")
    assignee = factory.SubFactory(UserFactory)


class OverrideFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Override

    campaign = factory.SubFactory(CampaignFactory)
    check_name = "campaigns.audience"
    reason = "The list comes on Monday."
    by = factory.SubFactory(UserFactory)
    at = SEEN_AT


class YearGoalFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = YearGoal

    year = 2030
    name = factory.Sequence(lambda n: f"Goal {n}")


class NotDoingFactory(factory.django.DjangoModelFactory):
    """Ads are left alone in 2030."""

    class Meta:
        model = NotDoing

    year = 2030
    kind = Channel.Kind.ADS
    reason = "Nobody came back from them."


class LessonFactory(factory.django.DjangoModelFactory):
    """What was learnt in a campaign about its idea."""

    class Meta:
        model = Lesson

    text = factory.Sequence(lambda n: f"Lesson {n}")
    by = factory.SubFactory(UserFactory)
    campaign = factory.SubFactory(CampaignFactory)
    element = "idea"


class ElementOwnerFactory(factory.django.DjangoModelFactory):
    """Art without science."""

    class Meta:
        model = ElementOwner

    campaign = factory.SubFactory(CampaignFactory)
    element = "idea"
    marketing_owner = factory.SubFactory(UserFactory)


class TaskDependencyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TaskDependency

    predecessor = factory.SubFactory(TaskFactory)
    successor = factory.SubFactory(TaskFactory, campaign=factory.SelfAttribute("..predecessor.campaign"))


class PlanTemplateFactory(factory.django.DjangoModelFactory):
    """One of the organisation's own."""

    class Meta:
        model = PlanTemplate

    name = factory.Sequence(lambda n: f"Template {n}")


class PlanTemplateItemFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PlanTemplateItem

    template = factory.SubFactory(PlanTemplateFactory)
    title = factory.Sequence(lambda n: f"Step {n}")
    position = factory.Sequence(lambda n: n)


class PlanMoveFactory(factory.django.DjangoModelFactory):
    """The campaign's dates were moved to where they are."""

    class Meta:
        model = PlanMove

    campaign = factory.SubFactory(CampaignFactory)
    by = factory.SubFactory(UserFactory)
    at = SEEN_AT
    launch_before = date(2030, 3, 6)
    launch_after = factory.SelfAttribute("campaign.launch_date")
    goal_before = factory.SelfAttribute("campaign.goal_date")
    goal_after = factory.SelfAttribute("campaign.goal_date")


class HolidayFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Holiday

    date = factory.Sequence(lambda n: date(2030, 1, 1).replace(year=2030 + n % 60))
    name = "New Year"


class WorkWeekFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = WorkWeek
        django_get_or_create = ["id"]

    id = 1


class CalendarFeedFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CalendarFeed

    user = factory.SubFactory(UserFactory)
    made_at = SEEN_AT


class BudgetLineFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = BudgetLine

    campaign = factory.SubFactory(CampaignFactory)
    month = date(2030, 4, 1)
    label = factory.Sequence(lambda n: f"Line {n}")
    planned = Decimal(100)


class BudgetUploadFactory(factory.django.DjangoModelFactory):
    """A file with one new line, uploaded by the captain."""

    class Meta:
        model = BudgetUpload

    campaign = factory.SubFactory(CampaignFactory)
    by = factory.SelfAttribute("campaign.captain")
    at = SEEN_AT
    file_name = "budget.csv"
    rows = factory.LazyFunction(lambda: [[2, {"month": "2030-04", "label": "Prints", "planned": "120"}]])


class ChallengeFactory(factory.django.DjangoModelFactory):
    """A question about the campaign's stage, unless `thing` is another one of its things."""

    class Meta:
        model = Challenge

    class Params:
        resolved = factory.Trait(
            resolution=Challenge.Resolution.ACCEPTED,
            decision="We wait a week.",
            resolved_by=factory.SelfAttribute("asked_by"),
            resolved_at=SEEN_AT,
        )

    campaign = factory.SubFactory(CampaignFactory)
    thing = factory.SelfAttribute("campaign")
    stage = factory.LazyAttribute(lambda made: made.campaign.stage if made.thing == made.campaign else "")
    about = factory.LazyAttribute(lambda made: str(made.thing))
    question = "Who says that readers want this?"
    asked_by = factory.SubFactory(UserFactory)
    asked_at = SEEN_AT
    pursued_by = factory.SelfAttribute("asked_by")


class ChallengeAnswerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ChallengeAnswer

    challenge = factory.SubFactory(ChallengeFactory)
    text = "Forty of them did, in May."
    by = factory.SubFactory(UserFactory)
    at = SEEN_AT


class ChallengerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Challenger

    campaign = factory.SubFactory(CampaignFactory)
    user = factory.SubFactory(UserFactory)
    added_at = SEEN_AT


class ApprovalFactory(factory.django.DjangoModelFactory):
    """A question whether the goal may stay as it is."""

    class Meta:
        model = Approval

    campaign = factory.SubFactory(CampaignFactory)
    part = Approval.Part.GOAL
    asked_by = factory.SubFactory(UserFactory)
    asked_at = SEEN_AT


class RecurrenceFactory(factory.django.DjangoModelFactory):
    """Every week from the tests' first of March; its tasks are made with it as `recurrence`, numbered."""

    class Meta:
        model = Recurrence

    campaign = factory.SubFactory(CampaignFactory)
    every = 1
    unit = Recurrence.Unit.WEEK
    first_date = date(2030, 3, 1)


class ChecklistItemFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ChecklistItem

    task = factory.SubFactory(TaskFactory)
    text = factory.Sequence(lambda n: f"Line {n}")
    position = factory.Sequence(lambda n: n)


class ExpectationFactory(factory.django.DjangoModelFactory):
    """For a campaign whose goal counts from March to June 2030."""

    class Meta:
        model = Expectation

    campaign = factory.SubFactory(CampaignFactory)
    points = factory.LazyFunction(
        lambda: [["2030-03", "50"], ["2030-04", "100"], ["2030-05", "180"], ["2030-06", "200"]]
    )


class StakeholderFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Stakeholder

    campaign = factory.SubFactory(CampaignFactory)
    user = factory.SubFactory(UserFactory)
    asked_at = SEEN_AT


class ShortfallFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Shortfall

    campaign = factory.SubFactory(CampaignFactory)
    month = date(2030, 3, 1)
    at = SEEN_AT
    expected = Decimal(50)
    reached = Decimal(10)
