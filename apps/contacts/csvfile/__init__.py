"""
CSV files: what a file is (`detection`), and its rows, a chunk at a time (`reader`); sheets of workbooks
become CSV first (`workbook`). No database here.

A file is refused as a whole (`FileRefused`) before anything is written; after that a bad row is a `Fault`,
and reading goes on with the next line.
"""

from apps.contacts.csvfile.detection import (
    ENCODINGS,
    FAULT_COLUMNS,
    Format,
    Layout,
    encoding_detect,
    layout_detect,
)
from apps.contacts.csvfile.limits import FileRefused
from apps.contacts.csvfile.reader import Chunk, Fault, Reader, as_utf8, cells_shown
from apps.contacts.csvfile.workbook import Workbook, sheet_write, workbook_look

__all__ = [
    "ENCODINGS",
    "FAULT_COLUMNS",
    "Chunk",
    "Fault",
    "FileRefused",
    "Format",
    "Layout",
    "Reader",
    "Workbook",
    "as_utf8",
    "cells_shown",
    "encoding_detect",
    "layout_detect",
    "sheet_write",
    "workbook_look",
]
