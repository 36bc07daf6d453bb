from datetime import timedelta

import pytest

from apps.operations import services
from apps.operations.models import Heartbeat, Installation
from tests.factories.accounts import UserFactory
from tests.factories.operations import InstallationFactory

pytestmark = pytest.mark.django_db


class Loads:
    """A demo that counts how often it was loaded."""

    def __init__(self):
        self.count = 0

    def __call__(self):
        self.count += 1


class Interrupted(Exception):
    pass


class TestFirstStart:
    @pytest.mark.parametrize(
        ("before", "has_people", "demo", "loads", "after"),
        [
            ("undecided", False, None, 1, "loaded"),
            ("undecided", False, True, 1, "loaded"),
            ("undecided", False, False, 0, "declined"),
            ("undecided", True, None, 0, "declined"),
            ("undecided", True, True, 1, "loaded"),
            ("loading", True, None, 1, "loaded"),
            ("loaded", True, None, 0, "loaded"),
            ("loaded", True, True, 0, "loaded"),
            ("loaded", True, False, 0, "loaded"),
            ("declined", False, None, 0, "declined"),
            ("declined", True, True, 1, "loaded"),
        ],
    )
    def test_loads_the_demo_once_and_only_where_it_is_welcome(self, before, has_people, demo, loads, after):
        InstallationFactory(demo=before)
        if has_people:
            UserFactory()
        load = Loads()

        services.first_start(demo=demo, load=load)

        assert load.count == loads
        assert Installation.objects.get().demo == after

    def test_a_load_that_was_interrupted_is_done_again_at_the_next_start(self):
        def interrupted():
            UserFactory()
            raise Interrupted

        with pytest.raises(Interrupted):
            services.first_start(demo=None, load=interrupted)
        load = Loads()
        services.first_start(demo=None, load=load)

        assert load.count == 1
        assert Installation.objects.get().demo == "loaded"

    def test_an_installation_without_a_demo_starts_empty(self):
        assert services.first_start(demo=None, load=None).demo == "undecided"

    def test_says_so_when_the_demo_is_asked_for_and_there_is_none(self):
        with pytest.raises(services.DemoNotAvailable):
            services.first_start(demo=True, load=None)


class TestHeartbeatRecord:
    def test_keeps_one_row_for_each_part(self, noon):
        later = noon + timedelta(seconds=10)

        services.heartbeat_record(name="scheduler", now=noon)
        services.heartbeat_record(name="scheduler", now=later)

        assert Heartbeat.objects.get().at == later

    def test_a_doorbell_heard_late_does_not_turn_the_clock_back(self, noon):
        services.heartbeat_record(name="default", now=noon)
        services.heartbeat_record(name="default", now=noon - timedelta(hours=1))

        assert Heartbeat.objects.get().at == noon
