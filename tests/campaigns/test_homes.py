from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.campaigns import homes, services
from apps.campaigns.budget import month_first
from apps.campaigns.models import KpiSet, Task
from apps.campaigns.selectors import kpi_set_now
from apps.contacts.models import EventType
from apps.core import clock
from apps.core.home import Look
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import (
    ApprovalFactory,
    CampaignFactory,
    ChallengeFactory,
    ChannelFactory,
    KpiFactory,
    KpiSetFactory,
    ShortfallFactory,
    SignOffFactory,
    StakeholderFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db
Role = User.Role


def test_an_executive_sees_what_awaits_a_signature_and_exactly_what_has_changed(login, noon):
    executive = UserFactory(role=Role.EXECUTIVE)
    campaign = CampaignFactory(stage="live", kpi__metric__kind="value", kpi__target=100, kpi__reached=40)
    SignOffFactory(campaign=campaign)
    KpiSet.objects.create(campaign=campaign, state="signed")
    kpi = campaign.kpis.get()

    services.kpi_update(kpi=kpi, target=250, by=campaign.captain, now=noon)

    page = login(executive).get(reverse("home")).content.decode()
    assert "<del>100 people</del>" in page
    assert "<ins>250 people</ins>" in page
    assert "40 people" in page
    assert kpi_set_now(campaign).state == "changed"


def test_sales_sees_whose_kpis_wait_for_a_review(noon):
    sales = UserFactory(role=Role.SALES)
    campaign = CampaignFactory(kpi__reason="Why.")
    services.kpis_ask(campaign=campaign, by=campaign.captain, now=noon)

    (awaited,) = homes.sales_panel(Look(sales, noon))["awaited"]

    assert (awaited.campaign, awaited.changes) == (campaign, [])


def test_the_owner_of_a_channel_sees_what_others_owe_it_this_week(noon):
    owner = UserFactory()
    channel = ChannelFactory(owner=owner)
    today = noon.date()
    for days, assignee, state in [
        (7, None, "todo"),
        (8, None, "todo"),
        (1, owner, "todo"),
        (1, None, "done"),
    ]:
        done = {"state": Task.State.DONE, "done_at": noon} if state == "done" else {}
        TaskFactory(
            campaign=channel.campaign,
            channel=channel,
            assignee=assignee,
            due_date=today + timedelta(days=days),
            **done,
        )

    (task,) = homes.channels_panel(Look(owner, noon))["tasks"]

    assert task.due_date == date(2030, 3, 8)


def test_a_captain_sees_stages_and_what_is_overdue(noon):
    campaign = CampaignFactory(stage="building")
    late = TaskFactory(campaign=campaign, due_date=date(2030, 2, 20))
    TaskFactory(campaign=campaign, due_date=date(2030, 3, 20))

    panel = homes.captain_panel(Look(campaign.captain, noon))

    assert panel["stages"] == [("building", 1)]
    assert panel["overdue"] == [late]


def test_goal_events_that_have_gone_quiet_are_named(lead, noon):
    week = timedelta(days=7)
    for name, last in [("order", noon - week), ("trial", noon - week - timedelta(hours=1))]:
        EventType.objects.update_or_create(
            name=name, defaults={"first_seen_at": last, "last_seen_at": last, "properties": {}}
        )
        CampaignFactory(goal_event=name, goal_seen=False)
    never = CampaignFactory(goal_event="never", goal_seen=False)

    found = homes.goals_quiet(lead, noon)

    assert {(one.event, one.last_seen_at is None) for one in found} == {("trial", False), ("never", True)}
    assert never in {one.campaign for one in found}


@pytest.mark.parametrize("role", ["executive", "sales", "data_lead", "administrator", "marketer"])
def test_a_home_asks_the_same_few_questions_however_much_there_is(login, role, noon):
    user, month = UserFactory(role=role), month_first(clock.now().date())
    for _each in range(4):
        campaign = CampaignFactory(captain=user, stage="live", kpi__metric__kind="value", kpi__target=9)
        for state in ("signature", "review"):
            kpi_set = KpiSetFactory(campaign__stage="live", state=state, waiting_since=noon)
            SignOffFactory(campaign=kpi_set.campaign)
        KpiFactory(campaign=campaign)
        TaskFactory.create_batch(3, campaign=campaign, assignee=user, due_date=date(2026, 1, 1))
        TaskFactory(campaign=campaign, channel=ChannelFactory(campaign=campaign, kind="ads", owner=user))
        ChallengeFactory(campaign=campaign)
        ChallengeFactory(campaign=campaign, pursued_by=user)
        ApprovalFactory(campaign=campaign)
        StakeholderFactory(campaign=campaign, user=user)
        ShortfallFactory(campaign=campaign, month=month)
    client = login(user)
    assert client.get(reverse("home")).text.count('class="home-panel') >= 5

    with CaptureQueriesContext(connection) as asked:
        client.get(reverse("home"))

    assert len(asked) <= 12, [one["sql"] for one in asked]
