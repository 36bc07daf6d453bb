from datetime import timedelta

import pytest
from django.core import mail

from apps.accounts.models import User
from apps.campaigns import services
from apps.campaigns.errors import SignOffRefused
from apps.campaigns.models import KpiReview, KpiSet, SignOff
from apps.campaigns.selectors import kpi_set_now, kpi_sets_awaited
from apps.collaboration.models import AuditEvent, Notification
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory, KpiFactory, MetricFactory

pytestmark = pytest.mark.django_db
Role = User.Role
State = KpiSet.State


@pytest.fixture
def sales():
    return UserFactory(role=Role.SALES, name="Sam")


@pytest.fixture
def executive():
    return UserFactory(role=Role.EXECUTIVE, name="Eve")


@pytest.fixture
def campaign(sales, executive):
    """A campaign with one KPI, in an installation with sales and an executive."""
    return CampaignFactory(
        captain__name="Cai", kpi__metric__name="Visits", kpi__target=100, kpi__reason="They come first."
    )


@pytest.fixture
def signed(campaign, sales, executive, noon):
    sign(campaign, sales, executive, noon)
    Notification.objects.all().delete()
    return campaign


def sign(campaign, sales, executive, now):
    services.kpis_ask(campaign=campaign, by=campaign.captain, now=now)
    agree(campaign, sales, now)
    return services.kpis_sign(campaign=campaign, by=executive, now=now, seen=digest(campaign))


def agree(campaign, sales, now):
    return services.kpis_review(campaign=campaign, verdict="agreed", by=sales, now=now, seen=digest(campaign))


def digest(campaign):
    return kpi_set_now(campaign).digest


def state(campaign):
    return KpiSet.objects.get(campaign=campaign).state


def changes(campaign):
    return [(one.kpi, one.field, one.old, one.new) for one in kpi_set_now(campaign).changes]


def told(user):
    return list(Notification.objects.of(user).order_by("pk").values_list("text", flat=True))


class TestTheWayToASignature:
    def test_leads_from_the_captain_over_sales_to_an_executive(self, campaign, sales, executive, noon):
        services.kpis_ask(campaign=campaign, by=campaign.captain, now=noon)
        assert state(campaign) == State.REVIEW
        assert told(sales) == [f"The KPIs of “{campaign}” wait for your review."]
        assert told(executive) == []

        agree(campaign, sales, noon)
        assert state(campaign) == State.SIGNATURE
        assert told(executive) == [f"The KPIs of “{campaign}” await your signature."]

        signoff = services.kpis_sign(
            campaign=campaign, by=executive, now=noon, seen=digest(campaign), text=" Bold. "
        )
        assert state(campaign) == State.SIGNED
        assert (signoff.by, signoff.text, signoff.digest) == (executive, "Bold.", digest(campaign))
        (kpi,) = signoff.snapshot
        assert (kpi["says"]["name"], kpi["target"], kpi["reason"]) == ("Visits", "100.00", "They come first.")
        assert told(campaign.captain) == [f"Eve has signed the KPIs of “{campaign}”."]
        acts = AuditEvent.objects.about(campaign).order_by("pk").values_list("action", flat=True)
        assert list(acts) == ["kpis.asked", "kpis.agreed", "kpis.signed"]

    def test_asked_twice_asks_once(self, campaign, sales, noon):
        for _time in range(2):
            services.kpis_ask(campaign=campaign, by=campaign.captain, now=noon)

        assert len(told(sales)) == 1

    def test_a_question_goes_to_the_captain_in_words(self, campaign, sales, noon):
        services.kpis_ask(campaign=campaign, by=campaign.captain, now=noon)

        services.kpis_review(
            campaign=campaign, verdict="question", text="Why?", by=sales, now=noon, seen=digest(campaign)
        )

        assert state(campaign) == State.QUESTIONED
        assert told(campaign.captain) == [f"Sam asks about the KPIs of “{campaign}”: Why?"]
        services.kpis_ask(campaign=campaign, by=campaign.captain, now=noon)
        assert state(campaign) == State.REVIEW

    def test_leads_past_sales_where_nobody_is_of_sales(self, campaign, sales, executive, noon):
        User.objects.filter(pk=sales.pk).update(is_active=False)

        services.kpis_ask(campaign=campaign, by=campaign.captain, now=noon)

        assert state(campaign) == State.SIGNATURE
        assert len(told(executive)) == 1


class TestRefusals:
    @pytest.mark.parametrize("role", sorted(set(Role) - {Role.EXECUTIVE}))
    def test_nobody_signs_for_an_executive(self, campaign, sales, noon, role):
        services.kpis_ask(campaign=campaign, by=campaign.captain, now=noon)
        agree(campaign, sales, noon)

        with pytest.raises(SignOffRefused, match="Only an executive"):
            services.kpis_sign(
                campaign=campaign,
                by=UserFactory(role=role, is_superuser=role == Role.ADMINISTRATOR),
                now=noon,
                seen=digest(campaign),
            )

        assert not SignOff.objects.exists()
        assert state(campaign) == State.SIGNATURE

    def test_only_sales_reviews(self, campaign, executive, noon):
        services.kpis_ask(campaign=campaign, by=campaign.captain, now=noon)

        with pytest.raises(SignOffRefused, match="Only sales"):
            agree(campaign, executive, noon)

        assert not KpiReview.objects.exists()

    def test_nobody_signs_own_edits(self, campaign, sales, executive, noon):
        kpi = campaign.kpis.get()
        services.kpi_update(kpi=kpi, target=200, by=executive, now=noon)
        services.kpis_ask(campaign=campaign, by=campaign.captain, now=noon)
        agree(campaign, sales, noon)
        assert told(executive) == []

        with pytest.raises(SignOffRefused, match="another executive"):
            services.kpis_sign(campaign=campaign, by=executive, now=noon, seen=digest(campaign))

        other = UserFactory(role=Role.EXECUTIVE)
        assert services.kpis_sign(campaign=campaign, by=other, now=noon, seen=digest(campaign)).by == other

    def test_nobody_reviews_own_edits(self, campaign, sales, noon):
        services.kpi_update(kpi=campaign.kpis.get(), target=200, by=sales, now=noon)
        services.kpis_ask(campaign=campaign, by=campaign.captain, now=noon)

        with pytest.raises(SignOffRefused, match="changed these KPIs yourself"):
            agree(campaign, sales, noon)

    def test_what_has_changed_since_it_was_read_is_not_signed(self, campaign, sales, executive, noon):
        services.kpis_ask(campaign=campaign, by=campaign.captain, now=noon)
        agree(campaign, sales, noon)
        read = digest(campaign)
        services.kpi_update(kpi=campaign.kpis.get(), target=1, by=campaign.captain, now=noon)
        agree(campaign, sales, noon)

        with pytest.raises(SignOffRefused, match="changed since you opened"):
            services.kpis_sign(campaign=campaign, by=executive, now=noon, seen=read)

        assert not SignOff.objects.exists()

    @pytest.mark.parametrize(
        ("kpi", "sentence"), [(False, "Choose a KPI first"), ({"reason": ""}, "Say first why")]
    )
    def test_nothing_half_said_is_asked_for(self, noon, lead, kpi, sentence):
        campaign = CampaignFactory(kpi=False)
        if kpi:
            KpiFactory(campaign=campaign, **kpi)

        with pytest.raises(SignOffRefused, match=sentence):
            services.kpis_ask(campaign=campaign, by=lead, now=noon)

        assert not AuditEvent.objects.exists()

    def test_a_question_needs_words(self, campaign, sales, noon):
        services.kpis_ask(campaign=campaign, by=campaign.captain, now=noon)

        with pytest.raises(SignOffRefused) as refused:
            services.kpis_review(
                campaign=campaign, verdict="question", text=" ", by=sales, now=noon, seen=digest(campaign)
            )

        assert refused.value.field == "text"
        assert state(campaign) == State.REVIEW


class TestAnEditAfterTheSignature:
    def test_of_target_and_reason_is_told_field_by_field(self, signed, executive, noon):
        services.kpi_update(
            kpi=signed.kpis.get(), target=250, reason="They buy.", by=signed.captain, now=noon
        )

        assert state(signed) == State.CHANGED
        assert changes(signed) == [
            ("Visits", "Target", "100 people", "250 people"),
            ("Visits", "Reason", "They come first.", "They buy."),
        ]
        assert told(executive) == [f"Cai has changed the KPIs of “{signed}” since they were signed."]
        (awaited,) = kpi_sets_awaited(executive, [State.CHANGED])
        assert [one.field for one in awaited.changes] == ["Target", "Reason"]

    def test_that_adds_and_removes_is_told(self, signed, noon):
        services.kpi_add(
            campaign=signed,
            metric=MetricFactory(name="Repeat orders"),
            target=5,
            reason="Money.",
            by=signed.captain,
            now=noon,
        )
        services.kpi_remove(kpi=signed.kpis.first(), by=signed.captain, now=noon)

        assert changes(signed) == [
            ("Visits", "Removed", "target 100 people · They come first.", ""),
            ("Repeat orders", "Added", "", "target 5 people · Money."),
        ]

    def test_of_a_metrics_definition_unsigns_every_open_set_with_it(self, signed, lead, executive, noon):
        metric = signed.kpis.get().metric
        closed = CampaignFactory(kpi__metric=metric, stage="closed")
        KpiSet.objects.create(campaign=closed, state=State.SIGNED)

        services.metric_update(metric=metric, by=lead, now=noon, event="came", definition="Others.")

        assert state(signed) == State.CHANGED
        assert state(closed) == State.SIGNED
        assert changes(signed) == [
            ("Visits", "What it means", "People who came.", "Others."),
            ("Visits", "How it is counted", "How many people did “visit”", "How many people did “came”"),
        ]
        assert len(told(executive)) == 1

    def test_of_the_order_or_of_an_owner_changes_nothing(self, signed, lead, noon):
        KpiSet.objects.update(editors=[])
        services.metric_update(metric=signed.kpis.get().metric, by=lead, now=noon, owner=lead)

        assert state(signed) == State.SIGNED

    def test_that_is_taken_back_leaves_it_signed(self, signed, noon):
        for target in (250, 100):
            services.kpi_update(kpi=signed.kpis.get(), target=target, by=signed.captain, now=noon)

        assert state(signed) == State.SIGNED
        assert KpiSet.objects.get(campaign=signed).editors == []

    def test_is_signed_again_after_sales_has_agreed_again(self, signed, sales, executive, noon):
        services.kpi_update(kpi=signed.kpis.get(), target=250, by=signed.captain, now=noon)

        sign(signed, sales, executive, noon + timedelta(hours=1))

        assert state(signed) == State.SIGNED
        assert changes(signed) == []
        assert signed.signoffs.count() == 2

    def test_before_the_signature_asks_sales_again(self, campaign, sales, noon):
        services.kpis_ask(campaign=campaign, by=campaign.captain, now=noon)
        agree(campaign, sales, noon)

        services.kpi_update(kpi=campaign.kpis.get(), target=1, by=campaign.captain, now=noon)

        assert state(campaign) == State.REVIEW
        assert len(told(sales)) == 2


class TestReminders:
    def test_go_out_once_after_some_days_and_again_after_as_many(self, campaign, sales, noon, settings):
        settings.SIGNOFF_REMIND_DAYS = 3
        services.kpis_ask(campaign=campaign, by=campaign.captain, now=noon)
        Notification.objects.all().delete()
        days = [2, 3, 3, 4, 6]

        reminded = [services.signoffs_remind(now=noon + timedelta(days=day)) for day in days]

        assert reminded == [0, 1, 0, 0, 1]
        assert told(sales) == [f"“{campaign}” still waits for your review of its KPIs."] * 2
        assert not mail.outbox

    def test_go_to_nobody_once_it_is_signed_or_put_away(self, signed, noon, campaign):
        assert services.signoffs_remind(now=noon + timedelta(days=9)) == 0
