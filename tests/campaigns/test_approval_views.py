from http import HTTPStatus

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from apps.campaigns import services
from apps.campaigns.models import Approval
from apps.contacts.models import Topic
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory

pytestmark = pytest.mark.django_db


def url(name, *args):
    return reverse(f"campaigns:{name}", args=args)


def text(response):
    return response.content.decode()


def consent(topic, *, status="subscribed"):
    return {"consent": {"channel": "email", "topic": topic}, "status": status}


@pytest.fixture
def campaign(noon, lead):
    campaign = CampaignFactory(stage="review", asks_approvals=True)
    services.approval_ask(campaign=campaign, part="goal", by=lead, now=noon)
    return campaign


def test_the_approver_sees_what_differs_and_approves_it(login, lead, noon, campaign):
    captain = login(campaign.captain)
    digest = text(captain.get(url("approvals", campaign.pk))).split('name="digest" value="')[1][:64]
    captain.post(url("approval_give", campaign.pk), {"part": "goal", "digest": digest})
    services.campaign_update(campaign=campaign, goal_target=300, by=lead, now=noon)

    page = text(captain.get(url("approvals", campaign.pk)))

    assert Approval.objects.get().decided_by == campaign.captain
    assert "Changed since it was approved" in page
    assert "<del>200</del> <ins>300</ins>" in page


def test_the_rule_of_an_audience_is_read_back_with_what_was_and_what_is(login, lead, noon, campaign):
    Topic.objects.create(key="news", name="The newsletter")
    segment = campaign.segment
    segment.name, segment.rule = "Loyal {readers}", {"all": [consent("news")]}
    segment.save()
    services.approval_ask(campaign=campaign, part="audience", by=lead, now=noon)
    captain = login(campaign.captain)
    page = text(captain.get(url("approvals", campaign.pk)))
    digest = page.split('id="part-audience"')[1].split('name="digest" value="')[1][:64]
    captain.post(url("approval_give", campaign.pk), {"part": "audience", "digest": digest})
    segment.rule = {"all": [consent("news", status="unsubscribed")]}
    segment.save()

    page = text(captain.get(url("approvals", campaign.pk)))

    said = "Loyal {readers}: Everyone where they are subscribed to e-mail on “The newsletter”."
    assert said in strip_tags(page)
    assert said.replace("are subscribed to", "have unsubscribed from") in strip_tags(page)
    assert "&quot;" not in page


def test_what_is_counted_is_read_back(login, lead, noon, campaign):
    where = [{"property": "shop", "op": "in", "value": ["Rome", "Oslo"]}]
    services.campaign_update(campaign=campaign, goal_where=where, by=lead, now=noon)

    page = text(login(campaign.captain).get(url("approvals", campaign.pk)))

    assert "“shop” is one of “Rome”, “Oslo”" in page


def test_who_asked_is_told_that_somebody_else_approves(login, lead, campaign):
    page = text(login(lead).get(url("approvals", campaign.pk)))

    assert "somebody else gives it" in page
    assert 'name="digest"' not in page


def test_sending_back_without_a_reason_is_refused_beside_the_field(login, campaign):
    page = login(campaign.captain).post(
        url("approval_send_back", campaign.pk), {"part": "goal", "reason": ""}
    )

    assert page.status_code == HTTPStatus.OK
    assert "field-errors" in text(page)
    assert Approval.objects.get().is_waiting


def test_over_the_api_a_digest_names_what_is_approved(api, campaign):
    program = api(UserFactory(role="marketing_lead"), "campaigns:read", "campaigns:write")
    below = f"/api/v1/campaigns/{campaign.pk}/approvals/"

    parts = {one["part"]: one for one in program.get(below).json()["parts"]}
    stale = program.post(f"{below}approve/", {"part": "goal", "digest": "0" * 64}, format="json")
    given = program.post(
        f"{below}approve/", {"part": "goal", "digest": parts["goal"]["digest"]}, format="json"
    )

    assert parts["goal"]["is_waiting"]
    assert not parts["audience"]["is_waiting"]
    assert stale.status_code == HTTPStatus.CONFLICT
    assert given.json()["is_approved"]


def test_leads_alone_set_the_rules(login, lead, campaign):
    refused = login(campaign.captain).post(url("rules_set", campaign.pk), {"review_hours": 0})
    login(lead).post(url("rules_set", campaign.pk), {"review_hours": 8, "asks_approvals": "on"})

    campaign.refresh_from_db()
    assert refused.status_code == HTTPStatus.FORBIDDEN
    assert (campaign.review_hours, campaign.asks_approvals) == (8, True)


def test_the_home_of_who_may_approve_tells_it_and_not_that_of_who_asked(login, lead, campaign):
    assert "home-approvals" in text(login(campaign.captain).get(reverse("home")))
    assert "home-approvals" not in text(login(lead).get(reverse("home")))
