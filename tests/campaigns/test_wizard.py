"""The reverse wizard, as somebody without script goes through it."""

from http import HTTPStatus
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils.html import escape

from apps.campaigns import services
from apps.campaigns.models import Campaign
from apps.core import clock
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import AudienceFactory, BareCampaignFactory, CampaignFactory

pytestmark = pytest.mark.django_db

GOAL = {
    "goal_event": "order",
    "goal_measure": "people",
    "goal_target": "500",
    "goal_date": "2099-06-30",
    "currency": "EUR",
    "conversion_window_days": "14",
}


def step_url(campaign, step):
    return reverse("campaigns:wizard", args=[campaign.pk, step])


def text(response):
    return response.content.decode()


@pytest.fixture
def person():
    return UserFactory(name="Carla")


@pytest.fixture
def client(login, person):
    return login(person)


@pytest.fixture
def campaign(person):
    return BareCampaignFactory(captain=person, outcome="They order again.", wizard_step="goal")


def send(client, campaign, step, **data):
    return client.post(step_url(campaign, step), data)


def test_goes_from_the_outcome_back_to_the_idea_and_reads_forwards(client, person):
    segment, owner = AudienceFactory(name="Lapsed"), UserFactory(name="Emil")
    begun = client.post(
        reverse("campaigns:create"), {"name": "Spring", "outcome": "They order again.", "key": str(uuid4())}
    )
    campaign = Campaign.objects.get()
    assert begun.headers["Location"] == step_url(campaign, "goal")
    assert campaign.captain == person

    says = {
        "goal": GOAL,
        "audience": {"segment": segment.pk, "audience_note": "Bought twice."},
        "channels": {"email": "on", "email_owner": owner.pk, "email_why": "They read it."},
        "idea": {"idea": "You left something behind."},
        "dates": {"start_date": "2099-01-01", "launch_date": "2099-02-01"},
        "review": {},
    }
    for step, following in zip(says, [*list(says)[1:], ""], strict=True):
        answer = send(client, campaign, step, **says[step])
        there = (
            step_url(campaign, following) if following else reverse("campaigns:detail", args=[campaign.pk])
        )
        assert answer.headers["Location"] == there, text(answer)

    campaign.refresh_from_db()
    assert (campaign.goal_target, campaign.segment, campaign.wizard_step) == (500, segment, "")
    assert campaign.channels.get().owner == owner
    story = text(client.get(reverse("campaigns:detail", args=[campaign.pk])))
    places = [story.rindex(words) for words in ("You left", "Lapsed", "They read it.", "They order again.")]
    assert places == sorted(places)


def test_the_first_form_sent_twice_begins_one_campaign(client):
    says = {"name": "Spring", "outcome": "They order again.", "key": str(uuid4())}

    answers = [client.post(reverse("campaigns:create"), says) for _ in range(2)]

    assert Campaign.objects.count() == 1
    assert answers[0].headers["Location"] == answers[1].headers["Location"]


def test_every_form_has_a_key_of_its_own(client):
    pages = [client.get(reverse("campaigns:create")).context["form"]["key"].value() for _ in range(2)]

    assert pages[0] != pages[1]


def test_what_was_saved_is_there_after_a_reload(client, campaign):
    send(client, campaign, "goal", **GOAL)

    page = text(client.get(step_url(campaign, "goal")))

    assert 'value="order"' in page
    assert 'value="500"' in page
    assert 'value="2099-06-30"' in page


def test_the_steps_say_which_are_complete(client, campaign):
    send(client, campaign, "goal", **GOAL)

    steps = client.get(step_url(campaign, "idea")).context["steps"]

    assert {step.name: is_complete for step, is_complete in steps} == {
        "outcome": True,
        "goal": True,
        "audience": False,
        "channels": False,
        "idea": False,
        "dates": False,
        "review": False,
    }


@pytest.mark.parametrize(
    ("step", "says", "refusal"),
    [
        ("outcome", {"name": "", "outcome": "x"}, "This field is required."),
        ("outcome", {"name": "x" * 10_000, "outcome": "kept text"}, "at most 200 characters"),
        ("outcome", {"name": "x", "outcome": "x" * 10_000}, "at most 2000 characters"),
        ("goal", {**GOAL, "goal_target": "0"}, "greater than or equal to 0.01"),
        ("goal", {**GOAL, "goal_target": "many"}, "Enter a number."),
        ("goal", {**GOAL, "goal_target": "NaN"}, "Enter a number."),
        ("goal", {**GOAL, "goal_date": "2020-01-01"}, "This day has passed."),
        ("goal", {**GOAL, "goal_date": "9999-12-31"}, "Choose a day between 1 Jan 2000 and 31 Dec 2100."),
        ("goal", {**GOAL, "goal_measure": "value"}, "Say which property carries the value."),
        ("goal", {**GOAL, "goal_measure": "luck"}, "Select a valid choice."),
        ("goal", {**GOAL, "currency": "XXX"}, "Select a valid choice."),
        ("goal", {**GOAL, "conversion_window_days": "0"}, "greater than or equal to 1"),
        ("goal", {**GOAL, "goal_event": "x" * 10_000}, "at most 128 characters"),
        ("audience", {"segment": "999999"}, "Select a valid choice."),
        ("audience", {}, "This field is required."),
        ("channels", {}, "Choose at least one channel."),
        ("channels", {"email": "on", "email_owner": "999999"}, "Select a valid choice."),
        ("channels", {"email": "on", "known": "email:x"}, "Enter a valid value."),
        ("idea", {"idea": " "}, "This field is required."),
        ("dates", {"start_date": "2099-02-01", "launch_date": "2099-01-01"}, "before the start"),
        ("dates", {"start_date": "2020-01-01", "launch_date": "2020-01-02"}, "This day has passed."),
        ("dates", {"start_date": "0202-01-01", "launch_date": "2099-01-01"}, "Choose a day between"),
    ],
)
def test_a_refusal_stands_at_its_field_and_nothing_is_saved(client, campaign, step, says, refusal):
    before = Campaign.objects.values().get()

    page = send(client, campaign, step, **says)

    assert page.status_code == HTTPStatus.OK
    assert refusal in text(page)
    assert Campaign.objects.values().get() == before
    assert not campaign.channels.exists()
    for typed in set(says.values()) - {"on", "999999", "luck", "XXX"}:  # what can only be chosen is not kept
        assert typed.strip()[:50] in text(page)


def test_a_launch_after_the_outcome_is_refused(client, campaign):
    send(client, campaign, "goal", **GOAL)

    page = send(client, campaign, "dates", start_date="2099-01-01", launch_date="2099-07-01")

    assert escape("The launch is after the outcome's date.") in text(page)


class TestConditions:
    def test_are_typed_as_they_are_written(self, client, campaign):
        send(
            client,
            campaign,
            "goal",
            **GOAL,
            where_0_property="total",
            where_0_op="gte",
            where_0_value="50",
            where_1_property="plan",
            where_1_op="eq",
            where_1_value="pro",
            where_2_property="coupon",
            where_2_op="exists",
        )

        campaign.refresh_from_db()
        assert campaign.goal_where == [
            {"property": "total", "op": "gte", "value": 50},
            {"property": "plan", "op": "eq", "value": "pro"},
            {"property": "coupon", "op": "exists"},
        ]
        page = text(client.get(step_url(campaign, "goal")))
        assert 'value="50"' in page
        assert 'value="coupon"' in page

    def test_that_mean_nothing_are_refused_at_their_row(self, client, campaign):
        page = send(
            client, campaign, "goal", **GOAL, where_1_property="total", where_1_op="gt", where_1_value="much"
        )

        assert list(page.context["form"].errors) == ["where_1_value"]
        campaign.refresh_from_db()
        assert campaign.goal_event == ""

    def test_that_a_program_wrote_are_left_alone(self, client, campaign):
        where = [{"property": "plan", "op": "in", "value": ["a", "b"]}]
        Campaign.objects.update(goal_where=where)

        page = text(client.get(step_url(campaign, "goal")))
        send(client, campaign, "goal", **GOAL)

        assert "set over the API" in page
        campaign.refresh_from_db()
        assert (campaign.goal_where, campaign.goal_event) == (where, "order")


class TestTwoEditors:
    def test_the_second_is_told_who_changed_what_and_keeps_what_was_typed(self, client):
        campaign = CampaignFactory(stage="building")
        services.campaign_update(
            campaign=campaign, idea="Ann's", by=UserFactory(name="Ann"), now=clock.now(), seen=1
        )
        client.force_login(campaign.captain)

        told = text(send(client, campaign, "idea", idea="My own", version="1"))

        assert escape("Ann has changed this to “Ann's”") in told
        assert "My own" in told
        campaign.refresh_from_db()
        assert campaign.idea == "Ann's"

        send(client, campaign, "idea", idea="My own", version="2")
        campaign.refresh_from_db()
        assert campaign.idea == "My own"

    def test_of_channels_too(self, client):
        campaign = CampaignFactory(stage="building")
        services.channel_update(
            channel=campaign.channels.get(), why="Ann's", by=UserFactory(name="Ann"), now=clock.now()
        )
        client.force_login(campaign.captain)
        says = {"email": "on", "email_why": "My own", "known": "email:1"}

        told = text(send(client, campaign, "channels", **says))
        assert escape("Ann has changed this to “Ann's”") in told
        assert 'value="email:2"' in told

        send(client, campaign, "channels", **{**says, "known": "email:2"})
        assert campaign.channels.get().why == "My own"


def test_after_the_plan_is_finished_a_change_leads_back_to_the_campaign(client):
    campaign = CampaignFactory(stage="building")
    client.force_login(campaign.captain)

    answer = send(client, campaign, "idea", idea="Another")

    assert answer.headers["Location"] == reverse("campaigns:detail", args=[campaign.pk])


def test_an_audience_that_was_put_away_stays_to_be_seen(client):
    campaign = CampaignFactory(stage="building", segment__archived_at=clock.now())
    client.force_login(campaign.captain)

    send(client, campaign, "audience", segment=campaign.segment_id, audience_note="New note")

    campaign.refresh_from_db()
    assert campaign.audience_note == "New note"


@pytest.mark.parametrize("step", ["cake", "..", "review-"])
def test_a_step_that_is_none_is_not_found(client, campaign, step):
    assert client.get(f"/campaigns/{campaign.pk}/wizard/{step}/").status_code == HTTPStatus.NOT_FOUND
