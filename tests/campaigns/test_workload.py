"""How much each person has to do, by week."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.campaigns import selectors
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import BareCampaignFactory, CampaignFactory, TaskFactory

pytestmark = pytest.mark.django_db
URL = reverse("campaigns:workload")
TODAY = date(2030, 3, 6)  # a Wednesday


def queries(client):
    with CaptureQueriesContext(connection) as asked:
        client.get(URL)
    return len(asked)


class TestWorkload:
    def test_counts_what_is_open_by_person_and_week(self, lead):
        ann, ben = UserFactory(name="Ann"), UserFactory(name="Ben")
        campaign = CampaignFactory(goal_seen=False)
        days = [
            date(2030, 2, 1), date(2030, 3, 5), TODAY, date(2030, 3, 10), date(2030, 3, 11),
            date(2030, 3, 18), None,
        ]  # fmt: skip
        for day in days:
            TaskFactory(campaign=campaign, assignee=ann, due_date=day)
        TaskFactory(campaign=campaign, assignee=ann, due_date=TODAY, done=True)
        TaskFactory(campaign=campaign, assignee=ben, due_date=TODAY)
        TaskFactory(campaign=campaign, assignee=None, due_date=TODAY)

        found = selectors.workload(lead, TODAY, weeks=2)

        assert found.weeks == [date(2030, 3, 4), date(2030, 3, 11)]
        first, second = found.loads
        assert (first.person, first.overdue, first.earlier, first.by_week) == (ann, 2, 1, [3, 1])
        assert (first.later, first.no_day, first.total) == (1, 1, 7)
        assert (second.person, second.by_week, second.total) == (ben, [1, 0], 1)

    def test_leaves_out_campaigns_that_are_put_away_or_not_to_be_seen(self, noon):
        captain = UserFactory(role=User.Role.CONTRIBUTOR)
        TaskFactory(campaign=BareCampaignFactory(captain=captain), assignee=captain)
        TaskFactory(campaign__archived_at=noon)
        TaskFactory()

        found = selectors.workload(captain, TODAY, weeks=2)

        assert [(load.person, load.total) for load in found.loads] == [(captain, 1)]

    def test_the_busiest_come_first_and_not_more_than_fit(self, lead, monkeypatch):
        monkeypatch.setattr("apps.campaigns.selectors.workloads.PEOPLE", 1)
        busy = UserFactory()
        campaign = CampaignFactory(goal_seen=False)
        TaskFactory(campaign=campaign)
        TaskFactory.create_batch(2, campaign=campaign, assignee=busy)

        found = selectors.workload(lead, TODAY, weeks=2)

        assert ([load.person for load in found.loads], found.is_cut) == ([busy], True)


class TestPage:
    @pytest.mark.parametrize(
        ("role", "status"), [("marketing_lead", 200), ("marketer", 404), ("executive", 404)]
    )
    def test_is_for_leads(self, login, role, status):
        assert login(UserFactory(role=role)).get(URL).status_code == status

    def test_is_for_captains(self, login):
        assert login(BareCampaignFactory().captain).get(URL).status_code == 200

    def test_leads_to_the_tasks_behind_a_number_and_costs_the_same_for_all(self, login, lead):
        task = TaskFactory(due_date=date(2020, 1, 1))
        client = login(lead)
        page = client.get(URL).content.decode()
        few = queries(client)
        TaskFactory.create_batch(5, campaign=task.campaign)
        many = queries(client)

        link = f"/tasks/?whose=all&amp;assignee={task.assignee_id}&amp;state=open&amp;due=overdue"
        assert link in page
        assert task.title in client.get(link.replace("&amp;", "&")).content.decode()
        assert few == many == 5
