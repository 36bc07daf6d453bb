from io import BytesIO

import pytest

from apps.contacts.csvfile import FileRefused, Reader, as_utf8, encoding_detect, layout_detect

PEOPLE = "email,name\nann@example.com,Zoë\n"


def detected(raw):
    return encoding_detect(BytesIO(raw))


def layout(text, encoding="utf-8"):
    raw = text if isinstance(text, bytes) else text.encode()
    return layout_detect(BytesIO(raw), encoding=encoding)


def chunks(raw, size=10, width=2, offset=0, row=0):
    reader = Reader(BytesIO(raw), delimiter=",", width=width, offset=offset, row=row)
    if offset == 0:
        reader.header_skip()
    while (chunk := reader.chunk(size)) is not None:
        yield chunk


def read(raw, **more):
    """Return the rows by number, and the faults as number and reason."""
    done = list(chunks(raw, **more))
    rows = {n: row for chunk in done for n, row in zip(chunk.numbers, chunk.rows, strict=True)}
    return rows, [(fault.row, fault.reason) for chunk in done for fault in chunk.faults]


class TestEncodingDetect:
    @pytest.mark.parametrize(
        ("raw", "encoding"),
        [
            (PEOPLE.encode(), "utf-8"),
            (PEOPLE.encode("utf-8-sig"), "utf-8"),
            (PEOPLE.encode("cp1252"), "cp1252"),
            (PEOPLE.encode("utf-16"), "utf-16-le"),
            (PEOPLE.encode("utf-16-le"), "utf-16-le"),
            (b"\xfe\xff" + PEOPLE.encode("utf-16-be"), "utf-16-be"),
            (PEOPLE.encode("utf-16-be"), "utf-16-be"),
            ("ö,ä,ü,é\n".encode() * 10 + b"\xff\n", "utf-8"),
            ("name\nþýðing hjá Þórði, ÄÖÜ, jäääär, créée, ñandú\n".encode("cp1252"), "cp1252"),
            (b"name\na\0b\n", "utf-8"),  # listed as a row, however small the file
        ],
    )
    def test_knows_what_spreadsheets_write(self, raw, encoding):
        assert detected(raw) == encoding

    @pytest.mark.parametrize(
        ("raw", "reason"),
        [
            (b"", "This file is empty."),
            (b" \r\n\r\n", "This file is empty."),
            (b"\xef\xbb\xbf", "This file is empty."),
            (b"\x1f\x8brest", "compressed"),
            (b"%PDF-1.7", "PDF"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "a picture, not a CSV file"),
            (b"name" + b"\0" * 9, "not a CSV file"),
            ("email,имя\na@example.com,Привет мир\n".encode("cp1251"), "cannot tell in which encoding"),
            ("email,όνομα\na@example.com,Γιώργος\n".encode("iso-8859-7"), "cannot tell in which encoding"),
            ("Name\nJosé é\n".encode("mac_roman"), "cannot tell in which encoding"),
            (b"name\n\xc1\xce\xce\xc1 \x81\x98\n", "cannot tell in which encoding"),
        ],
    )
    def test_refuses_what_it_cannot_tell(self, raw, reason):
        with pytest.raises(FileRefused, match=reason):
            detected(raw)


class TestLayoutDetect:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_finds_the_delimiter(self, delimiter):
        text = "email,name,city\na@example.com,Ann,Paris\nb@example.com,Bob,Bonn\n".replace(",", delimiter)

        found = layout(text)

        assert (found.delimiter, found.names) == (delimiter, ["email", "name", "city"])
        assert found.rows[0] == ["a@example.com", "Ann", "Paris"]

    @pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
    def test_a_hint_for_excel_says_the_delimiter_and_is_no_row(self, mark):
        # Without the hint the commas would win.
        text = f"sep={mark}\r\nemail{mark}a,b,c\r\nann@example.com{mark}1,2,3\r\n"

        found = layout(text)
        reader = Reader(BytesIO(text.encode()), delimiter=mark, width=len(found.names))

        assert (found.delimiter, found.names[0]) == (mark, "email")
        assert reader.header_skip() == found.names
        assert reader.chunk(10).numbers == range(3, 4)

    def test_a_hint_alone_is_an_empty_file(self):
        with pytest.raises(FileRefused, match="empty"):
            layout("sep=;\n")

    def test_commas_inside_quotes_do_not_mislead(self):
        found = layout('email;note\na@example.com;"a, b, c"\nb@example.com;"d, e"\n')

        assert found.names == ["email", "note"]

    def test_one_column_is_enough(self):
        assert layout("email\na@example.com\n").names == ["email"]

    def test_a_mark_at_the_start_is_no_part_of_the_name(self):
        assert layout(PEOPLE.encode("utf-8-sig")).names == ["email", "name"]
        assert layout(PEOPLE.encode("utf-16"), "utf-16-le").names == ["email", "name"]

    def test_lines_of_old_macs_are_lines(self):
        assert layout("email,name\ra@example.com,Ann\r").rows == [["a@example.com", "Ann"]]

    def test_empty_columns_at_the_end_are_nothing(self):
        assert layout("email,name,,\na@example.com,Ann,,\n").names == ["email", "name"]

    def test_a_first_row_wider_than_the_sample_is_a_row(self):
        found = layout(f"email,note\na@example.com,{'x' * 300_000}\nb@example.com,y\n")

        assert found.names == ["email", "note"]
        assert [row[0] for row in found.rows] == ["a@example.com"]

    def test_a_header_wider_than_the_sample_has_all_its_names(self):
        names = [f"c{n}{'é' * 150}{' ' * 500}" for n in range(500)]

        found = layout(",".join(names) + "\n" + "," * 499 + "1\n")

        assert found.names == [name.strip() for name in names]

    @pytest.mark.parametrize(
        ("raw", "reason"),
        [
            (b'email,na"me\na@example.com,"x"\n', None),
            (b'email,"na"me\na@example.com,x\n', "quotation mark stands in the wrong place"),
            (b'email,"name\na@example.com,x\n', "opened in this row and never closed"),
            (b"email,n\xffme\na@example.com,x\n" + "b@example.com,é\n".encode() * 20, "no letters of UTF-8"),
        ],
    )
    def test_a_header_is_read_as_strictly_as_the_rows(self, raw, reason):
        if reason is None:
            assert layout(raw).names == ["email", 'na"me']
            return
        with pytest.raises(FileRefused, match=reason):
            layout(raw)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("\n\n", "empty"),
            ("email,name\n", "no rows below the header"),
            ("a@example.com,Ann\nb@example.com,Bob\n", "first row looks like data"),
            ("1,2\n3,4\n", "first row looks like data"),
            ("email,Name,name\na@example.com,A,B\n", "same name: Name, name"),
            ("<html><body>\n</body>\n", "HTML or JSON"),
            ('[{"email": "a@example.com"}]\n', "HTML or JSON"),
            (f"email,{'x' * 201}\na@example.com,1\n", "does not hold names"),
            (",".join(f"c{n}" for n in range(501)) + "\n" + "," * 500 + "1\n", "501 columns"),
        ],
    )
    def test_refuses_what_has_no_columns(self, text, reason):
        with pytest.raises(FileRefused, match=reason):
            layout(text)


class TestReader:
    def test_numbers_rows_as_a_spreadsheet_does(self):
        rows, faults = read(b"\nemail,name\n\na@example.com,Ann\r\n\nb@example.com,Bob")

        assert rows == {4: ["a@example.com", "Ann"], 6: ["b@example.com", "Bob"]}
        assert faults == []

    def test_a_cell_may_have_lines_quotes_and_delimiters(self):
        rows, _faults = read(b'email,note\na@example.com,"one, ""two""\nthree"\n')

        assert rows == {2: ["a@example.com", 'one, "two"\nthree']}

    @pytest.mark.parametrize("size", [1, 2, 3, 100])
    def test_goes_on_from_the_end_of_any_chunk(self, size):
        raw = b"\xef\xbb\xbfemail,note\n" + b"".join(b'%d@example.com,"x\ny"\n' % n for n in range(7))
        whole, _faults = read(raw)
        first = next(chunks(raw, size=size))

        rest, _faults = read(raw, offset=first.end, row=first.row_done)

        taken = dict(zip(first.numbers, first.rows, strict=True))
        assert taken | rest == whole
        assert len(whole) == 7

    @pytest.mark.parametrize("size", [1, 2, 100])
    @pytest.mark.parametrize(
        ("bad", "reason"),
        [
            (b"short", "This row has 1 cell; the header has 2."),
            (b"a,b,c", "This row has 3 cells; the header has 2."),
            (b"\xff\xfe,x", "This row holds bytes that are no letters of UTF-8."),
            (b'"open,x', "A quotation mark"),
            (b'"a"b,x', "A quotation mark stands in the wrong place in this row."),
            (b"a,b\rc,d", "This row ends like those of old Macs, others do not."),
        ],
    )
    def test_a_bad_row_is_a_fault_wherever_it_stands(self, bad, reason, size):
        good = [b"%d@example.com,x" % n for n in range(4)]
        for place in range(5):
            lines = [b"email,name", *good[:place], bad, *good[place:]]

            rows, faults = read(b"\n".join(lines) + b"\n", size=size)

            assert [row for row, _reason in faults] == [place + 2]
            assert faults[0][1].startswith(reason)
            assert [row[0] for row in rows.values()] == [f"{n}@example.com" for n in range(4)]

    def test_every_seventh_row_is_bad(self):
        lines = [b'"x"y,z' if n % 7 == 0 else b"%d@example.com,x" % n for n in range(1, 71)]

        rows, faults = read(b"email,name\n" + b"\n".join(lines), size=9)

        assert len(rows) == 60
        assert [row for row, _reason in faults] == [n + 1 for n in range(7, 71, 7)]

    def test_a_line_without_end_is_one_fault(self):
        raw = b"email,name\na@example.com,x\n" + b"y" * (33 << 20) + b"\nb@example.com,x\n"

        rows, faults = read(raw)

        assert list(rows) == [2, 4]
        assert faults == [(3, "This row is longer than 16 MB; a quotation mark may have been left open.")]

    def test_cells_behind_the_last_column_may_be_empty(self):
        rows, faults = read(b"email,name\na@example.com,Ann,,\n,,,\n")

        assert rows == {2: ["a@example.com", "Ann"], 3: ["", ""]}
        assert faults == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252"])
def test_other_encodings_are_read_as_utf8(encoding):
    raw = PEOPLE.encode(encoding)

    with as_utf8(BytesIO(raw), detected(raw)) as file:
        rows, _faults = read(file.read())

    assert rows == {2: ["ann@example.com", "Zoë"]}
