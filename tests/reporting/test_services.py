from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from apps.campaigns.models import Campaign
from apps.campaigns.worth import MOST
from apps.contacts.models import Event
from apps.messaging.models import Message, Recipient
from apps.reporting import services
from apps.reporting.models import ArmResult, CampaignResult, Conversion, MessageResult
from apps.reporting.selectors import campaign_results
from tests.factories.campaigns import CampaignFactory, KpiFactory
from tests.factories.reporting import event_add, hit_add, message_launched, recipient_add
from tests.faults.workers import wait_until, waits_for_a_lock

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


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

    def test_the_control_group_is_an_arm_of_its_own(self, campaign, noon):
        message = message_launched(campaign=campaign, sent=1, holdout=2, control=3)
        event_add(message.recipients.filter(reason="control")[0], "bought", after=HOUR, total=5)

        services.results_refresh(campaign=campaign, now=noon)

        control = arm(message, "control")
        assert (control.people, control.converted, control.credited, control.value) == (3, 1, 0, 5)
        assert (arm(message, "holdout").people, arm(message, "holdout").converted) == (2, 0)
        assert (Conversion.objects.get().is_control, Conversion.objects.get().is_holdout) == (True, False)
        [found] = campaign_results(campaign).findings[0].comparisons
        assert found.control_difference.value == pytest.approx(-1 / 3)
        assert services.rollups_verify(campaign=campaign, now=noon) == []

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
        kpi = KpiFactory(campaign=campaign, metric__name="Visit", metric__event="visited")
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

    @pytest.mark.parametrize("total", [1e20, -1e20, 999_999_999_999.9999], ids=str)
    def test_takes_a_number_beyond_all_measure_for_none(self, campaign, noon, total):
        message = message_launched(campaign=campaign, sent=1)
        event_add(message.recipients.get(), "bought", after=HOUR, total=total)
        event_add(message.recipients.get(), "bought", after=HOUR, total=5)

        services.results_refresh(campaign=campaign, now=noon)

        assert (arm(message, "sent").conversions, arm(message, "sent").value) == (2, 5)

    def test_holds_the_sum_of_many_events_of_the_most_that_one_is_worth(self, campaign, noon):
        Campaign.objects.filter(pk=campaign.pk).update(goal_measure="value", start_date=noon - DAY)
        campaign.refresh_from_db()
        message = message_launched(campaign=campaign, sent=1)
        recipient = message.recipients.get()
        event_add(recipient, "bought", after=HOUR, total=MOST)
        Event.objects.bulk_create(
            Event(
                contact=recipient.contact,
                name="bought",
                occurred_at=noon - HOUR,
                received_at=noon - HOUR,
                properties={"total": MOST},
            )
            for _each in range(10_000)
        )

        result = services.results_refresh(campaign=campaign, now=noon)

        assert arm(message, "sent").value == result.goal_done == 10_001 * MOST
        assert arm(message, "sent").value_squares == (10_001 * MOST) ** 2

    def test_refuses_a_condition_that_is_not_understood_and_changes_nothing(self, campaign, noon):
        message = message_launched(campaign=campaign, sent=1)
        event_add(message.recipients.get(), "bought", after=HOUR)
        services.results_refresh(campaign=campaign, now=noon)
        campaign.goal_where = [{"property": "total", "op": "near"}]
        campaign.save()

        with pytest.raises(services.ResultsNotCountable, match=r"“Goal” cannot be counted: where\[0\]"):
            services.results_refresh(campaign=campaign, now=noon + HOUR)

        assert arm(message, "sent").conversions == 1
        assert CampaignResult.objects.get().refreshed_at == noon

    def test_counts_what_someone_did_before_their_mail_left_as_it_does_for_those_held_out(
        self, campaign, noon
    ):
        message = message_launched(campaign=campaign, holdout=1)
        late = recipient_add(message, state="queued")
        Recipient.objects.filter(pk=late.pk).update(finished_at=None)
        Message.objects.filter(pk=message.pk).update(state="running", finished_at=None)
        event_add(late, "bought", after=HOUR)
        event_add(message.recipients.get(reason="holdout"), "bought", after=HOUR)
        services.results_refresh(campaign=campaign, now=noon)
        Recipient.objects.filter(pk=late.pk).update(state="sent", finished_at=noon + MINUTE)

        services.results_refresh(campaign=campaign, now=noon + 2 * MINUTE)

        assert (arm(message, "sent").conversions, arm(message, "holdout").conversions) == (1, 1)
        assert arm(message, "sent").credited == 0

    def test_credits_an_event_once_though_the_later_mail_was_settled_after_it(self, campaign, noon):
        first = message_launched(campaign=campaign, sent=1)
        second = message_launched(campaign=campaign, due_at=noon - HOUR, name="Second")
        Message.objects.filter(pk=second.pk).update(state="running", finished_at=None)
        again = recipient_add(second, contact=first.recipients.get().contact, state="queued")
        event_add(again, "bought", after=59 * MINUTE, total=10)
        services.results_refresh(campaign=campaign, now=noon)
        assert arm(first, "sent").credited == 1
        Recipient.objects.filter(pk=again.pk).update(state="sent", finished_at=noon - 2 * MINUTE)

        services.results_refresh(campaign=campaign, now=noon + MINUTE)

        assert (arm(first, "sent").credited, arm(second, "sent").credited) == (0, 1)
        assert campaign_results(campaign).total.value == 10

    def test_takes_in_what_comes_after_the_end(self, campaign, noon):
        message = message_launched(campaign=campaign, sent=1)
        services.results_refresh(campaign=campaign, now=noon + 8 * DAY)
        event_add(message.recipients.get(), "bought", after=HOUR, received_at=noon + 9 * DAY)
        hit_add(message.recipients.get(), "unsubscribed", after=9 * DAY)

        result = services.results_refresh(campaign=campaign, now=noon + 10 * DAY)

        assert result.is_final
        assert arm(message, "sent").conversions == 1
        assert MessageResult.objects.get().unsubscribed == 1

    def test_counts_anew_once_after_the_end_and_not_at_every_ring(self, campaign, noon):
        """A paused message keeps its campaign from being final, for ever."""
        message = message_launched(campaign=campaign, sent=1)
        recipient_add(message, state="queued")
        event_add(message.recipients.get(state="sent"), "bought", after=HOUR)
        services.results_refresh(campaign=campaign, now=noon + 8 * DAY)
        kept = Conversion.objects.get().pk

        result = services.results_refresh(campaign=campaign, now=noon + 9 * DAY)

        assert not result.is_final
        assert Conversion.objects.get().pk == kept

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


def tried(campaign, at, **values):
    """Write that this campaign was counted then, and that nobody has touched it since."""
    quiet = at - DAY
    Campaign.objects.filter(pk=campaign.pk).update(updated_at=quiet)
    Message.objects.filter(campaign=campaign).update(updated_at=quiet)
    values = {"refreshed_at": at, "tried_at": at, "due_at": at + 10 * DAY, "is_final": True} | values
    return CampaignResult.objects.create(campaign=campaign, **values)


def refreshed(at):
    return {result.campaign for result in CampaignResult.objects.filter(refreshed_at=at)}


class TestResultsRefreshDue:
    def test_takes_those_whose_hour_has_come(self, campaign, noon):
        waits = CampaignFactory(goal_event="bought")
        tried(campaign, noon - HOUR, due_at=noon)
        tried(waits, noon - HOUR, due_at=noon + timedelta(seconds=1))
        new = CampaignFactory(goal_event="bought")

        services.results_refresh_due(now=noon)

        assert refreshed(noon) == {campaign, new}

    def test_takes_a_final_one_that_sends_again(self, campaign, noon):
        message = message_launched(campaign=campaign, sent=1)
        tried(campaign, noon - HOUR)
        services.results_refresh_due(now=noon)
        assert refreshed(noon) == set()

        Message.objects.filter(pk=message.pk).update(updated_at=noon - MINUTE)  # launched, retried, finished
        services.results_refresh_due(now=noon)

        assert refreshed(noon) == {campaign}

    def test_takes_a_final_one_that_was_changed(self, campaign, noon):
        tried(campaign, noon - HOUR)
        Campaign.objects.filter(pk=campaign.pk).update(updated_at=noon - MINUTE)

        services.results_refresh_due(now=noon)

        assert refreshed(noon) == {campaign}

    def test_news_waits_until_the_last_count_is_old_enough(self, campaign, noon):
        tried(campaign, noon - timedelta(seconds=14))
        Campaign.objects.filter(pk=campaign.pk).update(updated_at=noon)

        services.results_refresh_due(now=noon)

        assert refreshed(noon) == set()

    @pytest.mark.parametrize(
        ("state", "now", "wait"),
        [
            ("finished", timedelta(0), timedelta(seconds=15)),
            ("finished", 17 * DAY, DAY),
            ("paused", 17 * DAY, DAY),
            ("running", 17 * DAY, timedelta(seconds=15)),
        ],
        ids=["in-the-window", "long-after", "paused-and-forgotten", "still-sending"],
    )
    def test_looks_ever_more_seldom_after_the_end(self, campaign, noon, state, now, wait):
        message = message_launched(campaign=campaign, due_at=noon - 10 * MINUTE)
        Message.objects.filter(pk=message.pk).update(state=state)

        result = services.results_refresh(campaign=campaign, now=noon + now)

        assert result.due_at == noon + now + wait

    def test_one_that_cannot_be_counted_keeps_nobody_waiting(self, campaign, noon, caplog):
        message_launched(campaign=campaign, sent=1)
        Campaign.objects.filter(pk=campaign.pk).update(goal_where=[{"property": "total", "op": "near"}])
        other = CampaignFactory(goal_event="bought")

        services.results_refresh_due(now=noon)

        assert refreshed(noon) == {other}
        assert f"the results of campaign {campaign.pk} could not be counted" in caplog.text
        assert campaign_results(campaign).result is None

    def test_one_that_cannot_be_counted_goes_to_the_back(self, campaign, noon, monkeypatch):
        monkeypatch.setattr("apps.reporting.services.BATCH_SIZE", 1)
        message_launched(campaign=campaign, sent=1)
        Campaign.objects.filter(pk=campaign.pk).update(goal_where=[{"property": "total", "op": "near"}])
        services.results_refresh_due(now=noon)
        other = CampaignFactory(goal_event="bought")

        services.results_refresh_due(now=noon + HOUR)

        assert refreshed(noon + HOUR) == {other}

    def test_an_overflow_in_the_database_is_one_campaigns_trouble_too(self, campaign, noon, monkeypatch):
        monkeypatch.setattr("apps.reporting.services.campaign_period", overflow_for(campaign))
        other = CampaignFactory(goal_event="bought")

        services.results_refresh_due(now=noon)

        assert refreshed(noon) == {other}


def overflow_for(campaign):
    """Return what raises in the database for this campaign alone."""

    def period(asked):
        if asked == campaign:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1e20::numeric(16, 4)")

    return period


class TestRollupsVerify:
    def test_finds_nothing_when_the_figures_are_right(self, campaign, noon):
        message = message_launched(campaign=campaign, sent=2, holdout=1)
        event_add(message.recipients.filter(state="sent")[0], "bought", after=HOUR, total=3)
        services.results_refresh(campaign=campaign, now=noon)

        assert services.rollups_verify(campaign=campaign, now=noon) == []

    def test_names_each_figure_that_is_wrong_and_leaves_it(self, campaign, noon):
        message = message_launched(campaign=campaign, sent=2)
        counted(campaign, noon)
        MessageResult.objects.update(opened=1)

        assert services.rollups_verify(campaign=campaign, now=noon) == [
            f"message {message.pk} opened: kept 1, counted 0"
        ]
        assert MessageResult.objects.get().opened == 1

    def test_finds_a_conversion_that_was_missed(self, campaign, noon):
        message = message_launched(campaign=campaign, sent=1)
        event_add(message.recipients.get(), "bought", after=HOUR)
        counted(campaign, noon)
        Conversion.objects.all().delete()

        wrong = services.rollups_verify(campaign=campaign, now=noon + MINUTE)

        assert f"message {message.pk} sent goal conversions: kept 0, counted 1" in wrong

    def test_does_not_take_for_wrong_what_only_waits_to_be_counted(self, campaign, noon):
        message = message_launched(campaign=campaign, sent=1)
        counted(campaign, noon)
        event_add(message.recipients.get(), "bought", after=13 * HOUR)
        hit_add(message.recipients.get(), "opened", after=13 * HOUR)

        assert services.rollups_verify(campaign=campaign, now=noon) == []
        assert services.rollups_verify(campaign=campaign, now=noon + 2 * HOUR) == []
        assert arm(message, "sent").conversions == 1

    def test_leaves_out_a_message_that_is_being_sent(self, campaign, noon):
        message = message_launched(campaign=campaign, sent=1)
        Message.objects.filter(pk=message.pk).update(state="running", finished_at=None)
        counted(campaign, noon)
        recipient_add(message)

        assert services.rollups_verify(campaign=campaign, now=noon) == []


def counted(campaign, at):
    """Count, long after anybody has touched the campaign."""
    quiet = at - DAY
    Campaign.objects.filter(pk=campaign.pk).update(updated_at=quiet)
    Message.objects.filter(campaign=campaign).update(updated_at=quiet)
    campaign.refresh_from_db()
    return services.results_refresh(campaign=campaign, now=at)


@pytest.mark.django_db(transaction=True)
def test_a_look_at_the_figures_waits_for_a_count_before_it_touches_them(campaign, noon):
    """Else the two wait for each other, and PostgreSQL gives one of them up."""
    message_launched(campaign=campaign, sent=1)
    services.results_refresh(campaign=campaign, now=noon)

    def verify():
        try:
            return services.rollups_verify(campaign=campaign, now=noon)
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool, transaction.atomic():
        services._hold(campaign)
        looking = pool.submit(verify)
        wait_until(waits_for_a_lock, "it waits for the count")
        rows = CampaignResult.objects.select_for_update(nowait=True)
        assert rows.filter(campaign=campaign).exists()
    assert looking.result(timeout=10) == []
