"""What stands in the files of exports, read by other programs than those that wrote them."""

import csv

import openpyxl
from pyarrow import parquet

from apps.exports import files


def content(export):
    """Return the rows of the file, the heads first."""
    path = files.path_of(export.file_name)
    match export.format:
        case "csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                return list(csv.reader(file))
        case "xlsx":
            book = openpyxl.load_workbook(path)
            return [list(row) for row in book.active.iter_rows(values_only=True)]
        case "parquet":
            table = parquet.read_table(path)
            return [table.column_names, *map(list, zip(*table.to_pydict().values(), strict=True))]
