from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from apps.campaigns import challenges, readiness, services
from apps.campaigns.errors import ChallengeRefused, HeldByChallenge, NotEligible, PutAway
from apps.campaigns.models import Campaign, Challenge, ChallengeAnswer, Challenger, Kpi, Task
from apps.collaboration.models import AuditEvent, Notification
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import (
    BudgetLineFactory,
    CampaignFactory,
    ChallengeFactory,
    ChannelFactory,
    KpiFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db


def actions():
    return [event.action for event in AuditEvent.objects.order_by("id")]


def told():
    return {(note.user, note.text) for note in Notification.objects.select_related("user")}


class TestABudgetLine:
    def test_that_is_challenged_keeps_what_is_planned_and_takes_what_was_billed(self, noon, lead):
        line = BudgetLineFactory(planned=100)
        ChallengeFactory(campaign=line.campaign, thing=line)

        with pytest.raises(HeldByChallenge):
            services.budget_line_update(line=line, planned=Decimal(200), by=lead, now=noon)
        with pytest.raises(HeldByChallenge):
            services.budget_line_remove(line=line, by=lead, now=noon)
        services.budget_line_update(line=line, actual=Decimal(90), by=lead, now=noon)

        line.refresh_from_db()
        assert (line.planned, line.actual, line.removed_at) == (100, 90, None)


class TestChallengeRaise:
    def test_writes_down_who_asks_what_and_tells_everybody_who_must_answer(self, noon):
        task = TaskFactory(title="Write the letter")
        asker, captain = UserFactory(name="Jo"), task.campaign.captain

        raised = services.challenge_raise(
            campaign=task.campaign, thing=task, question=" Why a letter? ", by=asker, now=noon
        )

        assert (raised.thing, raised.about, raised.question) == (task, "Write the letter", "Why a letter?")
        assert (raised.asked_by, raised.pursued_by, raised.is_open) == (asker, asker, True)
        assert told() == {(person, "Jo asks about “Write the letter”") for person in (captain, task.assignee)}
        assert actions() == ["challenge.raised"]

    def test_of_a_campaign_is_about_the_stage_at_which_it_stands(self, noon, lead):
        campaign = CampaignFactory(stage="review")

        raised = services.challenge_raise(
            campaign=campaign, thing=campaign, question="Why?", by=lead, now=noon
        )

        assert (raised.stage, raised.about) == ("review", "Review")

    def test_of_the_same_form_asks_once(self, noon, lead):
        campaign, key = CampaignFactory(), uuid4()

        for _time in range(2):
            services.challenge_raise(
                campaign=campaign, thing=campaign, question="Why?", by=lead, now=noon, key=key
            )

        assert Challenge.objects.get().question == "Why?"
        assert actions() == ["challenge.raised"]

    @pytest.mark.parametrize(
        ("question", "thing", "refusal", "sentence"),
        [
            (" ", "own", ChallengeRefused, "Ask something"),
            ("Why?", "others", ChallengeRefused, "not part of the campaign"),
            ("Why?", "person", ChallengeRefused, "cannot be challenged"),
            ("Why?", "archived", PutAway, "put away"),
        ],
    )
    def test_refuses_and_nothing_is_held(self, noon, lead, question, thing, refusal, sentence):
        campaign = CampaignFactory(archived_at=noon if thing == "archived" else None)
        things = {"own": campaign, "others": TaskFactory(), "person": lead, "archived": campaign}

        with pytest.raises(refusal, match=sentence):
            services.challenge_raise(
                campaign=campaign, thing=things[thing], question=question, by=lead, now=noon
            )

        assert not Challenge.objects.exists()
        assert actions() == []


class TestWhatIsHeld:
    def test_is_a_task_which_cannot_be_done_or_removed_but_goes_on(self, noon, lead):
        task = TaskFactory()
        held = ChallengeFactory(campaign=task.campaign, thing=task, question="Is it true?")

        for act in (
            lambda: services.task_move(task=task, state="done", by=lead, now=noon),
            lambda: services.task_remove(task=task, by=lead, now=noon),
        ):
            with pytest.raises(
                HeldByChallenge, match=f"{held.asked_by} challenges .*: Is it true"
            ) as refusal:
                act()
            assert refusal.value.url == f"/campaigns/challenges/{held.pk}/"

        assert services.task_move(task=task, state="doing", by=lead, now=noon).state == "doing"

    def test_is_that_thing_alone(self, noon, lead):
        task = TaskFactory()
        ChallengeFactory(campaign=task.campaign, thing=TaskFactory(campaign=task.campaign))

        assert services.task_move(task=task, state="done", by=lead, now=noon).is_done

    def test_is_a_channel_or_a_kpi_which_cannot_be_removed(self, noon, lead):
        channel, kpi = ChannelFactory(), KpiFactory()
        for thing in (channel, kpi):
            ChallengeFactory(campaign=thing.campaign, thing=thing)

        with pytest.raises(HeldByChallenge):
            services.channel_remove(channel=channel, by=lead, now=noon)
        with pytest.raises(HeldByChallenge):
            services.kpi_remove(kpi=kpi, by=lead, now=noon)

        assert Kpi.objects.filter(pk=kpi.pk).exists()

    @pytest.mark.parametrize(("asked_at", "is_held"), [("planning", True), ("ready", False)])
    def test_is_what_comes_after_a_stage_whatever_the_reason(self, noon, lead, asked_at, is_held):
        campaign = CampaignFactory(stage="building")
        ChallengeFactory(campaign=campaign, stage=asked_at)

        def advance():
            return services.campaign_advance(
                campaign=campaign, stage="review", reason="We hurry.", by=lead, now=noon
            )

        if is_held:
            with pytest.raises(HeldByChallenge):
                advance()
        else:
            assert advance().stage == "review"

    def test_is_never_the_way_back(self, noon, lead):
        campaign = CampaignFactory(stage="building")
        ChallengeFactory(campaign=campaign, stage="planning")

        assert services.campaign_advance(campaign=campaign, stage="idea", by=lead, now=noon).stage == "idea"

    def test_is_the_launch_by_a_check_that_no_reason_excuses(self, noon, lead):
        task = TaskFactory()
        ChallengeFactory(campaign=task.campaign, thing=task)

        assert not readiness.checks._entries["campaigns.challenges"].may_be_overridden
        assert readiness.problems(task.campaign, noon) == [challenges.sentence(Challenge.objects.get())]
        with pytest.raises(HeldByChallenge):
            services.campaign_advance(campaign=task.campaign, stage="live", reason="Go", by=lead, now=noon)
        assert Campaign.objects.get(pk=task.campaign_id).stage == "ready"


class TestChallengeAnswer:
    def test_stays_on_record_and_tells_the_other_side(self, noon):
        challenge = ChallengeFactory(about="Ready")
        captain = challenge.campaign.captain

        answer = services.challenge_answer(challenge=challenge, text=" Yes. ", by=captain, now=noon)

        assert (answer.text, answer.by, answer.at) == ("Yes.", captain, noon)
        assert told() == {(challenge.asked_by, f"{captain} answered about “Ready”")}
        assert actions() == ["challenge.answered"]

    @pytest.mark.parametrize(("text", "resolved"), [(" ", False), ("Yes.", True)])
    def test_refuses_nothing_said_or_too_late(self, noon, lead, text, resolved):
        challenge = ChallengeFactory(resolved=resolved)

        with pytest.raises(ChallengeRefused):
            services.challenge_answer(challenge=challenge, text=text, by=lead, now=noon)

        assert not ChallengeAnswer.objects.exists()


class TestChallengeResolve:
    def test_lets_the_thing_go_on_and_says_how_long_it_was_held(self, noon, lead):
        task = TaskFactory()
        challenge = ChallengeFactory(campaign=task.campaign, thing=task, asked_at=noon - timedelta(hours=26))

        challenge = services.challenge_resolve(
            challenge=challenge, resolution="accepted", decision="We wait.", by=lead, now=noon
        )

        assert challenge.held_for(noon + timedelta(days=9)) == timedelta(hours=26)
        event = AuditEvent.objects.get()
        assert (event.action, event.details) == (
            "challenge.accepted",
            {"decision": "We wait.", "held": "1 d 2 h"},
        )
        assert services.task_move(task=task, state="done", by=lead, now=noon).is_done
        assert readiness.problems(task.campaign, noon) == []

    def test_refuses_an_answer_accepted_without_a_word(self, noon, lead):
        challenge = ChallengeFactory()

        with pytest.raises(ChallengeRefused, match="what was decided") as refusal:
            services.challenge_resolve(challenge=challenge, resolution="accepted", by=lead, now=noon)

        assert refusal.value.field == "decision"
        assert Challenge.objects.get().is_open

    def test_is_done_once_and_not_in_two_ways(self, noon, lead):
        challenge = ChallengeFactory()
        for _time in range(2):
            services.challenge_resolve(challenge=challenge, resolution="withdrawn", by=lead, now=noon)

        with pytest.raises(ChallengeRefused, match="already"):
            services.challenge_resolve(
                challenge=challenge, resolution="accepted", decision="No.", by=lead, now=noon
            )

        assert (Challenge.objects.get().resolution, actions()) == ("withdrawn", ["challenge.withdrawn"])


class TestChallengers:
    def test_are_named_once_and_see_the_campaign(self, noon, lead):
        campaign, person = CampaignFactory(), UserFactory(role="contributor")

        for _time in range(2):
            services.challenger_add(campaign=campaign, user=person, by=lead, now=noon)

        assert Challenger.objects.get().user == person
        assert person.has_perm("campaigns.view_campaign", campaign)
        assert person.has_perm("campaigns.add_challenge", campaign)
        assert actions() == ["challenger.added"]

    def test_cannot_be_programs(self, noon, lead):
        with pytest.raises(NotEligible):
            services.challenger_add(
                campaign=CampaignFactory(), user=UserFactory(role="integration"), by=lead, now=noon
            )

        assert not Challenger.objects.exists()

    def test_who_are_taken_off_the_list_keep_what_they_asked(self, noon, lead):
        challenge = ChallengeFactory()
        services.challenger_add(campaign=challenge.campaign, user=challenge.asked_by, by=lead, now=noon)

        services.challenger_remove(campaign=challenge.campaign, user=challenge.asked_by, by=lead, now=noon)

        assert not challenge.asked_by.has_perm("campaigns.add_challenge", challenge.campaign)
        assert challenge.asked_by.has_perm("campaigns.resolve_challenge", challenge)


def test_the_record_outlives_the_thing(noon):
    task = TaskFactory(title="Write")
    challenge = ChallengeFactory(campaign=task.campaign, thing=task, resolved=True)

    Task.objects.all().delete()

    challenge = Challenge.objects.get()
    assert (challenge.about, challenges.url_of(challenge)) == ("Write", "")
    assert challenges.people_of(challenge) == {challenge.campaign.captain}
