from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from apps.campaigns import services
from apps.campaigns.models import Campaign, GoalCount
from apps.campaigns.progress import GoalProgress, Period
from apps.campaigns.selectors import events_seen, goal_progress
from apps.contacts.models import Event, EventType
from tests.factories.campaigns import AudienceFactory, CampaignFactory, goal_event_record

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def campaign():
    """Counted from 1 March to 10 March."""
    return CampaignFactory(
        goal_seen=False, start_date=date(2030, 3, 1), launch_date=None, goal_date=date(2030, 3, 10)
    )


def at(day, hour=9):
    return datetime(2030, 3, 1, hour, tzinfo=UTC) + (day - 1) * DAY


class TestGoalProgress:
    def test_counts_each_person_once_on_the_first_day(self, campaign):
        for contact, day in [(1, 1), (1, 2), (2, 3), (3, 3)]:
            goal_event_record(campaign, contact_id=contact, occurred_at=at(day))

        progress = goal_progress(campaign, at(4))

        assert progress.days == [(date(2030, 3, 1), 1), (date(2030, 3, 3), 3)]
        assert (progress.reached, progress.target) == (3, 200)
        assert progress.line() == [1, 1, 3, 3]

    def test_counts_every_time(self, campaign):
        campaign.goal_measure = "events"
        for contact, day in [(1, 1), (1, 2), (2, 3)]:
            goal_event_record(campaign, contact_id=contact, occurred_at=at(day))

        assert goal_progress(campaign, at(4)).reached == 3

    def test_adds_up_what_it_was_worth_and_nothing_for_what_is_no_number(self, campaign):
        campaign.goal_measure = "value"
        for total in [19.99, 0.01, "12", None, True]:
            goal_event_record(campaign, occurred_at=at(1), total=total)

        assert goal_progress(campaign, at(4)).reached == Decimal("20.00")

    def test_moves_with_the_next_event(self, campaign):
        assert goal_progress(campaign, at(4)).reached == 0

        goal_event_record(campaign, occurred_at=at(4))

        assert goal_progress(campaign, at(4)).reached == 1

    @pytest.mark.parametrize(
        ("moment", "counts"),
        [
            (datetime(2030, 2, 28, 23, 59, 59, tzinfo=UTC), 0),
            (datetime(2030, 3, 1, tzinfo=UTC), 1),
            (datetime(2030, 3, 10, 23, 59, 59, tzinfo=UTC), 1),
            (datetime(2030, 3, 11, tzinfo=UTC), 0),
        ],
    )
    def test_counts_from_the_first_moment_to_the_last(self, campaign, moment, counts):
        goal_event_record(campaign, occurred_at=moment)

        assert goal_progress(campaign, at(20)).reached == counts

    def test_counts_only_where_the_conditions_hold(self, campaign):
        campaign.goal_where = [{"property": "total", "op": "gte", "value": 50}]
        for total in [49, 50, 51]:
            goal_event_record(campaign, contact_id=total, occurred_at=at(1), total=total)

        assert goal_progress(campaign, at(4)).reached == 2

    def test_leaves_out_other_events(self, campaign):
        goal_event_record(CampaignFactory(goal_event="visit", goal_seen=False), occurred_at=at(1))

        assert goal_progress(campaign, at(4)).reached == 0

    def test_counts_nothing_without_an_event_to_count(self, campaign, django_assert_num_queries):
        campaign.goal_event = ""

        with django_assert_num_queries(0):
            assert goal_progress(campaign, at(4)).reached == 0

    def test_says_why_it_cannot_count(self, campaign):
        campaign.goal_where = [{"property": "total", "op": "near", "value": 50}]

        progress = goal_progress(campaign, at(4))

        assert progress.reached == 0
        assert "where[0].op" in progress.problem

    @pytest.mark.parametrize("total", [1e20, -1e20, 999_999_999_999.9999])
    def test_takes_a_number_beyond_all_measure_for_none(self, campaign, total):
        campaign.goal_measure = "value"
        for each in (total, 5):
            goal_event_record(campaign, occurred_at=at(1), total=each)

        assert goal_progress(campaign, at(4)).reached == 5

    def test_costs_two_statements(self, campaign, django_assert_num_queries):
        for contact in range(20):
            goal_event_record(campaign, contact_id=contact, occurred_at=at(1))

        with django_assert_num_queries(2):  # what was counted last, and what came since
            goal_progress(campaign, at(4))


class TestGoalCount:
    """What was counted last and what came since are together what counting everything would give."""

    @pytest.fixture
    def watched(self, campaign):
        """Two people had come by the fourth day at nine, when the campaign was watched."""
        for contact, day in [(1, 1), (1, 2), (2, 3)]:
            goal_event_record(campaign, contact_id=contact, occurred_at=at(day))
        services.campaigns_watch(now=at(4))
        return campaign

    @pytest.mark.parametrize(("measure", "reached"), [("people", 3), ("events", 5), ("value", 100)])
    def test_is_added_to_by_what_came_since(self, watched, measure, reached):
        Campaign.objects.update(goal_measure=measure, watched_at=None)
        services.campaigns_watch(now=at(4))
        watched.refresh_from_db()
        goal_event_record(watched, contact_id=2, occurred_at=at(5))
        goal_event_record(watched, contact_id=3, occurred_at=at(5))

        kept = goal_progress(watched, at(6))
        GoalCount.objects.all().delete()

        assert kept.reached == goal_progress(watched, at(6)).reached == reached
        assert kept.days == goal_progress(watched, at(6)).days

    def test_is_added_to_by_what_happened_before_and_came_late(self, watched):
        late = goal_event_record(watched, contact_id=3, occurred_at=at(2))
        Event.objects.filter(pk=late.pk).update(received_at=at(5))

        assert goal_progress(watched, at(6)).days == [
            (date(2030, 3, 1), 1),
            (date(2030, 3, 2), 2),
            (date(2030, 3, 3), 3),
        ]

    def test_counts_nothing_twice_that_came_just_before(self, watched):
        goal_event_record(watched, contact_id=3, occurred_at=at(4) - timedelta(minutes=5))
        Campaign.objects.update(watched_at=None)

        services.campaigns_watch(now=at(4))

        assert goal_progress(watched, at(4)).reached == 3
        watched.refresh_from_db()
        assert watched.goal_reached == 3

    def test_reads_only_what_came_since(self, watched):
        """An old event that vanishes is not missed until the next count."""
        Event.objects.filter(contact_id=1).delete()

        assert goal_progress(watched, at(4)).reached == 2

    @pytest.mark.parametrize(
        "change",
        [
            {"goal_event": "visit"},
            {"goal_where": [{"property": "total", "op": "gt", "value": 20}]},
            {"start_date": date(2030, 3, 4)},
            {"goal_date": date(2030, 2, 1), "start_date": date(2030, 1, 1)},
        ],
    )
    def test_is_of_no_use_once_the_goal_has_changed(self, watched, change):
        Campaign.objects.update(**change)
        watched.refresh_from_db()

        assert goal_progress(watched, at(4)).reached == 0

    def test_of_a_goal_that_is_over_stands_alone_until_it_is_taken_again(self, watched):
        Campaign.objects.update(watched_at=None)
        services.campaigns_watch(now=at(20))
        late = goal_event_record(watched, contact_id=3, occurred_at=at(2))
        Event.objects.filter(pk=late.pk).update(received_at=at(21))

        progress = goal_progress(watched, at(21))
        assert (progress.reached, progress.counted_at) == (2, at(20))

        services.campaigns_watch(now=at(22))
        assert goal_progress(watched, at(22)).reached == 3

    def test_of_a_goal_that_is_over_takes_in_what_arrived_a_moment_ago(self, watched):
        Campaign.objects.update(watched_at=None)
        late = goal_event_record(watched, contact_id=3, occurred_at=at(2))
        Event.objects.filter(pk=late.pk).update(received_at=at(20) - timedelta(seconds=1))

        services.campaigns_watch(now=at(20))

        assert goal_progress(watched, at(20)).reached == 3


class TestPace:
    def progress(self, reached, now, target=100, last=date(2030, 3, 10)):
        days = [(date(2030, 3, 1), Decimal(reached))] if reached else []
        target = Decimal(target) if target else None
        return GoalProgress(Period(date(2030, 3, 1), last), target, now, now, days)

    @pytest.mark.parametrize(
        ("now", "expected"), [(at(-3), 0), (at(1, hour=0), 0), (at(6, hour=0), 50), (at(30), 100)]
    )
    def test_expects_an_even_pace(self, now, expected):
        assert self.progress(0, now).expected == expected

    def test_knows_ahead_from_behind(self):
        assert self.progress(49, at(6, hour=0)).is_behind
        assert not self.progress(50, at(6, hour=0)).is_behind
        assert self.progress(100, at(6)).is_reached
        assert self.progress(150, at(6)).ratio == 1.5

    def test_expects_nothing_without_target_or_date(self):
        assert self.progress(5, at(6), target=None).expected is None
        assert self.progress(5, at(6), last=None).expected is None
        assert self.progress(5, at(6), target=None).ratio is None
        assert not self.progress(5, at(6), target=None).is_reached

    def test_has_an_end(self):
        assert not self.progress(5, at(10, hour=23)).is_over
        assert self.progress(5, at(11, hour=0)).is_over
        assert not self.progress(5, at(11), last=None).is_over


class TestEventsSeen:
    def test_says_how_often_each_came_lately(self, noon, campaign):
        for name, seen in [("order", noon), ("visit", noon - DAY)]:
            EventType.objects.create(
                name=name,
                first_seen_at=seen,
                last_seen_at=seen,
                properties={"total": "number", "a": "string"},
            )
        for days in [1, 29, 31]:
            goal_event_record(campaign, occurred_at=noon - days * DAY)

        order, visit = events_seen(noon)

        assert (order.name, order.count, order.numbers) == ("order", 2, ["total"])
        assert (visit.name, visit.count, visit.is_capped) == ("visit", 0, False)


class TestCampaignsWatch:
    def test_keeps_what_lists_show(self, noon, django_assert_num_queries):
        campaign = CampaignFactory(stage="building", segment=None)
        goal_event_record(campaign, contact_id=7, occurred_at=noon)
        before = (campaign.version, campaign.updated_at)

        services.campaigns_watch(now=noon)

        campaign.refresh_from_db()
        assert (campaign.goal_reached, campaign.blockers, campaign.watched_at) == (1, 1, noon)
        assert (campaign.version, campaign.updated_at) == before

    def test_looks_again_only_after_a_while(self, noon):
        campaign = CampaignFactory(stage="live")
        services.campaigns_watch(now=noon)
        goal_event_record(campaign, occurred_at=noon)

        services.campaigns_watch(now=noon + timedelta(minutes=4))
        campaign.refresh_from_db()
        assert campaign.goal_reached == 0

        services.campaigns_watch(now=noon + timedelta(minutes=6))
        campaign.refresh_from_db()
        assert campaign.goal_reached == 1

    def test_looks_at_a_closed_one_once_a_day(self, noon):
        campaign = CampaignFactory(stage="closed")
        services.campaigns_watch(now=noon)

        for now, watched_at in [(DAY, noon), (DAY + timedelta(seconds=1), noon + DAY + timedelta(seconds=1))]:
            services.campaigns_watch(now=noon + now)
            campaign.refresh_from_db()
            assert campaign.watched_at == watched_at

    def test_leaves_out_what_was_put_away(self, noon):
        campaign = CampaignFactory(archived_at=noon)

        services.campaigns_watch(now=noon)

        campaign.refresh_from_db()
        assert campaign.watched_at is None

    @pytest.mark.parametrize(("stage", "blockers"), [("idea", 0), ("planning", 1), ("ready", 0), ("live", 0)])
    def test_asks_the_checks_only_on_the_way_to_the_launch(self, noon, stage, blockers):
        campaign = CampaignFactory(stage=stage, segment=None if stage != "ready" else AudienceFactory())

        services.campaigns_watch(now=noon)

        campaign.refresh_from_db()
        assert campaign.blockers == blockers

    def test_one_that_breaks_keeps_nobody_waiting(self, noon, monkeypatch, caplog):
        """Neither an error of the database nor one of the calendar."""
        broken = CampaignFactory.create_batch(2, stage="live", goal_reached=7, blockers=1)
        other = CampaignFactory(stage="live")
        faults = {broken[0].pk: "SELECT 1e20::numeric(16, 4)", broken[1].pk: None}

        def fault(campaign, now):
            if campaign.pk in faults:
                if faults[campaign.pk] is None:
                    raise OverflowError
                with connection.cursor() as cursor:
                    cursor.execute(faults[campaign.pk])
            return goal_progress(campaign, now)

        monkeypatch.setattr("apps.campaigns.selectors.goal_progress", fault)

        services.campaigns_watch(now=noon)

        other.refresh_from_db()
        assert (other.goal_reached, other.watched_at) == (0, noon)
        for campaign in broken:
            campaign.refresh_from_db()
            assert (campaign.goal_reached, campaign.blockers, campaign.watched_at) == (None, None, noon)
            assert f"campaign {campaign.pk} could not be watched" in caplog.text

    def test_takes_one_batch_and_rings_for_the_next(
        self, noon, monkeypatch, django_capture_on_commit_callbacks
    ):
        monkeypatch.setattr("apps.campaigns.services.watch.BATCH_SIZE", 2)
        CampaignFactory.create_batch(3, stage="live", goal_seen=False)

        with django_capture_on_commit_callbacks() as rung:
            services.campaigns_watch(now=noon)

        assert len(rung) == 1
