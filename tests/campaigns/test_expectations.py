"""What should have come by when: the curve, who acknowledged it, what has come beside it, the alert."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.campaigns import checks, expectations, homes, selectors, services
from apps.campaigns.errors import ChangedMeanwhile, ExpectationRefused, NotEligible
from apps.campaigns.expectations import Shape, expected_at, suggest
from apps.campaigns.models import Expectation, Shortfall, Stakeholder
from apps.campaigns.progress import Period
from apps.campaigns.services.expectation import expectation_watch
from apps.collaboration.models import AuditEvent, Notification
from apps.core.home import Look
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import (
    CampaignFactory,
    ExpectationFactory,
    ShortfallFactory,
    StakeholderFactory,
    goal_event_record,
)

pytestmark = pytest.mark.django_db
MONTHS = [date(2030, month, 1) for month in (3, 4, 5, 6)]
MARCH, APRIL, MAY, JUNE = MONTHS
CURVE = {MARCH: Decimal(50), APRIL: Decimal(100), MAY: Decimal(180), JUNE: Decimal(200)}
PERIOD = Period(date(2030, 3, 1), date(2030, 6, 30))


def url(name, *args):
    return reverse(f"campaigns:{name}", args=args)


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def at(month, day):
    return datetime(2030, month, day, tzinfo=UTC)


@pytest.fixture
def campaign():
    """Counts from 1 March to 1 June 2030, people, target 200."""
    return CampaignFactory()


class TestShapes:
    @pytest.mark.parametrize(
        ("shape", "amounts"),
        [
            (Shape.EVEN, [51, 100, 151, 200]),
            (Shape.EARLY, [89, 150, 188, 200]),
            (Shape.LATE, [13, 50, 114, 200]),
        ],
    )
    def test_end_at_the_target(self, shape, amounts):
        curve = suggest(PERIOD, Decimal(200), shape)

        assert list(curve) == MONTHS
        assert list(curve.values()) == amounts

    def test_are_none_without_a_last_day(self):
        assert suggest(Period(MARCH, None), Decimal(200), Shape.EVEN) == {}

    def test_stop_after_three_years(self):
        assert len(expectations.months_of(Period(date(2000, 1, 1), date(2099, 1, 1)))) == 36


class TestExpectedAt:
    @pytest.mark.parametrize(
        ("moment", "amount"),
        [
            (at(2, 1), 0),
            (at(3, 1), 0),
            (at(4, 1), 50),
            (at(4, 16), 75),
            (at(7, 1), 200),
            (at(9, 1), 200),
        ],
    )
    def test_runs_straight_from_month_to_month(self, moment, amount):
        assert round(expected_at(CURVE, PERIOD, moment), 6) == amount


class TestStanding:
    def test_sets_what_has_come_beside_the_curve_in_words(self, campaign):
        ExpectationFactory(campaign=campaign)
        for number, moment in enumerate([at(3, 5), at(3, 31), at(4, 10)], start=1):
            goal_event_record(campaign, contact_id=number, occurred_at=moment)

        view = selectors.expectation_view(campaign, at(4, 16))

        assert [(one.reached, one.difference) for one in view.standing.months] == [
            (2, -48),
            (3, -97),
            (None, None),
            (None, None),
        ]
        assert view.sentence == "75 was expected by now and 3 has come: 72 less (96\N{NO-BREAK SPACE}%)."
        assert view.standing.is_short

    def test_misses_no_part_of_one(self, campaign):
        ExpectationFactory(campaign=campaign)

        view = selectors.expectation_view(campaign, at(3, 1) + timedelta(hours=1))

        assert view.sentence == "Nothing was expected by now; 0 has come."
        assert not view.standing.is_short

    def test_says_when_it_is_as_expected_or_more(self, campaign):
        ExpectationFactory(campaign=campaign, points=[["2030-03", "1"], ["2030-04", "4"], ["2030-05", "5"]])
        goal_event_record(campaign, contact_id=1, occurred_at=at(3, 5))
        assert (
            selectors.expectation_view(campaign, at(4, 1)).sentence
            == "1 was expected by now, and it has come."
        )
        goal_event_record(campaign, contact_id=2, occurred_at=at(3, 5))
        view = selectors.expectation_view(campaign, at(4, 1))
        assert view.sentence == "1 was expected by now and 2 has come: 1 more (100\N{NO-BREAK SPACE}%)."
        assert not view.standing.is_short


def set_curve(campaign, noon, **changed):
    options = {"points": CURVE, "by": campaign.captain, "now": noon} | changed
    return services.expectation_set(campaign=campaign, **options)


class TestSet:
    def test_is_told_month_by_month_and_asks_everybody_again(self, noon, campaign):
        set_curve(campaign, noon)
        person = StakeholderFactory(campaign=campaign, acknowledged_at=noon)

        set_curve(campaign, noon, points=CURVE | {APRIL: Decimal(120)}, seen=1)

        person.refresh_from_db()
        assert (person.acknowledged_at, person.asked_at) == (None, noon)
        told = Notification.objects.get(user=person.user)
        assert "2030-04: 100 → 120" in told.text
        event = AuditEvent.objects.get(action="expectation.changed")
        assert event.details == {"changes": {"2030-04": ["100", "120"]}, "version": 2}

    def test_again_the_same_changes_nothing(self, noon, campaign):
        set_curve(campaign, noon)
        person = StakeholderFactory(campaign=campaign, acknowledged_at=noon)

        set_curve(campaign, noon)
        set_curve(campaign, noon, alert_percent=30)  # no other curve

        person.refresh_from_db()
        assert person.acknowledged_at == noon
        assert Expectation.objects.get().alert_percent == 30

    @pytest.mark.parametrize(
        ("points", "field"),
        [
            (CURVE | {APRIL: Decimal(40)}, "2030-04"),
            ({**CURVE, date(2030, 7, 1): Decimal(300)}, "2030-07"),
            ({MARCH: Decimal(1)}, ""),
            (dict.fromkeys(CURVE, Decimal(0)), "2030-06"),
        ],
    )
    def test_refuses_what_cannot_be_and_keeps_what_was(self, noon, campaign, points, field):
        with pytest.raises(ExpectationRefused) as refused:
            set_curve(campaign, noon, points=points)

        assert refused.value.field == field
        assert not Expectation.objects.exists()

    def test_needs_a_goal_that_ends(self, noon):
        campaign = CampaignFactory(goal_target=None)

        with pytest.raises(ExpectationRefused, match="Set the goal"):
            set_curve(campaign, noon)

    def test_tells_the_second_who_changed_the_month(self, noon, lead, campaign):
        set_curve(campaign, noon)
        set_curve(campaign, noon, points=CURVE | {APRIL: Decimal(120)}, by=lead, seen=1)

        with pytest.raises(ChangedMeanwhile) as change:
            set_curve(campaign, noon, points=CURVE | {APRIL: Decimal(110)}, seen=1)

        assert str(lead) in change.value.theirs["2030-04"]

    def test_tells_the_second_who_changed_the_share_that_is_alerted_of(self, noon, lead, campaign):
        set_curve(campaign, noon)
        set_curve(campaign, noon, alert_percent=30, by=lead, seen=1)

        with pytest.raises(ChangedMeanwhile) as change:
            set_curve(campaign, noon, alert_percent=40, seen=1)

        assert f"{lead} has changed this to “30 %”" in change.value.theirs["alert_percent"]
        assert Expectation.objects.get().alert_percent == 30


class TestAcknowledge:
    def test_is_on_record_once(self, noon, campaign):
        set_curve(campaign, noon)
        person = StakeholderFactory(campaign=campaign)

        for _time in range(2):
            services.expectation_acknowledge(stakeholder=person, by=person.user, now=noon, seen=1)

        person.refresh_from_db()
        assert person.acknowledged_at == noon
        assert AuditEvent.objects.filter(action="expectation.acknowledged").count() == 1
        assert checks.expectations_are_acknowledged(campaign, noon).ok

    def test_is_refused_for_another_curve_than_was_read(self, noon, campaign):
        set_curve(campaign, noon)
        person = StakeholderFactory(campaign=campaign)
        set_curve(campaign, noon, points=CURVE | {APRIL: Decimal(120)})

        with pytest.raises(ExpectationRefused, match="Read it again"):
            services.expectation_acknowledge(stakeholder=person, by=person.user, now=noon, seen=1)

        assert not checks.expectations_are_acknowledged(campaign, noon).ok

    def test_is_asked_only_of_who_sees_the_campaign(self, noon, campaign):
        stranger = UserFactory(role="contributor")

        with pytest.raises(NotEligible):
            services.stakeholder_add(campaign=campaign, user=stranger, by=campaign.captain, now=noon)

        assert not Stakeholder.objects.exists()

    def test_naming_somebody_tells_them_once(self, noon, campaign):
        set_curve(campaign, noon)
        person = UserFactory(role="executive")

        for _time in range(2):
            services.stakeholder_add(campaign=campaign, user=person, by=campaign.captain, now=noon)

        assert Notification.objects.filter(user=person).count() == 1


class TestWatch:
    def watch(self, campaign, now):
        progress = selectors.goal_progress(campaign, now)
        expectation_watch(campaign=campaign, progress=progress, now=now)

    def test_tells_the_captain_of_a_shortfall_once_a_month(self, campaign):
        ExpectationFactory(campaign=campaign)

        for moment in (at(4, 16), at(4, 17), at(5, 2)):
            self.watch(campaign, moment)

        assert [row.month for row in Shortfall.objects.order_by("month")] == [APRIL, MAY]
        told = [note.text for note in Notification.objects.filter(user=campaign.captain).order_by("id")]
        assert len(told) == 2
        assert "is behind: 75 was expected by now and 0 has come" in told[0]
        assert not checks.results_are_as_expected(campaign, at(4, 20)).ok
        assert checks.results_are_as_expected(campaign, at(6, 1)).ok

    def test_is_silent_within_the_threshold_and_when_it_is_over(self, campaign):
        ExpectationFactory(campaign=campaign, points=[["2030-03", "0"], ["2030-06", "100"]])

        self.watch(campaign, at(3, 20))
        self.watch(campaign, at(6, 20))

        assert not Shortfall.objects.exists()

    def test_reminds_after_three_days_and_again_three_days_later(self, noon, campaign):
        ExpectationFactory(campaign=campaign, points=[["2030-03", "0"], ["2030-06", "1"]])
        person = StakeholderFactory(campaign=campaign, asked_at=noon)
        StakeholderFactory(campaign=campaign, asked_at=noon, acknowledged_at=noon)

        for days in (2, 3, 4, 6):
            self.watch(campaign, noon + timedelta(days=days))

        assert Notification.objects.count() == 2
        assert Notification.objects.filter(user=person.user).count() == 2


class TestPages:
    def test_show_the_curve_and_take_it(self, login, campaign):
        client = login(campaign.captain)
        page = client.get(url("expectation", campaign.pk), {"shape": "late"})
        assert 'name="2030-06"' in text(page)

        sent = {f"{month:%Y-%m}": str(amount) for month, amount in CURVE.items()}
        refused = client.post(
            url("expectation_set", campaign.pk), sent | {"2030-04": "40", "alert_percent": 20}
        )
        assert "It cannot be less" in text(refused)
        done = client.post(url("expectation_set", campaign.pk), sent | {"alert_percent": 25, "version": 0})
        assert done.status_code == HTTPStatus.FOUND
        assert Expectation.objects.get().by_month == CURVE
        assert "expected" in text(client.get(url("detail", campaign.pk)))

    def test_say_what_comes_first(self, login):
        campaign = CampaignFactory(goal_date=None)

        assert "set its target and its date first" in text(
            login(campaign.captain).get(url("expectation", campaign.pk))
        )

    def test_only_the_asked_one_acknowledges(self, login, lead, campaign):
        ExpectationFactory(campaign=campaign)
        person = StakeholderFactory(campaign=campaign, user__role="executive")

        address = url("expectation_acknowledge", person.pk)
        assert login(lead).post(address, {"version": 1}).status_code == HTTPStatus.FORBIDDEN
        client = login(person.user)
        assert "I know what to expect" in text(client.get(url("expectation", campaign.pk)))
        client.post(address, {"version": 1})
        person.refresh_from_db()
        assert person.acknowledged_at is not None

    def test_home_shows_what_waits_and_what_is_behind(self, noon, campaign):
        person = StakeholderFactory(campaign=campaign)
        ShortfallFactory(campaign=campaign)

        (awaited,) = homes.expectations_panel(Look(person.user, noon))["awaited"]
        (short,) = homes.expectations_panel(Look(campaign.captain, noon))["short"]
        assert (awaited.pk, awaited.at) == (campaign.pk, person.asked_at)
        assert (short.pk, short.name) == (campaign.pk, campaign.name)
        assert homes.expectations_panel(Look(UserFactory(), noon)) is None
