from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from apps.accounts.models import User
from apps.campaigns import services
from apps.campaigns.errors import (
    BookendMissing,
    ChangedMeanwhile,
    DatesDoNotFit,
    NotEligible,
    PutAway,
    Refused,
)
from apps.campaigns.models import Campaign
from apps.collaboration.models import AuditEvent
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import AudienceFactory, BareCampaignFactory, CampaignFactory

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def row(campaign):
    return Campaign.objects.values().get(pk=campaign.pk)


class TestCampaignCreate:
    def test_makes_who_begins_it_the_captain(self, noon, lead):
        campaign = services.campaign_create(name="Spring", outcome="They order.", by=lead, now=noon)

        assert (campaign.captain, campaign.stage, campaign.outcome) == (lead, "idea", "They order.")
        event = AuditEvent.objects.get()
        assert (event.action, event.by, event.at) == ("campaign.created", lead, noon)

    def test_names_another_captain_and_takes_the_fields(self, noon, lead):
        captain = UserFactory()

        campaign = services.campaign_create(
            name="Spring", by=lead, now=noon, captain=captain, goal_date=date(2030, 3, 1)
        )

        assert (campaign.captain, campaign.goal_date) == (captain, date(2030, 3, 1))

    def test_of_the_same_form_makes_one_campaign(self, noon, lead):
        key = uuid4()

        first = services.campaign_create(name="Spring", by=lead, now=noon, key=key)
        second = services.campaign_create(name="Spring", by=lead, now=noon + MINUTE, key=key)

        assert first == second == Campaign.objects.get()
        assert AuditEvent.objects.count() == 1

    @pytest.mark.parametrize("other", [{"name": "Summer"}, {"outcome": "They come back."}])
    def test_of_the_same_form_with_other_words_makes_another_and_leaves_the_first(self, noon, lead, other):
        key, words = uuid4(), {"name": "Spring", "outcome": "They order again."}

        first = services.campaign_create(by=lead, now=noon, key=key, **words)
        services.campaign_update(campaign=first, by=lead, now=noon, outcome="They order twice.")
        second = services.campaign_create(by=lead, now=noon, key=key, **{**words, **other})
        again = services.campaign_create(by=lead, now=noon, key=key, **words)

        assert again == first != second
        assert row(first)["outcome"] == "They order twice."
        assert {name: row(second)[name] for name in words} == {**words, **other}

    @pytest.mark.parametrize(
        ("captain", "fields", "refusal", "field"),
        [
            ({"is_active": False}, {}, "has left", "captain"),
            ({"role": User.Role.EXECUTIVE}, {}, "cannot be captain: the role is “Executive”", "captain"),
            ({"role": User.Role.CONTRIBUTOR}, {}, "cannot be captain", "captain"),
            ({"role": User.Role.INTEGRATION}, {}, "cannot be captain", "captain"),
            ({}, {"goal_date": date(2030, 2, 28)}, "This day has passed", "goal_date"),
            ({}, {"launch_date": date(2030, 2, 28)}, "This day has passed", "launch_date"),
            (
                {},
                {"start_date": date(2030, 6, 1), "goal_date": date(2030, 5, 1)},
                "before the start",
                "goal_date",
            ),
            ({}, {"goal_where": [{"property": "total", "op": "near", "value": 1}]}, "where", "goal_where"),
        ],
    )
    def test_refuses_and_makes_nothing(self, noon, lead, captain, fields, refusal, field):
        with pytest.raises(Refused, match=refusal) as refused:
            services.campaign_create(
                name="Spring", by=lead, now=noon, captain=UserFactory(**captain), **fields
            )

        assert refused.value.field == field
        assert not Campaign.objects.exists()
        assert not AuditEvent.objects.exists()


class TestCampaignUpdate:
    def test_writes_the_changes_and_tells_what_they_were(self, noon, lead):
        campaign = CampaignFactory(goal_target=Decimal(200))
        segment = AudienceFactory(name="Lapsed")

        services.campaign_update(
            campaign=campaign,
            by=lead,
            now=noon,
            goal_target=Decimal(300),
            goal_date=date(2030, 7, 1),
            segment=segment,
            name=campaign.name,
        )

        campaign.refresh_from_db()
        assert (campaign.goal_target, campaign.segment, campaign.version) == (Decimal(300), segment, 2)
        assert campaign.updated_at == noon
        event = AuditEvent.objects.get()
        assert (event.action, event.by) == ("campaign.changed", lead)
        assert set(event.details["changes"]) == {"goal_target", "goal_date", "segment"}
        assert event.details["changes"]["segment"][1] == "Lapsed"
        assert event.details["changes"]["goal_date"] == ["1 Jun 2030", "1 Jul 2030"]

    def test_that_says_nothing_new_does_nothing(self, noon, lead):
        campaign = CampaignFactory()
        before = row(campaign)

        services.campaign_update(campaign=campaign, by=lead, now=noon, idea=campaign.idea)

        assert row(campaign) == before
        assert not AuditEvent.objects.exists()

    @pytest.mark.parametrize(
        ("campaign", "fields", "error", "field"),
        [
            ({}, {"idea": " "}, BookendMissing, "idea"),
            ({}, {"outcome": ""}, BookendMissing, "outcome"),
            ({}, {"start_date": date(2030, 6, 2)}, DatesDoNotFit, "goal_date"),
            ({}, {"launch_date": date(2030, 6, 2)}, DatesDoNotFit, "launch_date"),
            ({}, {"launch_date": date(2030, 2, 28), "start_date": None}, DatesDoNotFit, "launch_date"),
            ({}, {"goal_date": date(2030, 2, 28), "start_date": None}, DatesDoNotFit, None),
            ({}, {"goal_date": date(2101, 1, 1)}, DatesDoNotFit, "goal_date"),
            ({}, {"goal_date": date.max}, DatesDoNotFit, "goal_date"),
            ({}, {"start_date": date(1999, 12, 31)}, DatesDoNotFit, "start_date"),
            ({"value_property": ""}, {"goal_measure": "value"}, Refused, "value_property"),
            ({"goal_measure": "value"}, {"value_property": " "}, Refused, "value_property"),
            ({"archived_at": date(2030, 1, 1)}, {"idea": "New"}, PutAway, ""),
        ],
    )
    def test_refuses_and_leaves_everything_as_it_was(self, noon, lead, campaign, fields, error, field):
        if "archived_at" in campaign:
            campaign["archived_at"] = noon
        campaign = CampaignFactory(**campaign)
        before = row(campaign)

        with pytest.raises(error) as refused:
            services.campaign_update(campaign=campaign, by=lead, now=noon, **fields)

        assert field is None or refused.value.field == field
        assert row(campaign) == before
        assert not AuditEvent.objects.exists()

    def test_refuses_a_segment_that_was_put_away(self, noon, lead):
        campaign = CampaignFactory()

        with pytest.raises(Refused, match="put away"):
            services.campaign_update(
                campaign=campaign, by=lead, now=noon, segment=AudienceFactory(archived_at=noon)
            )

    def test_a_campaign_in_its_first_stage_may_lose_its_bookends_again(self, noon, lead):
        campaign = CampaignFactory(stage="idea")

        assert services.campaign_update(campaign=campaign, by=lead, now=noon, idea="").idea == ""

    @pytest.mark.parametrize(("hour", "passed"), [(11, False), (12, True)])
    def test_takes_a_day_until_it_has_passed_everywhere(self, noon, lead, hour, passed):
        """At noon in UTC the day before ends on the last island."""
        campaign = CampaignFactory(start_date=None, launch_date=None)
        change = {"launch_date": date(2030, 2, 28), "by": lead, "now": noon.replace(hour=hour)}

        if passed:
            with pytest.raises(DatesDoNotFit, match=r"This day has passed\."):
                services.campaign_update(campaign=campaign, **change)
        else:
            services.campaign_update(campaign=campaign, **change)

        assert (row(campaign)["launch_date"] is None) == passed

    def test_counts_the_goal_anew_as_soon_as_it_has_changed(
        self, noon, lead, django_capture_on_commit_callbacks
    ):
        campaign = CampaignFactory(watched_at=noon)

        with django_capture_on_commit_callbacks() as rung:
            services.campaign_update(campaign=campaign, by=lead, now=noon, idea="New")
        assert (row(campaign)["watched_at"], len(rung)) == (noon, 0)

        with django_capture_on_commit_callbacks() as rung:
            services.campaign_update(campaign=campaign, by=lead, now=noon, goal_event="visit")
        assert (row(campaign)["watched_at"], len(rung)) == (None, 1)

    def test_of_one_that_reports_may_set_the_date_on_which_it_ended(self, noon, lead):
        campaign = CampaignFactory(stage="reporting", start_date=None, launch_date=None)

        services.campaign_update(campaign=campaign, by=lead, now=noon, goal_date=date(2030, 2, 1))

        assert row(campaign)["goal_date"] == date(2030, 2, 1)

    def test_takes_emoji_and_writing_from_right_to_left(self, noon, lead):
        campaign = CampaignFactory()

        services.campaign_update(campaign=campaign, by=lead, now=noon, name="عرض الربيع 🌷", idea="🌱" * 100)

        assert (row(campaign)["name"], row(campaign)["idea"]) == ("عرض الربيع 🌷", "🌱" * 100)


class TestTwoEditors:
    """The second one is told who changed what, and can save again to keep what was typed."""

    def test_the_second_hears_who_changed_the_same_field(self, noon, lead):
        campaign, other = CampaignFactory(), UserFactory(name="Ann")
        seen = campaign.version
        services.campaign_update(campaign=campaign, by=other, now=noon, idea="Ann's", seen=seen)

        with pytest.raises(ChangedMeanwhile) as told:
            services.campaign_update(campaign=campaign, by=lead, now=noon + MINUTE, idea="Mine", seen=seen)

        assert list(told.value.theirs) == ["idea"]
        assert "Ann has changed this to “Ann's”" in told.value.theirs["idea"]
        assert row(campaign)["idea"] == "Ann's"

        services.campaign_update(
            campaign=campaign, by=lead, now=noon + MINUTE, idea="Mine", seen=told.value.version
        )
        assert row(campaign)["idea"] == "Mine"

    def test_does_not_disturb_those_who_change_different_things(self, noon, lead):
        campaign = CampaignFactory()
        services.campaign_update(campaign=campaign, by=UserFactory(), now=noon, idea="Ann's", seen=1)

        services.campaign_update(campaign=campaign, by=lead, now=noon, audience_note="Mine", seen=1)

        assert (row(campaign)["idea"], row(campaign)["audience_note"]) == ("Ann's", "Mine")

    def test_that_write_the_same_agree(self, noon, lead):
        campaign = CampaignFactory()
        services.campaign_update(campaign=campaign, by=UserFactory(), now=noon, idea="Ours", seen=1)

        services.campaign_update(campaign=campaign, by=lead, now=noon, idea="Ours", seen=1)

        assert AuditEvent.objects.count() == 1

    def test_hears_that_a_field_was_emptied(self, noon, lead):
        campaign = CampaignFactory(audience_note="Readers")
        services.campaign_update(
            campaign=campaign, by=UserFactory(name="Ann"), now=noon, audience_note="", seen=1
        )

        with pytest.raises(ChangedMeanwhile) as told:
            services.campaign_update(campaign=campaign, by=lead, now=noon, audience_note="Mine", seen=1)

        assert "Ann has emptied this" in told.value.theirs["audience_note"]


class TestCaptainChange:
    def test_hands_over_and_is_on_record(self, noon, lead):
        campaign, captain = CampaignFactory(captain__name="Ann"), UserFactory(name="Ben")

        services.captain_change(campaign=campaign, captain=captain, by=lead, now=noon)

        assert row(campaign)["captain_id"] == captain.pk
        event = AuditEvent.objects.get()
        assert (event.action, event.details["changes"]) == (
            "campaign.captain_changed",
            {"captain": ["Ann", "Ben"]},
        )

    def test_to_the_same_person_does_nothing(self, noon, lead):
        campaign = CampaignFactory()

        services.captain_change(campaign=campaign, captain=campaign.captain, by=lead, now=noon)

        assert not AuditEvent.objects.exists()

    @pytest.mark.parametrize("person", [{"is_active": False}, {"role": User.Role.SALES}])
    def test_refuses_who_cannot_lead(self, noon, lead, person):
        campaign = CampaignFactory()
        before = row(campaign)

        with pytest.raises(NotEligible):
            services.captain_change(campaign=campaign, captain=UserFactory(**person), by=lead, now=noon)

        assert row(campaign) == before


class TestWizardStepDone:
    def test_moves_the_mark_on_and_never_back(self, noon, lead):
        campaign = BareCampaignFactory(wizard_step="goal")

        services.wizard_step_done(campaign=campaign, step="channels", by=lead, now=noon)
        assert row(campaign)["wizard_step"] == "idea"

        services.wizard_step_done(campaign=campaign, step="goal", by=lead, now=noon)
        assert row(campaign)["wizard_step"] == "idea"

    def test_after_the_last_step_the_plan_is_finished_once(self, noon, lead):
        campaign = BareCampaignFactory(wizard_step="review")

        services.wizard_step_done(campaign=campaign, step="review", by=lead, now=noon)
        services.wizard_step_done(campaign=campaign, step="review", by=lead, now=noon)
        services.wizard_step_done(campaign=campaign, step="goal", by=lead, now=noon)

        assert row(campaign)["wizard_step"] == ""
        assert [event.action for event in AuditEvent.objects.all()] == ["campaign.planned"]

    def test_does_not_look_like_the_edit_of_a_colleague(self, noon, lead):
        campaign = BareCampaignFactory(wizard_step="goal")

        services.wizard_step_done(campaign=campaign, step="goal", by=lead, now=noon)

        assert row(campaign)["version"] == 1


class TestCampaignArchive:
    def test_puts_away_and_brings_back(self, noon, lead):
        campaign = CampaignFactory(stage="closed")

        services.campaign_archive(campaign=campaign, by=lead, now=noon)
        services.campaign_archive(campaign=campaign, by=lead, now=noon + MINUTE)
        assert row(campaign)["archived_at"] == noon
        assert not Campaign.objects.current().exists()

        services.campaign_restore(campaign=campaign, by=lead, now=noon)
        services.campaign_restore(campaign=campaign, by=lead, now=noon)
        assert row(campaign)["archived_at"] is None
        actions = [event.action for event in AuditEvent.objects.order_by("id")]
        assert actions == ["campaign.archived", "campaign.restored"]

    def test_refuses_a_live_one(self, noon, lead):
        campaign = CampaignFactory(stage="live")

        with pytest.raises(Refused, match="live campaign"):
            services.campaign_archive(campaign=campaign, by=lead, now=noon)

        assert row(campaign)["archived_at"] is None
