import pytest
from django.urls import reverse

from tests.factories.accounts import UserFactory
from tests.factories.campaigns import BareCampaignFactory, ContributorFactory
from tests.factories.collaboration import AuditEventFactory

pytestmark = pytest.mark.django_db
URL = reverse("collaboration:feed")


def text(response):
    return response.content.decode()


def test_a_contributor_sees_the_acts_of_the_own_campaigns_only(login):
    helper = UserFactory(role="contributor")
    own, other = BareCampaignFactory(name="Ours"), BareCampaignFactory(name="Theirs")
    ContributorFactory(campaign=own, user=helper)
    for campaign in (own, other):
        AuditEventFactory(subject=f"campaigns.task:{campaign.pk}", within=f"campaigns.campaign:{campaign.pk}")

    page = text(login(helper).get(URL))

    assert "Ours" in page
    assert reverse("campaigns:detail", args=[own.pk]) in page
    assert "Theirs" not in page


def test_what_stands_in_no_feed_is_seen_by_nobody(login, lead):
    AuditEventFactory(subject="accounts.user:7", label="Secret", action="user.role_changed")

    assert "Secret" not in text(login(lead).get(URL))


def test_the_feed_is_narrowed_and_costs_the_same_for_many(login, lead, django_assert_max_num_queries):
    campaigns = BareCampaignFactory.create_batch(20)
    for campaign in campaigns:
        AuditEventFactory(subject=f"campaigns.campaign:{campaign.pk}", by=campaign.captain)
    client = login(lead)
    client.get(URL)

    with django_assert_max_num_queries(10):
        page = text(client.get(URL))
    assert campaigns[0].name in page

    mine = text(client.get(URL, {"by": campaigns[3].captain.pk}, headers={"HX-Request": "true"}))
    assert campaigns[3].name in mine
    assert f"{campaigns[4].name}<" not in mine
