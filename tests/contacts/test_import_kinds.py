from datetime import date
from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.contacts import selectors, services
from apps.contacts.eventfields import Field, FieldType
from apps.contacts.mapping import MappingInvalid
from apps.contacts.models import (
    Attribute,
    Company,
    CompanyIdentity,
    CompanyMember,
    Contact,
    Event,
    EventSchema,
    HeldEvent,
    ImportFile,
)
from apps.contacts.services import CompanyIn, ImportRefused, companies_upsert
from tests.contacts.test_imports import counts, faults
from tests.factories.contacts import (
    AttributeFactory,
    CompanyFactory,
    CompanyMemberFactory,
    ContactFactory,
    EventTypeFactory,
)

pytestmark = pytest.mark.django_db

COMPANIES = "Company,Website,Staff\nAcme,https://acme.example/,12\nBolt,bolt.example,7\n,comet.example,\n"


def companies():
    return list(Company.objects.order_by("domain").values_list("name", "domain", "attributes"))


def member(contact, company):
    return CompanyMember.objects.get(contact=contact, company=company)


class TestCompanies:
    def test_come_from_a_file_as_they_come_from_a_program(self, run, noon):
        AttributeFactory(key="staff", type="number", applies_to="company")

        done = run(COMPANIES, about="companies")

        by_file = companies()
        assert counts(done) == {"created": 3}
        assert by_file == [
            ("Acme", "acme.example", {"staff": 12}),
            ("Bolt", "bolt.example", {"staff": 7}),
            ("comet.example", "comet.example", {}),
        ]
        Company.objects.all().delete()
        told = [
            CompanyIn(name="Acme", domain="acme.example", attributes={"staff": "12"}),
            CompanyIn(name="Bolt", domain="bolt.example", attributes={"staff": "7"}),
            CompanyIn(domain="comet.example"),
        ]
        companies_upsert(companies=told, key="domain", by=None, now=noon)
        assert companies() == by_file

    def test_the_same_file_again_changes_nothing_and_leaves_no_key(self, run):
        run(COMPANIES, about="companies")
        before = list(Company.objects.order_by("pk").values())

        again = run(COMPANIES, about="companies")

        assert counts(again) == {"unchanged": 3}
        assert list(Company.objects.order_by("pk").values()) == before
        assert not again.keys.exists()

    def test_new_attributes_are_those_of_companies(self, run):
        run(COMPANIES, about="companies")

        entry = Attribute.current.get(key="staff")
        assert (entry.applies_to, entry.type, entry.is_defined) == ("company", "number", False)

    def test_a_bad_row_is_told_with_its_column_while_the_rest_is_taken(self, run):
        CompanyFactory(name="Old", domain="old.example")
        CompanyIdentity.objects.create(
            company=Company.objects.get(), namespace="crm", value="A-1", created_at="2026-01-01T00:00Z"
        )
        AttributeFactory(key="staff", type="number", applies_to="company")

        done = run(
            "name,domain,identity:crm,staff\n"
            "Acme,acme.example,A-2,many\n"
            "Bolt,not a domain,A-3,1\n"
            "Comet,,A-4,1\n"
            "Delta,delta.example,A-1,1\n"
            "Echo,echo.example,A-5,1\n"
            "Echo again,ECHO.example,A-5,2\n"
            "Foxtrot,foxtrot.example,A-5,2\n",
            about="companies",
        )

        assert counts(done) == {"created": 1, "invalid": 5, "duplicate": 1}
        assert [(row, column) for row, column, _reason in faults(done)] == [
            (2, "staff"),
            (3, "domain"),
            (4, "domain"),
            (5, ""),
            (8, ""),
        ]
        assert companies()[0] == ("Echo", "echo.example", {"staff": 1})
        assert faults(done)[3][2] == "One of its identities belongs to another company."

    def test_a_company_that_stands_in_two_chunks_is_taken_once(self, run, first_chunk):
        first_chunk(1)
        rows = "".join(f"Company {n},c{n}.example\n" for n in range(12))

        done = run(f"name,domain\n{rows}Other,c0.example\n", about="companies")

        assert counts(done) == {"created": 12, "duplicate": 1}
        assert Company.objects.get(domain="c0.example").name == "Company 0"

    @pytest.mark.parametrize(
        ("rule", "name", "staff"), [("if_empty", "Old", 3), ("never", "Old", None), ("always", "New", 3)]
    )
    def test_a_rule_says_what_may_be_written_over(self, run, rule, name, staff):
        AttributeFactory(key="staff", type="number", applies_to="company")
        CompanyFactory(name="Old", domain="acme.example")

        run("name,domain,staff\nNew,acme.example,3\n", about="companies", rules={"name": rule, "staff": rule})

        company = Company.objects.get()
        assert (company.name, company.attributes.get("staff")) == (name, staff)

    @pytest.mark.parametrize(
        ("mode", "told"),
        [("create", {"created": 1, "unchanged": 1}), ("update", {"invalid": 1, "updated": 1})],
    )
    def test_what_is_known_or_new_may_be_left_alone(self, run, mode, told):
        CompanyFactory(name="Old", domain="acme.example")

        done = run("name,domain\nNew,acme.example\nBolt,bolt.example\n", about="companies", mode=mode)

        assert counts(done) == told
        assert Company.objects.get(domain="acme.example").name == ("Old" if mode == "create" else "New")

    def test_a_dry_run_promises_what_then_happens_and_writes_nothing(self, upload, noon, first_chunk):
        first_chunk(1)
        CompanyFactory(name="Acme", domain="acme.example")
        CompanyFactory(name="Bolt", domain="bolt.example")
        new = "".join(f"Company {n},c{n}.example\n" for n in range(12))
        known = "Acme 2,acme.example\nBolt,bolt.example\n"
        text = f"name,domain\n{known}{new}Again,c1.example\nAgain,bolt.example\n"
        draft = upload(text, about="companies")
        services.import_start(import_file=draft, by=None, now=noon, is_dry_run=True)

        promised = counts(services.import_run(import_file=draft, now=noon))

        assert promised == {"created": 12, "updated": 1, "unchanged": 1, "duplicate": 2}
        assert Company.objects.count() == 2
        services.import_start(import_file=draft, by=None, now=noon)
        assert counts(services.import_run(import_file=draft, now=noon)) == promised
        assert Company.objects.count() == 14


class TestMembers:
    TEXT = "E-Mail,Company,Role,Job title,Since,Main company\n"

    @pytest.fixture
    def ann(self):
        return services.contact_create(by=None, now="2026-01-01T00:00Z", email="ann@example.com")

    @pytest.fixture
    def acme(self):
        return CompanyFactory(name="Acme", domain="acme.example")

    def test_people_get_their_place_in_a_company(self, run, ann, acme):
        bolt = CompanyFactory(domain="bolt.example")
        CompanyMemberFactory(contact=ann, company=bolt, is_primary=True)

        done = run(
            f"{self.TEXT}ANN@example.com,acme.example,Decision maker,CFO,2026-02-01,yes\n", about="members"
        )

        assert counts(done) == {"created": 1}
        place = member(ann, acme)
        assert (place.role, place.title, place.since) == ("decision_maker", "CFO", date(2026, 2, 1))
        assert (place.is_primary, member(ann, bolt).is_primary) == (True, False)
        again = run(
            f"{self.TEXT}ANN@example.com,acme.example,Decision maker,CFO,2026-02-01,yes\n", about="members"
        )
        assert counts(again) == {"unchanged": 1}

    def test_who_or_what_is_not_known_is_refused_with_the_column(self, run, ann, acme):
        done = run(
            f"{self.TEXT}bob@example.com,acme.example,,,,\n"
            "ann@example.com,nowhere.example,,,,\n"
            "ann@example.com,acme.example,boss,,,\n"
            "ann@example.com,acme.example,user,,soon,\n",
            about="members",
        )

        assert counts(done) == {"invalid": 4}
        assert [(row, column) for row, column, _reason in faults(done)] == [
            (2, "E-Mail"),
            (3, "Company"),
            (4, "Role"),
            (5, "Since"),
        ]
        assert not CompanyMember.objects.exists()

    def test_the_first_row_about_a_place_wins_and_one_company_is_the_main_one(self, run, ann, acme):
        bolt = CompanyFactory(domain="bolt.example")

        done = run(
            f"{self.TEXT}ann@example.com,acme.example,user,,,yes\n"
            "ann@example.com,acme.example,champion,,,\n"
            "ann@example.com,bolt.example,,,,yes\n",
            about="members",
        )

        assert counts(done) == {"created": 1, "duplicate": 1, "invalid": 1}
        assert member(ann, acme).role == "user"
        assert not CompanyMember.objects.filter(company=bolt).exists()

    def test_a_rule_and_an_empty_cell_leave_what_is_known(self, run, ann, acme):
        CompanyMemberFactory(contact=ann, company=acme, role="user", title="CFO")

        done = run(
            f"{self.TEXT}ann@example.com,acme.example,champion,,2026-02-01,\n",
            about="members",
            rules={"Role": "never"},
        )

        place = member(ann, acme)
        assert counts(done) == {"updated": 1}
        assert (place.role, place.title, place.since) == ("user", "CFO", date(2026, 2, 1))

    def test_a_dry_run_writes_nothing(self, run, ann, acme):
        done = run(f"{self.TEXT}ann@example.com,acme.example,,,,\n", about="members", is_dry_run=True)

        assert counts(done) == {"created": 1}
        assert not CompanyMember.objects.exists()


class TestEvents:
    TEXT = (
        "E-Mail,Event,Date,message_id,Order total,Note\n"
        "ann@example.com,Order placed,2026-01-05T10:00:00Z,m1,12.5,hello\n"
        "bob@example.com,Order placed,2026-01-06,m2,7,\n"
    )

    def test_are_kept_with_their_properties_by_type_and_make_their_people(self, run):
        done = run(self.TEXT, about="events")

        event = Event.objects.get(contact__email="ann@example.com")
        assert counts(done) == {"created": 2}
        assert (event.name, event.occurred_at.isoformat(), event.source) == (
            "Order placed",
            "2026-01-05T10:00:00+00:00",
            "import",
        )
        assert event.properties == {"Order total": 12.5, "Note": "hello"}
        assert Event.objects.get(contact__email="bob@example.com").properties == {"Order total": 7}

    def test_are_kept_once_by_file_and_by_program(self, run, noon):
        ann = services.contact_create(by=None, now=noon, email="ann@example.com")
        told = services.EventIn(
            name="Order placed", occurred_at=noon.replace(year=2026), contact_id=ann.pk, message_id="m1"
        )
        services.events_record(events=[told], source="api", now=noon)

        done = run(f"{self.TEXT}bob@example.com,Order placed,2026-01-06,m2,7,\n", about="events")

        assert counts(done) == {"created": 1, "duplicate": 2}
        assert counts(run(self.TEXT, about="events")) == {"duplicate": 2}
        assert Event.objects.count() == 2

    def test_a_bad_row_is_told_with_its_column(self, run):
        done = run(
            "email,event,date,total\n"
            ",Order placed,2026-01-05,1\n"
            "ann@example.com,,2026-01-05,1\n"
            "ann@example.com,Order placed,,1\n"
            "ann@example.com,Order placed,05/06/2026,1\n"
            "ann@example.com,Order placed,1999-01-01,1\n"
            "ann@example.com,Order placed,2026-01-05,many\n",
            about="events",
            mapping={
                "email": "email",
                "event": "event",
                "date": "occurred_at",
                "total": "property:total:number",
            },
        )

        assert [(row, column) for row, column, _reason in faults(done)] == [
            (2, "email"),
            (3, ""),
            (4, "date"),
            (5, "date"),
            (6, ""),
            (7, "total"),
        ]
        assert not Event.objects.exists()
        assert not Contact.objects.exists()

    def test_what_does_not_fit_an_enforced_schema_waits_in_quarantine(self, run, noon):
        order = EventTypeFactory(name="Order placed")
        fields = [Field("shop", FieldType.TEXT, is_required=True)]
        services.event_schema_change(
            event_type=order, mode=EventSchema.Mode.QUARANTINE, fields=fields, by=None, now=noon
        )

        done = run(self.TEXT, about="events")

        assert counts(done) == {"created": 2}
        assert (HeldEvent.objects.count(), Event.objects.count()) == (2, 0)

    def test_a_dry_run_promises_what_then_happens_and_writes_nothing(self, upload, run, noon):
        ContactFactory(email="cat@example.com")
        run("email,event,date,message_id\nann@example.com,Seen,2026-01-05,m0\n", about="events")
        before = (Event.objects.count(), Contact.objects.count())
        text = (
            "email,event,date,message_id\n"
            "ann@example.com,Seen,2026-01-05,m0\n"
            "ann@example.com,Seen,2026-01-06,m1\n"
            "dan@example.com,Seen,2026-01-06,m2\n"
            "dan@example.com,Seen,2026-01-06,m2\n"
        )
        draft = upload(text, about="events")
        services.import_start(import_file=draft, by=None, now=noon, is_dry_run=True)

        promised = counts(services.import_run(import_file=draft, now=noon))

        assert promised == {"created": 2, "duplicate": 2}
        assert (Event.objects.count(), Contact.objects.count()) == before
        services.import_start(import_file=draft, by=None, now=noon)
        assert counts(services.import_run(import_file=draft, now=noon)) == promised


class TestRefusals:
    @pytest.mark.parametrize(
        ("about", "text", "terms", "error", "reason"),
        [
            ("companies", "name\nAcme\n", {}, MappingInvalid, "No column is “domain”"),
            ("members", "email\nann@example.com\n", {}, MappingInvalid, "No column is: The company"),
            (
                "events",
                "email,event\na@example.com,x\n",
                {},
                MappingInvalid,
                "No column is: When it happened",
            ),
            (
                "events",
                "email,event,date,x\na@example.com,x,2026-01-01,1\n",
                {"mapping": {"email": "email", "event": "event", "date": "occurred_at", "x": "attr:x:text"}},
                MappingInvalid,
                "“x” cannot be “attr:x”",
            ),
            (
                "events",
                "email,event,date\na@example.com,x,2026-01-01\n",
                {"mode": "update"},
                ImportRefused,
                "only added",
            ),
            (
                "companies",
                "name,domain\nAcme,acme.example\n",
                {"consent": {"status": "subscribed", "basis": "b", "source": "s", "wording": "w"}},
                ImportRefused,
                "Only a file of contacts",
            ),
        ],
    )
    def test_what_cannot_be_meant_is_refused_and_nothing_is_started(
        self, upload, noon, about, text, terms, error, reason
    ):
        draft = upload(text, about=about)

        with pytest.raises(error, match=reason):
            services.import_start(import_file=draft, by=None, now=noon, **terms)

        draft.refresh_from_db()
        assert draft.state == ImportFile.State.DRAFT
        assert not Attribute.current.exists()

    def test_a_saved_mapping_is_of_files_about_the_same(self, upload, run, noon, lead):
        done = run(COMPANIES, about="companies", by=lead)
        saved = services.import_mapping_save(import_file=done, name="Accounts", by=lead, now=noon)
        alike, other = upload(COMPANIES, about="companies"), upload(COMPANIES, about="members")

        assert saved.about == "companies"
        assert selectors.import_mappings_fitting(alike) == [saved]
        assert selectors.import_mappings_fitting(other) == []
        with pytest.raises(ImportRefused, match="about: Companies"):
            services.import_mapping_use(mapping=saved, import_file=other)


class TestPages:
    def columns(self, person, about, text):
        person.post(
            reverse("contacts:import-create"),
            {"about": about, "file": SimpleUploadedFile("file.csv", text.encode())},
        )
        draft = ImportFile.objects.get()
        page = person.get(reverse("contacts:import-columns", args=[draft.pk]))
        return draft, {
            field.html_name: field.value() or ""
            for field in page.context["form"]
            if field.value() is not False
        }

    def act(self, person, draft, told, noon):
        response = person.post(reverse("contacts:import-columns", args=[draft.pk]), told | {"act": "run"})
        assert response.status_code == HTTPStatus.FOUND, response.context["form"].errors
        services.imports_run(now=noon)
        return person.get(reverse("contacts:import-detail", args=[draft.pk])).content.decode()

    @pytest.mark.parametrize(
        ("page", "about"), [("contacts:company-list", "companies"), ("contacts:event-list", "events")]
    )
    def test_the_lists_lead_to_an_upload_that_says_what_is_in_the_file(self, login, lead, page, about):
        person = login(lead)
        link = f"{reverse('contacts:import-create')}?about={about}"

        shown, form = person.get(reverse(page)), person.get(link)

        assert f'href="{link}"' in shown.content.decode()
        assert form.context["form"]["about"].value() == about

    def test_companies_from_upload_to_result(self, login, lead, noon):
        person = login(lead)
        draft, told = self.columns(person, "companies", COMPANIES)
        assert (told["target-0"], told["target-1"], told["target-2"]) == ("name", "domain", "new")
        assert "agreed" not in person.get(
            reverse("contacts:import-columns", args=[draft.pk])
        ).content.decode().replace("agreement", "")

        result = self.act(person, draft, told | {"type-2": "number"}, noon)

        assert "3 rows are in." in result
        assert "See the companies" in result
        assert "Suppressed" not in result
        assert Company.objects.get(name="Acme").attributes == {"staff": 12}

    def test_events_from_upload_to_result(self, login, lead, noon):
        person = login(lead)
        draft, told = self.columns(person, "events", TestEvents.TEXT)
        assert [told[f"target-{n}"] for n in range(6)] == [
            "email",
            "event",
            "occurred_at",
            "message_id",
            "property",
            "property",
        ]
        assert (told["key-4"], told["type-4"]) == ("Order total", "money")

        result = self.act(person, draft, told, noon)

        assert "See the events" in result
        assert Event.objects.get(contact__email="ann@example.com").properties["Order total"] == 12.5

    def test_people_of_companies_by_another_name_of_the_company(self, login, lead, noon):
        ann = services.contact_create(by=None, now=noon, email="ann@example.com")
        acme = services.company_create(by=None, now=noon, name="Acme", identities=[("crm", "A-1")])
        person = login(lead)
        draft, told = self.columns(person, "members", "email,account,role\nann@example.com,A-1,champion\n")

        result = self.act(person, draft, told | {"target-1": "company", "namespace-1": "crm"}, noon)

        assert "1 row is in." in result
        assert member(ann, acme).role == "champion"


class TestApi:
    URL = "/api/v1/imports/"

    @pytest.fixture
    def program(self, api, lead):
        return api(lead, "imports:read", "imports:write")

    def post(self, program, text, **more):
        file = SimpleUploadedFile("file.csv", text.encode())
        return program.post(self.URL, {"file": file, **more}, format="multipart")

    def test_a_file_of_companies_comes_in_and_is_found_by_what_it_is_about(self, program, noon):
        sent = self.post(program, COMPANIES, about="companies")

        assert sent.status_code == HTTPStatus.ACCEPTED, sent.content
        assert (sent.json()["about"], sent.json()["key"]) == ("companies", "domain")
        services.imports_run(now=noon)
        found = program.get(self.URL, {"about": "companies"}).json()["results"]
        assert [(one["status"], one["created"]) for one in found] == [("done", 3)]
        assert program.get(self.URL, {"about": "events"}).json()["results"] == []

    def test_what_it_is_about_has_to_be_something(self, program):
        sent = self.post(program, COMPANIES, about="planets")

        assert sent.status_code == HTTPStatus.BAD_REQUEST
        assert [one["field"] for one in sent.json()["errors"]] == ["about"]
        assert not ImportFile.objects.exists()

    def test_a_saved_mapping_of_something_else_is_refused(self, program, run, lead, noon):
        done = run(COMPANIES, about="companies", by=lead)
        saved = services.import_mapping_save(import_file=done, name="Accounts", by=lead, now=noon)

        refused = self.post(program, COMPANIES, saved_mapping=saved.pk)
        taken = self.post(program, COMPANIES, saved_mapping=saved.pk, about="companies")

        assert refused.status_code == HTTPStatus.BAD_REQUEST
        assert (taken.status_code, taken.json()["mapping"]) == (HTTPStatus.ACCEPTED, done.mapping)
