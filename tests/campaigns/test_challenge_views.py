import re
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.campaigns.models import Challenge, ChallengeAnswer, Challenger, Task
from apps.core import clock
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import (
    CampaignFactory,
    ChallengeFactory,
    ChallengerFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def url(name, *args):
    return reverse(f"campaigns:{name}", args=args)


def text(response):
    return response.content.decode()


class TestTheList:
    def test_shows_what_is_held_and_for_how_long(self, login, lead):
        challenge = ChallengeFactory(asked_at=clock.now() - timedelta(days=2, hours=3))

        page = login(lead).get(url("challenges", challenge.campaign_id))
        fragment = login(lead).get(url("challenges", challenge.campaign_id), headers=HTMX)

        assert "2 d 3 h" in text(page)
        assert 'class="count">1<' in text(page)
        assert "<html" not in text(fragment)

    def test_takes_as_many_queries_for_many_as_for_one(self, login, lead):
        campaign, client = CampaignFactory(), login(lead)
        counts = []
        for more in (1, 20):
            ChallengeFactory.create_batch(more, campaign=campaign)
            ContentType.objects.clear_cache()
            with CaptureQueriesContext(connection) as asked:
                client.get(url("challenges", campaign.pk), headers=HTMX)
            counts.append(len(asked))

        assert counts[0] == counts[1]
        assert counts[1] <= 12


class TestRaising:
    def test_begins_at_the_thing_and_ends_at_the_question(self, login):
        task = TaskFactory(title="Write")
        captain = task.campaign.captain
        value = f"campaigns.task:{task.pk}"
        client = login(captain)

        form = text(client.get(url("challenge_raise", task.campaign_id), {"about": value}))
        done = client.post(
            url("challenge_raise", task.campaign_id), {"thing": value, "question": "Why?"}, follow=True
        )

        assert re.search(rf'value="{value}"\s+selected', form)
        assert Challenge.objects.get().thing == task
        assert "is held until your question is resolved" in text(done)

    @pytest.mark.parametrize("thing", ["campaigns.task:1", "accounts.user:1", "x", "campaigns.campaign:0"])
    def test_refuses_beside_the_field_what_is_not_of_the_campaign(self, login, lead, thing):
        response = login(lead).post(
            url("challenge_raise", CampaignFactory().pk), {"thing": thing, "question": "Why?"}
        )

        assert response.status_code == HTTPStatus.OK
        assert 'id="id_thing_error"' in text(response)
        assert not Challenge.objects.exists()

    def test_is_offered_on_the_thing_to_those_who_may(self, login):
        task = TaskFactory()
        named = ChallengerFactory(campaign=task.campaign).user

        assert "Challenge this" in text(login(named).get(url("task", task.pk)))
        assert "Challenge this" not in text(login(task.assignee).get(url("task", task.pk)))


class TestTheHeldThing:
    def test_says_who_asks_what(self, login):
        task = TaskFactory()
        ChallengeFactory(campaign=task.campaign, thing=task, question="Is it <true>?")

        page = text(login(task.assignee).get(url("task", task.pk)))

        assert "Is it &lt;true&gt;?" in page
        assert "Answer or look" in page

    def test_refuses_to_be_done_with_a_way_to_the_question(self, login):
        task = TaskFactory()
        challenge = ChallengeFactory(campaign=task.campaign, thing=task)

        page = login(task.assignee).post(url("task_move", task.pk), {"state": "done"}, follow=True)

        assert f'<a href="{url("challenge", challenge.pk)}">Look at it</a>' in text(page)
        assert Task.objects.get().state == "todo"

    def test_is_marked_in_the_plan(self, login, lead):
        task = TaskFactory()
        ChallengeFactory(campaign=task.campaign, thing=task)

        assert "Held" in text(login(lead).get(url("plan", task.campaign_id), headers=HTMX))


class TestAnsweringAndResolving:
    def test_are_for_the_owner_and_for_who_asked(self, login):
        task = TaskFactory()
        challenge = ChallengeFactory(campaign=task.campaign, thing=task)

        owner = login(task.assignee)
        owner.post(url("challenge_answer", challenge.pk), {"text": "Because."})
        refused = owner.post(url("challenge_resolve", challenge.pk), {"resolution": "withdrawn"})
        asker = login(challenge.asked_by)
        asker.post(url("challenge_resolve", challenge.pk), {"resolution": "accepted", "decision": "Fine."})

        assert refused.status_code == HTTPStatus.FORBIDDEN
        challenge.refresh_from_db()
        assert (ChallengeAnswer.objects.get().text, challenge.decision) == ("Because.", "Fine.")
        assert "Fine." in text(asker.get(url("challenge", challenge.pk)))

    def test_refuse_beside_the_field_and_keep_what_was_typed(self, login, lead):
        challenge = ChallengeFactory()

        page = login(lead).post(url("challenge_answer", challenge.pk), {"text": "x" * 5001})

        assert page.status_code == HTTPStatus.OK
        assert 'id="id_text_error"' in text(page)
        assert "x" * 5001 in text(page)
        assert not ChallengeAnswer.objects.exists()


class TestHome:
    def test_tells_who_must_answer_and_who_waits(self, login):
        task = TaskFactory(title="Write the letter")
        challenge = ChallengeFactory(campaign=task.campaign, thing=task)

        answering = text(login(task.assignee).get(reverse("home")))
        waiting = text(login(challenge.asked_by).get(reverse("home")))
        nobody = text(login(UserFactory()).get(reverse("home")))

        assert "Wait for your answer" in answering
        assert "You wait for an answer" in waiting
        assert "home-challenges" not in nobody


class TestTheTeamPage:
    def test_names_challengers_and_takes_them_off_again(self, login):
        campaign, person = CampaignFactory(), UserFactory()
        client = login(campaign.captain)

        client.post(url("challenger_add", campaign.pk), {"user": person.pk})
        named = Challenger.objects.get()
        client.post(url("challenger_remove", named.pk))

        assert named.user == person
        assert not Challenger.objects.exists()


class TestTheApi:
    def test_asks_answers_and_resolves(self, api):
        task = TaskFactory()
        captain = task.campaign.captain
        program = api(captain, "campaigns:read", "campaigns:write")
        below = f"/api/v1/campaigns/{task.campaign_id}/challenges/"

        raised = program.post(
            below, {"thing": "campaigns.task", "thing_id": task.pk, "question": "Why?"}, format="json"
        ).json()
        decided = {"resolution": "accepted", "decision": "Fine."}
        here = f"/api/v1/challenges/{raised['id']}/"
        answer = program.post(f"{here}answers/", {"text": "Because."}, format="json")
        held = program.post(f"/api/v1/tasks/{task.pk}/move/", {"state": "done"}, format="json")
        resolved = program.post(f"{here}resolve/", decided, format="json").json()

        assert (raised["thing"], raised["thing_id"], raised["is_open"]) == ("campaigns.task", task.pk, True)
        assert (answer.status_code, held.status_code) == (HTTPStatus.CREATED, HTTPStatus.CONFLICT)
        assert (resolved["decision"], resolved["is_open"]) == ("Fine.", False)
        assert [one["id"] for one in program.get(below).json()["results"]] == [raised["id"]]
        assert [one["text"] for one in program.get(f"{here}answers/").json()["results"]] == ["Because."]

    def test_refuses_what_is_not_of_the_campaign(self, api, lead):
        below = f"/api/v1/campaigns/{CampaignFactory().pk}/challenges/"
        asked = {"thing": "campaigns.task", "thing_id": TaskFactory().pk, "question": "Why?"}

        response = api(lead, "campaigns:write").post(below, asked, format="json")

        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert not Challenge.objects.exists()
