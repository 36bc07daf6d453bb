from io import BytesIO

from openpyxl import Workbook


def packed(rows=None, **sheets):
    """Return the bytes of a workbook: `rows` on its only sheet, or sheets by name."""
    book = Workbook(write_only=True)
    for name, lines in (sheets or {"People": rows}).items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    out = BytesIO()
    book.save(out)
    return out.getvalue()
