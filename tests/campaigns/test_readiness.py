from datetime import date, timedelta

import pytest
from django.db import connection

from apps.campaigns import readiness
from apps.campaigns.readiness import Check, Finding, Group
from apps.contacts.models import Event
from tests.factories.campaigns import (
    AudienceFactory,
    CampaignFactory,
    ChannelFactory,
    KpiFactory,
    OverrideFactory,
    TaskFactory,
    goal_event_record,
)
from tests.factories.contacts import ContactFactory, QualityScanFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def answer(name, campaign, now):
    [line] = [line for line in readiness.findings(campaign, now) if line.check.name == name]
    return line


@pytest.fixture
def register(monkeypatch):
    """Return a function that adds a check for the time of the test."""

    def add(run, *, name="test.check", is_required=True):
        entries = {**readiness.checks._entries}
        monkeypatch.setattr(readiness.checks, "_entries", entries)
        readiness.checks.register(name, Check(name, "A check", Group.CTAS, is_required, run))

    return add


class TestProblems:
    def test_has_none_for_a_campaign_that_is_ready(self, noon):
        assert readiness.problems(CampaignFactory(), noon) == []

    @pytest.mark.parametrize(
        ("campaign", "problem"),
        [
            ({"outcome": "", "stage": "idea"}, "The desired outcome is not written down."),
            ({"idea": " "}, "The big idea is not written down."),
            ({"goal_target": None}, "The goal has no target."),
            ({"goal_date": None}, "The goal has no date."),
            ({"goal_date": date(2030, 2, 28), "start_date": None}, "The date of the goal has passed"),
            ({"segment": None}, "No segment is chosen as the audience."),
            ({"segment__size": 0}, "Nobody is in the segment"),
            ({"channel": False}, "The campaign has no channel."),
            ({"channel__owner": None}, "Nobody owns: E-mail."),
            ({"channel__owner__is_active": False}, "Whoever owned it has left: E-mail."),
            ({"goal_measure": "value", "value_property": ""}, "no property carries it"),
            ({"stage": "building"}, "still at the stage “Building”"),
            ({"stage": "closed"}, "The campaign is over"),
            ({"goal_seen": False}, "“order” has never been received."),
            ({"goal_seen__occurred_at": None}, "was last received on"),
            ({"goal_seen__total": "20"}, "“order” arrives, but never with “total”."),
            ({"goal_seen__total": True}, "“order” arrives, but never with “total”."),
            ({"goal_where": [{"property": "shop", "op": "eq", "value": "x"}]}, "never with “shop”"),
        ],
    )
    def test_names_what_is_missing(self, noon, campaign, problem):
        if "goal_seen__occurred_at" in campaign:
            campaign["goal_seen__occurred_at"] = noon - 31 * DAY

        problems = readiness.problems(CampaignFactory(**campaign), noon)

        assert [problem in sentence for sentence in problems].count(True) == 1

    def test_sees_one_good_event_among_bad_ones(self, noon):
        campaign = CampaignFactory(goal_seen__total=None)
        assert readiness.problems(campaign, noon) != []

        goal_event_record(campaign, total=1.5)

        assert readiness.problems(campaign, noon) == []

    def test_leaves_out_what_is_overridden(self, noon):
        campaign = CampaignFactory(segment=None)
        OverrideFactory(campaign=campaign, check_name="campaigns.audience")

        assert readiness.problems(campaign, noon) == []

    def test_leaves_out_what_is_not_required(self, noon):
        campaign = CampaignFactory(kpi=False)
        TaskFactory(campaign=campaign, due_date=date(2030, 3, 1))

        assert readiness.problems(campaign, noon) == []
        assert not answer("campaigns.tasks", campaign, noon).finding.ok
        assert not answer("campaigns.kpis", campaign, noon).finding.ok


class TestFindings:
    def test_a_check_that_breaks_fails_and_breaks_nothing_else(self, noon, register):
        def broken(campaign, now):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")

        register(broken)
        campaign = CampaignFactory()

        assert readiness.problems(campaign, noon) == ["“A check” could not be checked."]
        assert Event.objects.exists()  # the transaction lives on

    def test_are_in_the_order_of_the_groups(self, noon, register):
        register(lambda campaign, now: Finding(True, "Fine."))

        groups = [line.check.group for line in readiness.findings(CampaignFactory(), noon)]

        assert groups == sorted(groups, key=list(Group).index)
        assert Group.CTAS in groups

    def test_an_override_is_shown_and_unblocks(self, noon):
        campaign = CampaignFactory(segment=None)
        assert answer("campaigns.audience", campaign, noon).blocks

        override = OverrideFactory(campaign=campaign)

        line = answer("campaigns.audience", campaign, noon)
        assert (line.finding.ok, line.blocks, line.override) == (False, False, override)

    def test_tasks_due_before_the_launch_are_counted(self, noon):
        campaign = CampaignFactory(launch_date=date(2030, 3, 10))
        for due in [date(2030, 3, 10), date(2030, 3, 11), None]:
            TaskFactory(campaign=campaign, due_date=due)
        TaskFactory(campaign=campaign, due_date=date(2030, 3, 1), done=True)

        finding = answer("campaigns.tasks", campaign, noon).finding

        assert finding.sentence == "1 task is due before the launch and open."

    def test_kpis_without_a_reason_are_named(self, noon):
        campaign = CampaignFactory()
        KpiFactory(campaign=campaign, metric__name="Visits", reason="")

        assert answer("campaigns.kpis", campaign, noon).finding.sentence == "KPIs without a reason: Visits."

    @pytest.mark.parametrize("segment", [{"size": None}, {"is_stale": True}])
    def test_an_audience_that_is_not_counted_yet_is_asked_by_its_rule(self, noon, segment):
        campaign = CampaignFactory(segment=AudienceFactory(**segment))
        assert not answer("campaigns.audience", campaign, noon).finding.ok

        ContactFactory()

        assert answer("campaigns.audience", campaign, noon).finding.ok

    @pytest.mark.parametrize(
        ("scan", "told", "is_ok"),
        [
            (None, "Nobody has looked yet at the quality", False),
            ({"days": 31, "score": 99}, "last looked at on", False),
            ({"days": 3, "score": 79}, "score 79.0 of 100; 80 is clean", False),
            ({"days": 3, "score": 80}, "scored 80.0 of 100", True),
        ],
    )
    def test_the_data_is_clean_where_somebody_has_looked_lately_and_found_little(
        self, noon, scan, told, is_ok
    ):
        if scan:
            QualityScanFactory(finished_at=noon - scan["days"] * DAY, score=scan["score"])

        line = answer("campaigns.quality", CampaignFactory(), noon)

        assert told in line.finding.sentence
        assert (line.finding.ok, line.blocks) == (is_ok, False)

    def test_two_channels_of_which_one_is_nobodys(self, noon):
        campaign = CampaignFactory()
        ChannelFactory(campaign=campaign, kind="social", owner=None)

        assert answer("campaigns.channels", campaign, noon).finding.sentence == "Nobody owns: Social."
