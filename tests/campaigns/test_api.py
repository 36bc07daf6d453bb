from datetime import date
from decimal import Decimal
from http import HTTPStatus

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.campaigns import services
from apps.campaigns.models import Campaign, Channel, Contributor, Kpi, Override, Task
from apps.collaboration.models import AuditEvent
from apps.core import clock
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import (
    AudienceFactory,
    BareCampaignFactory,
    CampaignFactory,
    ChannelFactory,
    ContributorFactory,
    KpiFactory,
    MetricFactory,
    TaskFactory,
    goal_event_record,
)

pytestmark = pytest.mark.django_db
CAMPAIGNS = "/api/v1/campaigns/"
FAR = date(2099, 1, 1)


@pytest.fixture(autouse=True)
def _json(monkeypatch):
    monkeypatch.setattr(APIClient, "default_format", "json")


@pytest.fixture
def program(api):
    """A client of an integration whose token covers campaigns."""
    return api(UserFactory(role=User.Role.INTEGRATION), "campaigns:read", "campaigns:write")


@pytest.fixture
def campaign():
    return CampaignFactory(
        goal_date=FAR, launch_date=FAR, start_date=date(2026, 1, 1), goal_seen__occurred_at=clock.now()
    )


def path(campaign, *parts):
    return "/".join([f"{CAMPAIGNS}{campaign.pk}", *parts, ""])


def fields_of(response):
    assert response.status_code == HTTPStatus.BAD_REQUEST, response.content
    return [error["field"] for error in response.json()["errors"]]


class TestCampaigns:
    def test_are_made_with_all_that_a_plan_says(self, program):
        captain, segment = UserFactory(), AudienceFactory()
        where = [{"property": "total", "op": "gte", "value": 50}]

        response = program.post(
            CAMPAIGNS,
            {
                "name": "Spring",
                "outcome": "They order.",
                "captain": captain.pk,
                "segment": segment.pk,
                "goal_event": "order",
                "goal_where": where,
                "goal_target": "500",
                "goal_date": "2099-06-30",
            },
        )

        assert response.status_code == HTTPStatus.CREATED
        body = response.json()
        assert (body["captain"], body["stage"], body["goal_where"]) == (captain.pk, "idea", where)
        campaign = Campaign.objects.get(pk=body["id"])
        assert (campaign.goal_target, campaign.segment) == (Decimal(500), segment)

    @pytest.mark.parametrize(
        ("says", "fields"),
        [
            ({}, ["name"]),
            ({"name": "x" * 10_000}, ["name"]),
            ({"name": "x", "goal_target": "-1"}, ["goal_target"]),
            ({"name": "x", "goal_measure": "luck"}, ["goal_measure"]),
            ({"name": "x", "goal_date": "2020-01-01"}, ["goal_date"]),
            ({"name": "x", "goal_date": "9999-12-31"}, ["goal_date"]),
            ({"name": "x", "start_date": "0202-01-01"}, ["start_date"]),
            ({"name": "x", "goal_measure": "value"}, ["value_property"]),
            ({"name": "x", "start_date": "2099-02-01", "goal_date": "2099-01-01"}, ["goal_date"]),
            ({"name": "x", "goal_where": [{"property": "a", "op": "near", "value": 1}]}, ["goal_where"]),
            ({"name": "x", "goal_where": [{"op": "eq"}]}, ["goal_where.0.property"]),
            ({"name": "x", "goal_where": "all"}, ["goal_where"]),
            ({"name": "x", "segment": 999_999}, ["segment"]),
        ],
    )
    def test_refuse_what_cannot_be_and_make_nothing(self, api, lead, says, fields):
        assert fields_of(api(lead).post(CAMPAIGNS, says)) == fields
        assert not Campaign.objects.exists()

    def test_a_program_names_a_captain(self, program):
        assert fields_of(program.post(CAMPAIGNS, {"name": "Spring"})) == ["captain"]

    def test_are_listed_newest_first_with_filters(self, program):
        review, live = CampaignFactory(stage="review"), CampaignFactory(stage="live", name="Autumn")
        away = CampaignFactory(stage="closed", archived_at=clock.now())

        def ids(**query):
            return {one["id"] for one in program.get(CAMPAIGNS, query).json()["results"]}

        assert ids() == {review.pk, live.pk, away.pk}
        assert ids(stage="live") == {live.pk}
        assert ids(captain=review.captain_id) == {review.pk}
        assert ids(search="autumn") == {live.pk}
        assert ids(archived="true") == {away.pk}
        assert ids(archived="false") == {review.pk, live.pk}

    def test_show_contributors_their_own(self, api):
        person = UserFactory(role=User.Role.CONTRIBUTOR)
        mine = ContributorFactory(user=person).campaign
        other = BareCampaignFactory()
        client = api(person)

        assert [one["id"] for one in client.get(CAMPAIGNS).json()["results"]] == [mine.pk]
        assert client.get(path(other)).status_code == HTTPStatus.NOT_FOUND

    def test_are_changed_in_part(self, program, campaign):
        response = program.patch(path(campaign), {"idea": "Another"})

        assert response.json()["idea"] == "Another"
        assert response.headers["ETag"] == '"2"'

    @pytest.mark.parametrize(
        ("says", "fields"),
        [
            ({"idea": ""}, ["idea"]),
            ({"launch_date": "2099-02-01"}, ["launch_date"]),
            ({"start_date": "2099-02-01"}, ["goal_date", "launch_date"]),
        ],
    )
    def test_are_not_changed_to_what_cannot_be(self, program, campaign, says, fields):
        before = Campaign.objects.values().get(pk=campaign.pk)

        assert sorted(fields_of(program.patch(path(campaign), says))) == fields

        assert Campaign.objects.values().get(pk=campaign.pk) == before

    def test_keep_captain_and_stage_out_of_a_patch(self, program, campaign):
        program.patch(path(campaign), {"stage": "live", "captain": UserFactory().pk})

        before = (campaign.stage, campaign.captain)
        campaign.refresh_from_db()
        assert (campaign.stage, campaign.captain) == before

    def test_a_version_that_is_past_is_not_overwritten(self, program, campaign, lead):
        services.campaign_update(campaign=campaign, idea="Ann's", by=lead, now=clock.now())

        late = program.patch(path(campaign), {"idea": "Mine"}, headers={"If-Match": '"1"'})
        fresh = program.patch(path(campaign), {"idea": "Mine"}, headers={"If-Match": '"2"'})

        assert late.status_code == HTTPStatus.PRECONDITION_FAILED
        assert fresh.status_code == HTTPStatus.OK

    def test_are_put_away_and_brought_back(self, program, campaign):
        assert program.delete(path(campaign)).status_code == HTTPStatus.NO_CONTENT
        campaign.refresh_from_db()
        assert campaign.archived_at is not None
        assert program.patch(path(campaign), {"idea": "x"}).status_code == HTTPStatus.CONFLICT

        assert program.post(path(campaign, "restore")).json()["archived_at"] is None

    def test_a_live_one_is_not_put_away(self, program):
        response = program.delete(path(CampaignFactory(stage="live")))

        assert response.status_code == HTTPStatus.CONFLICT
        assert "live campaign" in response.json()["detail"]

    def test_are_handed_over(self, program, campaign):
        person = UserFactory()

        assert program.post(path(campaign, "captain"), {"captain": person.pk}).json()["captain"] == person.pk
        assert fields_of(
            program.post(path(campaign, "captain"), {"captain": UserFactory(is_active=False).pk})
        ) == ["captain"]

    def test_cost_the_same_for_one_and_for_many(self, api, lead, django_assert_num_queries):
        BareCampaignFactory.create_batch(20)
        client = api(lead, last_used_at=clock.now())

        with django_assert_num_queries(2):  # token with user, page
            client.get(CAMPAIGNS)


class TestStages:
    def test_are_entered_when_their_criteria_are_met(self, program, campaign):
        response = program.post(path(campaign, "advance"), {"stage": "live"})

        assert response.json()["stage"] == "live"

    def test_are_refused_with_each_reason_and_taken_with_one(self, program, campaign):
        Campaign.objects.filter(pk=campaign.pk).update(stage="planning", segment=None)

        refused = program.post(path(campaign, "advance"), {"stage": "building"})
        assert refused.status_code == HTTPStatus.CONFLICT
        assert refused.json()["detail"] == "No segment is chosen as the audience."

        taken = program.post(
            path(campaign, "advance"), {"stage": "building", "override_reason": "On Monday."}
        )
        assert taken.json()["stage"] == "building"

    def test_a_stage_that_is_none_is_a_bad_request(self, program, campaign):
        assert fields_of(program.post(path(campaign, "advance"), {"stage": "cake"})) == ["stage"]

    def test_the_same_request_twice_acts_once(self, program, campaign):
        for _time in range(2):
            answer = program.post(
                path(campaign, "advance"), {"stage": "live"}, headers={"Idempotency-Key": "a"}
            )
            assert answer.status_code == HTTPStatus.OK

        assert AuditEvent.objects.about(campaign).count() == 1


class TestReadiness:
    def test_names_every_check_with_what_it_found(self, program, campaign):
        Campaign.objects.filter(pk=campaign.pk).update(segment=None)

        body = program.get(path(campaign, "readiness")).json()

        assert body["is_ready"] is False
        [audience] = [check for check in body["checks"] if check["name"] == "campaigns.audience"]
        assert audience == {
            "name": "campaigns.audience",
            "label": "There is an audience",
            "group": "data",
            "required": True,
            "ok": False,
            "sentence": "No segment is chosen as the audience.",
            "blocks": True,
            "override": None,
        }

    def test_is_overridden_by_a_person_and_by_no_program(self, api, program, campaign):
        Campaign.objects.filter(pk=campaign.pk).update(segment=None)
        says = {"check": "campaigns.audience", "reason": "On Monday."}

        assert program.post(path(campaign, "overrides"), says).status_code == HTTPStatus.FORBIDDEN
        captain = api(campaign.captain)
        assert captain.post(path(campaign, "overrides"), says).status_code == HTTPStatus.CREATED
        assert captain.get(path(campaign, "readiness")).json()["is_ready"] is True
        assert [one["reason"] for one in captain.get(path(campaign, "overrides")).json()["results"]] == [
            "On Monday."
        ]

        captain.post(path(campaign, "overrides", "remove"), {"check": "campaigns.audience"})
        assert not Override.objects.exists()

    def test_a_check_that_passes_is_not_overridden(self, api, campaign):
        response = api(campaign.captain).post(
            path(campaign, "overrides"), {"check": "campaigns.goal", "reason": "x"}
        )

        assert response.status_code == HTTPStatus.CONFLICT


class TestProgress:
    def test_moves_with_the_events(self, program, campaign):
        assert program.get(path(campaign, "progress")).json()["reached"] == "1.0000"

        goal_event_record(campaign, contact_id=7, occurred_at=clock.now())

        body = program.get(path(campaign, "progress")).json()
        assert body["reached"] == "2.0000"
        assert (body["target"], body["ratio"], body["goal_measure"]) == ("200.00", 0.01, "people")
        assert body["days"][-1]["reached"] == "2.0000"


class TestChannels:
    def test_are_added_changed_and_removed(self, program, campaign):
        owner = UserFactory()

        made = program.post(path(campaign, "channels"), {"kind": "ads", "owner": owner.pk}).json()
        assert made["owner"] == owner.pk
        assert program.patch(f"/api/v1/channels/{made['id']}/", {"why": "New"}).json()["why"] == "New"
        listed = program.get(path(campaign, "channels")).json()["results"]
        assert [one["kind"] for one in listed] == ["email", "ads"]

        program.delete(f"/api/v1/channels/{made['id']}/")
        assert not Channel.objects.filter(kind="ads").exists()

    def test_there_is_one_of_a_kind(self, program, campaign):
        assert fields_of(program.post(path(campaign, "channels"), {"kind": "email"})) == ["kind"]

    def test_an_owner_does_not_hand_it_over(self, api):
        channel = ChannelFactory()
        client = api(channel.owner)

        assert client.patch(f"/api/v1/channels/{channel.pk}/", {"why": "Mine"}).status_code == HTTPStatus.OK
        refused = client.patch(f"/api/v1/channels/{channel.pk}/", {"owner": UserFactory().pk})

        assert refused.status_code == HTTPStatus.FORBIDDEN

    def test_one_that_is_past_is_not_overwritten(self, program, campaign, lead):
        channel = campaign.channels.get()
        services.channel_update(channel=channel, why="Ann's", by=lead, now=clock.now())

        late = program.patch(f"/api/v1/channels/{channel.pk}/", {"why": "x"}, headers={"If-Match": "1"})

        assert late.status_code == HTTPStatus.PRECONDITION_FAILED


class TestTasks:
    def test_are_added_changed_moved_and_removed(self, program, campaign):
        made = program.post(path(campaign, "tasks"), {"title": "Write", "due_date": "2099-01-01"}).json()
        task = f"/api/v1/tasks/{made['id']}/"

        assert program.patch(task, {"title": "Write it"}).json()["title"] == "Write it"
        assert program.post(f"{task}move/", {"state": "done"}).json()["done_at"] is not None
        assert program.delete(task).status_code == HTTPStatus.NO_CONTENT
        assert not Task.objects.exists()

    @pytest.mark.parametrize(
        ("says", "field"),
        [
            ({"title": "x" * 10_000}, "title"),
            ({"title": "x", "due_date": "2020-01-01"}, "due_date"),
            ({"title": "x", "assignee": 999_999}, "assignee"),
        ],
    )
    def test_refuse_what_cannot_be(self, program, campaign, says, field):
        assert fields_of(program.post(path(campaign, "tasks"), says)) == [field]
        assert not Task.objects.exists()

    def test_a_channel_of_another_campaign_is_refused(self, program, campaign):
        says = {"title": "x", "channel": ChannelFactory().pk}

        assert fields_of(program.post(path(campaign, "tasks"), says)) == ["channel"]

    def test_an_owner_keeps_to_the_own_channel(self, api, campaign):
        email = campaign.channels.get()
        ads = ChannelFactory(campaign=campaign, kind="ads")
        task = TaskFactory(campaign=campaign, channel=email)
        client = api(email.owner)

        added = client.post(path(campaign, "tasks"), {"title": "x", "channel": ads.pk})
        moved = client.patch(f"/api/v1/tasks/{task.pk}/", {"channel": ads.pk})
        own = client.post(path(campaign, "tasks"), {"title": "x", "channel": email.pk})

        assert [added.status_code, moved.status_code, own.status_code] == [403, 403, 201]

    def test_of_campaigns_that_do_not_exist_for_someone_are_not_listed(self, api):
        person = UserFactory(role=User.Role.CONTRIBUTOR)
        mine, _other = TaskFactory(assignee=person), TaskFactory()

        assert [one["id"] for one in api(person).get("/api/v1/tasks/").json()["results"]] == [mine.pk]


class TestKpis:
    def test_are_added_changed_moved_and_removed(self, program, campaign):
        metric = MetricFactory(name="Visits")
        says = {"metric": metric.pk, "reason": "Why"}

        made = program.post(path(campaign, "kpis"), says).json()
        kpi = f"/api/v1/kpis/{made['id']}/"
        assert made["label"] == "Visits"
        assert program.patch(kpi, {"target": "10"}).json()["target"] == "10.00"
        for _time in range(2):
            program.post(f"{kpi}move/", {"position": 0})
        labels = [one["label"] for one in program.get(path(campaign, "kpis")).json()["results"]]
        assert labels[0] == "Visits"

        program.delete(kpi)
        assert not Kpi.objects.filter(metric=metric).exists()

    def test_one_metric_stands_once(self, program):
        kpi = KpiFactory()

        assert fields_of(program.post(path(kpi.campaign, "kpis"), {"metric": kpi.metric_id})) == ["metric"]


class TestContributors:
    def test_come_and_go(self, program, campaign):
        person = UserFactory()

        made = program.post(path(campaign, "contributors"), {"user": person.pk}).json()
        assert [one["user"] for one in program.get(path(campaign, "contributors")).json()["results"]] == [
            person.pk
        ]

        program.delete(f"/api/v1/contributors/{made['id']}/")
        assert not Contributor.objects.exists()


class TestComments:
    @pytest.mark.parametrize("kind", ["campaigns", "channels", "tasks"])
    def test_are_written_and_read_below_their_thing(self, api, kind):
        task = TaskFactory(assignee__role=User.Role.CONTRIBUTOR)
        channel = task.campaign.channels.get()
        below = {"campaigns": task.campaign, "channels": channel, "tasks": task}[kind]
        address = f"/api/v1/{kind}/{below.pk}/comments/"
        client = api(task.assignee)

        assert client.post(address, {"text": "Shall we? 🎉"}).status_code == HTTPStatus.CREATED
        assert [one["text"] for one in client.get(address).json()["results"]] == ["Shall we? 🎉"]
        assert fields_of(client.post(address, {"text": " "})) == ["text"]

    @pytest.mark.parametrize("kind", ["campaigns", "channels", "tasks"])
    def test_have_scopes_of_their_own(self, api, lead, kind):
        task = TaskFactory()
        below = {"campaigns": task.campaign, "channels": task.campaign.channels.get(), "tasks": task}[kind]
        address, word = f"/api/v1/{kind}/{below.pk}/comments/", {"text": "Hello"}
        plans, talks = (
            api(lead, "campaigns:read", "campaigns:write"),
            api(lead, "comments:read", "comments:write"),
        )

        assert talks.post(address, word).status_code == HTTPStatus.CREATED
        assert talks.get(address).status_code == HTTPStatus.OK
        assert talks.get(f"/api/v1/{kind}/{below.pk}/").status_code == HTTPStatus.FORBIDDEN
        assert plans.post(address, word).json()["detail"] == "The token lacks the scope “comments:write”."
        assert plans.get(address).json()["detail"] == "The token lacks the scope “comments:read”."

    def test_are_no_business_of_strangers(self, api):
        stranger = api(UserFactory(role=User.Role.CONTRIBUTOR))

        refused = stranger.post(path(CampaignFactory(), "comments"), {"text": "Hello"})

        assert refused.status_code == HTTPStatus.NOT_FOUND


class TestActivity:
    def test_tells_of_every_part_newest_first(self, program, campaign, lead):
        now = clock.now()
        services.task_add(campaign=campaign, title="Write", by=lead, now=now)
        services.campaign_update(campaign=campaign, idea="New", by=lead, now=clock.now())

        acts = [one["action"] for one in program.get(path(campaign, "activity")).json()["results"]]

        assert acts == ["campaign.changed", "task.added"]
