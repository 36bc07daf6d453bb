import json
from datetime import timedelta
from http import HTTPStatus
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from apps.accounts.models import User
from apps.core import clock, health
from apps.core.health import Check, Finding, Level
from apps.operations import checks, probes, selectors, services
from tests.factories.accounts import UserFactory
from tests.factories.operations import HeartbeatFactory

PARTS = ["scheduler", "default", "sending", "bulk"]


def all_report(ago=timedelta()):
    for name in PARTS:
        HeartbeatFactory(name=name, at=clock.now() - ago)


@pytest.mark.django_db
class TestPulses:
    def test_a_part_that_reported_just_now_is_well_and_others_are_not(self, noon):
        HeartbeatFactory(name="scheduler", at=noon - timedelta(seconds=40))
        HeartbeatFactory(name="default", at=noon - timedelta(seconds=41))

        levels = {pulse.name: (pulse.age, pulse.level) for pulse in selectors.pulses(now=noon)}

        assert levels == {
            "scheduler": (timedelta(seconds=40), "ok"),
            "default": (timedelta(seconds=41), "failed"),
            "sending": (None, "failed"),
            "bulk": (None, "failed"),
        }


@pytest.mark.django_db
class TestProbes:
    def test_a_process_that_answers_is_alive(self, client, django_assert_num_queries):
        with django_assert_num_queries(0):
            assert client.get("/healthz").json() == {"status": "ok"}

    def test_is_ready_without_redis_and_without_workers_and_says_so(self, client):
        response = client.get("/readyz")

        assert response.status_code == HTTPStatus.OK
        assert response.json()["redis"] == "warning"
        assert response.json()["heartbeats"]["scheduler"] == {"status": "failed", "age_seconds": None}

    def test_is_not_ready_while_migrations_wait(self, client, monkeypatch):
        monkeypatch.setattr(probes, "_migrated", False)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'operations'")

        response = client.get("/readyz")

        assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        assert response.json()["migrations"] == "failed"

    def test_metrics_are_read_by_prometheus(self, client):
        all_report()
        client.get("/healthz")

        lines = client.get("/metrics").content.decode().splitlines()

        assert "bookend_database_up 1.0" in lines
        assert "bookend_redis_up 0.0" in lines
        assert any(line.startswith('bookend_heartbeat_age_seconds{name="bulk"} ') for line in lines)
        assert any('url="healthz"' in line for line in lines)


@pytest.mark.django_db
class TestHealthDot:
    def test_is_green_while_all_parts_report(self, login):
        all_report()

        response = login(UserFactory()).get(reverse("health-dot"))

        assert b"tone-good" in response.content
        assert b"All running" in response.content

    def test_names_the_part_that_is_silent(self, login):
        all_report()
        HeartbeatFactory._meta.model.objects.filter(name="sending").delete()

        response = login(UserFactory()).get(reverse("health-dot"))

        assert b"tone-bad" in response.content
        assert b"Worker for sending is silent" in response.content

    def test_leads_on_only_those_who_may_go_there(self, login):
        link = reverse("system-health").encode()

        assert link not in login(UserFactory()).get(reverse("health-dot")).content
        administrator = UserFactory(role=User.Role.ADMINISTRATOR)
        assert link in login(administrator).get(reverse("health-dot")).content


@pytest.mark.django_db
class TestSystemHealth:
    def test_shows_what_each_check_found(self, login):
        all_report(ago=timedelta(minutes=5))
        administrator = UserFactory(role=User.Role.ADMINISTRATOR)

        response = login(administrator).get(reverse("system-health"))

        assert b"No sign of life: Scheduler" in response.content
        assert b"5 min" in response.content
        assert b"The tables are as this version needs them." in response.content


class TestExamine:
    def test_a_check_that_breaks_is_a_finding_and_stops_no_other(self, monkeypatch):
        def broken():
            raise RuntimeError("never mind")

        fine = Finding(Level.OK, "fine")
        monkeypatch.setattr(health, "checks", [Check("a", broken), Check("b", lambda: fine)])

        report = health.examine(with_network=True)

        assert [finding.level for _check, finding in report.findings] == ["failed", "ok"]
        assert report.findings[0][1].detail == "The check itself broke: RuntimeError."
        assert report.level == "failed"

    def test_a_page_does_not_wait_for_the_network(self, monkeypatch):
        slow = Check("slow", lambda: Finding(Level.FAILED, "waited"), uses_network=True)
        monkeypatch.setattr(health, "checks", [slow])

        assert health.examine(with_network=False).findings == []


@pytest.mark.django_db
class TestDoctor:
    def run(self, *options):
        out = StringIO()
        try:
            call_command("doctor", *options, stdout=out)
        except SystemExit as exit_:
            return exit_.code, out.getvalue()
        return 0, out.getvalue()

    def test_fails_and_names_what_is_wrong(self):
        code, said = self.run()

        assert code == 1
        assert "FAILED   Scheduler and workers  No sign of life:" in said
        assert "ok       Database" in said

    def test_speaks_json_to_programs(self):
        code, said = self.run("--json")

        answer = json.loads(said)
        assert (code, answer["status"]) == (1, "failed")
        assert {"name": "Database", "status": "ok"}.items() <= answer["checks"][1].items()

    def test_is_content_when_all_is_well(self, monkeypatch):
        well = [check for check in health.checks if check.run in {checks.database_check, checks.clock_check}]
        monkeypatch.setattr(health, "checks", well)

        assert self.run()[0] == 0

    def test_finds_a_partition_that_is_missing_until_it_is_made(self):
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE drops (at timestamptz) PARTITION BY RANGE (at)")

        finding = checks.partitions_check()

        assert finding.level == "failed"
        assert "drops" in finding.detail

        services.partitions_ensure(now=clock.now())
        services.partitions_ensure(now=clock.now())

        assert checks.partitions_check().level == "ok"
