"""The pages of exports and their schedules: who sees what, what is refused, what the file comes with."""

from datetime import timedelta
from urllib.parse import urlencode

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.collaboration.models import AuditEvent
from apps.exports import services
from apps.exports.models import Export, Schedule
from tests.factories.accounts import UserFactory
from tests.factories.contacts import AttributeFactory, ContactFactory, EventTypeFactory
from tests.factories.exports import ExportFactory, ScheduleFactory
from tests.factories.segments import SegmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer():
    return UserFactory(role="marketer")


@pytest.fixture
def place(settings, tmp_path):
    settings.EXPORT_ROOT = str(tmp_path)


class TestExportCreate:
    def test_begins_with_what_the_list_of_contacts_showed(self, login, marketer):
        AttributeFactory(key="city", label="City")
        AttributeFactory(key="visits", label="Visits")
        query = {"where": orjson.dumps([["city", "eq", "Bonn"]]).decode(), "columns": "city", "q": "ann"}
        client = login(marketer)
        address = f"/exports/new/?{urlencode(query)}"

        page = client.get("/contacts/", query)
        form = client.get(address).context["form"]

        assert [url for _act, url in page.context["acts"]] == [address.replace("%22", "%22")]
        assert form["columns"].value() == [
            "email",
            "phone",
            "consent:email",
            "consent:sms",
            "contact:suppressed",
            "contact:timezone",
            "contact:identities",
            "contact:id",
            "contact:created_at",
            "contact:updated_at",
            "attr:city",
        ]
        client.post(
            address, {"format": "csv", "columns": ["email", "attr:city"], "filter": form["filter"].value()}
        )
        export = Export.objects.get()
        assert export.terms == {"filter": {"q": "ann", "where": [["city", "eq", "Bonn"]]}}
        assert (export.by, export.columns, export.name) == (
            marketer,
            ["email", "attr:city"],
            "Contacts that fit a filter",
        )

    def test_of_a_segment_begins_on_its_page(self, login, marketer):
        segment = SegmentFactory(name="Fans")
        client = login(marketer)

        address = f"/exports/new/?segment={segment.pk}"
        assert address in client.get(f"/segments/{segment.pk}/").content.decode()
        assert client.get(address).context["form"]["segment"].value() == str(segment.pk)
        client.post(address, {"format": "xlsx", "columns": ["email"], "segment": segment.pk})

        export = Export.objects.get()
        assert (export.terms, export.name) == ({"segment": segment.pk}, "Segment “Fans”")

    def test_of_events_takes_the_person_s_own_time(self, login, marketer):
        EventTypeFactory(name="Order")
        marketer.timezone = "Europe/Berlin"
        marketer.save()

        login(marketer).post(
            "/exports/new/?kind=events",
            {"event": "Order", "begins": "2030-01-02T08:00", "format": "csv", "columns": ["event"]},
        )

        assert Export.objects.get().terms == {"event": "Order", "from": "2030-01-02T08:00:00+01:00"}

    def test_what_is_refused_stands_beside_the_form_and_nothing_is_started(self, login, marketer):
        data = {"format": "csv", "columns": ["email"], "filter": '{"where": [["gone", "eq", "1"]]}'}

        page = login(marketer).post("/exports/new/", data)

        assert "an attribute that there is not" in page.content.decode()
        assert not Export.objects.exists()

    def test_offers_sensitive_columns_to_those_who_may_take_them(self, login, marketer, lead):
        AttributeFactory(key="illness", sensitivity="sensitive")

        refused = login(marketer).post("/exports/new/", {"format": "csv", "columns": ["attr:illness"]})
        assert refused.context["form"].errors["columns"]
        login(lead).post("/exports/new/", {"format": "csv", "columns": ["attr:illness"]})

        assert Export.objects.get().by == lead


class TestExportDownload:
    @pytest.fixture
    def export(self, settings, tmp_path, lead):
        settings.MEDIA_ROOT = tmp_path
        ContactFactory(email="ann@example.com")
        AttributeFactory(key="illness", sensitivity="sensitive")
        now = timezone.now()
        export = services.export_start(
            kind="contacts", file_format="csv", columns=["email"], by=lead, now=now
        )
        services.exports_run(now=now)
        export.refresh_from_db()
        return export

    def test_gives_the_file_and_writes_down_who_took_it(self, login, marketer, export):
        answer = login(marketer).get(f"/exports/{export.pk}/file/")

        assert b"".join(answer.streaming_content).decode("utf-8-sig") == "email\r\nann@example.com\r\n"
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="contacts-')
        assert answer.headers["Cache-Control"] == "no-store"
        assert AuditEvent.objects.get(action="export.downloaded").by == marketer

    def test_of_sensitive_attributes_is_for_those_who_answer_for_data(self, login, marketer, export):
        Export.objects.update(is_sensitive=True)

        assert login(marketer).get(f"/exports/{export.pk}/file/").status_code == 403
        assert "can download it" in login(marketer).get(f"/exports/{export.pk}/").content.decode()
        assert not AuditEvent.objects.filter(action="export.downloaded").exists()

    def test_after_its_days_there_is_no_file(self, login, marketer, export):
        Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

        answer = login(marketer).get(f"/exports/{export.pk}/file/", follow=True)

        assert "has been deleted" in answer.content.decode()

    def test_over_the_api(self, api, lead, export):
        client = api(lead, "exports:read")

        told = client.get(f"/api/v1/exports/{export.pk}/").json()
        answer = client.get(told["file_url"])

        assert (told["status"], told["rows_done"], told["sha256"]) == ("done", 1, export.sha256)
        assert b"ann@example.com" in b"".join(answer.streaming_content)


class TestExportDetail:
    def test_asks_by_itself_while_something_can_change(self, login, marketer):
        export = ExportFactory()
        client = login(marketer)

        assert "every 1500ms" in client.get(f"/exports/{export.pk}/").content.decode()
        client.post(f"/exports/{export.pk}/cancel/")
        fragment = client.get(f"/exports/{export.pk}/", headers={"hx-request": "true"}).content.decode()

        assert "<html" not in fragment
        assert "every 1500ms" not in fragment
        assert "The export was stopped" in fragment

    def test_is_not_there_for_sales(self, login):
        export = ExportFactory()
        client = login(UserFactory(role="sales"))

        assert client.get(f"/exports/{export.pk}/").status_code == 404
        assert client.post(f"/exports/{export.pk}/cancel/").status_code == 404
        assert Export.objects.get().state == "pending"


def queries(client, address):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize(
    ("address", "factory"), [("/exports/", ExportFactory), ("/exports/schedules/", ScheduleFactory)]
)
def test_lists_ask_as_often_for_twenty_as_for_one(login, lead, address, factory):
    client = login(lead)
    factory(by=lead)
    client.get(address)
    one = queries(client, address)
    factory.create_batch(20, by=lead)

    assert queries(client, address) == one


class TestSchedules:
    DATA = {
        "name": "Warehouse",
        "format": "parquet",
        "columns": ["event", "occurred_at"],
        "event": "",
        "days": "7",
        "period": "weekly",
        "hour": "6",
        "weekday": "1",
        "month_day": "1",
        "destination": "folder",
        "path": "lake",
        "is_active": "on",
    }

    def test_are_made_changed_and_deleted(self, login, lead, place):
        client = login(lead)

        client.post("/exports/schedules/new/?kind=events", self.DATA)
        schedule = Schedule.objects.get()
        assert (schedule.terms, schedule.weekday, schedule.hour) == ({"days": 7}, 1, 6)
        assert "Every Tuesday at 06:00 (UTC)" in client.get("/exports/schedules/").content.decode()
        edit = f"/exports/schedules/{schedule.pk}/edit/"
        assert client.get(edit).context["form"]["days"].value() == 7
        client.post(edit, {**self.DATA, "days": "", "period": "monthly", "is_active": ""})
        schedule.refresh_from_db()
        assert (schedule.terms, schedule.period, schedule.is_active) == ({}, "monthly", False)
        both = client.post(edit, {**self.DATA, "new": "on"})
        assert both.context["form"].errors == {"days": ["Say what is new, or how many days, not both."]}
        client.post(edit, {**self.DATA, "new": "on", "days": ""})
        schedule.refresh_from_db()
        assert schedule.terms == {"new": True}
        client.post(f"/exports/schedules/{schedule.pk}/run/")
        assert Export.objects.get().schedule == schedule
        client.post(f"/exports/schedules/{schedule.pk}/delete/")

        assert not Schedule.objects.exists()
        acts = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
        changed = ["schedule.changed"] * 2
        assert list(acts) == ["schedule.created", *changed, "schedule.run", "schedule.deleted"]

    def test_what_is_refused_stands_beside_its_field(self, login, lead, place):
        page = login(lead).post("/exports/schedules/new/?kind=events", {**self.DATA, "path": "../etc"})

        assert "such as crm/contacts" in page.context["form"].errors["path"][0]
        assert not Schedule.objects.exists()

    def test_without_a_place_the_page_says_who_can_name_one(self, login, lead):
        page = login(lead).get("/exports/schedules/").content.decode()

        assert "EXPORT_ROOT" in page
        assert "schedule-new" not in page


class TestApi:
    def test_starts_polls_and_cancels(self, api, lead):
        client = api(lead, "exports:write", "exports:read")

        started = client.post("/api/v1/exports/", {"kind": "contacts", "columns": ["email"]}, format="json")
        told = started.json()
        cancelled = client.post(f"/api/v1/exports/{told['id']}/cancel/")

        assert (started.status_code, told["status"], told["file_url"]) == (202, "pending", None)
        assert cancelled.json()["status"] == "cancelled"
        assert client.post(f"/api/v1/exports/{told['id']}/cancel/").status_code == 409
        assert [one["id"] for one in client.get("/api/v1/exports/?status=cancelled").json()["results"]] == [
            told["id"]
        ]

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"kind": "campaigns"}, "kind"),
            ({"kind": "contacts", "columns": ["password"]}, "columns"),
            ({"kind": "events", "terms": {"event": "Never"}}, "terms"),
        ],
    )
    def test_names_what_it_refuses(self, api, lead, body, field):
        answer = api(lead, "exports:write").post("/api/v1/exports/", body, format="json")

        assert answer.status_code == 400
        assert field in str(answer.json())
        assert not Export.objects.exists()

    def test_keeps_schedules(self, api, lead, place):
        client = api(lead, "exports:write", "exports:read")
        body = {"name": "Lake", "kind": "contacts", "format": "csv", "destination": "folder", "hour": 3}

        made = client.post("/api/v1/export-schedules/", body, format="json")
        address = f"/api/v1/export-schedules/{made.json()['id']}/"
        changed = client.patch(address, {"hour": 4}, format="json")
        again = client.post("/api/v1/export-schedules/", body, format="json")
        ran = client.post(f"{address}run/")

        assert (made.status_code, changed.json()["hour"], again.status_code) == (201, 4, 400)
        assert (ran.status_code, ran.json()["schedule"]) == (202, made.json()["id"])
        assert client.delete(address).status_code == 204
        assert client.patch(address, {"hour": 4}, format="json").status_code == 404

    def test_a_sensitive_column_is_forbidden(self, api):
        AttributeFactory(key="illness", sensitivity="sensitive")
        client = api(UserFactory(role="integration"), "exports:write")

        answer = client.post(
            "/api/v1/exports/", {"kind": "contacts", "columns": ["attr:illness"]}, format="json"
        )

        assert answer.status_code == 403
        assert not Export.objects.exists()
