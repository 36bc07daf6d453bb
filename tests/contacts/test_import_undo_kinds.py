"""Imports of companies, of people's places in them, and of events are undone."""

from datetime import date, timedelta
from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.contacts import selectors, services
from apps.contacts.eventfields import Field, FieldType
from apps.contacts.models import (
    Company,
    CompanyIdentity,
    CompanyMember,
    Contact,
    Event,
    EventReceipt,
    EventSample,
    EventSchema,
    HeldEvent,
    ImportFile,
    ImportKey,
)
from apps.contacts.services import CompanyIn, EventIn, import_undoing, import_work
from apps.reporting.models import Conversion
from tests.contacts.test_import_undo import counts
from tests.factories.accounts import UserFactory
from tests.factories.contacts import (
    AttributeFactory,
    CompanyFactory,
    CompanyMemberFactory,
    ContactFactory,
    EventTypeFactory,
)
from tests.factories.messaging import RecipientFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def undo(lead):
    """Return a function that undoes an import to its end, and says first what that would do."""

    def make(import_file):
        promised = selectors.import_undo_preview(import_file)
        services.import_undo(import_file=import_file, by=lead, now=import_file.finished_at)
        services.imports_undo(now=import_file.finished_at)
        import_file.refresh_from_db()
        removed, restored, kept, lost = counts(import_file)
        assert import_file.state == "undone"
        assert (promised.removed, promised.restored, sum(one.count for one in promised.kept)) == (
            removed,
            restored,
            sum(kept.values()),
        )
        return removed, restored, kept, lost

    return make


@pytest.fixture
def later(noon):
    return noon + timedelta(hours=1)


class TestCompanies:
    TEXT = "name,domain,identity:crm,staff\nAcme,acme.example,A-1,12\nBolt,bolt.example,A-2,7\n"

    @pytest.fixture(autouse=True)
    def staff(self):
        AttributeFactory(key="staff", type="number", applies_to="company")

    def test_those_that_it_added_are_removed_with_their_names(self, run, undo):
        done = run(self.TEXT, about="companies")

        assert undo(done) == (2, 0, {}, 0)
        for model in (Company, CompanyIdentity, ImportKey):
            assert not model.objects.exists(), model
        assert run(self.TEXT, about="companies").created == 2

    @pytest.mark.parametrize(
        ("reason", "happen"),
        [
            (
                "changed",
                lambda acme, lead, later: services.company_update(
                    company=acme, by=lead, now=later, name="Acme Ltd"
                ),
            ),
            (
                "changed",
                lambda acme, lead, later: services.companies_upsert(
                    companies=[CompanyIn(domain="acme.example", identities=[("erp", "7")])],
                    key="domain",
                    by=None,
                    now=later,
                ),
            ),
            ("people", lambda acme, lead, later: CompanyMemberFactory(company=acme)),
            ("gone", lambda acme, lead, later: services.company_delete(company=acme, by=lead, now=later)),
        ],
    )
    def test_one_that_something_has_happened_to_stays_with_the_reason(
        self, run, undo, lead, later, reason, happen
    ):
        done = run(self.TEXT, about="companies")
        acme = Company.objects.get(domain="acme.example")
        happen(acme, lead, later)

        assert undo(done) == (1, 0, {reason: 1}, 0)
        assert Company.objects.filter(domain="acme.example").exists() == (reason != "gone")
        assert not Company.objects.filter(domain="bolt.example").exists()
        (kept,) = selectors.import_kept(done, limit=10)
        there = reverse("contacts:company-detail", args=[acme.pk])
        assert kept.url == ("" if reason == "gone" else there)

    def test_what_it_changed_goes_back_to_what_it_was(self, run, undo):
        acme = CompanyFactory(name="Old", domain="old.example", attributes={"staff": 3, "city": "Bonn"})
        CompanyIdentity.objects.create(
            company=acme, namespace="crm", value="A-1", created_at="2026-01-01T00:00Z"
        )
        done = run(
            "name,domain,id,erp,staff\nAcme,acme.example,A-1,E-1,12\n",
            about="companies",
            mapping={
                "name": "name",
                "domain": "domain",
                "id": "identity:crm",
                "erp": "identity:erp",
                "staff": "attr:staff",
            },
            key="identity:crm",
        )
        assert Company.objects.get().domain == "acme.example"

        assert undo(done) == (0, 1, {}, 0)
        acme.refresh_from_db()
        assert (acme.name, acme.domain) == ("Old", "old.example")
        assert acme.attributes == {"staff": 3, "city": "Bonn"}
        assert list(acme.identities.values_list("namespace", "value")) == [("crm", "A-1")]
        assert not ImportKey.objects.exists()

    def test_what_was_changed_since_stays_and_the_rest_goes_back(self, run, undo, lead, later):
        acme = CompanyFactory(name="Old", domain="acme.example", attributes={"staff": 3})
        done = run("name,domain,staff\nAcme,acme.example,12\n", about="companies")
        services.company_update(company=acme, by=lead, now=later, attributes={"staff": 40})

        assert undo(done) == (0, 0, {"changed": 1}, 0)
        acme.refresh_from_db()
        assert (acme.name, acme.attributes) == ("Old", {"staff": 40})
        assert ImportKey.objects.get().before is None

    def test_a_domain_that_another_company_has_by_now_stays_there(self, run, undo):
        acme = CompanyFactory(name="Old", domain="old.example")
        CompanyIdentity.objects.create(
            company=acme, namespace="crm", value="A-1", created_at="2026-01-01T00:00Z"
        )
        done = run("name,domain,identity:crm\nAcme,acme.example,A-1\n", about="companies", key="identity:crm")
        CompanyFactory(name="Heir", domain="old.example")

        assert undo(done) == (0, 0, {"taken": 1}, 0)
        acme.refresh_from_db()
        assert (acme.name, acme.domain) == ("Old", "acme.example")

    def test_nothing_is_remembered_of_a_dry_run_or_of_those_that_stayed_as_they_were(self, run):
        CompanyFactory(name="Acme", domain="acme.example")

        run("name,domain\nAcme,acme.example\n", about="companies")
        run("name,domain\nNew,acme.example\n", about="companies", is_dry_run=True)

        assert not ImportKey.objects.exists()

    def test_of_a_person_who_is_erased_no_record_says_anything(
        self, run, undo, lead, later, settings, tmp_path
    ):
        settings.ERASURE_LOG = tmp_path / "erasures.jsonl"
        AttributeFactory(key="boss", type="text", applies_to="company")
        CompanyFactory(name="Acme", domain="acme.example", attributes={"boss": "ann@example.com"})
        done = run("name,domain,boss\nAcme,acme.example,bob@example.com\n", about="companies")

        services.contact_erase(contact=ContactFactory(email="ann@example.com"), by=lead, now=later)

        assert ImportKey.objects.get().before is None
        assert undo(done) == (0, 0, {"erased": 1}, 0)


class TestMembers:
    TEXT = "E-Mail,Company,Role,Job title,Since,Main company\n"

    @pytest.fixture
    def ann(self):
        return services.contact_create(by=None, now="2026-01-01T00:00Z", email="ann@example.com")

    @pytest.fixture
    def acme(self):
        return CompanyFactory(name="Acme", domain="acme.example")

    def test_places_that_it_made_are_removed_and_the_main_company_is_the_one_it_was(
        self, run, undo, ann, acme
    ):
        bolt = CompanyMemberFactory(contact=ann, is_primary=True)
        done = run(f"{self.TEXT}ann@example.com,acme.example,user,,,yes\n", about="members")
        bolt.refresh_from_db()
        assert not bolt.is_primary

        assert undo(done) == (1, 0, {}, 0)
        bolt.refresh_from_db()
        assert list(CompanyMember.objects.all()) == [bolt]
        assert bolt.is_primary
        assert Contact.objects.filter(pk=ann.pk).exists()

    def test_what_it_changed_goes_back_and_so_does_who_is_the_main_one(self, run, undo, ann, acme):
        place = CompanyMemberFactory(
            contact=ann, company=acme, role="user", title="CFO", since=date(2020, 1, 2)
        )
        other = CompanyMemberFactory(
            contact=ann, company=CompanyFactory(domain="bolt.example"), is_primary=True
        )
        done = run(
            f"{self.TEXT}ann@example.com,acme.example,champion,CEO,2026-02-01,yes\n"
            "ann@example.com,bolt.example,,,,no\n",
            about="members",
        )
        assert done.updated == 2

        assert undo(done) == (0, 2, {}, 0)
        place.refresh_from_db()
        other.refresh_from_db()
        assert (place.role, place.title, place.since) == ("user", "CFO", date(2020, 1, 2))
        assert (place.is_primary, other.is_primary) == (False, True)

    def test_places_of_one_person_are_settled_together_however_small_the_chunk(
        self, run, undo, ann, acme, monkeypatch
    ):
        monkeypatch.setattr(import_undoing, "CHUNK", 1)
        bolt = CompanyFactory(domain="bolt.example")
        CompanyMemberFactory(contact=ann, company=bolt, is_primary=True)
        CompanyMemberFactory(contact=ann, company=acme)
        done = run(
            f"{self.TEXT}ann@example.com,bolt.example,,,,no\nann@example.com,acme.example,,,,yes\n",
            about="members",
        )

        assert undo(done) == (0, 2, {}, 0)
        assert CompanyMember.objects.get(is_primary=True).company == bolt

    @pytest.mark.parametrize(
        ("reason", "happen"),
        [
            (
                "changed",
                lambda place, lead, later: services.member_update(
                    member=place, by=lead, now=later, role="champion"
                ),
            ),
            ("gone", lambda place, lead, later: services.member_remove(member=place, by=lead, now=later)),
            (
                "merged",
                lambda place, lead, later: services.contact_merge(
                    keep=ContactFactory(), gone=place.contact, by=lead, now=later, is_confirmed=True
                ),
            ),
        ],
    )
    def test_one_that_something_has_happened_to_stays_with_the_reason(
        self, run, undo, ann, acme, lead, later, reason, happen
    ):
        done = run(f"{self.TEXT}ann@example.com,acme.example,user,,,\n", about="members")
        happen(CompanyMember.objects.get(), lead, later)

        assert undo(done) == (0, 0, {reason: 1}, 0)
        assert CompanyMember.objects.exists() == (reason != "gone")

    def test_a_main_company_that_somebody_has_chosen_since_stays_it(self, run, undo, ann, acme, lead, later):
        place = CompanyMemberFactory(contact=ann, company=acme, is_primary=True, title="CFO")
        done = run(f"{self.TEXT}ann@example.com,acme.example,,CEO,,no\n", about="members")
        bolt = CompanyMemberFactory(contact=ann)
        services.member_update(member=bolt, by=lead, now=later, is_primary=True)

        assert undo(done) == (0, 0, {"main": 1}, 0)
        place.refresh_from_db()
        assert (place.title, place.is_primary) == ("CFO", False)
        assert CompanyMember.objects.get(is_primary=True) == bolt

    def test_of_a_person_who_is_erased_no_record_says_anything(
        self, run, undo, ann, acme, lead, later, settings, tmp_path
    ):
        settings.ERASURE_LOG = tmp_path / "erasures.jsonl"
        CompanyMemberFactory(contact=ann, company=acme, title="Ann, the CFO")
        done = run(f"{self.TEXT}ann@example.com,acme.example,,CEO,,\n", about="members")

        services.contact_erase(contact=ann, by=lead, now=later)

        assert ImportKey.objects.get().before is None
        assert undo(done) == (0, 0, {"erased": 1}, 0)


class TestEvents:
    TEXT = (
        "E-Mail,Event,Date,message_id,Order total\n"
        "ann@example.com,Order placed,2026-01-05T10:00:00Z,m1,12.5\n"
        "ann@example.com,Order placed,2026-02-05T10:00:00Z,m2,3\n"
        "bob@example.com,Order placed,2026-01-06,m3,7\n"
    )

    @pytest.fixture
    def ann(self):
        return services.contact_create(by=None, now="2026-01-01T00:00Z", email="ann@example.com")

    @pytest.mark.parametrize("chunk", [1, 2_000])
    def test_they_go_with_the_people_that_nothing_else_has_made_known(
        self, run, undo, ann, monkeypatch, chunk
    ):
        monkeypatch.setattr(import_undoing, "CHUNK", chunk)
        text = self.TEXT + "bob@example.com,Order placed,2026-03-06,m4,7\n"
        done = run(text, about="events")

        assert undo(done) == (4, 0, {}, 0)
        for model in (Event, EventReceipt, ImportKey):
            assert not model.objects.exists(), model
        assert list(Contact.objects.all()) == [ann]
        assert run(text, about="events").created == 4

    def test_who_was_made_for_the_first_of_many_goes_with_the_last_one_left(
        self, upload, undo, noon, later, monkeypatch, first_chunk
    ):
        monkeypatch.setattr(import_undoing, "CHUNK", 1)
        first_chunk(1)
        rows = "".join(f"bob@example.com,Visit,2026-01-{day:02},m{day}\n" for day in range(1, 10))
        import_file = upload(f"email,event,date,message_id\n{rows}", about="events")
        services.import_start(import_file=import_file, by=None, now=noon)
        import_work._work(import_work._claim(ImportFile.objects.all(), now=noon), chunks=1)

        done = services.import_run(import_file=import_file, now=later)

        made = ImportKey.objects.filter(before__is_made=True).count()
        assert (done.created, made) == (9, 1)
        assert undo(done) == (9, 0, {}, 0)
        assert not Contact.objects.exists()

    def test_people_who_would_go_and_who_went_are_told_apart_from_events(self, login, run, ann, later):
        done = run(self.TEXT, about="events")
        person = login(UserFactory(role="data_lead"))
        url = reverse("contacts:import-undo", args=[done.pk])

        assert selectors.import_undo_preview(done).people == 1
        assert "People who are removed with them" in person.get(url).content.decode()
        person.post(url)
        services.imports_undo(now=done.finished_at)

        done.refresh_from_db()
        assert selectors.import_undo_result(done).people == 1
        page = person.get(reverse("contacts:import-detail", args=[done.pk])).content.decode()
        assert "People removed with them" in page

    def test_who_has_done_something_else_since_is_not_among_those_who_would_go(self, run, ann, later):
        done = run(self.TEXT, about="events")
        told = EventIn("Visit", later, identity=("email", "bob@example.com"))
        services.events_record(events=[told], source="shop", now=later)

        assert selectors.import_undo_preview(done).people == 0

    def test_who_has_done_something_else_since_stays(self, run, undo, later):
        done = run(self.TEXT, about="events")
        told = EventIn("Visit", later, identity=("email", "bob@example.com"))
        services.events_record(events=[told], source="shop", now=later)

        assert undo(done) == (3, 0, {}, 0)
        assert Contact.objects.get().email == "bob@example.com"
        assert Event.objects.get().name == "Visit"

    def test_what_was_recorded_before_is_no_event_of_the_import(self, run, undo, ann, noon):
        told = EventIn("Order placed", noon.replace(year=2026), contact_id=ann.pk, message_id="m1")
        services.events_record(events=[told], source="api", now=noon)

        done = run(self.TEXT, about="events")

        assert undo(done) == (2, 0, {}, 0)
        assert Event.objects.get().source == "api"

    def test_one_that_is_counted_as_a_conversion_stays(self, run, undo, ann):
        done = run(self.TEXT, about="events")
        event = Event.objects.get(occurred_at__month=2)
        recipient = RecipientFactory(contact=ann)
        Conversion.objects.create(
            message=recipient.message,
            contact=ann,
            recipient=recipient,
            measure="goal",
            is_holdout=False,
            is_credited=True,
            event_id=event.pk,
            occurred_at=event.occurred_at,
        )

        assert undo(done) == (2, 0, {"conversions": 1}, 0)
        assert Event.objects.get(source="import") == event
        (kept,) = selectors.import_kept(done, limit=10)
        assert (kept.label, kept.reason) == (f"Event {event.pk}", "Counted as a conversion of a message")
        assert list(selectors.import_kept_lines(done))[1:] == [
            f"{event.pk},Counted as a conversion of a message\r\n"
        ]

    def test_those_of_a_merged_contact_go_too_and_the_contact_stays(self, run, undo, ann, lead, later):
        done = run(self.TEXT, about="events")
        bob = Contact.objects.get(email="bob@example.com")
        services.contact_merge(keep=ann, gone=bob, by=lead, now=later, is_confirmed=True)

        assert undo(done) == (3, 0, {}, 0)
        assert not Event.objects.exists()
        assert set(Contact.objects.all()) == {ann, bob}

    def test_in_quarantine_they_go_and_once_released_they_stay(self, run, undo, ann, lead, noon, later):
        order = EventTypeFactory(name="Order placed")
        fields = [Field("shop", FieldType.TEXT, is_required=True)]
        services.event_schema_change(
            event_type=order, mode=EventSchema.Mode.QUARANTINE, fields=fields, by=None, now=noon
        )
        done = run(self.TEXT, about="events")
        held = HeldEvent.objects.get(occurred_at__month=2)
        services.held_release(event_type=order, by=lead, now=later, ids=[held.pk])

        assert undo(done) == (2, 0, {"released": 1}, 0)
        assert not HeldEvent.objects.exists()
        assert Event.objects.get().occurred_at == held.occurred_at
        assert list(Contact.objects.all()) == [ann]

    def test_the_samples_of_what_did_not_fit_go_along(self, run, undo, noon):
        order = EventTypeFactory(name="Order placed")
        fields = [Field("shop", FieldType.TEXT, is_required=True)]
        services.event_schema_change(
            event_type=order, mode=EventSchema.Mode.WARN, fields=fields, by=None, now=noon
        )
        done = run(self.TEXT, about="events")
        assert EventSample.objects.count() == 1

        assert undo(done) == (3, 0, {}, 0)
        assert not EventSample.objects.exists()

    def test_a_dry_run_leaves_no_record(self, run):
        run(self.TEXT, about="events", is_dry_run=True)

        assert not ImportKey.objects.exists()


class TestDoors:
    TEXT = "name,domain\nAcme,acme.example\nBolt,bolt.example\n"

    def test_the_pages_speak_of_companies(self, login, lead, run):
        done = run(self.TEXT, about="companies", by=lead)
        acme = Company.objects.get(domain="acme.example")
        CompanyMemberFactory(company=acme)
        person = login(lead)
        detail, url = (reverse(f"contacts:import-{name}", args=[done.pk]) for name in ("detail", "undo"))
        assert f'href="{url}"' in person.get(detail).content.decode()

        asked = person.get(url).content.decode()
        person.post(url)
        services.imports_undo(now=done.finished_at)
        page = person.get(detail).content.decode()

        assert "Are kept: People belong to it" in asked
        assert "Companies that are removed cannot be brought back" in asked
        assert "What was kept" in page
        assert reverse("contacts:company-detail", args=[acme.pk]) in page
        kept = person.get(reverse("contacts:import-kept", args=[done.pk]))
        lines = b"".join(kept.streaming_content).decode().splitlines()
        assert lines == ["company,reason", f"{acme.pk},People belong to it"]

    def test_programs_undo_events(self, api, run):
        done = run(TestEvents.TEXT, about="events")
        program = api(UserFactory(role="integration"))
        url = reverse("api:import-detail", args=[done.pk])

        promised = program.get(f"{url}undo/preview/").json()
        sent = program.post(f"{url}undo/")
        services.imports_undo(now=done.finished_at)

        assert promised == {
            "removed": 3, "restored": 0, "kept": [], "lost": 0, "exact": True, "people": 2,
        }  # fmt: skip
        assert sent.status_code == HTTPStatus.ACCEPTED
        assert program.get(url).json()["undo"] == promised
        assert not Event.objects.exists()
