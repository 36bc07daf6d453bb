import json
from datetime import date, datetime, time
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from openpyxl import Workbook

from apps.contacts import selectors, services
from apps.contacts.csvfile import FileRefused, as_csv, workbook
from apps.contacts.models import Contact, ImportFile
from tests.factories.contacts import AttributeFactory
from tests.factories.workbooks import packed

MOMENT = datetime(2026, 5, 4, 18, 30)  # noqa: DTZ001  # a workbook knows no time zones
PEOPLE = [["E-Mail", "Visits"], ["ann@example.com", 3], ["bob@example.com", "x"]]


def converted(raw, sheet=""):
    with as_csv(BytesIO(raw), sheet=sheet) as (file, _name):
        return file.read().decode()


def without(raw, part):
    """Return the packed file without one of its parts."""
    out = BytesIO()
    with ZipFile(BytesIO(raw)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
    return out.getvalue()


class TestAsCsv:
    def test_values_are_written_as_the_dictionary_reads_them(self):
        cells = [True, False, 3, 3.0, 0.1, 1e-7, 1e14, date(2026, 5, 4), MOMENT, None]

        text = converted(packed([[f"c{n}" for n in range(10)], cells]))

        assert text.splitlines()[1] == (
            "yes,no,3,3,0.1,0.0000001,100000000000000,2026-05-04,2026-05-04 18:30:00,"
        )

    def test_a_time_of_day_and_text_with_commas_quotes_and_lines_stay_whole(self):
        text = converted(packed([["a", "b"], [time(8, 5), 'so, "he"\nsaid']]))

        assert text == 'a,b\r\n08:05:00,"so, ""he""\nsaid"\r\n'

    def test_blank_rows_keep_the_numbers_of_the_rows_below_them(self):
        text = converted(packed([[], ["a", "b"], [None, None], ["1", None]]))

        assert text.split("\r\n") == ["", "a,b", "", "1,", ""]

    def test_the_first_sheet_is_read_or_the_one_that_is_named(self):
        raw = packed(People=[["a"], [1]], Towns=[["b"], [2]])

        assert converted(raw) == "a\r\n1\r\n"
        assert converted(raw, sheet=" towns ") == "b\r\n2\r\n"

    def test_a_hidden_sheet_is_not_the_first(self):
        book = Workbook()
        book.active.sheet_state = "hidden"
        book.create_sheet("Seen").append(["seen"])
        out = BytesIO()
        book.save(out)

        assert converted(out.getvalue()) == "seen\r\n"

    def test_another_file_is_given_as_it_is(self):
        file = BytesIO(b"a,b\n1,2\n")

        with as_csv(file) as (given, name):
            assert (given, name, given.read()) == (file, "", b"a,b\n1,2\n")

    @pytest.mark.parametrize(
        ("raw", "sheet", "reason"),
        [
            (b"PK\x03\x04rest", "", "This is not an Excel workbook that can be read: it may be damaged."),
            (packed(PEOPLE)[:-400], "", "it may be damaged"),
            (without(packed(PEOPLE), "xl/workbook.xml"), "", "it may be damaged"),
            (
                without(packed(PEOPLE), "[Content_Types].xml"),
                "",
                "a packed file, not an Excel workbook",
            ),
            (b"\xd0\xcf\x11\xe0rest", "", "an Excel workbook of the old kind"),
            (
                b"\xd0\xcf\x11\xe0" + b"-" * (workbook.BLOCK - 20) + "EncryptedPackage".encode("utf-16-le"),
                "",
                "protected by a password",
            ),
            (packed([]), "", "This sheet is empty."),
            (packed([[None, ""], ["  "]]), "", "This sheet is empty."),
            (packed(A=[["a"]], B=[["b"]]), "C", "The workbook has no sheet “C”. It has: A, B."),
            (b"a,b\n1,2\n", "A", "it has no sheets to choose from"),
            (
                packed([["a", "b"], [1, "#N/A"], ["#REF!", "#DIV/0!"]]),
                "",
                "3 cells of this sheet hold an error such as #N/A; the first is B2.",
            ),
        ],
    )
    def test_refuses_in_a_sentence_what_it_cannot_take(self, raw, sheet, reason):
        with pytest.raises(FileRefused, match=reason):
            converted(raw, sheet=sheet)

    def test_what_would_fill_the_memory_once_unpacked_is_refused(self):
        out = BytesIO(packed(PEOPLE))
        with ZipFile(out, "a", ZIP_DEFLATED) as bomb:
            bomb.writestr("xl/bomb.xml", bytes(workbook.MAX_UNPACKED))

        with pytest.raises(FileRefused, match="too large"):
            converted(out.getvalue())

    def test_a_sheet_of_endless_rows_is_refused(self, monkeypatch):
        monkeypatch.setattr(workbook, "MAX_ROWS", 2)

        with pytest.raises(FileRefused, match="more rows than Excel can hold"):
            converted(packed([["a"], [1], [2]]))


@pytest.mark.django_db
class TestImport:
    @pytest.fixture(autouse=True)
    def known(self):
        AttributeFactory(key="visits", label="Visits", type="number")

    def test_a_page_takes_a_workbook_and_says_which_sheet_it_reads(self, login, lead, noon):
        person = login(lead)
        file = SimpleUploadedFile("people.xlsx", packed(Notes=[["n"], [1]], People=PEOPLE))

        sent = person.post(reverse("contacts:import-create"), {"file": file, "sheet": "People"})

        import_file = ImportFile.objects.get()
        page = person.get(sent.headers["Location"]).content.decode()
        assert "people.xlsx" in page
        assert "sheet “People”" in page
        assert 'id="import-read"' not in page
        services.import_start(import_file=import_file, by=lead, now=noon)
        done = services.import_run(import_file=import_file, now=noon)
        assert (done.state, done.created, done.invalid) == ("done", 1, 1)
        assert Contact.objects.get().attributes == {"visits": 3}
        refused = "".join(selectors.import_errors(done))
        assert "bob@example.com" in refused
        assert "“x” is not a number." in refused
        assert done.faults.get().row == 3

    def test_a_sheet_that_is_not_there_is_told_beside_the_field_and_nothing_is_kept(self, login, lead):
        file = SimpleUploadedFile("people.xlsx", packed(PEOPLE))

        page = login(lead).post(reverse("contacts:import-create"), {"file": file, "sheet": "Other"})

        assert "The workbook has no sheet “Other”. It has: People." in page.content.decode()
        assert not ImportFile.objects.exists()

    def test_it_is_not_read_again_in_another_encoding(self, upload):
        import_file = upload(packed(PEOPLE))

        with pytest.raises(services.ImportRefused, match="one way only"):
            services.import_reread(import_file=import_file, encoding="cp1252", delimiter=";")

        import_file.refresh_from_db()
        assert (import_file.encoding, import_file.delimiter) == ("utf-8", ",")

    def test_the_shell_takes_a_sheet_by_name(self, tmp_path, capsys):
        path = tmp_path / "people.xlsx"
        path.write_bytes(packed(Notes=[["n"], [1]], People=PEOPLE))

        call_command("import_contacts", str(path), "--sheet", "People", "--json")

        told = json.loads(capsys.readouterr().out)
        assert (told["status"], told["created"], told["invalid"]) == ("done", 1, 1)
