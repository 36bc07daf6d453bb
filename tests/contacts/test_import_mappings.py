from http import HTTPStatus

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.collaboration.models import AuditEvent
from apps.contacts import services
from apps.contacts.mapping import MappingInvalid
from apps.contacts.models import Attribute, Contact, ImportFile, ImportMapping
from apps.contacts.services import ImportRefused
from tests.factories.accounts import UserFactory
from tests.factories.contacts import AttributeFactory, ImportMappingFactory

pytestmark = pytest.mark.django_db

FILE = "mail,town,nr\nann@example.com,Bonn,7\n"
MAPPING = {"mail": "email", "town": "attr:city", "nr": "identity:shop"}


@pytest.fixture(autouse=True)
def dictionary():
    AttributeFactory(key="city", label="City")


@pytest.fixture
def saved(run, lead, noon):
    done = run(FILE, by=lead, mapping=MAPPING, rules={"town": "if_empty"}, key="email")
    return services.import_mapping_save(import_file=done, name=" Shop ", by=lead, now=noon)


def url(name, *args):
    return reverse(f"contacts:import-{name}", args=args)


class TestSave:
    def test_keeps_what_the_columns_mean_under_a_name(self, saved, lead):
        assert (saved.name, saved.key, saved.mode, saved.by) == ("Shop", "email", "upsert", lead)
        assert (saved.mapping, saved.rules) == (MAPPING, {"town": "if_empty"})
        assert saved.columns == ["mail", "nr", "town"]
        assert AuditEvent.objects.get(action="import_mapping.created").by == lead

    def test_a_name_that_is_taken_is_refused_whatever_its_capitals(self, saved, run, noon):
        again = ImportFile.objects.get()

        with pytest.raises(ValidationError, match="There is a mapping of this name already"):
            services.import_mapping_save(import_file=again, name="SHOP", by=None, now=noon)

        assert ImportMapping.objects.count() == 1

    def test_of_a_file_that_nobody_has_mapped_there_is_nothing_to_save(self, upload, noon):
        with pytest.raises(ImportRefused, match="Nobody has said yet"):
            services.import_mapping_save(import_file=upload(FILE), name="Shop", by=None, now=noon)

    def test_what_a_check_would_only_add_to_the_dictionary_cannot_be_saved_yet(self, run, noon):
        checked = run(
            "mail,age\nann@example.com,3\n", is_dry_run=True, mapping={"mail": "email", "age": "attr:age"}
        )

        with pytest.raises(MappingInvalid, match="Column “age” cannot be “attr:age”"):
            services.import_mapping_save(import_file=checked, name="Shop", by=None, now=noon)


class TestUse:
    def test_a_file_with_its_columns_is_mapped_by_it(self, saved, upload):
        import_file = upload("extra,nr,town,mail\n1,7,Bonn,ann@example.com\n")

        used = services.import_mapping_use(mapping=saved, import_file=import_file)

        assert used.mapping == {**MAPPING, "extra": None}
        assert (used.rules, used.state) == ({"town": "if_empty"}, "draft")

    def test_a_file_that_lacks_one_is_not(self, saved, upload):
        import_file = upload("mail,town\nann@example.com,Bonn\n")

        with pytest.raises(ImportRefused, match="The file has no column “nr”"):
            services.import_mapping_use(mapping=saved, import_file=import_file)

        import_file.refresh_from_db()
        assert import_file.mapping == {}


class TestPages:
    def test_a_file_that_fits_offers_it_and_the_form_shows_what_it_says(self, saved, login, lead):
        person = login(lead)
        ImportMappingFactory(columns=["Elsewhere"])
        person.post(url("create"), {"file": SimpleUploadedFile("next.csv", FILE.encode())})
        import_file = ImportFile.objects.latest("pk")
        page = person.get(url("columns", import_file.pk)).content.decode()

        person.post(url("mapping-use", import_file.pk), {"saved": saved.pk})

        form = person.get(url("columns", import_file.pk)).context["form"]
        assert "Use “Shop”" in page
        assert page.count('name="saved"') == 1
        assert [form[f"target-{n}"].value() for n in range(3)] == ["email", "attr:city", "identity"]
        assert (form["rule-1"].value(), form["namespace-2"].value()) == ("if_empty", "shop")

    def test_it_is_saved_renamed_and_deleted(self, login, lead, run):
        done = run(FILE, by=lead, mapping=MAPPING)
        person = login(lead)

        person.post(url("mapping-save", done.pk), {"name": "Shop"})
        kept = ImportMapping.objects.get()
        listed = person.get(url("mapping-list")).content.decode()
        told = person.get(url("mapping-edit", kept.pk)).content.decode()
        person.post(url("mapping-edit", kept.pk), {"name": "Till"})
        kept.refresh_from_db()
        person.post(url("mapping-delete", kept.pk))

        assert url("mapping-edit", kept.pk) in listed
        assert "<td>City</td><td>Always written</td>" in told
        assert kept.name == "Till"
        assert not ImportMapping.objects.exists()
        acts = AuditEvent.objects.filter(action__startswith="import_mapping").order_by("pk")
        assert [act.action.partition(".")[2] for act in acts] == ["created", "renamed", "deleted"]

    def test_a_taken_name_is_told_beside_the_field(self, saved, login, lead):
        other = ImportMappingFactory()

        page = login(lead).post(url("mapping-edit", other.pk), {"name": "shop"})

        assert page.context["form"].errors["name"] == ["There is a mapping of this name already."]

    def test_costs_the_same_for_one_and_for_many(self, saved, login, lead, django_assert_num_queries):
        person = login(lead)
        person.get(url("mapping-list"))
        ImportMappingFactory.create_batch(20)

        with django_assert_num_queries(3):
            page = person.get(url("mapping-list"))

        assert page.content.decode().count("row-link") == 21


class TestPrograms:
    URL = "/api/v1/import-mappings/"

    def test_keep_rename_use_and_delete_them(self, api, noon):
        program = api(UserFactory(role="integration"))
        told = {"name": "Shop", "mapping": {"mail": "email", "town": "attr:city", "x": None}}

        made = program.post(self.URL, {**told, "rules": {"town": "never"}}, format="json").json()
        renamed = program.patch(f"{self.URL}{made['id']}/", {"name": "Till"}, format="json").json()
        file = SimpleUploadedFile("next.csv", b"town,mail\nBonn,ann@example.com\n")
        sent = program.post(
            "/api/v1/imports/", {"file": file, "saved_mapping": made["id"]}, format="multipart"
        ).json()
        services.imports_run(now=noon)
        gone = program.delete(f"{self.URL}{made['id']}/")

        assert (made["columns"], made["rules"]) == (["mail", "town"], {"town": "never"})
        assert renamed["name"] == "Till"
        assert sent["rules"] == {"town": "never"}
        assert Contact.objects.get().attributes == {"city": "Bonn"}
        assert gone.status_code == HTTPStatus.NO_CONTENT
        assert Attribute.objects.count() == 1

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"name": ""}, HTTPStatus.BAD_REQUEST),
            ({"mapping": {"mail": "attr:city"}}, HTTPStatus.CONFLICT),
            ({"mapping": {"mail": "email", "a": "attr:unknown"}}, HTTPStatus.CONFLICT),
            ({"rules": {"nowhere": "never"}}, HTTPStatus.CONFLICT),
        ],
    )
    def test_what_cannot_be_is_refused(self, api, change, status):
        program = api(UserFactory(role="integration"))

        sent = program.post(self.URL, {"name": "Shop", "mapping": {"mail": "email"}, **change}, format="json")

        assert sent.status_code == status
        assert not ImportMapping.objects.exists()
