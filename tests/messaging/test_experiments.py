"""Experiments: who is drawn, when it is decided and by what, and what the rest gets."""

from collections import Counter
from contextlib import closing
from datetime import timedelta

import pytest
from django.db import OperationalError, connections

from apps.collaboration.models import AuditEvent, Notification
from apps.messaging import audience, lots, services
from apps.messaging.models import DeliveryEvent, Link, Message, Recipient, Variant
from apps.messaging.selectors import (
    contact_why,
    experiment_findings,
    ledger_problems,
    message_ledger,
    recipient_checks,
    sample_counts,
    variant_version,
)
from apps.reporting.models import MessageResult
from apps.reporting.services import results_refresh
from tests.factories.campaigns import goal_event_record
from tests.factories.contacts import ContactFactory, SuppressionFactory
from tests.factories.content import TemplateFactory
from tests.factories.messaging import ExperimentFactory, MessageFactory, VariantFactory
from tests.locks import hasty
from tests.messaging.test_caps import send

pytestmark = pytest.mark.django_db
State = Recipient.State
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def launch(noon, lead):
    """Launch a message that tries something out to so many people."""

    def act(people=10, *, subjects=None, message=None, **experiment):
        ContactFactory.create_batch(people)
        message = message or MessageFactory()
        ExperimentFactory(message=message, subjects=subjects, **experiment)
        return services.message_launch(message=message, by=lead, now=noon)

    return act


@pytest.fixture
def tried(launch, noon):
    """Launch it, send the sample, and let this many of each variant click: the wait begins at noon."""

    def act(*clicks, people=10, **more):
        message = launch(people, **more)
        send(noon)
        for variant, count in enumerate(clicks):
            for row in sample(message, variant)[:count]:
                hit(row, "clicked", noon + MINUTE)
        services.experiments_decide(now=noon)
        message.experiment.refresh_from_db()
        return message

    return act


def sample(message, variant):
    return list(message.recipients.filter(is_sample=True, variant=variant).order_by("pk"))


def hit(row, kind, at, machine_reason=""):
    return DeliveryEvent.objects.create(
        recipient=row,
        message_id=row.message_id,
        contact_id=row.contact_id,
        kind=kind,
        at=at,
        machine_reason=machine_reason,
    )


def states(message):
    return Counter(message.recipients.values_list("state", "variant", "is_sample"))


def decided(message):
    experiment = type(message.experiment).objects.get(pk=message.pk)
    return experiment.winner, experiment.has_won, experiment.decided_at


class TestFreeze:
    def test_deals_the_variants_evenly_to_the_sample_and_lets_the_rest_wait(self, launch):
        message = launch(25, subjects=["Two", "Three"], sample_percent=40)

        assert states(message) == {
            ("queued", 0, True): 4,
            ("queued", 1, True): 3,
            ("queued", 2, True): 3,
            ("awaiting", None, False): 15,
        }

    def test_is_what_was_promised_and_sums_to_the_audience(self, noon, lead):
        message = ExperimentFactory(message=MessageFactory(holdout_percent=30), sample_percent=20).message
        ContactFactory.create_batch(40)
        SuppressionFactory(address=ContactFactory().email)
        promised = audience.promise(audience.choice_of(message), now=noon)

        services.message_launch(message=message, by=lead, now=noon, promised=promised.recipients)

        ledger = message_ledger(message)
        assert ledger.audience == promised.audience == 41
        assert (
            ledger.states[State.QUEUED]
            == promised.sample
            == lots.sample_size(promised.recipients, percent=20, variants=2)
        )
        assert ledger.states[State.AWAITING] == promised.awaiting
        assert promised.sample + promised.awaiting == promised.recipients
        assert ledger_problems(message, now=noon) == []

    @pytest.mark.parametrize(
        ("people", "found"),
        [
            (1, {("queued", 0, True): 1}),
            (2, {("queued", 0, True): 1, ("queued", 1, True): 1}),
            (4, {(("queued"), n, True): 1 for n in range(3)} | {("awaiting", None, False): 1}),
        ],
    )
    def test_gives_each_variant_somebody_while_there_is_anybody(self, launch, people, found):
        message = launch(people, subjects=["Two", "Three"], sample_percent=1)

        assert states(message) == found

    def test_draws_the_same_people_again(self, launch):
        message = launch(20)
        drawn = {row.contact_id: row.variant for row in message.recipients.filter(is_sample=True)}
        again = Message.objects.get(pk=message.pk)

        split = audience.split_of(again)

        assert (split.percent, split.variants, len(drawn)) == (50, 2, split.sample_of(20))
        assert set(drawn.values()) == {0, 1}

    def test_leaves_rows_of_other_messages_without_a_variant(self, noon, lead):
        ContactFactory()
        message = services.message_launch(message=MessageFactory(), by=lead, now=noon)

        assert states(message) == {("queued", None, False): 1}

    def test_who_awaits_the_winner_is_among_those_who_wait_in_the_results(self, noon, launch):
        message = launch(10)

        results_refresh(campaign=message.campaign, now=noon)

        result = MessageResult.objects.get(message=message)
        assert (result.audience, result.waiting, result.sent) == (10, 10, 0)

    def test_of_nobody_launches_nothing(self, noon, lead):
        message = ExperimentFactory().message

        with pytest.raises(services.MessageNotLaunchable, match="Nobody in the audience"):
            services.message_launch(message=message, by=lead, now=noon)

        assert not message.recipients.exists()


class TestLaunch:
    def test_fixes_the_words_of_each_variant_and_stores_its_links_once(self, noon, lead):
        ContactFactory()
        experiment = ExperimentFactory(subjects=["Summer is near"])
        other = TemplateFactory(version__subject="Quite another")
        VariantFactory(experiment=experiment, template=other)

        message = services.message_launch(message=experiment.message, by=lead, now=noon)

        fixed = list(Variant.objects.filter(experiment=experiment).order_by("number"))
        assert [variant_version(one, message).subject for one in fixed] == [
            "Spring is here",
            "Summer is near",
            "Quite another",
        ]
        assert [one.template_version_id for one in fixed] == [
            message.template_version_id,
            message.template_version_id,
            other.versions.get().pk,
        ]
        links = Link.objects.filter(message=message).count()
        assert [one.first_link for one in fixed] == [0, 0, links // 2]

    @pytest.mark.parametrize(
        ("subject", "told"),
        [
            ("Dear {{ contact.first_name", "Variant B: "),
            ("Spring is here", "Variant B: it is the same as A."),
            ("", "Variant B: it is the same as A."),
        ],
    )
    def test_refuses_a_variant_that_nobody_should_get_by_its_name(self, noon, lead, subject, told):
        ContactFactory()
        message = ExperimentFactory(subjects=[subject]).message

        with pytest.raises(services.MessageNotLaunchable, match=told):
            services.message_launch(message=message, by=lead, now=noon)

        assert not message.recipients.exists()

    @pytest.mark.parametrize(
        ("message", "experiment", "told"),
        [
            ({"is_tracked": False}, {}, "Opens and clicks are not counted"),
            ({"campaign__goal_event": ""}, {"metric": "converted"}, "counts no goal event"),
            ({"not_after": HOUR}, {}, "comes before the winner"),
        ],
    )
    def test_refuses_what_no_variant_could_win_by(self, noon, lead, message, experiment, told):
        ContactFactory()
        if "not_after" in message:
            message = {"not_after": noon + message["not_after"]}
        draft = ExperimentFactory(message=MessageFactory(**message), **experiment).message

        with pytest.raises(services.MessageNotLaunchable, match=told):
            services.message_launch(message=draft, by=lead, now=noon)

        assert not draft.recipients.exists()


class TestSending:
    def test_everyone_of_the_sample_gets_their_variant_and_the_rest_the_winner(
        self, noon, launch, mail_server
    ):
        message = launch(10)
        services.messages_send(now=noon)
        assert Counter(one.mail["Subject"] for one in mail_server.taken) == {
            "Spring is here": 3,
            "Summer is near": 2,
        }
        hit(sample(message, 1)[0], "clicked", noon + MINUTE)

        for later in (MINUTE, 3 * HOUR, 3 * HOUR):
            services.experiments_decide(now=noon + later)
            services.messages_send(now=noon + later)

        assert Counter(one.mail["Subject"] for one in mail_server.taken) == {
            "Spring is here": 3,
            "Summer is near": 7,
        }
        assert set(mail_server.copies.values()) == {1}
        message.refresh_from_db()
        assert message.state == Message.State.FINISHED
        assert ledger_problems(message, now=noon + 4 * HOUR) == []

    def test_a_click_in_another_template_leads_where_that_one_says(self, noon, lead, mail_server):
        ContactFactory.create_batch(2)
        experiment = ExperimentFactory(sample_percent=100)
        mjml = TemplateFactory().versions.get().mjml.replace("spring", "summer")
        other = TemplateFactory(version__mjml=mjml)
        experiment.variants.filter(number=1).update(template=other)
        message = services.message_launch(message=experiment.message, by=lead, now=noon)

        services.messages_send(now=noon)

        first = experiment.variants.get(number=1).first_link + 1
        assert Link.objects.get(message=message, position=first).url.startswith("https://shop.example/summer")
        [row] = sample(message, 1)
        gone = services.click_record(recipient_id=row.pk, position=first, machine_reason="", now=noon + HOUR)
        assert gone.url.startswith("https://shop.example/summer")


class TestDecide:
    def test_the_wait_begins_when_the_last_of_the_sample_has_left(self, noon, launch):
        message = launch()
        services.experiments_decide(now=noon)
        message.experiment.refresh_from_db()
        assert message.experiment.decide_at is None

        send(noon + MINUTE)
        services.experiments_decide(now=noon + 5 * MINUTE)

        message.experiment.refresh_from_db()
        assert message.experiment.decide_at == noon + MINUTE + HOUR
        assert message.experiment.decided_at is None

    def test_the_variant_with_the_most_wins_and_goes_to_the_rest(self, noon, tried):
        message = tried(1, 2)

        services.experiments_decide(now=noon + HOUR)

        assert decided(message) == (1, True, noon + HOUR)
        assert message.recipients.filter(state=State.QUEUED, variant=1, is_sample=False).count() == 5
        assert message_ledger(message).states[State.AWAITING] == 0
        assert message.experiment.variants.count() == 2

    def test_what_it_rests_on_is_written_down_and_its_people_are_told(self, noon, tried):
        message = tried(1, 2)

        services.experiments_decide(now=noon + HOUR)

        event = AuditEvent.objects.get(action="message.decided")
        assert event.details == {
            "variant": "B",
            "found": [{"variant": 0, "sent": 3, "hits": 1}, {"variant": 1, "sent": 2, "hits": 2}],
        }
        told = Notification.objects.filter(text=f"“{message.name}”: Variant B won.")
        people = {message.campaign.captain, message.channel.owner} - {None}
        assert {one.user for one in told} == people

    def test_before_its_time_nothing_happens(self, noon, tried):
        message = tried(1, 2)

        services.experiments_decide(now=noon + HOUR - MINUTE)

        assert decided(message) == (None, False, None)
        assert message_ledger(message).states[State.AWAITING] == 5

    @pytest.mark.parametrize(
        ("otherwise", "winner", "state"), [("best", 0, State.QUEUED), ("stop", None, State.CANCELLED)]
    )
    def test_where_nobody_clicked_none_wins(self, noon, tried, otherwise, winner, state):
        message = tried(otherwise=otherwise)

        services.experiments_decide(now=noon + HOUR)

        assert decided(message) == (winner, False, noon + HOUR)
        assert set(message.recipients.filter(is_sample=False).values_list("state", "variant")) == {
            (state, winner)
        }

    def test_with_a_confidence_the_better_one_must_be_surely_better(self, noon, tried):
        message = tried(1, 2, confidence=95, otherwise="stop")

        services.experiments_decide(now=noon + HOUR)

        assert decided(message) == (None, False, noon + HOUR)

    def test_a_machine_wins_nothing(self, noon, tried):
        message = tried(1)
        for row in sample(message, 1):
            hit(row, "clicked", noon + MINUTE, machine_reason="all_links")

        services.experiments_decide(now=noon + HOUR)

        assert decided(message)[0] == 0

    def test_counts_what_the_campaign_is_for_after_the_mail_had_left(self, noon, tried):
        message = tried(metric="converted")
        [before, after] = sample(message, 0)[:1] + sample(message, 1)[:1]
        goal_event_record(message.campaign, contact_id=before.contact_id, occurred_at=noon - MINUTE)
        goal_event_record(message.campaign, contact_id=after.contact_id, occurred_at=noon + MINUTE)

        services.experiments_decide(now=noon + HOUR)

        assert decided(message)[:2] == (1, True)

    @pytest.mark.parametrize("state", ["paused", "cancelled"])
    def test_leaves_alone_what_was_stopped(self, noon, lead, tried, state):
        message = tried(1, 2)
        act = {"paused": services.message_pause, "cancelled": services.message_cancel}[state]
        act(message=message, by=lead, now=noon + MINUTE)

        services.experiments_decide(now=noon + HOUR)

        assert decided(message) == (None, False, None)
        waits = {"paused": State.AWAITING, "cancelled": State.CANCELLED}[state]
        assert set(message.recipients.filter(is_sample=False).values_list("state", flat=True)) == {waits}

    def test_a_message_that_goes_on_is_decided_then(self, noon, lead, tried):
        message = tried(1, 2)
        services.message_pause(message=message, by=lead, now=noon + MINUTE)
        services.message_resume(message=message, by=lead, now=noon + 2 * HOUR)

        services.experiments_decide(now=noon + 2 * HOUR)

        assert decided(message) == (1, True, noon + 2 * HOUR)

    def test_what_awaits_expires_with_its_message(self, noon, tried):
        message = tried(1, 2, message=MessageFactory(not_after=noon + 2 * HOUR))

        services.messages_send(now=noon + 2 * HOUR)

        assert message_ledger(message).states[State.EXPIRED] == 5

    def test_who_is_suppressed_meanwhile_is_not_written_to(self, noon, tried):
        message = tried(1, 2)
        row = message.recipients.filter(state=State.AWAITING).first()
        SuppressionFactory(address=row.address)

        services.experiments_decide(now=noon + HOUR)
        send(noon + HOUR)

        row.refresh_from_db()
        assert (row.state, row.reason, row.variant) == (State.SKIPPED, "suppressed", 1)
        assert message_ledger(message).states[State.SENT] == 9

    def test_an_hour_still_to_come_is_kept(self, noon, lead, launch):
        message = launch(message=MessageFactory(scheduled_at=noon + 3 * HOUR))

        services.experiment_choose(message=message, variant=1, by=lead, now=noon)
        services.experiments_decide(now=noon)

        rest = message.recipients.filter(is_sample=False)
        assert set(rest.values_list("state", "variant", "due_at")) == {("planned", 1, noon + 3 * HOUR)}

    def test_a_sample_of_everybody_ends_and_is_decided_all_the_same(self, noon, tried):
        message = tried(0, 3, sample_percent=100)
        services.messages_finish(now=noon)

        services.experiments_decide(now=noon + HOUR)

        assert decided(message)[:2] == (1, True)
        assert message_ledger(message).states[State.SENT] == 10

    @pytest.mark.django_db(transaction=True)
    def test_two_schedulers_at_once_come_to_one_decision(self, noon, tried):
        message = tried(1, 2)
        with closing(connections.create_connection("default")) as other, other.cursor() as cursor:
            other.set_autocommit(False)
            cursor.execute("SELECT FROM messaging_message WHERE id = %s FOR NO KEY UPDATE", [message.pk])
            cursor.execute(
                "UPDATE messaging_experiment SET decided_at = %s, winner = 0 WHERE message_id = %s",
                [noon + HOUR, message.pk],
            )
            with hasty(), pytest.raises(OperationalError, match="lock timeout"):
                services.experiments_decide(now=noon + HOUR)  # it waits for the first, and does not decide
            other.commit()

        services.experiments_decide(now=noon + HOUR)

        assert decided(message) == (0, False, noon + HOUR)
        assert not AuditEvent.objects.filter(action="message.decided").exists()
        assert message.recipients.filter(state=State.QUEUED, variant=0, is_sample=False).count() == 5

    def test_decides_once_however_often_it_is_rung(self, noon, tried):
        tried(1, 2)

        for minutes in range(3):
            services.experiments_decide(now=noon + HOUR + minutes * MINUTE)

        assert AuditEvent.objects.filter(action="message.decided").count() == 1


class TestChoose:
    def test_a_person_may_choose_before_the_rule_does(self, noon, lead, tried):
        message = tried(1, 2)

        services.experiment_choose(message=message, variant=0, by=lead, now=noon + MINUTE)
        services.experiments_decide(now=noon + MINUTE)
        services.experiments_decide(now=noon + HOUR)

        assert decided(message) == (0, False, noon + MINUTE)
        assert message.recipients.filter(state=State.QUEUED, variant=0, is_sample=False).count() == 5
        event = AuditEvent.objects.get(action="message.decided")
        assert event.by == lead

    def test_nothing_for_the_rest_can_be_chosen_too(self, noon, lead, tried):
        message = tried(1, 2)

        services.experiment_choose(message=message, variant=None, by=lead, now=noon + MINUTE)
        services.experiments_decide(now=noon + MINUTE)

        assert message_ledger(message).states[State.CANCELLED] == 5

    def test_refuses_what_there_is_not_and_what_is_decided(self, noon, lead, tried):
        message = tried(1, 2)
        with pytest.raises(services.MessageRefused, match="no such variant"):
            services.experiment_choose(message=message, variant=5, by=lead, now=noon)
        services.experiments_decide(now=noon + HOUR)

        for other, told in ((message, "Variant B won"), (MessageFactory(launched=True), "tries nothing out")):
            with pytest.raises(services.MessageRefused, match=told):
                services.experiment_choose(message=other, variant=0, by=lead, now=noon + HOUR)

        assert decided(message) == (1, True, noon + HOUR)

    def test_a_draft_has_nothing_to_choose_yet(self, noon, lead):
        message = ExperimentFactory().message

        with pytest.raises(services.MessageRefused, match="Draft"):
            services.experiment_choose(message=message, variant=0, by=lead, now=noon)


class TestFindings:
    def test_counts_people_and_machines_of_the_sample_apart(self, noon, tried):
        message = tried(2, 1)
        hit(sample(message, 1)[1], "clicked", noon + MINUTE, machine_reason="all_links")
        services.experiments_decide(now=noon + HOUR)
        send(noon + HOUR)
        hit(message.recipients.filter(is_sample=False).first(), "clicked", noon + HOUR)

        found = sample_counts(message, now=noon + 2 * HOUR)

        assert [(one.people, one.sent, one.clicked, one.clicked_machine) for one in found] == [
            (3, 3, 2, 0),
            (2, 2, 1, 1),
        ]

    def test_compares_each_variant_with_the_control(self, noon, tried):
        message = tried(2, 1)

        found = experiment_findings(message.experiment, message, now=noon + HOUR)

        control, other = found.lines
        assert (control.subject, other.subject) == ("Spring is here", "Summer is near")
        assert control.difference is None
        assert round(other.difference.value, 4) == round(1 / 2 - 2 / 3, 4)
        assert (found.leader.letter, found.is_clear) == ("A", False)
        assert (found.sample, found.rest, found.awaiting) == (5, 5, 5)


class TestWhy:
    def test_says_which_variant_and_why_one_waits(self, noon, tried):
        message = tried(1, 2)
        [drawn, waits] = [
            message.recipients.filter(is_sample=flag).order_by("pk").last() for flag in (True, False)
        ]

        def told(row):
            row = Recipient.objects.get(pk=row.pk)
            check = next(one for one in recipient_checks(row, now=noon) if one.rule == "experiment")
            return check.result, check.detail

        assert told(drawn)[0] == "passed"
        assert told(drawn)[1].startswith(f"Drawn for the sample: variant {'AB'[drawn.variant]}")
        assert told(waits)[0] == "held"
        sentence = contact_why(waits.contact, message, now=noon).sentence
        assert sentence == f"Waits for the winner: {told(waits)[1]}"

        services.experiments_decide(now=noon + HOUR)

        assert told(waits) == ("passed", "Not in the sample. Variant B won.")

    def test_says_that_nothing_won(self, noon, tried):
        message = tried(otherwise="stop")
        services.experiments_decide(now=noon + HOUR)

        row = message.recipients.filter(is_sample=False).first()

        results = {one.rule: one.result for one in recipient_checks(row, now=noon)}
        assert (results["experiment"], results["server"]) == ("stopped", "not_asked")
