import pytest

from apps.campaigns import services
from apps.campaigns.errors import ChangedMeanwhile, KpiRefused
from apps.campaigns.models import Kpi
from apps.collaboration.models import AuditEvent
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory, KpiFactory, MetricFactory

pytestmark = pytest.mark.django_db


def labels(campaign):
    return list(campaign.kpis.values_list("metric__name", flat=True))


@pytest.fixture
def three():
    campaign = CampaignFactory(kpi=False)
    for position, label in enumerate("abc"):
        KpiFactory(campaign=campaign, metric__name=label, position=position)
    return campaign


class TestKpiAdd:
    def test_comes_after_the_others(self, noon, lead, three):
        services.kpi_add(campaign=three, metric=MetricFactory(name="d"), reason="Why", by=lead, now=noon)

        assert labels(three) == ["a", "b", "c", "d"]
        assert AuditEvent.objects.about(three).get().action == "kpi.added"

    @pytest.mark.parametrize("is_put_away", [False, True])
    def test_refuses_what_is_there_or_put_away_and_adds_nothing(self, noon, lead, three, is_put_away):
        metric = MetricFactory(archived_at=noon) if is_put_away else three.kpis.first().metric

        with pytest.raises(KpiRefused) as refused:
            services.kpi_add(campaign=three, metric=metric, by=lead, now=noon)

        assert refused.value.field == "metric"
        assert labels(three) == ["a", "b", "c"]
        assert not AuditEvent.objects.exists()


class TestKpiUpdate:
    def test_a_reason_may_have_several_lines(self, noon, lead):
        kpi = services.kpi_update(kpi=KpiFactory(), by=lead, now=noon, reason="They come.\nAnd they stay.")

        assert kpi.reason == "They come.\nAnd they stay."

    def test_changes_it_once(self, noon, lead):
        kpi = KpiFactory()

        for _time in range(2):
            services.kpi_update(kpi=kpi, by=lead, now=noon, reason="Better", target=10)

        kpi.refresh_from_db()
        assert (kpi.reason, kpi.target, kpi.version) == ("Better", 10, 2)
        assert AuditEvent.objects.get().action == "kpi.changed"

    def test_refuses_the_metric_of_another(self, noon, lead, three):
        with pytest.raises(KpiRefused):
            services.kpi_update(
                kpi=three.kpis.get(metric__name="b"), by=lead, now=noon, metric=three.kpis.first().metric
            )

        assert labels(three) == ["a", "b", "c"]

    def test_tells_the_second_of_two_editors(self, noon, lead):
        kpi = KpiFactory()
        services.kpi_update(kpi=kpi, by=UserFactory(name="Ann"), now=noon, reason="Ann's", seen=1)

        with pytest.raises(ChangedMeanwhile):
            services.kpi_update(kpi=kpi, by=lead, now=noon, reason="Mine", seen=1)


class TestKpiMove:
    @pytest.mark.parametrize(
        ("label", "position", "order"),
        [
            ("b", 0, ["b", "a", "c"]),
            ("b", 2, ["a", "c", "b"]),
            ("a", 2, ["b", "c", "a"]),
            ("a", 99, ["b", "c", "a"]),
            ("a", 0, ["a", "b", "c"]),
            ("c", 2, ["a", "b", "c"]),
        ],
    )
    def test_sent_twice_puts_it_where_it_was_to_go(self, noon, lead, three, label, position, order):
        for _time in range(2):
            services.kpi_move(kpi=three.kpis.get(metric__name=label), position=position, by=lead, now=noon)

        assert labels(three) == order
        assert AuditEvent.objects.count() == (order != ["a", "b", "c"])


class TestKpiRemove:
    def test_takes_it_away_once_and_remembers_it(self, noon, lead):
        kpi = KpiFactory(metric__name="Visits")

        for _time in range(2):
            services.kpi_remove(kpi=kpi, by=lead, now=noon)

        assert not Kpi.objects.exists()
        assert AuditEvent.objects.about(kpi.campaign).get().details == {"kpi": "Visits"}
