from datetime import timedelta
from decimal import Decimal

import pytest

from apps.campaigns.models import Kpi
from apps.reporting import services
from apps.reporting.models import ArmResult, CampaignResult, Conversion, MessageResult
from apps.reporting.selectors import campaign_results
from tests.factories.campaigns import CampaignFactory
from tests.factories.reporting import event_add, hit_add, message_launched, recipient_add

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def campaign():
    return CampaignFactory(goal_event="bought", value_property="total", conversion_window_days=7)


def arm(message, name, measure="goal"):
    return ArmResult.objects.get(message=message, arm=name, measure=measure)


class TestResultsRefresh:
    def test_counts_people_events_and_value_of_both_arms(self, campaign, noon):
        message = message_launched(campaign=campaign, sent=3, holdout=2)
        first, second, _third = message.recipients.filter(state="sent")
        event_add(first, "bought", after=2 * HOUR, total=10)
        event_add(first, "bought", after=3 * HOUR, total=2.5)
        event_add(second, "bought", after=4 * HOUR)
        event_add(message.recipients.filter(reason="holdout")[0], "bought", after=HOUR, total=5)

        services.results_refresh(campaign=campaign, now=noon)

        sent, holdout = arm(message, "sent"), arm(message, "holdout")
        assert (sent.people, sent.converted, sent.conversions, sent.value) == (3, 2, 3, Decimal("12.5"))
        assert sent.value_squares == Decimal("156.25")
        assert (holdout.people, holdout.converted, holdout.conversions, holdout.value) == (2, 1, 1, 5)
        assert (sent.credited, holdout.credited) == (3, 0)

    @pytest.mark.parametrize(
        ("after", "counts"),
        [(-HOUR, 0), (timedelta(0), 1), (7 * DAY - timedelta(seconds=1), 1), (7 * DAY, 0)],
        ids=["before", "at-the-hour", "in-the-last-second", "when-the-window-has-closed"],
    )
    def test_counts_only_within_the_window(self, campaign, noon, after, counts):
        message = message_launched(campaign=campaign, sent=1)
        event_add(message.recipients.get(), "bought", after=after)

        services.results_refresh(campaign=campaign, now=noon + 8 * DAY)

        assert arm(message, "sent").conversions == counts

    def test_leaves_out_whoever_was_neither_written_to_nor_held_out(self, campaign, noon):
        message = message_launched(campaign=campaign)
        for state, reason in [("failed", ""), ("unknown", ""), ("excluded", "no_consent")]:
            event_add(recipient_add(message, state=state, reason=reason), "bought", after=HOUR)

        services.results_refresh(campaign=campaign, now=noon)

        assert not Conversion.objects.exists()
        result = MessageResult.objects.get()
        assert (result.audience, result.lost, result.excluded, result.sent) == (3, 2, 1, 0)

    def test_credits_an_event_to_the_last_message_that_had_reached_the_person(self, campaign, noon):
        first = message_launched(campaign=campaign, sent=1)
        person = first.recipients.get().contact
        second = message_launched(campaign=campaign, due_at=noon - 6 * HOUR, name="Second")
        again = recipient_add(second, contact=person)
        event_add(first.recipients.get(), "bought", after=HOUR, total=1)
        event_add(again, "bought", after=HOUR, total=10)

        services.results_refresh(campaign=campaign, now=noon)

        assert (arm(first, "sent").conversions, arm(first, "sent").credited_value) == (2, 1)
        assert (arm(second, "sent").conversions, arm(second, "sent").credited_value) == (1, 10)
        assert campaign_results(campaign).total.value == 11

    def test_does_not_credit_what_happened_before_the_mail_had_left(self, campaign, noon):
        message = message_launched(campaign=campaign, sent=1)
        event_add(message.recipients.get(), "bought", after=timedelta(seconds=5))

        services.results_refresh(campaign=campaign, now=noon)

        assert (arm(message, "sent").conversions, arm(message, "sent").credited) == (1, 0)

    def test_counts_only_where_the_goal_says(self, campaign, noon):
        campaign.goal_where = [{"property": "total", "op": "gte", "value": 50}]
        campaign.save()
        message = message_launched(campaign=campaign, sent=2)
        for recipient, total in zip(message.recipients.all(), (49, 50), strict=True):
            event_add(recipient, "bought", after=HOUR, total=total)

        services.results_refresh(campaign=campaign, now=noon)

        assert (arm(message, "sent").converted, arm(message, "sent").value) == (1, 50)

    def test_counts_each_kpi_beside_the_goal(self, campaign, noon):
        kpi = Kpi.objects.create(campaign=campaign, label="Visit", event="visited", reason="They came.")
        message = message_launched(campaign=campaign, sent=1)
        event_add(message.recipients.get(), "visited", after=HOUR)

        services.results_refresh(campaign=campaign, now=noon)

        assert arm(message, "sent", f"kpi:{kpi.pk}").converted == 1
        assert arm(message, "sent").converted == 0

    def test_run_again_adds_what_is_new_and_nothing_twice(self, campaign, noon):
        message = message_launched(campaign=campaign, sent=1)
        event_add(message.recipients.get(), "bought", after=HOUR)
        services.results_refresh(campaign=campaign, now=noon)
        event_add(message.recipients.get(), "bought", after=12 * HOUR)

        for _ring in range(2):
            services.results_refresh(campaign=campaign, now=noon + HOUR)

        assert arm(message, "sent").conversions == 2

    def test_counts_anew_when_the_goal_has_changed(self, campaign, noon):
        message = message_launched(campaign=campaign, sent=1)
        event_add(message.recipients.get(), "bought", after=HOUR)
        services.results_refresh(campaign=campaign, now=noon)
        campaign.goal_event = "visited"
        campaign.save()

        assert campaign_results(campaign).is_outdated
        services.results_refresh(campaign=campaign, now=noon)

        assert arm(message, "sent").conversions == 0
        assert not campaign_results(campaign).is_outdated

    def test_is_final_once_the_last_window_has_closed(self, campaign, noon):
        message_launched(campaign=campaign, sent=1)

        assert not services.results_refresh(campaign=campaign, now=noon).is_final
        assert services.results_refresh(campaign=campaign, now=noon + 8 * DAY).is_final

    def test_tells_people_from_machines(self, campaign, noon):
        message = message_launched(campaign=campaign, sent=3)
        person, both, machine = message.recipients.all()
        hit_add(person, "opened")
        hit_add(both, "opened", machine_reason="prefetch")
        hit_add(both, "opened")
        hit_add(machine, "opened", machine_reason="scanner")
        hit_add(machine, "clicked", machine_reason="scanner")
        hit_add(person, "bounced")

        services.results_refresh(campaign=campaign, now=noon)

        result = MessageResult.objects.get()
        assert (result.opened, result.opened_machine) == (2, 1)
        assert (result.clicked, result.clicked_machine, result.bounced) == (0, 1, 1)


class TestResultsRefreshDue:
    def test_takes_the_oldest_and_leaves_what_is_fresh_or_final(self, campaign, noon):
        final = CampaignFactory(goal_event="bought")
        for one, refreshed_at, is_final in [
            (campaign, noon - HOUR, False),
            (CampaignFactory(goal_event="bought"), noon - timedelta(seconds=1), False),
            (final, noon - HOUR, True),
        ]:
            CampaignResult.objects.create(campaign=one, refreshed_at=refreshed_at, is_final=is_final)
            type(one).objects.filter(pk=one.pk).update(updated_at=noon - 2 * HOUR)

        services.results_refresh_due(now=noon)

        refreshed = CampaignResult.objects.filter(refreshed_at=noon)
        assert [result.campaign for result in refreshed] == [campaign]


class TestRollupsVerify:
    def test_finds_nothing_when_the_figures_are_right(self, campaign, noon):
        message = message_launched(campaign=campaign, sent=2, holdout=1)
        event_add(message.recipients.filter(state="sent")[0], "bought", after=HOUR, total=3)
        services.results_refresh(campaign=campaign, now=noon)

        assert services.rollups_verify(campaign=campaign) == []

    def test_names_each_figure_that_is_wrong_and_leaves_it(self, campaign, noon):
        message = message_launched(campaign=campaign, sent=2)
        services.results_refresh(campaign=campaign, now=noon)
        MessageResult.objects.update(opened=1)

        assert services.rollups_verify(campaign=campaign) == [
            f"message {message.pk} opened: kept 1, counted 0"
        ]
        assert MessageResult.objects.get().opened == 1
