from importlib import import_module

import pytest
from django.apps import apps as installed
from django.db import IntegrityError, transaction

from apps.campaigns import services
from apps.campaigns.errors import ChangedMeanwhile, MetricRefused, Refused
from apps.campaigns.metrics import counted_text
from apps.campaigns.models import Metric
from apps.campaigns.selectors import kpi_reached
from apps.collaboration.models import AuditEvent
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory, KpiFactory, MetricFactory, goal_event_record

pytestmark = pytest.mark.django_db
PRO = [{"property": "plan", "op": "eq", "value": "pro"}]
GOOD = {"name": "Trials", "definition": "Trials begun.", "unit": "people", "event": "trial"}


class TestMetricCreate:
    def test_keeps_the_first_version_of_what_it_says(self, noon, lead):
        metric = services.metric_create(by=lead, now=noon, **GOOD)

        version = metric.versions.get()
        assert (version.number, version.says, version.by) == (1, metric.says, lead)
        assert AuditEvent.objects.get().action == "metric.created"

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"name": "tRIALS taken"}, "name"),
            ({"event": ""}, "event"),
            ({"built_in": "sent"}, "event"),
            ({"event": "", "built_in": "moon"}, "built_in"),
            ({"measure": "value"}, "value_property"),
            ({"where": [{"property": "x", "op": "near", "value": 1}]}, "where"),
        ],
    )
    def test_refuses_and_makes_nothing(self, noon, lead, fields, field):
        MetricFactory(name="Trials Taken")
        before = Metric.objects.count()

        with pytest.raises(Refused) as refused:
            services.metric_create(by=lead, now=noon, **GOOD | fields)

        assert refused.value.field == field
        assert Metric.objects.count() == before


class TestMetricUpdate:
    def test_makes_a_version_of_what_it_says_and_none_of_who_owns_it(self, noon, lead):
        metric = MetricFactory()

        for _time in range(2):
            services.metric_update(metric=metric, by=lead, now=noon, definition="Better said.")
        services.metric_update(metric=metric, by=lead, now=noon, owner=lead)

        metric.refresh_from_db()
        assert (metric.definition_number, metric.version) == (2, 3)
        assert [one.says["definition"] for one in metric.versions.order_by("number")] == [
            "People who came.",
            "Better said.",
        ]

    def test_forgets_what_was_counted_by_the_old_definition(self, noon, lead):
        kpi = KpiFactory(reached=4, reached_at=noon)

        services.metric_update(metric=kpi.metric, by=lead, now=noon, event="other")

        kpi.refresh_from_db()
        assert (kpi.reached, kpi.reached_at) == (None, None)

    def test_tells_the_second_of_two_editors(self, noon, lead):
        metric = MetricFactory()
        services.metric_update(metric=metric, by=UserFactory(name="Ann"), now=noon, unit="heads", seen=1)

        with pytest.raises(ChangedMeanwhile):
            services.metric_update(metric=metric, by=lead, now=noon, unit="persons", seen=1)

    def test_refuses_the_name_of_another(self, noon, lead):
        with pytest.raises(MetricRefused):
            services.metric_update(metric=MetricFactory(), by=lead, now=noon, name=MetricFactory().name)


def test_a_metric_put_away_twice_is_put_away_once_and_comes_back(noon, lead):
    metric = MetricFactory()

    for _time in range(2):
        services.metric_archive(metric=metric, by=lead, now=noon)
    assert not Metric.objects.current().filter(pk=metric.pk).exists()
    services.metric_restore(metric=metric, by=lead, now=noon)

    assert Metric.objects.current().filter(pk=metric.pk).exists()
    acts = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
    assert list(acts) == ["metric.archived", "metric.restored"]


@pytest.mark.parametrize("way", [{"event": ""}, {"built_in": "sent"}, {"measure": "value"}])
def test_the_database_refuses_a_metric_that_is_counted_in_no_way_or_in_two(way):
    with pytest.raises(IntegrityError), transaction.atomic():
        MetricFactory(**way)


@pytest.mark.parametrize(
    ("says", "text"),
    [
        ({}, "How many people did “visit”"),
        ({"measure": "events"}, "How often “visit” happened"),
        (
            {
                "measure": "value",
                "value_property": "total",
                "where": [{"property": "plan", "op": "eq", "value": "pro"}],
            },
            "The sum of “total” over the events “visit”, only where plan is pro",
        ),
        ({"event": "", "built_in": "gone"}, "Built in: gone"),
    ],
)
def test_how_it_is_counted_is_said_in_words(says, text):
    assert counted_text(MetricFactory.build(**says).says) == text


@pytest.mark.parametrize(("measure", "reached"), [("people", 1), ("events", 2), ("value", 40)])
def test_a_kpi_reaches_what_its_metric_counts_in_the_days_of_its_campaign(noon, measure, reached):
    campaign = CampaignFactory(goal_seen=False, kpi__metric__event="order", kpi__metric__measure=measure,
                               kpi__metric__value_property="total")  # fmt: skip
    for _time in range(2):
        goal_event_record(campaign, occurred_at=noon)

    assert kpi_reached(campaign.kpis.with_metric().get(), noon) == reached


class TestTheMigrationOfKpis:
    """The data migration on the tables as they are now: what it reads of the old columns is given to it."""

    def test_gives_kpis_that_said_the_same_one_metric_and_loses_nothing(self):
        module = import_module("apps.campaigns.migrations.0005_kpis_become_metrics")
        first = module._metric_of(installed, "Visit", "site_visited", PRO, "total")
        second = module._metric_of(installed, "VISIT", "other", [], "")

        assert (first.name, first.event, first.where, first.value_property) == (
            "Visit",
            "site_visited",
            PRO,
            "total",
        )
        assert (second.name, second.event) == ("VISIT (2)", "other")
        assert Metric.objects.get(pk=first.pk).versions.get().says == Metric.objects.get(pk=first.pk).says

    def test_ships_the_catalogue_once(self):
        module = import_module("apps.campaigns.migrations.0008_shipped_metrics")

        for _time in range(2):
            module.metrics_ship(installed, None)

        names = [row[0] for row in module.SHIPPED]
        assert Metric.objects.filter(name__in=names).count() == len(names) == 14
