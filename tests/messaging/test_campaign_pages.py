"""What the pages of a campaign that read its messages ask of the database, whatever there is to read."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.campaigns import services
from apps.campaigns.models import Approval
from apps.campaigns.standings import part_standing
from apps.contacts.models import Topic
from apps.core import clock
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import (
    AudienceFactory,
    CampaignFactory,
    ContributorFactory,
    ExpectationFactory,
    KpiFactory,
    OverrideFactory,
)
from tests.factories.contacts import QualityScanFactory
from tests.factories.messaging import ExperimentFactory, MessageFactory, SendingDomainFactory

pytestmark = pytest.mark.django_db
MOST = 12


def messages_make(campaign, *, drafts):
    SendingDomainFactory(name="shop.example")
    for _each in range(drafts):
        MessageFactory(campaign=campaign)


def experiments_make(campaign, *, drafts):
    for _each in range(drafts):
        ExperimentFactory(message=MessageFactory(campaign=campaign))


def approvals_make(campaign, lead):
    for part in Approval.Part.values:
        services.approval_ask(campaign=campaign, part=part, by=lead, now=clock.now())
        digest = part_standing(campaign, part).digest
        services.approval_give(campaign=campaign, part=part, digest=digest, by=UserFactory(), now=clock.now())


def uncounted():
    return AudienceFactory(size=None, is_stale=True)


@pytest.fixture(params=["bare", "uncounted", "messages", "experiments", "approvals", "all of it"])
def campaign(request, lead):
    """Each case that readiness costs more for, and all of them at once."""
    case, whole = request.param, request.param == "all of it"
    segment = {"segment": uncounted()} if case == "uncounted" or whole else {}
    campaign = CampaignFactory(
        stage="review", asks_approvals=case == "approvals" or whole, value_property="", **segment
    )
    ExpectationFactory(campaign=campaign)
    KpiFactory.create_batch(3, campaign=campaign)
    QualityScanFactory(finished_at=clock.now(), score=90)
    OverrideFactory(campaign=campaign)
    if case == "messages" or whole:
        messages_make(campaign, drafts=5)
    if case == "experiments" or whole:
        experiments_make(campaign, drafts=5)
    if campaign.asks_approvals:
        approvals_make(campaign, lead)
    return campaign


@pytest.mark.parametrize("page", ["detail", "readiness", "approvals", "advance", "challenge_raise"])
@pytest.mark.parametrize("who", ["lead", "helper"])
def test_a_page_costs_no_more_than_twelve_statements(login, lead, campaign, page, who):
    helper = UserFactory(role=User.Role.CONTRIBUTOR)
    ContributorFactory(campaign=campaign, user=helper)
    client = login(lead if who == "lead" else helper)

    with CaptureQueriesContext(connection) as asked:
        response = client.get(reverse(f"campaigns:{page}", args=[campaign.pk]))

    # Of each check, within the transaction of the test alone.
    counted = [query["sql"] for query in asked if "SAVEPOINT" not in query["sql"]]
    assert len(counted) <= MOST, "\n".join(sql[:300] for sql in counted)
    assert b"could not be checked" not in response.content


def test_what_a_message_is_approved_with_is_said_in_words(login, lead):
    campaign = CampaignFactory(stage="review", asks_approvals=True)
    ExperimentFactory(message=MessageFactory(campaign=campaign, not_after=clock.now(), topic="news"))
    Topic.objects.create(key="news", name="The newsletter")

    page = login(lead).get(reverse("campaigns:approvals", args=[campaign.pk])).content.decode()

    assert "The newsletter</dd>" in page
    assert " UTC</dd>" in page
    assert "Summer is near</dd>" in page  # of the variant
    assert "&lt;mj" not in page
    assert "{&quot;" not in page
