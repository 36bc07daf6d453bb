from datetime import date, timedelta

import pytest

from apps.campaigns import approvals, checks, services, stages
from apps.campaigns.errors import ApprovalRefused
from apps.campaigns.models import Approval, Campaign
from apps.campaigns.standings import part_standing, part_standings
from apps.collaboration.models import AuditEvent, Notification
from apps.messaging import services as messaging
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory
from tests.factories.content import TemplateVersionFactory
from tests.factories.messaging import MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    return CampaignFactory(stage="review", asks_approvals=True)


@pytest.fixture
def other():
    """Somebody who has edited nothing and asked for nothing."""
    return UserFactory(name="Ann", role="marketing_lead")


def approve(campaign, part, other, lead, noon):
    services.approval_ask(campaign=campaign, part=part, by=lead, now=noon)
    digest = part_standing(campaign, part).digest
    return services.approval_give(campaign=campaign, part=part, digest=digest, by=other, now=noon)


def approved(campaign):
    return {standing.part for standing in part_standings(campaign) if standing.is_approved}


ALL = {"content", "audience", "schedule", "goal"}


class TestAnEdit:
    @pytest.mark.parametrize(
        ("fields", "part"),
        [
            ({"idea": "Another one."}, "content"),
            ({"audience_note": "Readers."}, "audience"),
            ({"launch_date": date(2030, 3, 20)}, "schedule"),
            ({"goal_target": 300}, "goal"),
        ],
    )
    def test_of_a_part_resets_that_part_and_no_other(self, noon, lead, other, campaign, fields, part):
        for each in ALL:
            approve(campaign, each, other, lead, noon)

        campaign = services.campaign_update(campaign=campaign, by=lead, now=noon, **fields)

        assert approved(campaign) == ALL - {part}
        (change,) = part_standing(campaign, part).changes
        assert change.old != change.new

    def test_taken_back_is_approved_again(self, noon, lead, other, campaign):
        approve(campaign, "goal", other, lead, noon)
        for target in (300, 200):
            campaign = services.campaign_update(campaign=campaign, by=lead, now=noon, goal_target=target)

        assert approved(campaign) == {"goal"}

    def test_of_a_template_resets_the_content_and_shows_the_lines(self, noon, lead, other, campaign):
        message = MessageFactory(campaign=campaign)
        approve(campaign, "content", other, lead, noon)
        approve(campaign, "schedule", other, lead, noon)

        mjml = message.template.current.mjml.replace("<mjml>", "<mjml>\n<!-- new -->\n")
        version = TemplateVersionFactory(template=message.template, mjml=mjml, number=2)
        type(message.template).objects.filter(pk=message.template_id).update(current=version)

        assert approved(campaign) == {"schedule"}
        lines = [line for change in part_standing(campaign, "content").changes for line in change.lines]
        assert ("+", "<!-- new -->") in lines

    def test_of_a_message_is_of_the_part_that_it_changes(self, noon, lead, other, campaign):
        message = MessageFactory(campaign=campaign)
        for each in ALL:
            approve(campaign, each, other, lead, noon)

        messaging.message_update(message=message, fields={"holdout_percent": 20}, by=other, now=noon)

        assert approved(campaign) == ALL - {"audience"}
        assert part_standing(campaign, "audience").last_editor_id == other.pk
        assert part_standing(campaign, "schedule").last_editor_id != other.pk

    def test_no_longer_counts_of_a_message_that_was_launched(self, noon, lead, other, campaign):
        message = MessageFactory(campaign=campaign)
        for each in ALL:
            approve(campaign, each, other, lead, noon)

        message.state, message.launched_at = "running", noon
        message.template_version = message.template.versions.get()
        message.scheduled_at = noon
        message.save()

        assert approved(campaign) == ALL


class TestNobodyApproves:
    def test_what_they_asked_for(self, noon, lead, campaign):
        services.approval_ask(campaign=campaign, part="goal", by=lead, now=noon)
        digest = part_standing(campaign, "goal").digest

        with pytest.raises(ApprovalRefused, match="asked for this approval"):
            services.approval_give(campaign=campaign, part="goal", digest=digest, by=lead, now=noon)

        assert Approval.objects.get().is_waiting

    def test_what_they_edited_last(self, noon, lead, other, campaign):
        campaign = services.campaign_update(campaign=campaign, by=other, now=noon, goal_target=300)
        services.approval_ask(campaign=campaign, part="goal", by=lead, now=noon)
        digest = part_standing(campaign, "goal").digest

        with pytest.raises(ApprovalRefused, match="edited this part last"):
            services.approval_give(campaign=campaign, part="goal", digest=digest, by=other, now=noon)

    def test_their_own_work_unless_the_installation_allows_it(self, noon, lead, campaign, settings):
        settings.CAMPAIGN_SELF_APPROVAL = True

        approve(campaign, "goal", lead, lead, noon)

        assert approved(campaign) == {"goal"}

    def test_what_has_changed_since_they_looked(self, noon, lead, other, campaign):
        services.approval_ask(campaign=campaign, part="goal", by=lead, now=noon)
        digest = part_standing(campaign, "goal").digest
        campaign = services.campaign_update(campaign=campaign, by=lead, now=noon, goal_target=300)

        with pytest.raises(ApprovalRefused, match="changed since you opened"):
            services.approval_give(campaign=campaign, part="goal", digest=digest, by=other, now=noon)

        assert approved(campaign) == set()

    def test_what_nobody_asked_for(self, noon, lead, campaign):
        with pytest.raises(ApprovalRefused, match="Nobody has asked"):
            services.approval_give(campaign=campaign, part="goal", digest="", by=lead, now=noon)


class TestAsking:
    def test_twice_is_once_and_tells_the_captain(self, noon, lead, campaign):
        for _time in range(2):
            services.approval_ask(campaign=campaign, part="goal", by=lead, now=noon)

        assert Approval.objects.get().asked_by == lead
        assert Notification.objects.get().user == campaign.captain
        assert [event.action for event in AuditEvent.objects.all()] == ["approval.asked"]

    def test_for_what_is_approved_is_refused(self, noon, lead, other, campaign):
        approve(campaign, "goal", other, lead, noon)

        with pytest.raises(ApprovalRefused, match="approved as it is"):
            services.approval_ask(campaign=campaign, part="goal", by=lead, now=noon)


class TestSendingBack:
    def test_says_why(self, noon, lead, other, campaign):
        services.approval_ask(campaign=campaign, part="goal", by=lead, now=noon)

        services.approval_send_back(campaign=campaign, part="goal", reason="Too low.", by=other, now=noon)

        row = Approval.objects.get()
        assert (row.state, row.reason, row.decided_by) == ("sent_back", "Too low.", other)
        assert "Ann sent “Goal”" in Notification.objects.get(user=lead).text

    def test_without_a_reason_is_refused(self, noon, lead, other, campaign):
        services.approval_ask(campaign=campaign, part="goal", by=lead, now=noon)

        with pytest.raises(ApprovalRefused) as refusal:
            services.approval_send_back(campaign=campaign, part="goal", reason=" ", by=other, now=noon)

        assert refusal.value.field == "reason"
        assert Approval.objects.get().is_waiting


class TestReadiness:
    def test_needs_each_part_from_review_on(self, noon, lead, other, campaign):
        for each in ALL - {"goal"}:
            approve(campaign, each, other, lead, noon)

        found = checks.parts_are_approved(campaign, noon)

        assert (found.ok, found.sentence) == (False, "Not approved as it is now: Goal.")

    @pytest.mark.parametrize(("stage", "asks"), [("building", True), ("review", False)])
    def test_asks_nothing_before_or_where_no_approvals_are_asked_for(self, noon, stage, asks):
        campaign = CampaignFactory(stage=stage, asks_approvals=asks)

        assert checks.parts_are_approved(campaign, noon).ok

    def test_costs_the_same_for_many_messages(self, campaign, django_assert_max_num_queries):
        for _message in range(8):
            MessageFactory(campaign=campaign)

        with django_assert_max_num_queries(12):
            part_standings(Campaign.objects.get(pk=campaign.pk))


class TestTheLeastTimeOfReview:
    @pytest.mark.parametrize(
        ("installation", "own", "passed", "left"),
        [(0, None, 0, 0), (24, None, 3, 21), (24, None, 24, 0), (24, 2, 3, 0), (0, 48, 24, 24)],
    )
    def test_is_the_campaigns_own_or_the_installations(self, noon, settings, installation, own, passed, left):
        settings.CAMPAIGN_REVIEW_HOURS = installation
        campaign = CampaignFactory(stage="review", review_hours=own, stage_at=noon - timedelta(hours=passed))

        assert stages.review_left(campaign, noon) == timedelta(hours=left)

    def test_begins_anew_when_a_campaign_comes_back_to_review(self, noon, lead, settings):
        settings.CAMPAIGN_REVIEW_HOURS = 24
        campaign = CampaignFactory(stage="ready", stage_at=noon - timedelta(days=9))

        campaign = services.campaign_advance(campaign=campaign, stage="review", by=lead, now=noon)

        assert stages.unmet(campaign, Campaign.Stage.READY, noon) == [
            "It is to stand in review for 24 hours: 1 d 0 h to go."
        ]
        moved = services.campaign_advance(
            campaign=campaign, stage="ready", reason="The fair is tomorrow.", by=lead, now=noon
        )
        assert moved.overrides.get().reason == "The fair is tomorrow."


def test_new_campaigns_ask_for_approvals_where_the_installation_does(noon, settings):
    settings.CAMPAIGN_APPROVALS = True

    made = services.campaign_create(name="Spring", by=UserFactory(role="marketer"), now=noon)

    assert made.asks_approvals


def test_the_rules_are_kept_with_what_they_were(noon, lead, campaign):
    services.campaign_rules_set(campaign=campaign, review_hours=8, asks_approvals=False, by=lead, now=noon)

    event = AuditEvent.objects.get()
    assert event.action == "campaign.rules_changed"
    assert event.details["changes"] == {"review_hours": ["", "8"], "asks_approvals": ["True", "False"]}


def test_a_long_text_differs_line_by_line():
    old, new = (approvals.Fact("campaign", "idea", "Idea", text) for text in ("a\nb\nc", "a\nB\nc"))

    (change,) = approvals.changes([old], [new], over=frozenset())

    assert change.lines == [("-", "b"), ("+", "B")]
