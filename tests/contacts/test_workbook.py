import json
from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from openpyxl import Workbook

from apps.contacts import selectors, services
from apps.contacts.csvfile import FileRefused, sheet_write, workbook, workbook_look
from apps.contacts.models import Contact, ImportFile
from apps.contacts.services import import_uploads
from tests.factories.contacts import AttributeFactory
from tests.factories.workbooks import packed

MOMENT = datetime(2026, 5, 4, 18, 30)  # noqa: DTZ001  # a workbook knows no time zones
PEOPLE = [["E-Mail", "Visits"], ["ann@example.com", 3], ["bob@example.com", "x"]]


def converted(raw, sheet=""):
    file, copy = BytesIO(raw), BytesIO()
    book = workbook_look(file)
    sheet_write(file, sheet=book.sheet(sheet) if sheet else book.sheets[0], copy=copy)
    return copy.getvalue().decode()


def media_files():
    return [
        path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file() and "imports" in path.parts
    ]


def without(raw, part):
    """Return the packed file without one of its parts."""
    out = BytesIO()
    with ZipFile(BytesIO(raw)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
    return out.getvalue()


def with_part(raw, name, size=1):
    """Return the packed file with one more part."""
    out = BytesIO(raw)
    with ZipFile(out, "a", ZIP_DEFLATED) as packed_file:
        packed_file.writestr(name, bytes(size + 1))
    return out.getvalue()


class TestSheet:
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

    def test_another_file_is_left_as_it_is(self):
        file = BytesIO(b"a,b\n1,2\n")

        assert workbook_look(file) is None
        assert file.read() == b"a,b\n1,2\n"

    @pytest.mark.parametrize("name", ["people.xlsx", "PEOPLE.XLSM"])
    def test_text_that_is_called_a_workbook_is_told_to_be_none(self, name):
        with pytest.raises(FileRefused, match="is called an Excel workbook, but it is none"):
            workbook_look(BytesIO(b"Only a line of text."), name=name)

    def test_the_reader_tells_how_far_it_is(self, monkeypatch):
        monkeypatch.setattr(workbook, "TELL_EVERY", 0)
        file, told = BytesIO(packed([["a"]] + [[f"text {n * 7919}"] for n in range(20_000)])), []

        sheet_write(file, sheet="People", copy=BytesIO(), tell=lambda rows, part: told.append((rows, part)))

        parts = [part for _rows, part in told]
        assert [rows for rows, _part in told] == [*range(1, 20_002)]
        assert parts == sorted(parts)
        assert 0 < parts[0] < 0.7
        assert parts[-1] == 1.0

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
            (with_part(packed(PEOPLE), "xl/vbaProject.bin"), "", "holds macros"),
            (with_part(packed(PEOPLE), "xl/_rels/x.rels", workbook.MAX_INDEX), "", "too large"),
            (with_part(packed(PEOPLE), "xl/more/sharedStrings.xml", workbook.MAX_SHARED), "", "too large"),
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

    def test_what_would_fill_the_memory_once_unpacked_is_refused(self, monkeypatch):
        monkeypatch.setattr(workbook, "MAX_UNPACKED", 1_000_000)

        with pytest.raises(FileRefused, match="too large"):
            workbook_look(BytesIO(with_part(packed(PEOPLE), "xl/bomb.xml", 1_000_000)))

    def test_a_sheet_of_endless_rows_is_refused(self, monkeypatch):
        monkeypatch.setattr(workbook, "MAX_ROWS", 2)

        with pytest.raises(FileRefused, match="more rows than Excel can hold"):
            converted(packed([["a"], [1], [2]]))


@pytest.mark.django_db
class TestImport:
    @pytest.fixture(autouse=True)
    def known(self):
        AttributeFactory(key="visits", label="Visits", type="number")

    @pytest.fixture
    def large(self, monkeypatch):
        """Every workbook is left to a worker."""
        monkeypatch.setattr(import_uploads, "READ_AT_ONCE", 0)

    def send(self, person, raw):
        file = SimpleUploadedFile("people.xlsx", raw)
        return person.post(reverse("contacts:import-create"), {"file": file})

    def test_a_small_workbook_is_read_at_once_and_imported(self, login, lead, noon):
        person = login(lead)

        sent = self.send(person, packed(PEOPLE))

        import_file = ImportFile.objects.get()
        assert sent.headers["Location"] == reverse("contacts:import-columns", args=[import_file.pk])
        page = person.get(sent.headers["Location"]).content.decode()
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

    def test_of_several_sheets_one_is_chosen_and_read_by_a_worker(self, login, lead, noon):
        person = login(lead)
        sent = self.send(person, packed(Notes=[["n"], [1]], People=PEOPLE))
        import_file = ImportFile.objects.get()
        assert sent.headers["Location"] == reverse("contacts:import-sheet", args=[import_file.pk])
        asked = person.get(sent.headers["Location"]).content.decode()
        assert 'value="Notes"' in asked
        assert 'value="People"' in asked

        person.post(sent.headers["Location"], {"sheet": "People"})
        detail = reverse("contacts:import-detail", args=[import_file.pk])
        waiting = person.get(detail).content.decode()
        services.workbooks_read(now=noon)

        assert 'hx-trigger="every 1500ms"' in waiting
        assert "Reading the sheet “People”" in waiting
        import_file.refresh_from_db()
        assert (import_file.state, import_file.sheet) == ("draft", "People")
        assert [column["name"] for column in import_file.columns] == ["E-Mail", "Visits"]
        polled = person.get(detail, headers={"hx-request": "true"})
        assert polled.headers["HX-Redirect"] == reverse("contacts:import-columns", args=[import_file.pk])
        assert [path.suffix for path in media_files()] == [".csv"]

    @pytest.mark.parametrize(("sheet", "state"), [("Other", "sheet"), ("", "sheet")])
    def test_a_sheet_that_is_not_there_is_refused_beside_the_field(self, login, lead, sheet, state):
        person = login(lead)
        where = self.send(person, packed(A=[["a"], [1]], B=PEOPLE)).headers["Location"]

        page = person.post(where, {"sheet": sheet})

        assert page.context["form"].errors["sheet"]
        assert ImportFile.objects.get().state == state

    def test_what_is_wrong_with_the_cells_is_told_where_one_waits(self, large, login, lead, noon):
        person = login(lead)
        self.send(person, packed([["E-Mail"], ["#N/A"]]))

        services.workbooks_read(now=noon)

        import_file = ImportFile.objects.get()
        page = person.get(reverse("contacts:import-detail", args=[import_file.pk])).content.decode()
        assert import_file.state == "failed"
        assert "1 cells of this sheet hold an error such as #N/A" in page
        assert "The file could not be taken. Nothing was imported." in page
        with pytest.raises(services.ImportRefused, match="Only an import that failed"):
            services.import_resume(import_file=import_file, by=lead, now=noon)

    def test_one_that_is_cancelled_while_it_is_read_stays_cancelled(self, large, upload, noon, monkeypatch):
        import_file = upload(packed(PEOPLE))
        real = import_uploads.csvfile.sheet_write

        def cancel_meanwhile(*args, **more):
            real(*args, **more)
            services.import_cancel(import_file=import_file, by=None, now=noon)

        monkeypatch.setattr(import_uploads.csvfile, "sheet_write", cancel_meanwhile)
        services.workbooks_read(now=noon)

        import_file.refresh_from_db()
        assert (import_file.state, import_file.columns) == ("cancelled", [])
        assert [path.suffix for path in media_files()] == [".xlsx"]

    def test_a_reader_that_has_lost_its_lease_stops_at_its_next_word(self, large, upload, noon):
        import_file = upload(packed(PEOPLE))
        claimed = import_uploads._claim(ImportFile.objects.all(), now=noon)
        services.import_cancel(import_file=import_file, by=None, now=noon)

        with pytest.raises(import_uploads._LeaseLost):
            import_uploads._Progress(claimed)(1, 0.5)

    def test_a_reader_that_was_killed_is_followed_by_another(self, large, upload, noon):
        import_file = upload(packed(PEOPLE))
        import_uploads._claim(ImportFile.objects.all(), now=noon)

        services.workbooks_read(now=noon)
        import_file.refresh_from_db()
        assert import_file.state == "reading"
        services.workbooks_read(now=noon + import_uploads.LEASE_TIME)

        import_file.refresh_from_db()
        assert (import_file.state, import_file.lease_token) == ("draft", None)

    def test_terms_that_came_along_start_it_once_it_is_read(self, large, upload, noon):
        import_file = upload(packed(PEOPLE), terms={"mode": "create", "is_dry_run": True})

        services.workbooks_read(now=noon)

        import_file.refresh_from_db()
        assert (import_file.state, import_file.mode, import_file.is_dry_run) == ("pending", "create", True)

    def test_terms_that_cannot_be_are_told_as_its_error(self, large, upload, noon):
        import_file = upload(packed(PEOPLE), terms={"mapping": {"Nowhere": "email"}})

        services.workbooks_read(now=noon)

        import_file.refresh_from_db()
        assert import_file.state == "failed"
        assert "The file has no column “Nowhere”." in import_file.error

    def test_it_is_not_read_again_in_another_encoding(self, upload):
        import_file = upload(packed(PEOPLE))

        with pytest.raises(services.ImportRefused, match="one way only"):
            services.import_reread(import_file=import_file, encoding="cp1252", delimiter=";")

        import_file.refresh_from_db()
        assert (import_file.encoding, import_file.delimiter) == ("utf-8", ",")

    def test_csv_has_no_sheets_to_choose_from(self, upload):
        with pytest.raises(FileRefused, match="it has no sheets to choose from"):
            upload("a,b\n1,2\n", sheet="A")

    def test_the_shell_takes_a_sheet_by_name_and_reads_it_itself(self, large, tmp_path, capsys):
        path = tmp_path / "people.xlsx"
        path.write_bytes(packed(Notes=[["n"], [1]], People=PEOPLE))

        call_command("import_contacts", str(path), "--sheet", "People", "--json")

        told = json.loads(capsys.readouterr().out)
        assert (told["status"], told["created"], told["invalid"]) == ("done", 1, 1)

    def test_the_shell_asks_which_of_several_sheets(self, tmp_path):
        path = tmp_path / "people.xlsx"
        path.write_bytes(packed(Notes=[["n"], [1]], People=PEOPLE))

        with pytest.raises(CommandError, match=r"several sheets: Notes, People\. Say which by --sheet"):
            call_command("import_contacts", str(path))

        assert not ImportFile.objects.exists()
