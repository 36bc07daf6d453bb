from datetime import date

import pytest

from apps.campaigns import readiness, services, stages
from apps.campaigns.errors import OverrideRefused, PutAway, StageNotEntered
from apps.campaigns.models import Campaign, Override
from apps.collaboration.models import AuditEvent
from tests.factories.campaigns import (
    BareCampaignFactory,
    CampaignFactory,
    OverrideFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db
Stage = Campaign.Stage


def actions():
    return [event.action for event in AuditEvent.objects.order_by("id")]


class TestCampaignAdvance:
    def test_goes_from_stage_to_stage_while_every_criterion_is_met(self, noon, lead):
        campaign = CampaignFactory(stage="idea", goal_date=date(2030, 3, 10))
        late = noon.replace(year=2031)

        for stage in [Stage.PLANNING, Stage.BUILDING, Stage.REVIEW, Stage.READY, Stage.LIVE]:
            campaign = services.campaign_advance(campaign=campaign, stage=stage, by=lead, now=noon)
        for stage in [Stage.REPORTING, Stage.CLOSED]:
            campaign = services.campaign_advance(campaign=campaign, stage=stage, by=lead, now=late)

        campaign.refresh_from_db()
        assert campaign.stage == "closed"
        assert actions() == ["campaign.advanced"] * 7
        assert not Override.objects.exists()

    def test_to_where_it_is_already_does_nothing(self, noon, lead):
        campaign = CampaignFactory(stage="review")

        services.campaign_advance(campaign=campaign, stage="review", by=lead, now=noon)

        assert actions() == []

    @pytest.mark.parametrize(
        ("campaign", "stage", "unmet"),
        [
            ({"stage": "planning", "goal_event": ""}, "building", "The goal has no event to count."),
            ({"stage": "planning", "segment": None}, "building", "No segment is chosen"),
            ({"stage": "planning", "channel__owner": None}, "building", "Nobody owns: E-mail."),
            ({"stage": "building", "channel__why": ""}, "review", "Not said why: E-mail."),
            ({"stage": "review", "goal_seen": False}, "ready", "1 required readiness check fails."),
            ({"stage": "ready", "goal_seen": False}, "live", "1 required readiness check fails."),
            ({"stage": "live"}, "reporting", "The date of the outcome is still to come."),
            ({"stage": "planning"}, "review", "The stage “Building” would be left out."),
        ],
    )
    def test_refuses_what_is_unmet_and_leaves_everything_as_it_was(self, noon, lead, campaign, stage, unmet):
        campaign = CampaignFactory(**campaign)
        before = Campaign.objects.values().get(pk=campaign.pk)

        with pytest.raises(StageNotEntered, match=unmet.replace("(", ".")):
            services.campaign_advance(campaign=campaign, stage=stage, by=lead, now=noon, reason="  ")

        assert Campaign.objects.values().get(pk=campaign.pk) == before
        assert not Override.objects.exists()
        assert actions() == []

    def test_refuses_the_review_while_a_task_is_overdue(self, noon, lead):
        campaign = CampaignFactory(stage="building")
        TaskFactory(campaign=campaign, due_date=date(2030, 2, 28))

        with pytest.raises(StageNotEntered, match="1 task is overdue"):
            services.campaign_advance(campaign=campaign, stage="review", by=lead, now=noon)

    def test_goes_on_all_the_same_for_a_reason_that_is_kept(self, noon, lead):
        campaign = CampaignFactory(stage="planning", segment=None)

        services.campaign_advance(
            campaign=campaign, stage="building", by=lead, now=noon, reason="The list comes on Monday."
        )

        override = Override.objects.get()
        assert (override.check_name, override.by, override.at) == ("stage.building", lead, noon)
        assert override.reason == "The list comes on Monday."
        event = AuditEvent.objects.get()
        assert event.details["unmet"] == ["No segment is chosen as the audience."]
        assert event.details["changes"] == {"stage": ["Planning", "Building"]}

    def test_keeps_no_reason_that_was_not_needed(self, noon, lead):
        campaign = CampaignFactory(stage="planning")

        services.campaign_advance(campaign=campaign, stage="building", by=lead, now=noon, reason="Why not")

        assert not Override.objects.exists()

    @pytest.mark.parametrize("missing", ["idea", "outcome"])
    def test_no_reason_is_good_enough_for_a_missing_bookend(self, noon, lead, missing):
        campaign = CampaignFactory(**{"stage": "idea", missing: " "})

        with pytest.raises(StageNotEntered, match="both bookends"):
            services.campaign_advance(
                campaign=campaign, stage="planning", by=lead, now=noon, reason="We are in a hurry."
            )

    def test_goes_back_without_a_reason_and_forgets_those_for_what_comes_after(self, noon, lead):
        campaign = CampaignFactory(stage="review")
        for stage in ("planning", "building", "review"):
            OverrideFactory(campaign=campaign, check_name=f"stage.{stage}")
        OverrideFactory(campaign=campaign, check_name="campaigns.audience")

        services.campaign_advance(campaign=campaign, stage="building", by=lead, now=noon)

        kept = set(Override.objects.values_list("check_name", flat=True))
        assert kept == {"stage.planning", "campaigns.audience"}

    def test_refuses_a_campaign_that_was_put_away(self, noon, lead):
        with pytest.raises(PutAway):
            services.campaign_advance(
                campaign=CampaignFactory(archived_at=noon), stage="live", by=lead, now=noon
            )


class TestCampaignGoLive:
    @pytest.mark.parametrize("stage", ["building", "ready"])
    def test_says_that_it_has_begun_once(self, noon, lead, stage):
        campaign = CampaignFactory(stage=stage)

        for _launch in range(2):
            services.campaign_go_live(campaign=campaign, by=lead, now=noon)

        campaign.refresh_from_db()
        assert campaign.stage == "live"
        assert actions() == ["campaign.advanced"]

    def test_does_not_bring_back_one_that_reports(self, noon, lead):
        campaign = CampaignFactory(stage="reporting")

        assert services.campaign_go_live(campaign=campaign, by=lead, now=noon).stage == "reporting"


class TestCheckOverride:
    def override(self, campaign, lead, noon, check="campaigns.audience", reason="It comes on Monday."):
        return services.check_override(campaign=campaign, check_name=check, reason=reason, by=lead, now=noon)

    def test_unblocks_the_launch_and_is_on_record(self, noon, lead):
        campaign = CampaignFactory(segment=None)
        assert readiness.problems(campaign, noon) != []

        self.override(campaign, lead, noon)

        assert readiness.problems(campaign, noon) == []
        event = AuditEvent.objects.get()
        assert (event.action, event.by) == ("readiness.overridden", lead)
        assert event.details == {"check": "There is an audience", "reason": "It comes on Monday."}

    def test_sent_twice_is_written_once(self, noon, lead):
        campaign = CampaignFactory(segment=None)

        for _time in range(2):
            self.override(campaign, lead, noon)

        assert Override.objects.count() == 1
        assert actions() == ["readiness.overridden"]

    def test_takes_a_better_reason(self, noon, lead):
        campaign = CampaignFactory(segment=None)
        self.override(campaign, lead, noon)

        self.override(campaign, lead, noon, reason="It came.")

        assert Override.objects.get().reason == "It came."

    @pytest.mark.parametrize(
        ("says", "refusal"),
        [
            ({"check": "campaigns.goal"}, "This check passes"),
            ({"check": "campaigns.kpis"}, "blocks nothing"),
            ({"check": "campaigns.bookends"}, "cannot be overridden"),
            ({"check": "nonsense"}, "no such check"),
            ({"reason": "  "}, "Say why"),
        ],
    )
    def test_refuses_and_keeps_nothing(self, noon, lead, says, refusal):
        campaign = CampaignFactory(segment=None, kpi=False)

        with pytest.raises(OverrideRefused, match=refusal):
            self.override(campaign, lead, noon, **says)

        assert not Override.objects.exists()
        assert actions() == []


class TestOverrideRemove:
    def test_lets_the_check_count_again(self, noon, lead):
        override = OverrideFactory(campaign__segment=None)

        for _time in range(2):
            services.override_remove(
                campaign=override.campaign, check_name=override.check_name, by=lead, now=noon
            )

        assert len(readiness.problems(override.campaign, noon)) == 1
        assert actions() == ["readiness.override_removed"]

    def test_leaves_the_reasons_for_stages(self, noon, lead):
        override = OverrideFactory(check_name="stage.building")

        services.override_remove(campaign=override.campaign, check_name="stage.building", by=lead, now=noon)

        assert Override.objects.get() == override


class TestStages:
    def test_every_stage_but_the_ends_asks_for_something(self):
        asked = {criterion.stage for criterion in stages.criteria}

        # Closing waits for the messages, which the app of the results knows.
        assert asked == set(Stage) - {Stage.IDEA, Stage.CLOSED}

    def test_a_reason_is_told_once_though_several_stages_ask_it(self, noon):
        campaign = CampaignFactory(stage="review", goal_seen=False)

        unmet = stages.unmet(campaign, Stage.LIVE, noon)

        assert unmet == [
            "The stage “Ready” would be left out.",
            "1 required readiness check fails.",
        ]

    def test_the_last_stage_has_no_next_one(self):
        assert stages.next_stage(BareCampaignFactory.build(stage="closed", captain=None)) is None
