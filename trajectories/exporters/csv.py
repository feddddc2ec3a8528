"""One row for each node: kinds, times, tokens and costs, for a spreadsheet; and what the owner noted on it.

What was noted on the run as a whole stands on its first node."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from trajectories.exporters import Recorded

MEDIA_TYPE = "text/csv; charset=utf-8"
EXTENSION = "csv"
ROWS_AT_ONCE = 500
NOTED = ("thumb", "comments")
FIRST = 1
"""Number of a run's first node."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(recorded: Recorded) -> Iterator[bytes]:
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow([*recorded.columns, *NOTED])
    noted = _noted(recorded)
    number = recorded.columns.index("number")
    for count, row in enumerate(recorded.nodes(), start=1):
        writer.writerow([_cell(value) for value in (*row, *noted.get(row[number], ("", "")))])
        if count % ROWS_AT_ONCE == 0:
            yield _emptied(sheet)
    yield _emptied(sheet)


def _noted(recorded: Recorded) -> dict[int, tuple[str, str]]:
    """Thumb and comments by node."""
    by_node: defaultdict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for annotation in recorded.annotations():
        by_node[annotation["node"] or FIRST].append(annotation)
    return {
        node: (
            next((str(each["thumb"]) for each in reversed(noted) if each["thumb"]), ""),
            "\n".join(each["comment"] for each in noted if each["comment"]),
        )
        for node, noted in by_node.items()
    }


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
