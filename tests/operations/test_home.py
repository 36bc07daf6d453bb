from datetime import timedelta

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.core import clock
from apps.operations.models import Heartbeat
from apps.operations.selectors import pulses
from tests.factories.accounts import UserFactory
from tests.factories.operations import HeartbeatFactory

pytestmark = pytest.mark.django_db
WARNING = "is silent"


def everything_reports(at):
    for pulse in pulses(now=at):
        HeartbeatFactory(name=pulse.name, at=at)


def home(login, role):
    return login(UserFactory(role=role)).get(reverse("home")).text


def test_an_administrator_reads_at_home_which_part_is_silent(login):
    now = clock.now()
    everything_reports(now)
    part = pulses(now=now)[0]
    Heartbeat.objects.filter(name=part.name).update(at=now - timedelta(minutes=5))

    assert f"{part.label} is silent" in home(login, User.Role.ADMINISTRATOR)


def test_nothing_is_said_while_all_report(login):
    everything_reports(clock.now())

    assert WARNING not in home(login, User.Role.ADMINISTRATOR)


def test_others_who_cannot_mend_it_are_not_troubled(login):
    assert WARNING not in home(login, User.Role.MARKETER)
