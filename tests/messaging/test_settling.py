"""A person settles recipients of whom nobody can know, or takes a launch back before anything has left."""

from datetime import timedelta

import pytest

from apps.accounts.models import User
from apps.collaboration.models import AuditEvent
from apps.messaging import ledger, services
from apps.messaging.delivery.outcome import Outcome
from apps.messaging.ledger.gate import Gate
from apps.messaging.models import CapTally, DeliveryEvent, Experiment, Link, Message, Recipient, Settlement
from apps.messaging.selectors import Doubt, ledger_problems, message_ledger
from apps.messaging.tokens import Purpose, token_make
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import ExperimentFactory, MessageFactory, RecipientFactory

pytestmark = pytest.mark.django_db
State, Verdict = Recipient.State, Settlement.Verdict
MINUTE = timedelta(minutes=1)
LOST = "The worker stopped."
SILENT = "No answer."


def mail_id(row):
    return f"{token_make(Purpose.MAIL, row.pk)}@shop.example"


@pytest.fixture
def message(noon):
    """Finished: one sent, and three of whom nobody knows, for two reasons."""
    services.partitions_ensure(now=noon)
    message = MessageFactory(launched=True)
    for state, answer in (("sent", "250 ok"), *(("unknown", why) for why in (LOST, LOST, SILENT))):
        row = RecipientFactory(message=message, state=state, finished_at=noon, answer=answer, attempts=1)
        row.mail_id = mail_id(row)
        row.save()
    Message.objects.filter(pk=message.pk).update(state="finished", finished_at=noon)
    message.refresh_from_db()
    return message


@pytest.fixture
def settle(message, noon, lead):
    def act(verdict, *, reason="It is in the log.", **which):
        expected = which.pop("expected", None)
        return services.recipients_settle(
            message=message,
            doubt=Doubt(**which),
            verdict=verdict,
            reason=reason,
            expected=expected,
            by=lead,
            now=noon + MINUTE,
        )

    return act


def states(message):
    return {state.value: count for state, count in message_ledger(message).lines}


def opened(row, at):
    DeliveryEvent.objects.create(
        recipient=row, message_id=row.message_id, contact_id=row.contact_id, kind="opened", at=at
    )


class TestSettle:
    def test_taken_to_be_sent_they_count_as_sent_and_the_sums_hold(self, message, settle, lead):
        assert settle(Verdict.SENT, answer=LOST) == 2

        message.refresh_from_db()
        assert states(message) == {"sent": 3, "unknown": 1}
        assert message.state == "finished"
        kept = Settlement.objects.filter(message=message)
        assert {(one.verdict, one.reason, one.by) for one in kept} == {("sent", "It is in the log.", lead)}
        assert {one.recipient.answer for one in kept} == {
            "Taken to be sent, by the word of a person: It is in the log."
        }

    def test_said_not_to_have_left_they_are_in_line_again_and_the_message_runs(self, message, settle):
        assert settle(Verdict.NOT_SENT) == 3

        message.refresh_from_db()
        assert states(message) == {"queued": 3, "sent": 1}
        assert (message.state, message.finished_at) == ("running", None)
        again = message.recipients.filter(state="queued").values_list("mail_id", "attempts", "finished_at")
        assert set(again) == {("", 0, None)}

    def test_who_has_opened_it_is_not_written_to_again(self, message, settle, noon):
        has_it = message.recipients.filter(state="unknown").first()
        opened(has_it, noon)

        assert settle(Verdict.NOT_SENT, expected=3) == 2

        has_it.refresh_from_db()
        assert has_it.state == "unknown"

    def test_left_as_they_are_they_stay_unknown_and_are_not_asked_for_again(self, message, settle):
        assert settle(Verdict.LEFT, search=message.recipients.filter(answer=SILENT).get().address) == 1
        assert settle(Verdict.LEFT) == 2

        assert states(message) == {"sent": 1, "unknown": 3}
        assert Settlement.objects.count() == 3
        assert settle(Verdict.SENT) == 3

    def test_one_by_one(self, message, settle):
        one = message.recipients.filter(state="unknown").first()

        assert settle(Verdict.SENT, recipients=[one.pk]) == 1
        assert states(message) == {"sent": 2, "unknown": 2}

    def test_it_is_written_down_who_decided_what_and_why(self, message, settle, lead):
        settle(Verdict.SENT)

        event = AuditEvent.objects.get(action="message.settled")
        assert event.by == lead
        assert event.details == {"verdict": "sent", "recipients": 3, "reason": "It is in the log."}

    def test_what_a_slow_worker_says_afterwards_changes_nothing(self, message, noon, lead):
        row = RecipientFactory(message=MessageFactory(launched=True))
        lease = ledger.Lease(
            rows=[ledger.Taken(row.pk, row.message_id, row.contact_id, row.message.sender_id, "")],
            token="7" * 8 + "-0000" * 3 + "-" + "0" * 12,
            gate=Gate(),
        )
        Recipient.objects.filter(pk=row.pk).update(
            state="unknown", lease_token=lease.token, finished_at=noon, attempts=1
        )
        which = {"message": row.message, "doubt": Doubt(), "reason": "log", "by": lead, "now": noon}
        services.recipients_settle(verdict=Verdict.NOT_SENT, **which)

        ledger.settle(lease, {row.pk: Outcome.sent("250 late")}, now=noon)

        row.refresh_from_db()
        assert row.state == "queued"

    def test_what_the_first_try_counted_towards_a_cap_is_given_back(self, message, settle):
        row = message.recipients.filter(answer=SILENT).get()
        entry = {"id": row.pk, "day": "2030-03-01", "channel": "email", "topic": ""}
        CapTally.objects.create(contact=row.contact, entries=[entry])

        settle(Verdict.NOT_SENT)

        assert CapTally.objects.get().entries == []

    @pytest.mark.parametrize(
        ("changes", "asked", "told"),
        [
            ({}, {"reason": " "}, "Say why: it stays on record."),
            ({}, {"answer": "never said"}, "Nobody is left of whom this can be said."),
            ({}, {"expected": 2}, "There are 3 of them by now, and not 2. Look again."),
            ({"state": "cancelled"}, {}, "Nobody is written to again: this message was cancelled."),
            (
                {"not_after": "2030-03-01T12:01Z"},
                {},
                "This message must not go out any more: its last moment has passed.",
            ),
        ],
    )
    def test_refused_nothing_changes(self, message, settle, changes, asked, told):
        Message.objects.filter(pk=message.pk).update(**changes)

        with pytest.raises(services.MessageRefused, match=told):
            settle(Verdict.NOT_SENT, **asked)

        assert states(message) == {"sent": 1, "unknown": 3}
        assert not Settlement.objects.exists()
        assert not AuditEvent.objects.filter(action="message.settled").exists()


class TestLedgerIsStillTrue:
    @pytest.fixture
    def record(self, message):
        return [mail_id(row) for row in message.recipients.all()]

    @pytest.mark.parametrize("verdict", Verdict)
    def test_whatever_is_decided(self, message, settle, record, noon, verdict):
        settle(verdict)
        message.refresh_from_db()

        assert ledger_problems(message, now=noon + MINUTE, record=record) == []

    def test_who_opened_the_first_copy_and_got_a_second_is_no_fault(self, message, settle, record, noon):
        settle(Verdict.NOT_SENT, answer=SILENT)
        message.refresh_from_db()
        row = message.recipients.get(state="queued")
        opened(row, noon + MINUTE)
        sent = {"state": "sent", "mail_id": mail_id(row), "finished_at": noon}
        assert ledger_problems(message, now=noon + MINUTE) == []
        Recipient.objects.filter(pk=row.pk).update(**sent)

        assert ledger_problems(message, now=noon + MINUTE, record=[*record, mail_id(row)]) == []
        thrice = [*record, mail_id(row), mail_id(row)]
        assert ledger_problems(message, now=noon, record=thrice) == ["1 recipients got it more than once."]

    def test_a_wrong_word_of_a_person_is_told(self, message, settle, noon):
        settle(Verdict.SENT)
        taken = [mail_id(row) for row in message.recipients.filter(answer="250 ok")]

        assert ledger_problems(message, now=noon + MINUTE, record=taken) == [
            "3 recipients count as sent by the word of a person; the mail server has nothing for them."
        ]


class TestUndo:
    @pytest.fixture
    def launched(self, noon, lead):
        ContactFactory.create_batch(2)
        ContactFactory(consent=False)
        message = MessageFactory()
        services.message_launch(message=message, by=lead, now=noon, undo_seconds=60)
        return Message.objects.get(pk=message.pk)

    def test_nothing_leaves_before_it_cannot_be_undone_any_more(self, launched, noon):
        assert set(launched.recipients.values_list("state", "due_at")) == {
            ("planned", noon + MINUTE),
            ("excluded", noon + MINUTE),
        }
        ledger.queue_due(now=noon + MINUTE - timedelta(seconds=1))
        assert states(launched) == {"planned": 2, "excluded": 1}
        ledger.queue_due(now=noon + MINUTE)
        assert states(launched) == {"queued": 2, "excluded": 1}

    def test_it_is_a_draft_again_and_can_be_launched_again(self, launched, noon, lead):
        undone = services.message_undo(message=launched, by=lead, now=noon)

        undone.refresh_from_db()
        assert (undone.state, undone.launched_at, undone.launched_by) == ("draft", None, None)
        assert (undone.undo_until, undone.template_version) == (None, None)
        assert not Recipient.objects.exists()
        assert not Link.objects.exists()
        assert AuditEvent.objects.filter(action="message.undone").count() == 1
        services.message_launch(message=undone, by=lead, now=noon + MINUTE)
        assert states(undone) == {"queued": 2, "excluded": 1}

    def test_what_an_experiment_had_fixed_and_decided_is_open_again(self, noon, lead):
        ContactFactory.create_batch(4)
        experiment = ExperimentFactory()
        message = services.message_launch(message=experiment.message, by=lead, now=noon, undo_seconds=60)
        Experiment.objects.update(decided_at=noon, winner=1, has_won=True, found=[{"variant": 1}])

        undone = services.message_undo(message=message, by=lead, now=noon)

        experiment.refresh_from_db()
        assert (experiment.decided_at, experiment.winner, experiment.found) == (None, None, [])
        assert not experiment.variants.exclude(template_version=None).exists()
        services.message_launch(message=undone, by=lead, now=noon)
        assert experiment.variants.exclude(template_version=None).count() == 2

    def test_once_a_worker_has_begun_it_is_too_late(self, launched, noon, lead):
        ledger.queue_due(now=noon + MINUTE)
        Recipient.objects.filter(pk=launched.recipients.filter(state="queued").first().pk).update(
            state="leased", lease_token="0" * 32, leased_until=noon
        )

        with pytest.raises(services.MessageRefused, match="It has begun"):
            services.message_undo(message=launched, by=lead, now=noon)

        launched.refresh_from_db()
        assert launched.state == "running"
        assert states(launched) == {"queued": 1, "leased": 1, "excluded": 1}
        assert launched.links.count() == Link.objects.count()

    @pytest.mark.parametrize("state", ["draft", "finished", "cancelled"])
    def test_where_there_is_nothing_to_undo(self, noon, lead, state):
        message = MessageFactory(launched=state != "draft")
        Message.objects.filter(pk=message.pk).update(state=state, finished_at=noon)

        with pytest.raises(services.MessageRefused, match="There is no launch to undo"):
            services.message_undo(message=message, by=lead, now=noon)


class TestPages:
    def page(self, name, pk):
        return f"/messages/{pk}/{name}/"

    def test_shows_who_is_in_doubt_and_takes_what_a_person_says(self, login, lead, message):
        client = login(lead)

        shown = client.get(self.page("settle", message.pk), {"answer": LOST}).content.decode()
        assert "Settle 2 recipients" in shown
        answer = {"answer": LOST, "expected": 2, "verdict": "sent", "reason": "In the log."}
        done = client.post(self.page("settle", message.pk), answer)

        assert done.url == f"/messages/{message.pk}/"
        assert states(message) == {"sent": 3, "unknown": 1}

    def test_refused_it_says_why_and_keeps_what_was_typed(self, login, lead, message):
        answer = {"expected": 1, "verdict": "sent", "reason": "In the log."}

        page = login(lead).post(self.page("settle", message.pk), answer).content.decode()

        assert "There are 3 of them by now, and not 1. Look again." in page
        assert "In the log." in page
        assert states(message) == {"sent": 1, "unknown": 3}

    def test_who_may_not_see_people_is_not_asked(self, login, owner, message):
        message.channel.owner = owner
        message.channel.save()

        response = login(owner).get(self.page("settle", message.pk))

        assert response.status_code in {403, 404}

    def test_costs_the_same_for_three_and_for_twenty(self, login, lead, message, django_assert_num_queries):
        RecipientFactory.create_batch(20, message=message, state="unknown")
        client = login(lead)

        with django_assert_num_queries(8):
            client.get(self.page("settle", message.pk), headers={"HX-Request": "true"})

    def test_the_running_page_offers_the_undo_while_nothing_has_begun(self, login, lead, settings):
        settings.UNDO_SECONDS = 60
        ContactFactory()
        message = MessageFactory()
        client = login(lead)
        client.post(self.page("launch", message.pk), {"promised": 1})

        page = client.get(f"/messages/{message.pk}/").content.decode()
        assert "Until then the launch can be undone" in page
        client.post(self.page("undo", message.pk))

        message.refresh_from_db()
        assert message.state == "draft"
        assert not Recipient.objects.exists()

    def test_errors_show_whose_they_are(self, login, lead, message):
        page = login(lead).get(f"/messages/{message.pk}/").content.decode()

        for address in message.recipients.filter(state="unknown").values_list("address", flat=True):
            assert address in page


class TestApi:
    def test_settles_and_undoes(self, api, lead, message, noon):
        program = api(lead, "messages:write")
        asked = {"verdict": "sent", "reason": "Provider's log.", "answer": SILENT}

        done = program.post(f"/api/v1/messages/{message.pk}/settle-unknown/", asked, format="json")
        assert done.json() == {"settled": 1}
        assert states(message) == {"sent": 2, "unknown": 2}

        late = program.post(f"/api/v1/messages/{message.pk}/undo/", {}, format="json")
        assert late.status_code == 409

    def test_launches_with_time_to_undo_it(self, api, lead):
        ContactFactory()
        message = MessageFactory()
        program = api(lead, "messages:write")

        program.post(f"/api/v1/messages/{message.pk}/launch/", {"undo_seconds": 60}, format="json")
        assert states(message) == {"planned": 1}
        undone = program.post(f"/api/v1/messages/{message.pk}/undo/", {}, format="json")

        assert undone.json()["state"] == "draft"

    @pytest.mark.parametrize("role", [User.Role.SALES, User.Role.EXECUTIVE])
    def test_is_not_for_those_who_do_not_send(self, api, message, role):
        program = api(UserFactory(role=role), "messages:write")
        asked = {"verdict": "sent", "reason": "x"}

        refused = program.post(f"/api/v1/messages/{message.pk}/settle-unknown/", asked, format="json")

        assert refused.status_code in {403, 404}
        assert not Settlement.objects.exists()
