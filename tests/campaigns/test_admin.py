"""Django admin changes by the acts of the app: refused for their reasons, and nothing typed is lost."""

from html import unescape

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.campaigns import services
from apps.collaboration.models import AuditEvent
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory, TaskFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return UserFactory(role="administrator", name="Ada")


@pytest.fixture
def task():
    return TaskFactory(title="Write it", campaign=CampaignFactory(goal_seen=False, channel=False))


def url(task):
    return reverse("admin:campaigns_task_change", args=[task.pk])


def sent(page):
    """Return what the browser sends of the admin's form: the fields, and what they were shown with."""
    form = page.context["adminform"].form
    values = {}
    for bound in form:
        shown = bound.value()
        if shown is not None and shown is not False:
            values[bound.html_name] = shown
            if bound.field.show_hidden_initial:
                values[bound.html_initial_name] = form.data.get(bound.html_initial_name, shown)
    return values


def test_what_an_act_refuses_is_told_beside_its_field_and_typed_words_stay(login, admin, task):
    client = login(admin)
    stranger = UserFactory(role=User.Role.CONTRIBUTOR, name="Stranger")

    page = client.post(url(task), sent(client.get(url(task))) | {"title": "Typed", "assignee": stranger.pk})

    told = unescape(page.content.decode())
    assert "Stranger cannot see this campaign" in told
    assert 'value="Typed"' in told
    assert "was changed successfully" not in told
    task.refresh_from_db()
    assert task.title == "Write it"
    assert not AuditEvent.objects.exists()


def test_the_second_of_two_is_told_who_wrote_what_and_takes_nothing_else_back(login, admin, task, lead, noon):
    client = login(admin)
    untouched = sent(client.get(url(task)))
    services.task_update(task=task, by=lead, now=noon, title="Written by the lead", description="All of it.")

    refused = client.post(url(task), untouched | {"title": "Written by the admin"})

    assert f"{lead} has changed this to “Written by the lead”" in unescape(refused.content.decode())
    task.refresh_from_db()
    assert task.title == "Written by the lead"

    client.post(url(task), untouched | {"title": "Written by the admin", "seen": task.version})

    task.refresh_from_db()
    assert (task.title, task.description) == ("Written by the admin", "All of it.")
