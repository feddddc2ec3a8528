"""One row for each node: kinds, times, tokens and costs, for a spreadsheet."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from trajectories.exporters import Recorded

MEDIA_TYPE = "text/csv; charset=utf-8"
EXTENSION = "csv"
ROWS_AT_ONCE = 500
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(recorded: Recorded) -> Iterator[bytes]:
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(recorded.columns)
    for count, row in enumerate(recorded.nodes(), start=1):
        writer.writerow([_cell(value) for value in row])
        if count % ROWS_AT_ONCE == 0:
            yield _emptied(sheet)
    yield _emptied(sheet)


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is marked as text: a model wrote it."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def _emptied(sheet: io.StringIO) -> bytes:
    written = sheet.getvalue().encode()
    sheet.seek(0)
    sheet.truncate()
    return written
