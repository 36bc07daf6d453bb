"""The pages and endpoints on which an experiment is written, looked at and decided."""

from http import HTTPStatus

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from apps.accounts.models import User
from apps.core import clock
from apps.messaging.models import Experiment
from tests.factories.accounts import UserFactory
from tests.factories.content import TemplateFactory
from tests.factories.messaging import ExperimentFactory, MessageFactory, RecipientFactory
from tests.messaging.test_draft_views import ready

pytestmark = pytest.mark.django_db
RULE = {
    "sample_percent": "25",
    "wait_hours": "1.5",
    "metric": "clicked",
    "confidence": "90",
    "otherwise": "stop",
}


def url(name, *args):
    return reverse(f"messaging:{name}", args=args)


def api_url(name, *args):
    return reverse(f"api:message-{name}", args=args)


def written(message):
    experiment = Experiment.objects.get(message=message)
    rows = experiment.variants.order_by("number").values_list("number", "subject", "template")
    return experiment, list(rows)


def launched(**more):
    """Return a message whose sample of two, one for each variant, has got it, and one who waits."""
    experiment = ExperimentFactory(message=MessageFactory(launched=True), **more)
    for variant in (0, 1):
        RecipientFactory(
            message=experiment.message,
            state="sent",
            variant=variant,
            is_sample=True,
            finished_at=clock.now(),
            mail_id=f"m{variant}@shop.example",
        )
    RecipientFactory(message=experiment.message, state="awaiting")
    return experiment.message


class TestMessageVariants:
    def test_saves_the_rows_that_say_something_and_the_rule(self, login, lead):
        message, template = MessageFactory(), TemplateFactory()

        response = login(lead).post(
            url("variants-edit", message.pk),
            {**RULE, "subject_1": "", "template_1": "", "subject_2": "Summer", "template_2": template.pk},
        )

        assert response.headers["Location"] == url("settings-edit", message.pk)
        experiment, rows = written(message)
        assert rows == [(0, "", None), (1, "Summer", template.pk)]
        assert (experiment.sample_percent, experiment.wait_minutes) == (25, 90)
        assert (experiment.metric, experiment.confidence, experiment.otherwise) == ("clicked", 90, "stop")

    def test_no_rows_are_no_experiment(self, login, lead):
        message = ExperimentFactory().message

        login(lead).post(url("variants-edit", message.pk), {**RULE, "subject_1": "", "template_1": ""})

        assert not Experiment.objects.filter(message=message).exists()

    def test_shows_what_is_saved_and_room_for_more(self, login, lead):
        message = ExperimentFactory(subjects=["Summer is near"], wait_minutes=90).message

        page = login(lead).get(url("variants-edit", message.pk))

        form = page.context["form"]
        assert [letter for letter, *_more in form.rows] == ["B", "C", "D"]
        assert b'value="Summer is near"' in page.content
        assert b'value="1.5"' in page.content

    def test_keeps_what_was_typed_beside_the_error(self, login, lead):
        message = MessageFactory()

        page = login(lead).post(
            url("variants-edit", message.pk), {**RULE, "sample_percent": "101", "subject_1": "Summer"}
        )

        assert page.status_code == HTTPStatus.OK
        assert list(page.context["form"].errors) == ["sample_percent"]
        assert b'value="Summer"' in page.content
        assert not Experiment.objects.exists()

    def test_who_may_not_send_it_changes_nothing(self, login):
        message = MessageFactory()

        response = login(UserFactory(role=User.Role.MARKETER)).post(
            url("variants-edit", message.pk), {**RULE, "subject_1": "Summer"}
        )

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert not Experiment.objects.exists()


class TestReview:
    def test_shows_each_variant_by_itself(self, login, lead):
        message = ExperimentFactory(message=ready()).message

        subjects = [
            login(lead).get(url("detail", message.pk), {"variant": number}).context["mail"].subject
            for number in (0, 1)
        ]

        assert subjects == ["Spring is here", "Summer is near"]

    def test_a_broken_subject_is_told_and_not_shown(self, login, lead):
        message = ExperimentFactory(message=ready(), subjects=["Dear {{ contact.name"]).message

        page = login(lead).get(url("detail", message.pk), {"variant": 1})

        assert page.context["mail"] is None
        assert [one[:11] for one in page.context["problems"]] == ["Variant B: "]

    def test_a_test_is_sent_of_one_variant(self, login, lead, mail_server):
        message = ExperimentFactory(message=ready()).message

        login(lead).post(url("test", message.pk), {"people": [lead.pk], "variant": 1})

        assert [one.mail["Subject"] for one in mail_server.taken] == ["[Test B] Summer is near"]


class TestMessageExperiment:
    def test_says_what_the_sample_found_as_a_page_and_as_a_part(self, login, lead):
        message = launched()

        page = login(lead).get(url("experiment", message.pk))
        part = login(lead).get(url("experiment", message.pk), headers={"HX-Request": "true"})

        assert [line.sampled.sent for line in page.context["findings"].lines] == [1, 1]
        assert b"<html" in page.content
        assert part.content.strip().startswith(b'<div class="stack"')

    def test_costs_the_same_however_many_there_are(self, login, lead, django_assert_max_num_queries):
        message = launched(subjects=["Two", "Three", "Four"])
        RecipientFactory.create_batch(20, message=message, state="sent", variant=2, is_sample=True)
        client = login(lead)

        with django_assert_max_num_queries(25):
            client.get(url("experiment", message.pk))

    def test_is_not_there_for_a_message_that_tries_nothing_out(self, login, lead):
        response = login(lead).get(url("experiment", MessageFactory(launched=True).pk))

        assert response.status_code == HTTPStatus.NOT_FOUND


class TestMessageDecide:
    def test_chooses_what_the_rest_gets(self, login, lead):
        message = launched()

        response = login(lead).post(url("decide", message.pk), {"variant": "1"})

        assert response.headers["Location"] == url("experiment", message.pk)
        experiment, _rows = written(message)
        assert (experiment.winner, experiment.decided_by) == (1, lead)

    def test_says_why_not(self, login, lead):
        message = launched()
        client = login(lead)
        client.post(url("decide", message.pk), {"variant": ""})

        response = client.post(url("decide", message.pk), {"variant": "1"})

        told = [str(note) for note in get_messages(response.wsgi_request)]
        assert told == [f"This was decided already: {lead} chose that the rest gets nothing."]
        assert written(message)[0].winner is None

    def test_is_not_for_who_only_looks(self, login):
        message = launched()

        response = login(UserFactory(role=User.Role.MARKETER)).post(
            url("decide", message.pk), {"variant": "1"}
        )

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert not written(message)[0].is_decided


class TestApi:
    @pytest.fixture
    def program(self, api, lead):
        return api(lead, "messages:read", "messages:write")

    def test_an_experiment_is_written_with_its_message_and_taken_away(self, program):
        message = MessageFactory()
        asked = {"metric": "opened", "variants": [{"subject": "Summer"}]}

        told = program.patch(api_url("detail", message.pk), {"experiment": asked}, format="json").json()
        bare = program.patch(api_url("detail", message.pk), {"experiment": None}, format="json").json()

        assert {
            name: told["experiment"][name] for name in ("sample_percent", "wait_minutes", "otherwise")
        } == {
            "sample_percent": 20,
            "wait_minutes": 240,
            "otherwise": "best",
        }
        assert [(one["letter"], one["subject"]) for one in told["experiment"]["variants"]] == [
            ("A", ""),
            ("B", "Summer"),
        ]
        assert bare["experiment"] is None

    def test_refuses_a_rule_without_variants(self, program):
        message = MessageFactory()

        response = program.patch(
            api_url("detail", message.pk), {"experiment": {"variants": []}}, format="json"
        )

        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert not Experiment.objects.exists()

    def test_tells_the_promise_with_its_sample(self, program):
        message = ExperimentFactory().message
        RecipientFactory.create_batch(4)

        told = program.get(api_url("reach", message.pk)).json()

        assert (told["recipients"], told["sample"], told["awaiting"]) == (4, 2, 2)

    def test_tells_what_was_found_and_lets_a_program_choose(self, program):
        message = launched()

        found = program.get(api_url("experiment", message.pk)).json()
        chosen = program.post(api_url("decide", message.pk), {"variant": 1}, format="json").json()

        assert (found["sample"], found["rest"], found["leader"], found["is_clear"]) == (2, 1, None, False)
        assert [(one["variant"], one["sent"], one["hits"]) for one in found["variants"]] == [
            (0, 1, 0),
            (1, 1, 0),
        ]
        assert (chosen["winner"], chosen["has_won"]) == (1, False)
