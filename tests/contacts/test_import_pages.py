from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.contacts import services
from apps.contacts.models import Attribute, Contact, ImportFile
from tests.factories.accounts import UserFactory
from tests.factories.contacts import AttributeFactory, ImportFileFactory

pytestmark = pytest.mark.django_db

CSV = "E-Mail,Town,Visits\nann@example.com,Bonn,3\nbob@example.com,Paris,x\n"
HTMX = {"hx-request": "true"}


def url(name, import_file=None):
    return reverse(f"contacts:{name}", args=[import_file.pk] if import_file else [])


def post_of(page):
    """Return what a browser would send of the columns form as it was shown."""
    form = page.context["form"]
    return {field.html_name: field.value() or "" for field in form if field.value() is not False}


@pytest.fixture
def person(login, lead):
    return login(lead)


@pytest.fixture
def draft(person):
    AttributeFactory(key="town", label="Town")
    person.post(url("import-create"), {"file": SimpleUploadedFile("people.csv", CSV.encode())})
    return ImportFile.objects.get()


class TestTheWayOfAFile:
    def test_from_upload_to_result(self, person, draft, noon):
        page = person.get(url("import-columns", draft))
        told = post_of(page) | {"type-2": "number", "act": "check"}
        checked = person.post(url("import-columns", draft), told)
        assert checked.headers["Location"] == url("import-detail", draft)
        running = person.get(url("import-detail", draft)).content.decode()
        assert 'hx-trigger="every 1500ms"' in running
        services.imports_run(now=noon)
        result = person.get(url("import-detail", draft)).content.decode()
        assert "This is what would happen. Nothing is written yet." in result
        assert "“x” is not a number." in result
        assert 'hx-trigger="every' not in result
        assert not Contact.objects.exists()

        person.post(url("import-run", draft))
        services.imports_run(now=noon)

        result = person.get(url("import-detail", draft)).content.decode()
        assert "1 of 2 rows is in." in result
        assert Contact.objects.get().attributes == {"town": "Bonn", "visits": 3}
        entry = Attribute.objects.get(key="visits")
        assert (entry.label, entry.type, entry.is_defined) == ("Visits", "number", True)

    def test_the_guesses_are_shown_with_samples(self, person, draft):
        page = person.get(url("import-columns", draft)).content.decode()

        assert "ann@example.com · bob@example.com" in page
        told = post_of(person.get(url("import-columns", draft)))
        assert (told["target-0"], told["target-1"], told["target-2"]) == ("email", "attr:town", "new")
        assert (told["key-2"], told["type-2"]) == ("visits", "text")

    def test_consent_for_the_whole_file_needs_its_proof(self, person, draft):
        told = post_of(person.get(url("import-columns", draft))) | {"agreed": "on", "basis": "fair"}

        response = person.post(url("import-columns", draft), told)

        draft.refresh_from_db()
        assert set(response.context["form"].errors) == {"source", "wording"}
        assert 'value="fair"' in response.content.decode()
        assert draft.state == ImportFile.State.DRAFT

    def test_a_mapping_that_cannot_be_is_refused_with_what_was_chosen(self, person, draft):
        told = post_of(person.get(url("import-columns", draft))) | {"target-0": ""}

        response = person.post(url("import-columns", draft), told)

        assert response.status_code == HTTPStatus.OK
        assert "No column is “email”" in response.content.decode()

    def test_the_widest_file_that_is_taken_can_be_told_column_by_column(self, person):
        names = ",".join(["email", *(f"c{n}" for n in range(499))])
        text = f"{names}\nann@example.com{',x' * 499}\n"
        person.post(url("import-create"), {"file": SimpleUploadedFile("wide.csv", text.encode())})
        wide = ImportFile.objects.get()
        told = post_of(person.get(url("import-columns", wide)))

        response = person.post(url("import-columns", wide), told | {f"target-{n}": "" for n in range(1, 500)})

        assert len(told) > 2_500
        assert response.headers["Location"] == url("import-detail", wide)

    def test_of_several_other_identities_somebody_says_which_one_tells(self, person, draft):
        told = post_of(person.get(url("import-columns", draft))) | {
            **{f"target-{place}": "identity" for place in (1, 2)},
            "namespace-1": "crm",
            "namespace-2": "shop",
        }

        refused = person.post(url("import-columns", draft), told | {"key": "identity"})

        assert refused.context["form"].errors == {
            "key": ["Several columns are other identities. Choose the one that tells."]
        }
        assert "Identity: shop" in refused.content.decode()
        person.post(url("import-columns", draft), told | {"key": "identity:shop"})
        draft.refresh_from_db()
        assert (draft.key, draft.state) == ("identity:shop", "pending")

    def test_after_a_check_the_columns_may_be_changed(self, person, draft, noon):
        told = post_of(person.get(url("import-columns", draft)))
        person.post(url("import-columns", draft), told | {"target-2": ""})
        services.imports_run(now=noon)

        page = person.get(url("import-columns", draft))

        assert post_of(page)["target-2"] == ""
        person.post(url("import-columns", draft), told | {"target-2": "", "act": "run"})
        services.imports_run(now=noon)
        assert Contact.objects.count() == 2

    def test_sent_twice_it_runs_once(self, person, draft, noon):
        told = post_of(person.get(url("import-columns", draft))) | {"act": "run"}

        for _time in range(2):
            assert person.post(url("import-columns", draft), told).status_code == HTTPStatus.FOUND
        services.imports_run(now=noon)
        for _time in range(2):
            person.post(url("import-run", draft))
        services.imports_run(now=noon)

        draft.refresh_from_db()
        assert (draft.state, draft.rows_total) == ("done", 2)


class TestUpload:
    @pytest.mark.parametrize(
        ("raw", "reason"),
        [
            (b"", "The submitted file is empty."),
            (b"PK\x03\x04", "This is not an Excel workbook that can be read"),
            (b"a@example.com\nb@example.com\n", "The first row looks like data."),
        ],
    )
    def test_a_file_that_cannot_be_taken_is_refused_beside_the_field(self, person, raw, reason):
        response = person.post(url("import-create"), {"file": SimpleUploadedFile("people.csv", raw)})

        assert reason in response.content.decode()
        assert not ImportFile.objects.exists()

    def test_the_name_of_a_file_says_nothing_about_where_it_is_kept(self, person):
        name = "../../etc/pass\u202ewd.csv"
        person.post(url("import-create"), {"file": SimpleUploadedFile(name, CSV.encode())})

        kept = ImportFile.objects.get()
        assert kept.file.name.startswith("imports/")
        assert "pass" not in kept.file.name

    def test_can_be_read_again_with_another_delimiter(self, person, draft):
        told = {"encoding": "utf-8", "delimiter": ";"}

        response = person.post(url("import-read", draft), told)

        draft.refresh_from_db()
        assert response.headers["Location"] == url("import-columns", draft)
        assert [column["name"] for column in draft.columns] == ["E-Mail,Town,Visits"]


class TestDetail:
    def test_page_and_fragment(self, person):
        import_file = ImportFileFactory(state="done")

        page = person.get(url("import-detail", import_file)).content.decode()
        fragment = person.get(url("import-detail", import_file), headers=HTMX).content.decode()

        assert "<html" in page
        assert fragment.strip().startswith(("{#", "<div", '<div id="import-panel"'))
        assert "<html" not in fragment

    def test_a_running_import_can_be_stopped(self, person, draft, noon):
        told = post_of(person.get(url("import-columns", draft)))
        person.post(url("import-columns", draft), told)

        person.post(url("import-cancel", draft))

        draft.refresh_from_db()
        assert draft.state == ImportFile.State.CANCELLED
        refusal = person.post(url("import-cancel", draft)).content.decode()
        assert "This import has ended: “Cancelled”." in refusal

    def test_the_error_file_mends_and_comes_back(self, person, draft, noon):
        told = post_of(person.get(url("import-columns", draft))) | {"type-2": "number", "act": "run"}
        person.post(url("import-columns", draft), told)
        services.imports_run(now=noon)

        response = person.get(url("import-errors", draft))
        errors = b"".join(response.streaming_content).decode()
        assert errors.splitlines()[0] == "\ufeffE-Mail,Town,Visits,(row),(column),(reason)"
        assert errors.splitlines()[1] == "bob@example.com,Paris,x,3,Visits,“x” is not a number."
        assert response.headers["Content-Disposition"] == 'attachment; filename="people-refused.csv"'

        mended = errors.replace("Paris,x", "Paris,7").encode()
        person.post(url("import-create"), {"file": SimpleUploadedFile("mended.csv", mended)})
        again = ImportFile.objects.latest("pk")
        told = post_of(person.get(url("import-columns", again)))
        assert [told[f"target-{n}"] for n in (3, 4, 5)] == ["", "", ""]
        person.post(url("import-columns", again), told | {"act": "run"})
        services.imports_run(now=noon)
        assert Contact.objects.get(email="bob@example.com").attributes == {"town": "Paris", "visits": 7}


class TestList:
    def test_costs_the_same_for_one_and_for_many(self, person, django_assert_num_queries):
        ImportFileFactory()
        person.get(url("import-list"))
        ImportFileFactory.create_batch(20)

        with django_assert_num_queries(3):
            page = person.get(url("import-list"))

        assert page.content.decode().count("people.csv") == 21

    def test_an_empty_list_says_what_it_is_for(self, person):
        assert "No imports yet" in person.get(url("import-list")).content.decode()


@pytest.mark.parametrize("role", ["sales", "executive", "contributor"])
def test_who_may_not_import_finds_nothing_to_do_it_with(login, draft, role):
    client = login(UserFactory(role=role))

    response = client.post(url("import-run", draft))

    draft.refresh_from_db()
    assert response.status_code == (HTTPStatus.FORBIDDEN if role == "sales" else HTTPStatus.NOT_FOUND)
    assert draft.state == ImportFile.State.DRAFT
