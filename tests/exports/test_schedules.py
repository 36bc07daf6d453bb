"""Scheduled exports: their hours, folders and a real S3 server, manifests, failures that are tried again."""

import hashlib
import os
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import boto3
import httpx
import orjson
import pytest

from apps.collaboration.models import Notification
from apps.contacts import services as contacts
from apps.contacts.models import Attribute, Event
from apps.contacts.services import AttributeRefused
from apps.core.partitions import month_of, month_partition_ensure
from apps.exports import destinations, files, services
from apps.exports.destinations import DestinationInvalid
from apps.exports.destinations import destinations as offered
from apps.exports.models import Export, Schedule
from apps.exports.periods import due_after
from apps.exports.services import ScheduleInvalid, SensitiveColumn
from apps.segments import selectors as segments
from tests.factories.accounts import UserFactory
from tests.factories.contacts import AttributeFactory, ContactFactory
from tests.factories.exports import ScheduleFactory
from tests.factories.segments import SegmentFactory

pytestmark = pytest.mark.django_db
KEYS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}


@pytest.fixture
def root(settings, tmp_path):
    settings.EXPORT_ROOT = str(tmp_path / "outside")
    (tmp_path / "outside").mkdir()
    return tmp_path / "outside"


@pytest.fixture(scope="session")
def s3_server():
    """The address of an S3 server, a process of its own on loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    for _attempt in range(300):
        try:
            httpx.get(f"{address}/moto-api/", timeout=1)
            break
        except httpx.TransportError:
            time.sleep(0.1)
    yield address
    server.kill()
    server.wait()


@pytest.fixture
def bucket(settings, s3_server):
    settings.EXPORT_S3_ENDPOINT, settings.EXPORT_S3_BUCKET = s3_server, "warehouse"
    settings.EXPORT_S3_ACCESS_KEY_ID, settings.EXPORT_S3_SECRET_ACCESS_KEY = "key", "secret"
    client = boto3.client("s3", endpoint_url=s3_server, **KEYS)
    client.create_bucket(Bucket="warehouse")
    yield client
    httpx.post(f"{s3_server}/moto-api/reset")
    client.close()


def run_due(noon):
    """Make everything that is due at this moment; return the last export."""
    services.schedules_run(now=noon)
    services.exports_run(now=noon)
    return Export.objects.latest("pk")


class TestDueAfter:
    @pytest.mark.parametrize(
        ("told", "due"),
        [
            ({"period": "daily", "hour": 13}, "2030-03-01T13:00Z"),
            ({"period": "daily", "hour": 12}, "2030-03-02T12:00Z"),
            ({"period": "weekly", "weekday": 4, "hour": 5}, "2030-03-08T05:00Z"),  # the 1st is a Friday
            ({"period": "weekly", "weekday": 0, "hour": 5}, "2030-03-04T05:00Z"),
            ({"period": "monthly", "month_day": 28, "hour": 0}, "2030-03-28T00:00Z"),
            ({"period": "monthly", "month_day": 1, "hour": 0}, "2030-04-01T00:00Z"),
            ({"period": "daily", "hour": 5, "timezone": "Pacific/Kiritimati"}, "2030-03-01T15:00Z"),
        ],
    )
    def test_is_the_next_hour_of_the_zone(self, noon, told, due):
        assert due_after(Schedule(**told), noon) == datetime.fromisoformat(due)

    def test_an_hour_that_summer_time_leaves_out_is_taken_an_hour_later(self):
        night = datetime(2030, 3, 30, 23, tzinfo=UTC)

        assert due_after(Schedule(hour=2, timezone="Europe/Berlin"), night) == datetime(
            2030, 3, 31, 1, tzinfo=UTC
        )


class TestWhatIsNew:
    def test_each_event_is_in_one_file_however_late_it_came(self, root, noon, monkeypatch):
        contact, names = ContactFactory(), []
        ScheduleFactory(kind="events", columns=["event"], terms={"new": True}, hour=12, next_at=noon)

        def arrive(name, at, *, late):
            happened = at - timedelta(days=late)
            month_partition_ensure("contacts_event", month_of(happened))
            Event.objects.create(contact=contact, name=name, occurred_at=happened, received_at=at)

        def file_of(day):
            export = run_due(noon + timedelta(days=day))
            if export.state != "done":
                return export.state
            path = next(root.rglob(f"{export.due_at:%Y%m%dT%H%M%SZ}/events.csv"))
            return path.read_text("utf-8-sig").split()[1:]

        arrive("early", noon - timedelta(days=90), late=0)
        arrive("just-now", noon - timedelta(minutes=4), late=0)  # whoever writes may not be done
        names.append(file_of(0))
        arrive("late", noon + timedelta(hours=1), late=40)
        with monkeypatch.context() as broken:
            broken.setattr("apps.exports.services.work.batches", lambda *_told, **_more: 1 / 0)
            names.append(file_of(1))
        arrive("next", noon + timedelta(days=1, hours=1), late=0)
        names.append(file_of(2))
        names.append(file_of(3))

        assert names == [["early"], "failed", ["late", "just-now", "next"], []]


class TestFolder:
    def test_gets_the_file_and_a_manifest_that_says_what_came(self, root, noon, lead):
        AttributeFactory(key="visits", type="number")
        ContactFactory(email="ann@example.com", attributes={"visits": 3})
        schedule = services.schedule_create(
            name="Warehouse", kind="contacts", format="csv", columns=["email", "attr:visits"], hour=12,
            destination="folder", path="crm/in", by=lead, now=noon - timedelta(minutes=1),
        )  # fmt: skip

        export = run_due(noon)

        folder = root / "crm/in/warehouse/20300301T120000Z"
        assert {path.name for path in folder.iterdir()} == {"contacts.csv", "manifest.json"}
        raw = (folder / "contacts.csv").read_bytes()
        assert raw.decode("utf-8-sig") == "email,visits\r\nann@example.com,3\r\n"
        assert orjson.loads((folder / "manifest.json").read_bytes()) == {
            "product": "Bookend",
            "version": "0.1.0",
            "export": export.pk,
            "name": "Warehouse",
            "kind": "contacts",
            "format": "csv",
            "due_at": "2030-03-01T12:00:00+00:00",
            "made_at": "2030-03-01T12:00:00+00:00",
            "rows": 1,
            "columns": [{"name": "email", "type": "text"}, {"name": "visits", "type": "number"}],
            "files": [
                {
                    "name": "contacts.csv",
                    "rows": 1,
                    "bytes": len(raw),
                    "sha256": hashlib.sha256(raw).hexdigest(),
                }
            ],
        }
        assert (export.state, export.delivered_to) == ("done", str(folder / "contacts.csv"))
        schedule.refresh_from_db()
        assert schedule.next_at == noon + timedelta(days=1)
        assert services.schedules_run(now=noon) == 0

    def test_that_is_away_is_said_once_and_tried_again_until_it_is_given_up(self, root, noon, lead):
        root.rmdir()
        ScheduleFactory(by=lead, next_at=noon)

        export = run_due(noon)

        assert (export.state, export.attempts, export.file_name) == ("pending", 1, "")
        assert export.error == "The folder cannot be written: No such file or directory."
        assert "tried again" in Notification.objects.get(user=lead).text
        for attempt in range(2, 6):
            services.exports_run(now=export.retry_at)
            export.refresh_from_db()
            assert export.attempts == attempt
        assert export.state == "failed"
        assert Notification.objects.filter(user=lead).count() == 2
        assert list(files.folder().iterdir()) == []

    def test_that_is_back_gets_the_file_under_the_name_of_its_hour(self, root, noon):
        root.rmdir()
        ScheduleFactory(name="Warehouse", next_at=noon)
        export = run_due(noon)
        root.mkdir()

        services.exports_run(now=export.retry_at)

        export.refresh_from_db()
        assert (export.state, export.attempts) == ("done", 2)
        assert (root / "warehouse/20300301T120000Z/manifest.json").exists()

    @pytest.mark.parametrize("path", ["../up", "a/../b", ".hidden", "a//b", "a\\b", "a\x00b", "~", "ä"])
    def test_is_never_outside_the_root(self, root, noon, lead, path):
        with pytest.raises(DestinationInvalid):
            services.schedule_create(
                name="Out", kind="contacts", format="csv", destination="folder", path=path, by=lead, now=noon
            )

        assert not Schedule.objects.exists()

    def test_is_not_left_by_a_link(self, root, noon, tmp_path):
        (tmp_path / "elsewhere").mkdir()
        os.symlink(tmp_path / "elsewhere", root / "link")
        ScheduleFactory(path="link", next_at=noon)

        export = run_due(noon)

        assert export.error == "The folder leads out of EXPORT_ROOT."
        assert [path for path in (tmp_path / "elsewhere").rglob("*") if path.is_file()] == []


class TestS3:
    def test_gets_the_file_in_parts_and_the_manifest_last(self, bucket, noon, monkeypatch):
        ContactFactory(email="ann@example.com")
        ScheduleFactory(name="Lake", destination="s3", path="in", columns=["email"], next_at=noon)

        export = run_due(noon)

        assert (export.state, export.error) == ("done", "")
        assert export.delivered_to == "s3://warehouse/in/lake/20300301T120000Z/contacts.csv"
        found = {
            told["Key"].rpartition("/")[2]: told
            for told in bucket.list_objects_v2(Bucket="warehouse")["Contents"]
        }
        assert set(found) == {"contacts.csv", "manifest.json"}
        assert found["manifest.json"]["LastModified"] >= found["contacts.csv"]["LastModified"]
        raw = bucket.get_object(Bucket="warehouse", Key=found["contacts.csv"]["Key"])["Body"].read()
        assert hashlib.sha256(raw).hexdigest() == export.sha256

    def test_that_has_no_such_bucket_is_tried_again(self, bucket, noon, settings):
        settings.EXPORT_S3_BUCKET = "gone"
        ScheduleFactory(destination="s3", next_at=noon)

        export = run_due(noon)

        assert (export.state, export.error) == ("pending", "The storage refused it: NoSuchBucket")

    def test_that_does_not_answer_is_tried_again_and_no_key_is_told(self, bucket, noon, settings):
        settings.EXPORT_S3_ENDPOINT = "http://127.0.0.1:1"
        ScheduleFactory(destination="s3", next_at=noon)

        export = run_due(noon)

        assert export.state == "pending"
        assert "refused it" in export.error
        assert "secret" not in export.error


class TestSchedules:
    def test_offer_only_what_the_environment_names(self, root, settings, noon, lead):
        assert offered() == ["folder"]

        with pytest.raises(DestinationInvalid, match="EXPORT_S3_BUCKET"):
            services.schedule_create(
                name="Lake", kind="contacts", format="csv", destination="s3", by=lead, now=noon
            )

    def test_what_was_missed_while_the_system_was_down_is_made_once(self, root, noon):
        schedule = ScheduleFactory(hour=5, next_at=noon - timedelta(days=9))

        assert services.schedules_run(now=noon) == 1

        schedule.refresh_from_db()
        assert schedule.next_at == datetime(2030, 3, 2, 5, tzinfo=UTC)
        assert Export.objects.get().due_at == noon - timedelta(days=9)

    def test_that_are_off_make_nothing(self, root, noon):
        ScheduleFactory(is_active=False, next_at=noon)

        assert services.schedules_run(now=noon) == 0

    @pytest.mark.parametrize(
        ("given", "refusal"),
        [
            ({"name": "Taken"}, ScheduleInvalid),
            ({"timezone": "Mars/Base"}, ScheduleInvalid),
            ({"kind": "campaigns"}, ScheduleInvalid),
            ({"next_at": None}, ScheduleInvalid),
            ({"columns": ["attr:illness"]}, SensitiveColumn),
        ],
    )
    def test_that_cannot_be_are_refused_and_nothing_is_changed(self, root, noon, given, refusal):
        AttributeFactory(key="illness", sensitivity="sensitive")
        ScheduleFactory(name="Taken")
        schedule = ScheduleFactory(name="Mine")
        by = UserFactory(role="marketer")

        with pytest.raises(refusal):
            services.schedule_change(schedule=schedule, by=by, now=noon, **given)

        before = vars(schedule).copy()
        schedule.refresh_from_db()
        assert {name: before[name] for name in ("name", "timezone", "kind", "columns")} == {
            name: getattr(schedule, name) for name in ("name", "timezone", "kind", "columns")
        }

    def test_keep_the_segment_that_they_export(self, root, noon, lead):
        segment = SegmentFactory()
        schedule = ScheduleFactory(terms={"segment": segment.pk})

        [use] = segments.segment_uses([segment.pk], user=lead)[segment.pk]

        assert use == (schedule.name, f"/exports/schedules/{schedule.pk}/")

    def test_keep_the_attributes_that_they_export_or_ask_for(self, root, noon, lead):
        city, age = AttributeFactory(key="city"), AttributeFactory(key="age")
        staff = AttributeFactory(key="staff", applies_to="company")
        ScheduleFactory(name="CRM", columns=["email", "attr:city"])
        ScheduleFactory(name="Old ones", terms={"filter": {"where": [["age", "gt", "city"]]}})
        ScheduleFactory(name="Accounts", kind="companies", columns=["name", "attr:staff"])

        for attribute, sentence in [
            (city, "is used by Scheduled export “CRM”"),
            (age, "is used by Scheduled export “Old ones”"),
            (staff, "is used by Scheduled export “Accounts”"),
        ]:
            with pytest.raises(AttributeRefused, match=sentence) as refusal:
                contacts.attribute_delete(attribute=attribute, by=lead, now=noon)
            assert str(refusal.value).count("“") == 2
        assert Attribute.current.count() == 3

    def test_are_not_named_to_who_may_not_see_them(self, root, noon):
        city = AttributeFactory(key="city")
        ScheduleFactory(name="CRM", columns=["attr:city"])

        (use,) = contacts.attribute_places(city, user=UserFactory(role="sales"))

        assert (use.kind, use.label, use.url) == ("Scheduled export", "", "")

    def test_end_with_a_reason_when_a_column_is_gone(self, root, noon, lead):
        attribute = AttributeFactory(key="city")
        ScheduleFactory(columns=["email", "attr:city"], next_at=noon, by=lead)
        Attribute.objects.filter(pk=attribute.pk).update(removed_at=noon)

        export = run_due(noon)

        assert (export.state, export.error) == ("failed", "There is no column “attr:city”.")
        assert Notification.objects.get().user == lead

    def test_deleted_they_leave_what_they_made(self, root, noon, lead):
        schedule = ScheduleFactory(next_at=noon)
        export = run_due(noon)

        services.schedule_delete(schedule=schedule, by=lead, now=noon)

        export.refresh_from_db()
        assert (export.schedule, export.state) == (None, "done")
        assert destinations.place_of("folder").root == root

    def test_deleted_at_work_they_leave_a_file_that_is_put_nowhere(self, root, noon, lead, monkeypatch):
        ContactFactory()
        schedule = ScheduleFactory(by=lead)
        services.schedule_run(schedule=schedule, by=lead, now=noon)
        make = services.work._make

        def deleted_first(work):
            services.schedule_delete(schedule=schedule, by=lead, now=noon)
            return make(work)

        monkeypatch.setattr(services.work, "_make", deleted_first)
        services.exports_run(now=noon)

        export = Export.objects.get()
        assert (export.state, export.rows_done, export.delivered_to) == ("done", 1, "")
        assert files.path_of(export.file_name).exists()
        assert list(root.iterdir()) == []
        assert Notification.objects.get().user == lead
