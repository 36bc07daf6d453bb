import pytest

from apps.core.downloads import cell, csv_download


def test_a_list_comes_as_a_file_that_excel_reads():
    response = csv_download("people", ["Name", "Note"], iter([("Zoë", 'says "hi", twice'), ("Bo", None)]))

    assert response.headers["Content-Disposition"] == 'attachment; filename="people.csv"'
    assert response.getvalue().decode() == '\ufeffName,Note\r\nZoë,"says ""hi"", twice"\r\nBo,\r\n'


def test_rows_are_asked_for_one_by_one():
    asked = []
    rows = (asked.append(n) or (n,) for n in range(3))
    lines = iter(csv_download("n", ["n"], rows).streaming_content)

    next(lines), next(lines)

    assert asked == [0]


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_run_is_marked_as_text(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", [-2, 0, 1.5, "plain", ""])
def test_numbers_and_plain_text_stay_as_they_are(value):
    assert cell(value) == value
