"""The demo says what the published experiment found."""

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.campaigns import readiness
from apps.campaigns.models import Campaign
from apps.campaigns.selectors import goal_progress
from apps.campaigns.services import campaigns_watch
from apps.contacts.models import (
    CompanyMember,
    Consent,
    Contact,
    Event,
    EventSchema,
    ImportFile,
    QualityScan,
    Topic,
)
from apps.contacts.selectors import systems
from apps.core import clock
from apps.demo import building, experiment, hillstrom, rural, services, tracker
from apps.demo.people import PASSWORD
from apps.messaging.models import Message, Recipient, SendingPolicy
from apps.messaging.selectors import experiment_findings, ledger_problems
from apps.reporting.selectors import campaign_results
from apps.reporting.services import rollups_verify
from apps.usecases.models import UseCase
from apps.usecases.selectors import use_cases_at
from config.mailcatcher import KEPT


class TestCustomers:
    def test_come_within_the_two_weeks_and_at_the_same_times_at_each_load(self):
        first, again = list(hillstrom.customers()), list(hillstrom.customers())

        assert first == again
        visits = [customer.visited_after for customer in first if customer.visited_after is not None]
        assert min(visits) >= hillstrom.SENDING_TAKES
        assert max(visits) < hillstrom.TWO_WEEKS
        assert all(
            customer.visited_after < customer.ordered_after < hillstrom.TWO_WEEKS
            for customer in first
            if customer.ordered_after is not None
        )

    def test_are_as_many_as_published(self):
        people = list(hillstrom.customers())

        assert len(people) == 64_000
        assert sum(customer.visited_after is not None for customer in people) == 9_394
        assert sum(customer.ordered_after is not None for customer in people) == 578


@pytest.mark.django_db(transaction=True)
def test_the_demo_shows_what_the_published_experiment_found(client):
    now = clock.now()

    services.demo_load(now=now)
    services.demo_load(now=now + timedelta(minutes=1))

    assert Contact.objects.count() == 64_000 + 53 + 4
    done = ImportFile.objects.get(file_name="hillstrom.csv")
    assert (done.rows_total, done.created) == (64_000, 64_000)
    assert Event.objects.count() == 9_394 + 578
    assert CompanyMember.objects.filter(company__attributes__is_invented=True, is_primary=True).count() == 20
    assert set(EventSchema.objects.values_list("label", "mode", "version")) == {
        ("Site visited", "warn", 1),
        ("Order completed", "warn", 1),
    }
    assert [scan.is_open for scan in QualityScan.objects.order_by("pk")] == [False, False, True]
    assert all(event.properties["time"] == "simulated" for event in Event.objects.all()[:50])
    assert_readers_may_choose()
    assert Recipient.objects.filter(reason="holdout").count() == 2 * 21_306 + 3_139
    campaign = Campaign.objects.get(name=experiment.NAME)
    assert found(campaign) == {
        ("Visitors", "Men's e-mail"): (18.28, 10.62, None, None),
        ("Visitors", "Women's e-mail"): (15.14, 10.62, None, None),
        ("Goal", "Men's e-mail"): (1.25, 0.57, 1.42, 0.65),
        ("Goal", "Women's e-mail"): (0.88, 0.57, 1.08, 0.65),
    }
    assert all(
        row.difference.is_clear for part in campaign_results(campaign).findings for row in part.comparisons
    )
    assert rollups_verify(campaign=campaign, now=clock.now()) == []
    campaigns_watch(now=clock.now())
    assert goal_progress(campaign, clock.now()).reached == 578
    assert readiness.problems(Campaign.objects.get(name=building.NAME), now)

    assert_taught_and_replayed(campaign)
    assert_tried_out(Campaign.objects.get(name=rural.NAME))
    for message in Message.objects.launched():
        assert ledger_problems(message, now=clock.now(), record=[], answer=KEPT) == []
    assert_tracked(now)

    client.force_login(User.objects.get(email="executive@bookend.example"))
    page = client.get(reverse("reporting:results", args=[campaign.pk])).content.decode()
    for figure in ("18.28", "15.14", "10.62", "1.25", "0.88", "0.57", "$1.42", "$1.08", "$0.65"):
        assert figure in page
    assert "not counted" in page  # opens and clicks, of which the published data says nothing
    assert all(user.check_password(PASSWORD) for user in User.objects.all())
    assert {user.role for user in User.objects.all()} == set(User.Role)


def assert_tracked(now):
    assert SendingPolicy.objects.get().control_percent == 2
    assert not Recipient.objects.filter(reason="control").exists()  # it came after what was published
    assert [system.name for system in systems(now=clock.now()) if system.is_linked] == [tracker.FILE]
    assert use_cases_at("why", now=now) == [UseCase.objects.get(name="Equip whole clubs and schools").pk]
    assert UseCase.objects.count() == 4


def assert_readers_may_choose():
    keys = Topic.objects.public().values_list("key", flat=True)
    left = Consent.objects.filter(status="unsubscribed").values_list("topic", flat=True).distinct()
    assert list(keys) == ["mens_range", "womens_range", "shop_news"]
    assert set(left) == {"mens_range", "womens_range"}


def assert_taught_and_replayed(campaign):
    assert set(Campaign.objects.values_list("stage", flat=True)) == set(Campaign.Stage)
    assert "18.28" in campaign.lessons.get(element="channel").text
    assert campaign.lessons.count() == 6
    child = campaign.replays.get()
    assert (child.stage, child.generation, child.messages.count()) == ("planning", 2, 2)
    assert child.channels.get(kind="ads").justification
    assert child.lessons_applied.count() == 6


def assert_tried_out(campaign):
    """By the rows of the published file: its rural customers, half of whom were sampled."""
    message = campaign.messages.get()
    experiment = message.experiment
    assert experiment.found == [
        {"variant": 0, "sent": 1049, "hits": 180},
        {"variant": 1, "sent": 1097, "hits": 235},
    ]
    assert (experiment.winner_letter, experiment.has_won, experiment.decided_by) == ("B", True, None)
    told = experiment_findings(experiment, message, now=clock.now())
    assert (told.people, told.sample, told.rest, told.awaiting, told.is_clear) == (4292, 2146, 2146, 0, True)
    assert [line.hits for line in told.lines] == [180, 235]
    assert found(campaign)["Goal", message.name] == (21.34, 15.36, None, None)


def found(campaign):
    """Return rates in per cent and value per head of both arms, by measure and message."""
    return {
        (part.measure.label, row.message.name): (
            round(row.sent.rate.value * 100, 2),
            round(row.holdout.rate.value * 100, 2),
            round(row.sent.per_head.value, 2) if row.sent.per_head else None,
            round(row.holdout.per_head.value, 2) if row.holdout.per_head else None,
        )
        for part in campaign_results(campaign).findings
        for row in part.comparisons
    }
