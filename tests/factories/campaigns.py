from datetime import UTC, date, datetime
from decimal import Decimal

import factory

from apps.campaigns.models import (
    BudgetLine,
    BudgetUpload,
    Campaign,
    Channel,
    Contributor,
    Expectation,
    Kpi,
    Override,
    Shortfall,
    Stakeholder,
    Task,
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


class KpiFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Kpi

    campaign = factory.SubFactory(CampaignFactory, kpi=False)
    label = factory.Sequence(lambda n: f"Figure {n}")
    reason = "It moves before the goal does."
    event = "visit"


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
