"""Exports on demand: rows and columns, formats, what is refused, killed workers, days that files are kept."""

import os
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
from django.core.files.base import File
from django.db.models.functions import Now

from apps.collaboration.models import AuditEvent, Notification
from apps.contacts import services as contacts
from apps.contacts.models import Attribute, Event, Identity
from apps.core.partitions import month_of, month_partition_ensure
from apps.exports import files, services, writers
from apps.exports.asks import TermsInvalid
from apps.exports.columns import ColumnsInvalid
from apps.exports.models import Export
from apps.exports.services import ExportRefused, SensitiveColumn
from apps.exports.services import work as working
from tests.exports.files import content
from tests.factories.accounts import UserFactory
from tests.factories.contacts import (
    AttributeFactory,
    CompanyMemberFactory,
    ContactFactory,
    EventTypeFactory,
    IdentityFactory,
    SuppressionFactory,
    TopicFactory,
)
from tests.factories.exports import ExportFactory
from tests.factories.segments import SegmentFactory

pytestmark = pytest.mark.django_db
EVERY_TYPE = {
    "city": ("text", "=cmd|' /C calc'!A0"),
    "visits": ("number", 12),
    "spent": ("money", -3.5),
    "is_vip": ("boolean", True),
    "born_on": ("date", "1990-02-28"),
    "seen_at": ("datetime", "2030-01-31T18:30:00Z"),
    "size": ("choice", "-xl"),
    "likes": ("list", ["tea", "@home"]),
}


@pytest.fixture
def ann():
    """Somebody with a value of every type, some of which a spreadsheet would take for formulas."""
    for key, (kind, _value) in EVERY_TYPE.items():
        AttributeFactory(key=key, type=kind)
    contact = ContactFactory(
        email="+ann@example.com",
        phone="+49170123456",
        attributes={key: value for key, (_kind, value) in EVERY_TYPE.items()},
    )
    IdentityFactory(contact=contact, namespace="crm", value="-4711")
    return contact


class TestColumns:
    def test_without_a_choice_everything_that_is_not_sensitive_is_there(self, run):
        AttributeFactory(key="city")
        AttributeFactory(key="illness", sensitivity="sensitive")
        TopicFactory(key="news")

        assert run().columns == [
            "email",
            "phone",
            "attr:city",
            "consent:email",
            "consent:sms",
            "consent:email:news",
            "contact:suppressed",
            "contact:timezone",
            "contact:identities",
            "contact:id",
            "contact:created_at",
            "contact:updated_at",
        ]

    def test_hold_identities_consent_and_suppression(self, rows, noon):
        ann = ContactFactory(email="ann@example.com", consent="unsubscribed", consent__topic="news")
        IdentityFactory(contact=ann, namespace="crm", value="4711")
        IdentityFactory(contact=ann, namespace="crm", value="4712")
        ContactFactory(email="bob@example.com")
        SuppressionFactory(address="bob@example.com")
        TopicFactory(key="news")
        columns = [
            "email",
            "identity:crm",
            "contact:identities",
            "consent:email",
            "consent:email:news",
            "contact:suppressed",
        ]

        assert rows(columns=columns) == [
            columns,
            [
                "ann@example.com",
                "4711",
                "email:ann@example.com | crm:4711 | crm:4712",
                "",
                "unsubscribed",
                "no",
            ],
            ["bob@example.com", "", "email:bob@example.com", "subscribed", "", "yes"],
        ]

    @pytest.mark.parametrize("columns", [[], ["email", "email"], ["attr:gone"], ["password"]])
    def test_that_cannot_be_are_refused(self, run, columns):
        with pytest.raises(ColumnsInvalid):
            run(columns=columns)

        assert not Export.objects.exists()

    def test_that_are_sensitive_leave_by_those_who_answer_for_data_alone(self, run):
        AttributeFactory(key="illness", sensitivity="sensitive")

        with pytest.raises(SensitiveColumn):
            run(columns=["email", "attr:illness"], by=UserFactory(role="marketer"))

        assert not Export.objects.exists()
        assert run(columns=["email", "attr:illness"]).is_sensitive

    def test_that_became_sensitive_meanwhile_stop_the_export(self, lead, noon):
        AttributeFactory(key="illness")
        export = services.export_start(kind="contacts", file_format="csv", by=lead, now=noon)
        Attribute.objects.update(sensitivity="sensitive")

        services.exports_run(now=noon)

        export.refresh_from_db()
        assert (export.state, export.file_name) == ("failed", "")
        assert "has become sensitive" in export.error
        assert list(files.folder().iterdir()) == []


class TestRows:
    def test_are_of_a_segment_by_its_rule(self, rows):
        AttributeFactory(key="city")
        ContactFactory(email="ann@example.com", attributes={"city": "Bonn"})
        ContactFactory(email="bob@example.com", attributes={"city": "Kiel"})
        segment = SegmentFactory(rule={"attribute": "city", "op": "eq", "value": "bonn"})

        assert rows(columns=["email"], terms={"segment": segment.pk}) == [["email"], ["ann@example.com"]]

    def test_are_those_that_the_list_was_narrowed_to(self, rows):
        AttributeFactory(key="visits", type="number")
        ContactFactory(email="ann@example.com", attributes={"visits": 5})
        ContactFactory(email="anna@example.com", attributes={"visits": 1})
        ContactFactory(email="bob@example.com", attributes={"visits": 9})

        told = {"q": "ann", "where": [["visits", "gte", "3"]], "consent": "subscribed", "suppressed": "no"}

        assert rows(columns=["email"], terms={"filter": told}) == [["email"], ["ann@example.com"]]

    def test_leave_out_the_erased_and_the_merged(self, rows, lead, noon):
        ann, anna, gone = (ContactFactory(email=f"{name}@example.com") for name in ("ann", "anna", "gone"))
        contacts.contact_merge(keep=ann, gone=anna, by=lead, now=noon, is_confirmed=True)
        contacts.contact_erase(contact=gone, by=lead, now=noon)

        assert rows(columns=["email"]) == [["email"], ["ann@example.com"]]

    def test_of_events_are_by_name_time_and_contact_and_each_once(self, rows, noon, monkeypatch):
        monkeypatch.setattr("apps.exports.reading.BATCH", 2)
        ann, bob = ContactFactory(email="ann@example.com"), ContactFactory(email="bob@example.com")
        EventTypeFactory(name="Order")
        moments = [noon - timedelta(days=day) for day in (1, 2, 2, 2, 3, 40)]
        for moment in moments:
            month_partition_ensure("contacts_event", month_of(moment))
        for contact, name in ((ann, "Order"), (ann, "Visit"), (bob, "Order")):
            Event.objects.bulk_create(
                Event(contact=contact, name=name, occurred_at=at, received_at=noon, properties={"n": 1})
                for at in moments
            )
        terms = {
            "event": "Order",
            "from": (noon - timedelta(days=3)).isoformat(),
            "to": (noon - timedelta(days=1)).isoformat(),
            "contact": ann.pk,
        }

        found = rows(kind="events", terms=terms, columns=["event", "occurred_at", "email", "properties"])

        day = ["Order", "2030-02-27T12:00:00Z", "ann@example.com", '{"n":1}']
        assert found[1:] == [["Order", "2030-02-26T12:00:00Z", *day[2:]], day, day, day]
        assert len(rows(kind="events", terms={"days": 2})) == 1 + 3 * 4

    @pytest.mark.parametrize(
        ("kind", "terms"),
        [
            ("contacts", {"segment": 2**40}),
            ("contacts", {"segment": "3"}),
            ("contacts", {"segment": 0}),
            ("events", {"days": 0}),
            ("contacts", {"segment": 1, "filter": {"q": "x"}}),
            ("contacts", {"event": "Order"}),
            ("contacts", {"filter": {"where": [["gone", "eq", "x"]]}}),
            ("contacts", {"filter": {"where": [["visits", "gte", "many"]]}}),
            ("contacts", {"filter": {"where": "visits"}}),
            ("contacts", {"filter": {"sql": "1=1"}}),
            ("contacts", {"filter": {"q": "a\x00"}}),
            ("contacts", {"filter": {"consent": "maybe"}}),
            ("contacts", {"filter": {"suppressed": "perhaps"}}),
            ("contacts", {"filter": {"added_from": "yesterday"}}),
            ("contacts", {"filter": ["q"]}),
            ("events", {"event": "Never"}),
            ("events", {"from": "2030-01-01"}),
            ("events", {"from": "2030-02-01T00:00:00Z", "to": "2030-01-01T00:00:00Z"}),
            ("events", {"contact": -1}),
            ("events", {"days": 99_999}),
            ("events", {"days": 1, "from": "2030-02-01T00:00:00Z"}),
            ("events", {"segment": 1}),
            ("events", {"new": True}),  # of one file alone there is nothing before
        ],
    )
    def test_that_nobody_can_tell_are_refused(self, run, kind, terms):
        AttributeFactory(key="visits", type="number")

        with pytest.raises(TermsInvalid):
            run(kind=kind, terms=terms)

        assert not Export.objects.exists()
        assert not AuditEvent.objects.exists()


class TestFormats:
    @pytest.mark.parametrize("file_format", ["csv", "xlsx"])
    def test_of_spreadsheets_mark_what_would_be_a_formula(self, rows, ann, file_format):
        columns = ["email", "phone", "identity:crm", "attr:city", "attr:spent", "attr:size", "attr:likes"]

        heads, row = rows(columns=columns, file_format=file_format)

        assert heads == ["email", "phone", "identity:crm", "city", "spent", "size", "likes"]
        assert [str(value) for value in row] == [
            "'+ann@example.com",
            "'+49170123456",
            "'-4711",
            "'=cmd|' /C calc'!A0",
            "-3.5",
            "'-xl",
            "tea | @home",
        ]

    def test_parquet_has_typed_columns(self, rows, ann):
        ContactFactory(email="bob@example.com")
        columns = ["email", *(f"attr:{key}" for key in EVERY_TYPE), "contact:suppressed", "contact:id"]

        found = rows(columns=columns, file_format="parquet")

        assert found[1] == [
            "+ann@example.com",
            "=cmd|' /C calc'!A0",
            12.0,
            -3.5,
            True,
            date(1990, 2, 28),
            datetime(2030, 1, 31, 18, 30, tzinfo=UTC),
            "-xl",
            ["tea", "@home"],
            False,
            ann.pk,
        ]
        assert found[2][1:9] == [None] * 8

    @pytest.mark.parametrize("file_format", ["csv", "xlsx", "parquet"])
    def test_all_hold_the_heads_when_nobody_is_there(self, rows, file_format):
        assert rows(file_format=file_format, columns=["email"]) == [["email"]]

    @pytest.mark.parametrize(
        ("limit", "value"), [("MOST_SPREADSHEET_ROWS", 1), ("MOST_CELL", 10)], ids=["rows", "cell"]
    )
    def test_what_a_spreadsheet_has_no_room_for_is_said_and_not_cut(self, run, monkeypatch, limit, value):
        monkeypatch.setattr(writers, limit, value)
        ContactFactory()
        ContactFactory()

        export = run(file_format="xlsx", columns=["email"])

        assert (export.state, export.file_name) == ("failed", "")
        assert "Choose CSV or Parquet" in export.error


def test_what_comes_back_changes_nothing(run, ann, noon, lead):
    """The whole way round: export, import with the columns guessed, every row unchanged."""
    Attribute.objects.filter(key="size").update(choices=["-xl", "s"])
    ContactFactory(email="'=tricky@example.com", attributes={"city": "''=1"})
    ContactFactory(email="o'-hara@example.com", attributes={"city": "rock'-n-roll"})
    described = Attribute.objects.count()
    export = run()
    with files.path_of(export.file_name).open("rb") as file:
        raw = File(BytesIO(file.read()), name="back.csv")

    back = contacts.import_upload(file=raw, by=lead)
    contacts.import_start(import_file=back, by=lead, now=noon)
    back = contacts.import_run(import_file=back, now=noon)

    assert (back.rows_total, back.unchanged) == (3, 3)
    assert Attribute.objects.count() == described
    assert Identity.objects.count() == 4


class TestCompanies:
    @pytest.fixture
    def acme(self, noon):
        for key, kind in {"staff": "number", "country": "text"}.items():
            AttributeFactory(key=key, type=kind, applies_to="company")
        acme = contacts.company_create(
            by=None,
            now=noon,
            name="=Acme",
            domain="acme.example",
            identities=[("crm", "A-1")],
            attributes={"staff": 12},
        )
        CompanyMemberFactory(company=acme)
        contacts.company_create(by=None, now=noon, name="Bolt", domain="bolt.example")
        return acme

    def test_leave_with_their_names_attributes_and_number_of_people(self, run, acme):
        AttributeFactory(key="secret", applies_to="company", sensitivity="sensitive")
        AttributeFactory(key="of_contacts")

        export = run(kind="companies")

        heads, first, second = content(export)
        assert heads[:2] == ["name", "domain"]
        told = dict(zip(heads, first, strict=True))
        assert {name: told[name] for name in ("name", "identity:crm", "staff", "company:people")} == {
            "name": "'=Acme",
            "identity:crm": "A-1",
            "staff": "12",
            "company:people": "1",
        }
        assert not {"secret", "of_contacts"} & set(heads)
        assert second[:2] == ["Bolt", "bolt.example"]
        assert (export.rows_total, export.rows_done, export.name) == (2, 2, "All companies")

    def test_come_back_by_import_unchanged(self, run, acme, noon):
        export = run(kind="companies")
        with files.path_of(export.file_name).open("rb") as file:
            raw = File(BytesIO(file.read()), name="back.csv")

        back = contacts.import_upload(file=raw, about="companies", by=None)
        contacts.import_start(import_file=back, by=None, now=noon)
        back = contacts.import_run(import_file=back, now=noon)

        assert (back.rows_total, back.unchanged) == (2, 2)
        assert Attribute.current.count() == 2

    def test_cannot_be_narrowed(self, run):
        with pytest.raises(TermsInvalid, match="segment"):
            run(kind="companies", terms={"segment": 1})


class TestWork:
    def test_tells_who_asked_and_keeps_who_did_what(self, run, lead):
        ContactFactory()

        export = run(columns=["email"])

        path = files.path_of(export.file_name)
        assert (export.rows_total, export.rows_done, export.file_size) == (1, 1, path.stat().st_size)
        assert export.expires_at - export.finished_at == timedelta(days=7)
        assert Notification.objects.get().user == lead
        acts = AuditEvent.objects.order_by("pk").values_list("action", "by")
        assert list(acts) == [("export.started", lead.pk), ("export.done", lead.pk)]

    def test_a_worker_killed_while_writing_leaves_no_file_and_the_next_begins_anew(self, lead, noon):
        ContactFactory(email="ann@example.com")
        export = services.export_start(
            kind="contacts", file_format="csv", columns=["email"], by=lead, now=noon
        )
        killed = working._claim(Export.objects.all(), now=noon)
        killed.path.write_text("email\nhalf")

        services.exports_run(now=noon)  # the lease holds
        export.refresh_from_db()
        assert (export.state, export.file_name) == ("running", "")

        services.exports_run(now=noon + timedelta(minutes=6))
        export.refresh_from_db()
        assert (export.state, export.attempts) == ("done", 2)
        assert content(export) == [["email"], ["ann@example.com"]]

        with pytest.raises(working._LeaseLost):  # it comes back after all
            working._finish(killed, working._make(killed), delivered_to="")
        export.refresh_from_db()
        assert content(export) == [["email"], ["ann@example.com"]]

    def test_one_is_worked_at_a_time_so_that_imports_go_on_beside_it(self, noon):
        ExportFactory()
        ExportFactory()

        first = working._claim(Export.objects.all(), now=noon)

        assert working._claim(Export.objects.all(), now=noon) is None
        working._finish(first, working._make(first), delivered_to="")
        assert working._claim(Export.objects.all(), now=noon).export.pk > first.export.pk

    def test_one_that_ends_every_worker_is_given_up(self, noon):
        export = ExportFactory(attempts=5)

        services.exports_run(now=noon)

        export.refresh_from_db()
        assert (export.state, export.file_name) == ("failed", "")
        assert "five attempts" in export.error

    def test_cancelled_while_it_runs_it_ends_without_a_file(self, lead, noon, monkeypatch):
        monkeypatch.setattr(working, "BEAT_SECONDS", 0)
        ContactFactory()
        export = services.export_start(kind="contacts", file_format="csv", by=lead, now=noon)
        work = working._claim(Export.objects.all(), now=noon)

        services.export_cancel(export=export, by=lead, now=noon)
        working._work(work)

        export.refresh_from_db()
        assert (export.state, export.file_name, export.error) == ("cancelled", "", "")
        assert list(files.folder().iterdir()) == []
        with pytest.raises(ExportRefused):
            services.export_cancel(export=export, by=lead, now=noon)

    def test_a_full_disk_is_tried_again_later(self, lead, noon, monkeypatch):
        def full(*_about):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(working, "writer_of", full)
        export = ExportFactory(by=lead)

        services.exports_run(now=noon)

        export.refresh_from_db()
        assert (export.state, export.attempts, export.file_name) == ("pending", 1, "")
        assert "no room" in export.error
        assert not Export.objects.claimable(at=export.retry_at - timedelta(seconds=1)).exists()

    def test_an_erased_segment_of_one_person_becomes_no_export_of_everybody(self, lead, noon):
        ann = ContactFactory(email="ann.secret@example.com")
        ContactFactory()
        services.export_start(
            kind="contacts", file_format="csv", terms={"filter": {"q": ann.email}}, by=lead, now=noon
        )

        contacts.contact_erase(contact=ann, by=lead, now=noon)
        services.exports_run(now=noon)

        export = Export.objects.get()
        assert (export.terms, export.state, export.file_name) == ({"erased": True}, "failed", "")


class TestExportsSweep:
    def test_deletes_files_after_their_days_and_what_killed_workers_left(self, run, noon):
        ContactFactory()
        spent, kept = run(), run()
        Export.objects.filter(pk=spent.pk).update(expires_at=Now() - timedelta(seconds=1))
        left, fresh = files.path_of("9-left.csv"), files.path_of("9-fresh.csv")
        for path in (left, fresh):
            path.write_text("email\nsomebody@example.com")
        old = left.stat().st_mtime - 3_700
        for path in (left, files.path_of(kept.file_name)):
            os.utime(path, (old, old))

        assert services.exports_sweep(now=datetime.now(UTC)) == 1

        spent.refresh_from_db()
        assert (spent.state, spent.file_name) == ("done", "")
        assert {path.name for path in files.folder().iterdir()} == {kept.file_name, fresh.name}
        with pytest.raises(ExportRefused):
            services.export_hand_over(export=spent, by=spent.by, now=noon)
