from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.campaigns.models import Campaign
from apps.core.statistics import Estimate, rate_difference
from apps.reporting import services
from apps.reporting.figures import FIGURES, people_behind
from apps.reporting.models import CampaignResult
from apps.reporting.selectors import ArmFinding, Comparison, campaign_results, figure_shown
from apps.reporting.templatetags.results import effect_told
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory
from tests.factories.reporting import event_add, hit_add, message_launched, recipient_add

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
HOUR = timedelta(hours=1)


@pytest.fixture
def campaign(noon):
    """One in which something of everything has happened."""
    campaign = CampaignFactory(goal_event="bought", value_property="total", conversion_window_days=7)
    first = message_launched(campaign=campaign, sent=4, holdout=3)
    second = message_launched(campaign=campaign, sent=1, name="Second")
    for state, reason in [("failed", ""), ("skipped", "suppressed"), ("queued", ""), ("cancelled", "")]:
        recipient_add(first, state=state, reason=reason)
    opened, machine, bounced, quiet = first.recipients.filter(state="sent")
    hit_add(opened, "opened")
    hit_add(opened, "clicked")
    hit_add(machine, "opened", machine_reason="prefetch")
    hit_add(machine, "clicked", machine_reason="scanner")
    hit_add(bounced, "bounced")
    hit_add(quiet, "unsubscribed")
    hit_add(second.recipients.get(), "complained")
    event_add(opened, "bought", after=HOUR, total=10)
    event_add(opened, "bought", after=2 * HOUR, total=5)
    event_add(first.recipients.filter(reason="holdout")[0], "bought", after=HOUR, total=7)
    services.results_refresh(campaign=campaign, now=noon)
    return campaign


class TestCampaignResults:
    def test_shows_a_page_to_a_browser_and_a_fragment_to_htmx(self, login, campaign):
        url = reverse("reporting:results", args=[campaign.pk])
        client = login(UserFactory())

        page, fragment = client.get(url), client.get(url, headers=HTMX)

        assert b"<html" in page.content
        assert b"<html" not in fragment.content
        for response in (page, fragment):
            assert b'id="results-panel"' in response.content

    def test_costs_the_same_for_one_message_and_for_many(
        self, login, campaign, django_assert_max_num_queries
    ):
        for number in range(8):
            message_launched(campaign=campaign, sent=1, name=f"More {number}")
        client = login(UserFactory())

        with django_assert_max_num_queries(12):
            client.get(reverse("reporting:results", args=[campaign.pk]), headers=HTMX)

    def test_leads_to_people_only_whom_people_may_see(self, login, campaign):
        url = reverse("reporting:results", args=[campaign.pk])
        way = reverse("reporting:people", args=[campaign.pk, "sent"]).encode()

        assert way in login(UserFactory()).get(url).content
        assert way not in login(UserFactory(role=User.Role.EXECUTIVE)).get(url).content

    def test_says_that_nothing_was_launched_yet(self, login):
        url = reverse("reporting:results", args=[CampaignFactory().pk])

        assert "No message has been launched yet" in login(UserFactory()).get(url).content.decode()


class TestFigurePeople:
    @pytest.mark.parametrize("name", FIGURES)
    def test_lists_as_many_as_the_figure_says(self, campaign, noon, name):
        results = campaign_results(campaign)
        messages = [message for message, _figures in results.messages]

        for message in [*messages, None]:
            chosen = campaign.messages.filter(pk=message.pk) if message else campaign.messages.all()
            rows = people_behind(FIGURES[name], messages=chosen, until=noon)
            assert rows.count() == figure_shown(results, name, message=message)

    @pytest.mark.parametrize("kind", ["opened", "clicked", "bounced", "unsubscribed"])
    def test_what_came_after_the_count_is_in_neither(self, login, campaign, noon, kind):
        late = recipient_add(campaign.messages.first())
        services.results_refresh(campaign=campaign, now=noon)
        hit_add(late, kind, after=noon - late.finished_at + HOUR)
        url = reverse("reporting:people", args=[campaign.pk, kind])

        response = login(UserFactory()).get(url)

        assert len(response.context["listing"].rows) == response.context["shown"] == 1

    def test_each_figure_of_this_scene_has_somebody_behind_it(self, campaign):
        results = campaign_results(campaign)

        assert [name for name in FIGURES if not figure_shown(results, name, message=None)] == []

    def test_an_unknown_figure_or_a_message_of_another_campaign_is_not_there(self, login, campaign):
        client = login(UserFactory())
        foreign = message_launched(sent=1)

        for url in (
            reverse("reporting:people", args=[campaign.pk, "nonsense"]),
            reverse("reporting:people", args=[campaign.pk, "sent"]) + f"?message={foreign.pk}",
        ):
            assert client.get(url).status_code == HTTPStatus.NOT_FOUND


class TestConversions:
    @pytest.mark.parametrize(
        ("asked", "told"),
        [("", "2 events · 1 person"), ("?arm=holdout", "1 event · 1 person"), ("?credited=on", "2 events")],
    )
    def test_lists_the_events_behind_the_figure(self, login, campaign, asked, told):
        url = reverse("reporting:conversions", args=[campaign.pk, "goal"]) + asked

        assert told in " ".join(login(UserFactory()).get(url).content.decode().split())

    def test_an_unknown_measure_is_not_there(self, login, campaign):
        url = reverse("reporting:conversions", args=[campaign.pk, "kpi:0"])

        assert login(UserFactory()).get(url).status_code == HTTPStatus.NOT_FOUND

    def test_of_the_control_group_alone(self, login, noon):
        campaign = CampaignFactory(goal_event="bought", value_property="total")
        message = message_launched(campaign=campaign, sent=1, control=2, name="Third")
        event_add(message.recipients.filter(reason="control")[0], "bought", after=HOUR, total=3)
        services.results_refresh(campaign=campaign, now=noon)
        client = login(UserFactory())

        page = client.get(reverse("reporting:results", args=[campaign.pk])).content.decode()
        url = reverse("reporting:conversions", args=[campaign.pk, "goal"]) + "?arm=control"
        told = " ".join(client.get(url).content.decode().split())

        assert "All messages together" in page
        assert "1 event · 1 person · $3.00 · all messages · in the control group" in told


class TestResultsRefresh:
    def test_counts_now(self, login, campaign, noon):
        login(UserFactory()).post(reverse("reporting:refresh", args=[campaign.pk]))

        assert CampaignResult.objects.get(campaign=campaign).refreshed_at != noon

    def test_says_why_it_cannot(self, login, campaign, noon):
        Campaign.objects.filter(pk=campaign.pk).update(goal_where=[{"property": "total", "op": "near"}])

        page = login(UserFactory()).post(reverse("reporting:refresh", args=[campaign.pk]), follow=True)

        assert "“Goal” cannot be counted" in page.content.decode()
        assert CampaignResult.objects.get(campaign=campaign).refreshed_at == noon


class TestOverview:
    def test_campaigns_sum_to_the_whole(self, login, campaign, noon):
        other = CampaignFactory(goal_event="bought", value_property="total")
        event_add(
            message_launched(campaign=other, sent=2).recipients.first(), "bought", after=HOUR, total=100
        )
        services.results_refresh(campaign=other, now=noon)

        response = login(UserFactory()).get(reverse("reporting:overview"))

        rows = response.context["rows"]
        assert {row.campaign.pk for row in rows} == {campaign.pk, other.pk}
        (total,) = response.context["totals"].values()
        assert total.value == sum(row.figures.value for row in rows) == 115
        assert total.sent == sum(row.figures.sent for row in rows) == 7

    def test_costs_the_same_for_one_campaign_and_for_many(
        self, login, campaign, django_assert_max_num_queries
    ):
        CampaignFactory.create_batch(20)
        client = login(UserFactory())

        with django_assert_max_num_queries(10):
            client.get(reverse("reporting:overview"), headers=HTMX)


class TestApi:
    def test_tells_what_the_page_shows(self, api, campaign):
        body = api(UserFactory()).get(f"/api/v1/campaigns/{campaign.pk}/results/").json()

        assert body["total"]["sent"] == sum(message["sent"] for message in body["messages"]) == 5
        assert body["total"]["value"] == "15.0000"
        goal = next(row for row in body["comparisons"] if row["measure"] == "goal")
        assert (goal["sent"]["people"], goal["sent"]["converted"]) == (4, 1)
        assert (goal["holdout"]["people"], goal["holdout"]["converted"]) == (3, 1)
        assert goal["difference"]["low"] < goal["difference"]["value"] < goal["difference"]["high"]


class TestEffectTold:
    """What the page says on top, by the published counts of the demo's campaign."""

    def test_tells_a_clear_effect_in_people_and_money(self):
        said = effect_told(
            comparison(
                rate_difference(267, 21307, 122, 21306), people=21307, per_head=Estimate(0.77, 0.49, 1.05)
            ),
            "USD",
        )

        assert said == "About 145 people more than without it (107 to 184), worth $16,406."

    def test_an_effect_that_may_be_chance_is_not_called_one(self):
        said = effect_told(comparison(rate_difference(12, 1000, 10, 1000), people=1000), "USD")

        assert said == "No clear effect yet: between −8 and +12 people."

    def test_tells_a_loss_as_a_loss(self):
        said = effect_told(comparison(rate_difference(100, 1000, 200, 1000), people=1000), "USD")

        assert said == "About 100 people fewer than without it (69 to 131)."

    def test_without_holdout_the_effect_cannot_be_known(self):
        assert (
            effect_told(comparison(None, people=9), "USD")
            == "Nobody was held out, so its effect cannot be known."
        )


def comparison(difference, *, people, per_head=None):
    arm = ArmFinding(people, 0, 0, Decimal(0), None, None)
    return Comparison(None, None, arm, None, None, difference, None, per_head, None, None)
